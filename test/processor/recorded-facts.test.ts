import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createMachine, type Machine } from '../../src/processor/index.ts';

/**
 * What a real x86-64 processor in 32-bit mode answered, one line an instruction:
 * code; eax ecx edx ebx esp ebp esi edi; EFLAGS; seed of the memory; what changed; EFLAGS after; flags the manual leaves undefined.
 * Numbers are hexadecimal. The memory is one page at DATA, `memory` a hash of it.
 */
const facts = readFileSync(new URL('recorded-facts.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

const CODE = 0x1000_0000;
const DATA = 0x2000_0000;
const NAMES = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;
/** CF, PF, AF, ZF, SF, OF and DF. */
const FLAGS = 0xcd5;

const machine = createMachine({ ramBytes: DATA + 0x1000 });
machine.ram.write32(CODE - 4, 0);

/** The words of the page, by the generator that filled it when the facts were recorded. */
function memoryFor(seed: number): Uint32Array {
  const words = new Uint32Array(1024);
  let state = seed | 0;
  for (let index = 0; index < words.length; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return words;
}

/** FNV-1a over words. */
function hash({ ram }: Machine): number {
  let value = 2166136261;
  for (let at = DATA; at < DATA + 0x1000; at += 4) value = Math.imul(value ^ ram.read32(at), 16777619);
  return value >>> 0;
}

/** Does what a line says, and answers with a line as the real processor would have. */
function replay(fact: string): string {
  const [code, registers, flags, seed, , , undefinedFlags] = fact.split(' ') as string[];
  const bytes = code!.match(/../g)!.map((byte) => Number.parseInt(byte, 16));
  const before = registers!.split(',').map((value) => Number.parseInt(value, 16));
  machine.ram.fill(CODE, 64, 0xf4);
  machine.ram.write(CODE, Uint8Array.from(bytes));
  machine.ram.write(DATA, new Uint8Array(memoryFor(Number.parseInt(seed!, 16)).buffer));
  const memory = hash(machine);
  for (const [index, name] of NAMES.entries()) machine.registers[name] = before[index]!;
  machine.registers.eflags = Number.parseInt(flags!, 16);
  machine.registers.eip = CODE;
  expect(machine.run(2000)).toBe('halted');

  const changes: string[] = [];
  for (const [index, name] of NAMES.entries()) {
    const value = machine.registers[name];
    if (value !== before[index]) changes.push(`${name}=${value.toString(16)}`);
  }
  const eip = machine.registers.eip - 1 - CODE;
  if (eip !== bytes.length) changes.push(`eip=${eip.toString(16)}`);
  if (hash(machine) !== memory) changes.push(`memory=${hash(machine).toString(16)}`);
  const ignored = Number.parseInt(undefinedFlags!, 16);
  return answer(changes.join(',') || '-', machine.registers.eflags, ignored);
}

function answer(changes: string, flags: number, ignored: number): string {
  return `${changes} ${(flags & FLAGS & ~ignored).toString(16)}`;
}

describe('Instructions do what a real processor did', () => {
  test.each(facts)('%s', (fact) => {
    const [, , , , changes, flags, ignored] = fact.split(' ') as string[];
    expect(replay(fact)).toBe(answer(changes!, Number.parseInt(flags!, 16), Number.parseInt(ignored!, 16)));
  });
});
