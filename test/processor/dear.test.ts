import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine, type Engine } from '../../src/processor/index.ts';

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
    ['a sine', 'fld st0\n fsin\n fstp st0', 11],
    [
      'a store into what is being executed',
      'mov dword [patch], 0x90909090\n patch: nop\n nop\n nop\n nop',
      15,
    ],
    ['a remainder', 'fld st0\n fprem\n fstp st0', 3],
    ['nothing dear', 'fld st0\n fadd st0, st0\n fstp st0', 1],
  ])('does only so many in a run, and goes on where it was: %s', (_name, body, expected) => {
    const { runs, retired } = runsOf(body, engine);
    expect(runs).toBe(expected);
    expect(retired).toBe(2 + (body.split('\n').length + 2) * 5000 + 1);
  });
});
