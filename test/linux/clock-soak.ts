import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { LOAD, lagOf, readClock } from './clock.ts';

/*
 * `npx tsx test/linux/clock-soak.ts MINUTES [FOLDER]`: how far the clock of a Linux that has to compute all the time drifts from
 * that of this computer, in real time. Says so each minute.
 */
const [minutes = '1', folder = process.env.LANTERN_LINUX_DIR] = process.argv.slice(2);
if (folder === undefined) throw new Error('expected a folder with vmlinux and initrd.gz');

const words = ['--import', 'tsx', 'src/terminal/boot.ts', `--initrd=${join(folder, 'initrd.gz')}`, '64'];
const child = spawn(process.execPath, [...words, join(folder, 'vmlinux'), 'console=hvc0', 'loglevel=1']);
let said = '';
let seen = 0;
let look = () => {};
child.stdout.on('data', (bytes: Buffer) => {
  said += bytes.toString('latin1');
  look();
});
child.on('exit', () => process.exit());

/** Waits for `text` in what has not been looked at, and returns what came before. */
function until(text: string): Promise<string> {
  return new Promise((resolve) => {
    look = () => {
      const at = said.indexOf(text, seen);
      if (at < 0) return;
      look = () => {};
      const before = said.slice(seen, at);
      seen = at + text.length;
      resolve(before);
    };
    look();
  });
}

async function run(line: string): Promise<string> {
  child.stdin.write(`${line}\n`);
  await until(`${line}\r\n`);
  return until('# ');
}

const now = () => performance.now() / 1000;
await until('# ');
await run(LOAD);
const first = await readClock(run, now);
const began = first[0]!.host;
for (let minute = 1; minute <= Number(minutes); minute++) {
  await run('sleep 60');
  const readings = await readClock(run, now);
  const passed = readings[0]!.host - began;
  const drift = lagOf(readings) - lagOf(first);
  const date = Number(/^\d+/.exec(await run('date +%s'))?.[0]);
  console.log(
    `${passed.toFixed(1)} s: behind by ${(drift * 1000).toFixed(1)} ms, ${((drift / passed) * 100).toFixed(4)} %; ` +
      `date is off by ${(Date.now() / 1000 - date).toFixed(1)} s`,
  );
}
child.stdin.write('poweroff -f\n');
