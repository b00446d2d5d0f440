import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';
import { stateFor } from './x87-state.ts';

/**
 * What a real x86-64 processor answered, one line an instruction:
 * machine code (its operand is at [ecx]); seed of the state; control, status and tag word; registers from ST(0) on that are
 * not as FRSTOR loaded them, `n:sign and exponent:significand`; the memory if it changed; the arithmetic flags.
 */
const facts = readFileSync(new URL('x87-recorded.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

const STATE = 0x2000;
const OPERAND = 0x3000;
const AFTER = 0x4000;
const CODE = 0x5000;

const machine = createMachine({ ramBytes: 0x1_0000 });

/** Runs one instruction between FRSTOR and FNSAVE. */
function replay(code: string, seed: number) {
  const state = stateFor(seed);
  const { ram, registers } = machine;
  const bytes = code.match(/../g)!.map((byte) => `db 0x${byte}`);
  ram.write(
    CODE,
    assemble(`frstor [${STATE}]\n ${bytes.join('\n')}\n fnsave [${AFTER}]\n hlt`, { origin: CODE }).bytes,
  );
  ram.write(STATE, state.image);
  ram.write(OPERAND, state.memory);
  registers.eflags = state.eflags;
  registers.ecx = OPERAND;
  registers.eip = CODE;
  expect(machine.run(10)).toBe('halted');
  return {
    state,
    image: ram.read(AFTER, 108),
    memory: ram.read(OPERAND, 16),
    flags: registers.eflags & 0x8d5,
  };
}

/** A line as it stands in the file. */
function describeOutcome(
  before: Uint8Array,
  image: Uint8Array,
  memoryBefore: Uint8Array,
  memory: Uint8Array,
  flags: number,
): string {
  const view = new DataView(image.buffer, image.byteOffset);
  const words = [0, 4, 8].map((at) => view.getUint16(at, true).toString(16));
  const registers: string[] = [];
  for (let n = 0; n < 8; n++) {
    const at = 28 + n * 10;
    if (hex(before.subarray(at, at + 10)) === hex(image.subarray(at, at + 10))) continue;
    const significand = view.getBigUint64(at, true).toString(16);
    registers.push(`${n}:${view.getUint16(at + 8, true).toString(16)}:${significand}`);
  }
  const changed = hex(memoryBefore) === hex(memory) ? '-' : hex(memory);
  return [...words, registers.join(',') || '-', changed, flags.toString(16)].join(' ');
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

function byInstruction(lines: string[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const line of lines) {
    const code = line.split(' ')[0]!;
    groups.set(code, [...(groups.get(code) ?? []), line]);
  }
  return groups;
}

/** Instructions whose last bit is nobody's promise: within one unit in the last place, says the manual. */
const TRANSCENDENTAL = /^d9(f[0-3]|f9|fb|fe|ff)$/;

describe('Floating-point instructions do what a real processor did, bit for bit', () => {
  const exact = facts.filter((fact) => !TRANSCENDENTAL.test(fact.split(' ')[0]!));
  const byCode = byInstruction(exact);
  test.each([...byCode])('%s', (code, lines) => {
    for (const line of lines) {
      const seed = Number(line.split(' ')[1]);
      const { state, image, memory, flags } = replay(code, seed);
      expect(`${code} ${seed} ${describeOutcome(state.image, image, state.memory, memory, flags)}`).toBe(
        line,
      );
    }
  });

  test('and there are enough of them', () => {
    expect(exact.length).toBeGreaterThan(1000);
    expect(byCode.size).toBeGreaterThan(100);
  });
});

/** A register as one long number, so that neighbours differ by one. */
function ordinal(register: string): bigint {
  const [top, significand] = register.split(':').slice(1);
  return (BigInt(`0x${top}`) << 63n) | (BigInt(`0x${significand}`) & 0x7fff_ffff_ffff_ffffn);
}

function distance(one: string, other: string): bigint {
  const by = ordinal(one) - ordinal(other);
  return by < 0n ? -by : by;
}

describe('Transcendental instructions are within one unit in the last place of a real processor (vol. 1, 8.3.10)', () => {
  const lines = facts.filter((fact) => TRANSCENDENTAL.test(fact.split(' ')[0]!));
  const byCode = byInstruction(lines);
  test.each([...byCode])('%s', (code, recorded) => {
    expect(recorded.length).toBeGreaterThan(20);
    for (const line of recorded) {
      const [, seed, control, status, tags, registers] = line.split(' ');
      const { state, image, memory, flags } = replay(code, Number(seed));
      const ours = describeOutcome(state.image, image, state.memory, memory, flags).split(' ');
      // C1 says which way it was rounded; that goes with the last bit.
      const withoutC1 = (word: string) => Number.parseInt(word, 16) & ~0x200;
      expect([ours[0], withoutC1(ours[1]!), ours[2]], line).toEqual([control, withoutC1(status!), tags]);
      const mine = ours[3]!.split(',');
      const theirs = registers!.split(',');
      const named = (list: string[], n: number) => list.find((register) => register.startsWith(`${n}:`));
      for (let n = 0; n < 8; n++) {
        const one = named(mine, n);
        const other = named(theirs, n);
        if (one !== other) expect(distance(one ?? other!, other ?? one!), line).toBeLessThanOrEqual(1n);
      }
    }
  });
});
