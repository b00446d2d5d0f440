import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { PRACTICE_AT, PRACTICE_PIECE } from '../../src/processor/compiler/index.ts';
import { createMachine, type Engine } from '../../src/processor/index.ts';
import { stateOf } from './both.ts';

function play(engine: Engine) {
  const machine = createMachine({ ramBytes: 0x1_0000, engine, hot: 100 });
  machine.ram.write(PRACTICE_AT, assemble(PRACTICE_PIECE, { origin: PRACTICE_AT }).bytes);
  machine.registers.eip = PRACTICE_AT;
  expect(machine.run(1_000_000)).toBe('halted');
  return machine;
}

test('What is played for practice comes to its end, and alike on both engines', () => {
  const machine = play('compiler');
  expect(stateOf(machine)).toBe(stateOf(play('interpreter')));
  expect(machine.retired).toBeGreaterThan(10_000);
});
