import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type FrontEnd, startLauncher } from '../launcher/front-end.ts';
import { archive } from './archive.ts';
import { PROGRAMS } from './programs.ts';

/**
 * A folder with `vmlinux` and `initrd.gz`: an i386 Linux 4.1 to 4.13 with CONFIG_LGUEST_GUEST, ext4, devtmpfs and virtio,
 * and an initial file system whose init ends in a busybox shell on hvc0.
 */
export const folder = process.env.LANTERN_LINUX_DIR;
export const why = folder === undefined ? 'skipped, as LANTERN_LINUX_DIR is not set' : `from ${folder}`;

/** A folder for images and the like, empty, and how to be rid of it. */
export function scratch(): { path(name: string): string; remove(): void } {
  const at = mkdtempSync(join(tmpdir(), 'lantern-linux-'));
  return { path: (name) => join(at, name), remove: () => rmSync(at, { recursive: true, force: true }) };
}

/** A Linux that runs in a launcher of its own. */
export interface LinuxMachine extends FrontEnd {
  /** Runs a line in the shell. Lines end in one byte here. */
  run(line: string, seconds?: number): Promise<{ output: string; code: number }>;
}

/** Keeps the kernel from talking into what programs print. */
export const QUIET = 'dmesg -n 1';

/** Boots to the prompt. The programs of `programs.ts` lie in /programs. */
export async function startLinux(options: string[] = [], megabytes = 64): Promise<LinuxMachine> {
  const files = scratch();
  const initrd = readFileSync(join(folder!, 'initrd.gz'));
  const padding = new Uint8Array((4 - (initrd.length % 4)) % 4);
  writeFileSync(files.path('initrd'), Buffer.concat([initrd, padding, archive('programs', PROGRAMS)]));
  const launcher = startLauncher([
    ...options,
    `--initrd=${files.path('initrd')}`,
    String(megabytes),
    join(folder!, 'vmlinux'),
    'console=hvc0',
  ]);
  launcher.ended.finally(files.remove);
  await launcher.until('# ');
  const machine = withShell(launcher);
  await machine.run(QUIET);
  return machine;
}

function withShell(launcher: FrontEnd): LinuxMachine {
  let lines = 0;
  return Object.assign(launcher, {
    async run(line: string, seconds?: number) {
      const number = ++lines;
      // The marks are put together by the shell, so that its echo of the line is not taken for them.
      launcher.type(`echo "<""${number}>"; ${line}; echo "[""${number}:$?]"\n`);
      await launcher.until(`<${number}>\r\n`, seconds);
      const output = await launcher.until(`[${number}:`, seconds);
      const code = Number(await launcher.until(']'));
      await launcher.until('# ');
      return { output: output.replaceAll('\r\n', '\n'), code };
    },
  });
}
