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

describe('pup', () => {
  test('is tangled as a kernel at 3 GiB and 1 MiB, loaded at 1 MiB', () => {
    const image = tangleKernel(library, false);
    expect(image.entry).toBe(0xc0100000);
    expect(new DataView(image.elf.buffer).getUint32(24, true)).toBe(0x100000);
  });

  test('is another kernel on the bare silicon, from the same sources', () => {
    const [guest, bare] = [tangleKernel(library, false), tangleKernel(library, true)];
    expect(bare.elf).not.toEqual(guest.elf);
    expect(bare.assembly).toMatch(/^\s*(lidt|lgdt)/m);
    expect(guest.assembly).not.toMatch(/^\s*(lidt|lgdt|hlt|cli|sti)\b/m);
  });

  test('has an initrd with a program for each file that exports a main, and its source', () => {
    const { initrd } = buildPup(readRepository);
    const names = [...new TextDecoder('latin1').decode(initrd).matchAll(/070701[0-9A-F]{104}([^\0]+)/g)].map(
      ([, name]) => name,
    );
    for (const name of ['sh', 'init', 'echo', 'ls', 'cat', 'primes']) {
      expect(names).toContain(`bin/${name}`);
      expect(names).toContain(`src/${name}.ts`);
    }
    expect(names).not.toContain('bin/shell-words');
  });

  test('is the same bytes every time, and has the same initrd for the bare silicon', () => {
    const [once, again, bare] = [
      buildPup(readRepository),
      buildPup(readRepository),
      buildBarePup(readRepository),
    ];
    expect(again).toEqual(once);
    expect(bare.initrd).toEqual(once.initrd);
  });

  test('has programs that all lie where programs lie', () => {
    for (const path of programsOf(library)) {
      const { entry, text } = tangleProgram(library, path);
      expect(entry).toBe(0x08048000);
      expect(text.size).toBeLessThan(0x10000);
    }
  });
});
