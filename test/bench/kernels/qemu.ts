import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImage, MEMORY_MEGABYTES, Stopwatch } from './image.ts';
import type { Kernel } from './programs.ts';

/** Where QEMU's debug exit is put. */
const EXIT_PORT = 0xf4;
const QEMU = 'qemu-system-i386';

/** The first line of QEMU's version, or undefined if there is none on this machine. */
export function qemuVersion(): string | undefined {
  const { stdout, error } = spawnSync(QEMU, ['--version'], { encoding: 'utf8' });
  return error ? undefined : stdout.split('\n')[0];
}

/** Boots a kernel's image in QEMU, without KVM, and lets it run `rounds` times. */
export async function runOnQemu(kernel: Kernel, rounds: number): Promise<Stopwatch['rounds']> {
  const folder = mkdtempSync(join(tmpdir(), 'lantern-bench-'));
  const image = join(folder, 'image');
  writeFileSync(image, buildImage(kernel, rounds, EXIT_PORT).bytes);
  const watch = new Stopwatch();
  const words = [
    '-accel',
    'tcg',
    '-m',
    String(MEMORY_MEGABYTES),
    '-kernel',
    image,
    '-nodefaults',
    '-no-reboot',
  ];
  words.push(
    '-display',
    'none',
    '-serial',
    'stdio',
    '-device',
    `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`,
  );
  const child = spawn(QEMU, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', (bytes: Buffer) => {
    for (const byte of bytes) watch.hear(byte);
  });
  await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  rmSync(folder, { recursive: true });
  if (watch.rounds.length !== rounds)
    throw new Error(`QEMU ended after ${watch.rounds.length} rounds of ${kernel.name}, expected ${rounds}`);
  return watch.rounds;
}
