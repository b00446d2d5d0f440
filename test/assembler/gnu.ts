import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether `as` and `objdump` for i386 are on this machine. */
export const hasBinutils =
  spawnSync('as', ['--32', '--version']).status === 0 && spawnSync('objdump', ['--version']).status === 0;

/** What each line starts on, so that distances are the same whatever form is chosen. */
export const SLOT = 16;

/** The first instruction of a slot as objdump reads it. */
export interface Read {
  text: string;
  length: number;
}

/** Reads back machine code laid out in slots. */
export function disassemble(bytes: Uint8Array): Read[] {
  return inFolder((folder) => {
    const file = join(folder, 'code.bin');
    writeFileSync(file, bytes);
    return slots(run('objdump', ['-D', '-b', 'binary', '-m', 'i386', '-M', 'intel', '-w', '-z', file]));
  });
}

/** Assembles lines with GNU as, one to a slot, and reads them back. A line it refuses comes back undefined. */
export function gnuAssemble(lines: string[]): (Read | undefined)[] {
  return inFolder((folder) => {
    const source = join(folder, 'code.s');
    const object = join(folder, 'code.o');
    const refused = new Set<number>();
    for (;;) {
      const text = lines.map((line, at) => `${refused.has(at) ? 'nop' : line}; .p2align 4, 0x90`);
      writeFileSync(source, `.intel_syntax noprefix\n${text.join('\n')}\n`);
      const { status, stderr } = spawnSync('as', ['--32', source, '-o', object], { encoding: 'utf8' });
      if (status === 0) break;
      const before = refused.size;
      for (const match of stderr.matchAll(/code\.s:(\d+): Error/g)) refused.add(Number(match[1]) - 2);
      if (refused.size === before) throw new Error(stderr);
    }
    const reads = slots(run('objdump', ['-d', '-M', 'intel', '-w', '-z', object]));
    return lines.map((_, at) => (refused.has(at) ? undefined : reads[at]));
  });
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lantern-assembler-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(command: string, options: string[]): string {
  return execFileSync(command, options, { encoding: 'utf8', maxBuffer: 1 << 28 });
}

function slots(listing: string): Read[] {
  const reads: Read[] = [];
  for (const match of listing.matchAll(/^ *([0-9a-f]+):\t([0-9a-f ]+)\t(.*)$/gm)) {
    const address = Number.parseInt(match[1]!, 16);
    if (address % SLOT !== 0) continue;
    const text = match[3]!
      .replace(/ *[<#].*$/, '')
      .replaceAll(/ +/g, ' ')
      .trim();
    reads[address / SLOT] = { text, length: match[2]!.trim().split(' ').length };
  }
  return reads;
}
