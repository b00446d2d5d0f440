/*
 * # Between the brackets
 *
 * The 386 brought the best thing that ever happened to an x86 address: any register, plus any register times 1, 2,
 * 4 or 8, plus any number. That is `array[i].field` in one operand, and compilers have been grateful since 1985.
 *
 * In text it may come in any order and with its numbers scattered, as in `[table + 4*ecx - 8 + ebx]`. We read a
 * sum, term by term. Registers go where there is room for one, and all else is gathered into one displacement.
 */

import { AssemblyError } from './error.ts';
import type { Cursor } from './expression.ts';
import { combine, evaluate, expect, parseExpression, PRODUCT } from './expression.ts';
import type { Adjectives, Memory } from './operand.ts';
import { SIZES } from './operand.ts';
import type { Register } from './registers.ts';
import { registerNamed } from './registers.ts';

/**
 * Reads a memory operand from its `[` on.
 *
 * @throws AssemblyError if no instruction could address it
 */
export function parseMemory(cursor: Cursor, { size, far, strict, reach }: Adjectives): Memory {
  if (strict || reach === 'short') throw new AssemblyError(strict ? 'strict' : 'short', 'an address alone');
  expect(cursor, '[');
  const memory: Memory = { kind: 'memory', scale: 1, displacement: 0, size, far };
  readWidth(cursor, memory);
  readSegment(cursor, memory);
  for (let sign = '+'; sign === '+' || sign === '-'; sign = cursor.tokens[cursor.at++] ?? '') {
    readTerm(cursor, memory, sign);
  }
  cursor.at--;
  expect(cursor, ']');
  return memory;
}

/*
 * Two things may stand in front of the sum. A size there is the size of the displacement, not of the thing
 * addressed: `[dword ebx+1]` spends four bytes on the 1. And a segment, as NASM wants it, inside.
 */

function readWidth(cursor: Cursor, memory: Memory): void {
  if (cursor.tokens[cursor.at]?.toLowerCase() === 'strict') cursor.at++;
  const width = SIZES.get(cursor.tokens[cursor.at]?.toLowerCase() ?? '');
  if (width === undefined) return;
  if (width > 32) throw new AssemblyError(`a displacement of ${width} bits`, '8, 16 or 32');
  memory.width = width;
  cursor.at++;
}

function readSegment(cursor: Cursor, memory: Memory): void {
  const segment = registerNamed(cursor.tokens[cursor.at]);
  if (segment?.set !== 'sreg') return;
  memory.segment = segment;
  cursor.at++;
  expect(cursor, ':');
}

/*
 * ## A term
 *
 * `ecx*4` and `4*ecx` are the same wish. So we look past a number for a `*` and a register before we let
 * `parseExpression` swallow the product whole, and choke on the register.
 */

function readTerm(cursor: Cursor, memory: Memory, sign: string): void {
  const { tokens, at } = cursor;
  if (registerNamed(tokens[at]) !== undefined) readRegister(cursor, memory, sign);
  else if (tokens[at + 1] === '*' && registerNamed(tokens[at + 2]) !== undefined) {
    const factor = evaluate(parseExpression(cursor, PRODUCT + 1));
    cursor.at += 2;
    addRegister(memory, registerNamed(tokens[at + 2])!, sign, factor);
  } else memory.displacement = combine(sign, memory.displacement, parseExpression(cursor, PRODUCT));
}

function readRegister(cursor: Cursor, memory: Memory, sign: string): void {
  const register = registerNamed(cursor.tokens[cursor.at++])!;
  let factor: number | undefined;
  if (cursor.tokens[cursor.at] === '*') {
    cursor.at++;
    factor = evaluate(parseExpression(cursor, PRODUCT));
  }
  addRegister(memory, register, sign, factor);
}

/*
 * A register without a factor wants to be the base, and one with a factor the index. If a place is taken, whoever
 * has a factor of 1 makes room.
 */

function addRegister(memory: Memory, register: Register, sign: string, factor?: number): void {
  if (register.set !== 'r32' && register.set !== 'r16')
    throw new AssemblyError(`${register.name} in an address`, 'a 32-bit or 16-bit general register');
  if (sign === '-') throw new AssemblyError(`- ${register.name}`, 'registers only to be added');
  if (memory.base !== undefined && memory.index !== undefined)
    throw new AssemblyError(`a third register, ${register.name}`, 'a base and an index at most');

  if (memory.base === undefined && memory.index !== undefined && memory.scale === 1) {
    memory.base = memory.index;
    memory.index = undefined;
  }
  const wantsBase = factor === undefined || (factor === 1 && memory.index !== undefined);
  if (wantsBase && memory.base === undefined) memory.base = register;
  else if (memory.index === undefined) Object.assign(memory, { index: register, scale: factor ?? 1 });
  else throw new AssemblyError(`two scaled registers, ${memory.index.name} and ${register.name}`, 'one');
}
