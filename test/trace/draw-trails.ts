import { writeFileSync } from 'node:fs';
import { drawTrails } from './excerpt.ts';
import { traceLinux } from './linux-run.ts';

/* `npx tsx test/trace/draw-trails.ts FOLDER` draws the figures of the trails anew, from a trace of the Linux in FOLDER. */
const folder = process.argv[2] ?? process.env.LANTERN_LINUX_DIR;
if (folder === undefined) throw new Error('expected a folder with vmlinux and initrd.gz');
const { events, kernel } = await traceLinux(folder);
for (const [name, drawing] of Object.entries(drawTrails(events, kernel))) {
  writeFileSync(new URL(`../../book/figures/${name}.txt`, import.meta.url), drawing);
  console.log(`${name}\n\n${drawing}`);
}
process.exit();
