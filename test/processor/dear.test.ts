import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine, type Engine } from '../../src/processor/index.ts';
import { prepare } from './stage.ts';

/** Runs a loop to its end, and says how many runs of a million instructions it took. */
function runsOf(body: string, engine: Engine): { runs: number; retired: number } {
  const machine = createMachine({ ramBytes: 0x10_0000, engine });
  const source = `fldpi\n mov ecx, 5000\n again: ${body}\n dec ecx\n jnz again\n hlt`;
  machine.ram.write(0x1000, assemble(source, { origin: 0x1000 }).bytes);
  machine.registers.eip = 0x1000;
  let runs = 1;
  while (machine.run(1_000_000) === 'limit') runs++;
  return { runs, retired: machine.retired };
}

describe.each<Engine>(['interpreter', 'compiler'])('Of dear instructions the %s', (engine) => {
  test.each([
    ['a sine', 'fld st0\n fsin\n fstp st0', 26],
    ['a frame among thirty', 'mov esp, 0x8000\n mov ebp, esp\n enter 0, 31\n leave', 4],
    [
      'a store into what is being executed',
      'mov dword [patch], 0x90909090\n patch: nop\n nop\n nop\n nop',
      21,
    ],
    ['a remainder', 'fld st0\n fprem\n fstp st0', 3],
    ['nothing dear', 'fld st0\n fadd st0, st0\n fstp st0', 1],
  ])('does only so many in a run, and goes on where it was: %s', (_name, body, expected) => {
    const { runs, retired } = runsOf(body, engine);
    expect(runs).toBe(expected);
    expect(retired).toBe(2 + (body.split('\n').length + 2) * 5000 + 1);
  });

  test('decodes only so much in a run', () => {
    // One jump, seen at a hundred addresses: each goes to the next of them, and the last goes back. Four are kept.
    const pages: Record<string, number> = {};
    const jump = (by: number) => assemble(`jmp ${0x1000 + by}`, { origin: 0x1000 }).bytes;
    for (let turn = 0; turn < 100; turn++) pages[0x4_0000 + turn * 0x1000] = 0x6_0007;
    pages[0x4_0000 + 100 * 0x1000] = 0x6_1007;
    const { machine } = prepare({ engine, ring: 3, pages, code: 'jmp 0x40800' });
    machine.ram.write(0x6_0800, jump(0x1000));
    machine.ram.write(0x6_1800, jump(-100 * 0x1000));
    machine.run(100);
    const before = machine.retired;
    expect(machine.run(100_000)).toBe('limit');
    expect(machine.retired - before).toBeLessThan(1100);
  });
});
