import { describe, expect, test } from 'vitest';
import {
  buildBarePup,
  buildPup,
  openLibrary,
  programsOf,
  tangleKernel,
  tangleProgram,
} from '../../tools/tangle/index.ts';
import { readRepository } from './harness.ts';

const library = openLibrary(readRepository);
const kernel = tangleKernel(library, false);
const pup = buildPup(readRepository);

describe('pup', () => {
  test('is tangled as a kernel at 3 GiB and 1 MiB, loaded at 1 MiB', () => {
    expect(kernel.entry).toBe(0xc0100000);
    expect(new DataView(kernel.elf.buffer).getUint32(24, true)).toBe(0x100000);
  });

  test('is another kernel on the bare silicon, from the same sources', () => {
    const bare = tangleKernel(library, true);
    expect(bare.elf).not.toEqual(kernel.elf);
    expect(bare.assembly).toMatch(/^\s*(lidt|lgdt)/m);
    expect(kernel.assembly).not.toMatch(/^\s*(lidt|lgdt|hlt|cli|sti)\b/m);
  });

  test('has an initrd with a program for each file that exports a main, and its source', () => {
    const names = [
      ...new TextDecoder('latin1').decode(pup.initrd).matchAll(/070701[0-9A-F]{104}([^\0]+)/g),
    ].map(([, name]) => name);
    for (const name of ['sh', 'init', 'echo', 'ls', 'cat', 'primes']) {
      expect(names).toContain(`bin/${name}`);
      expect(names).toContain(`src/${name}.ts`);
    }
    expect(names).not.toContain('bin/shell-words');
  });

  test('is the same bytes every time, and has the same initrd for the bare silicon', () => {
    expect(buildPup(readRepository)).toEqual(pup);
    expect(buildBarePup(readRepository).initrd).toEqual(pup.initrd);
  });

  test('has programs that all lie where programs lie', () => {
    for (const path of programsOf(library)) {
      const { entry, text } = tangleProgram(library, path);
      expect(entry).toBe(0x08048000);
      expect(text.size).toBeLessThan(0x10000);
    }
  });
});
