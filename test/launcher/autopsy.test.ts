import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines, readSymbols } from '../../chapters/4-launcher/symbols.ts';
import { assemble } from '../../src/assembler/index.ts';
import { elfFrom } from '../../tools/tangle/elf.ts';
import { bootKernel } from './boot-kernel.ts';
import { PROGRAM, programSource } from './guest-program.ts';

/** A kernel of three functions, the innermost of which does something fatal, with names and lines as the tangler writes them. */
function namedKernel(fatal: string, outermost = 'outer'): Uint8Array {
  const source = programSource(`
        mov ebp, 0
        push 0
        push 0
        mov ebp, esp
        call outer
        jmp power_off
outer:  push ebp
        mov ebp, esp
%line 7 chapters/2-guest/outer.ts
        call inner
        leave
        ret
inner:  push ebp
        mov ebp, esp
%line 33 chapters/2-guest/inner.ts
        ${fatal}
        leave
        ret
end_of_inner:`);
  const { bytes, labels, lines } = assemble(source, { origin: PROGRAM, file: 'boot' });
  const named = (name: string, end: string) => {
    const address = labels.get(name)!;
    return { name, address, size: labels.get(end)! - address, kind: 'function' as const };
  };
  return elfFrom({
    entry: PROGRAM,
    segments: [{ address: PROGRAM, bytes, size: bytes.length, executable: true }],
    distance: 0,
    symbols: [{ ...named('outer', 'inner'), name: outermost }, named('inner', 'end_of_inner')],
    lines,
  });
}

describe('The symbols of a kernel', () => {
  it('are those that the tangler wrote', () => {
    const file = namedKernel('nop');
    expect(readSymbols(file).map(({ name }) => name)).toEqual(['outer', 'inner']);
    expect(readLines(file)).toContainEqual(
      expect.objectContaining({ file: 'chapters/2-guest/inner.ts', line: 33 }),
    );
  });

  it('are places, and not numbers with a name', () => {
    const file = namedKernel('nop');
    const [outer] = readSymbols(file);
    const view = new DataView(file.buffer, file.byteOffset, file.length);
    const entry = Array.from({ length: file.length - 16 }, (_, at) => at).find(
      (at) => view.getUint32(at + 4, true) === outer!.address && view.getUint32(at + 8, true) === outer!.size,
    );
    view.setUint16(entry! + 14, 0xfff1, true);
    expect(readSymbols(file).map(({ name }) => name)).toEqual(['inner']);
  });

  it('have names of a bearable length', () => {
    const [outermost] = readSymbols(namedKernel('nop', 'x'.repeat(100_000)));
    expect(outermost!.name).toBe('x'.repeat(256));
  });

  it('are none in a file that has none, or is broken, whatever is broken about it', () => {
    const file = namedKernel('nop');
    expect(readSymbols(file.subarray(0, 60))).toEqual([]);
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(damage, (spots) => {
        const broken = file.slice();
        for (const [at, value] of spots) broken[at] = value;
        readSymbols(broken);
        readLines(broken);
      }),
      { seed: 7, numRuns: 1000 },
    );
    for (let at = 28; at < 52; at++) {
      const broken = file.slice();
      broken[at] = 0xff;
      readSymbols(broken);
      readLines(broken);
    }
  });
});

describe('The autopsy', () => {
  it('names every caller, with file and line', async () => {
    const { code, warnings } = await bootKernel(namedKernel('mov eax, 99\n int 0x1f'));
    expect(code).toBe(1);
    expect(warnings[0]).toContain('lguest: Bad hypercall 99');
    expect(warnings[1]).toMatch(/^ {4}at inner \(chapters\/2-guest\/inner\.ts:3[34]\), 0x00100/);
    expect(warnings[2]).toMatch(/^ {4}at outer \(chapters\/2-guest\/outer\.ts:7\), 0x00100/);
    expect(warnings.length).toBeLessThan(6);
  });

  it('shows nothing that a terminal might obey', async () => {
    const { warnings } = await bootKernel(namedKernel('mov eax, 99\n int 0x1f', 'a\x1b]0;b\x07\nlantern: c'));
    expect(warnings[2]).toMatch(/^ {4}at a \]0;b {2}lantern: c \(/);
  });

  it('goes with the death by a bad driver', async () => {
    const { warnings } = await bootKernel(namedKernel('mov byte [0x500014], 4'));
    expect(warnings[0]).toBe('lantern: console: bad driver: status went from 0x0 to 0x4, but 0x1 is next');
    expect(warnings[1]).toMatch(/^ {4}at inner \(chapters\/2-guest\/inner\.ts:33\)/);
  });

  it('is not led around in circles by a broken stack', async () => {
    const { warnings } = await bootKernel(namedKernel('mov [ebp], ebp\n mov eax, 99\n int 0x1f'));
    expect(warnings.length).toBeLessThan(4);
  });

  it('stays inside the memory', async () => {
    for (const ebp of ['0xffffffff', '0x3ffffc', '0x400000', '1', '0']) {
      const { warnings } = await bootKernel(namedKernel(`mov ebp, ${ebp}\n mov eax, 99\n int 0x1f`));
      expect(warnings[0]).toContain('lguest: Bad hypercall 99');
      expect(warnings[1]).toContain('at inner');
    }
  });
});
