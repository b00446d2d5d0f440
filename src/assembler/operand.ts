/*
 * # What instructions act on
 *
 * An instruction has up to three operands, and an operand is one of four things: a register, a number that is part
 * of the instruction itself (the manual says *immediate*), a place in memory, or a far pointer, which is a number
 * with a segment selector in front of it, a fossil that the Switcher will be glad of.
 *
 * They are plain objects. You may build them by hand and give them to `encode`; the text below is for people who
 * would rather write `dword [esp+8]`.
 */

import { AssemblyError } from './error.ts';
import type { Cursor, Expression } from './expression.ts';
import { evaluate, expect, nextToken, parseExpression } from './expression.ts';
import { parseMemory } from './memory-operand.ts';
import type { Register } from './registers.ts';
import { registerNamed } from './registers.ts';

export type Operand = Register | Immediate | Memory | FarPointer;

/** A number in the instruction, or the target of a branch. */
export interface Immediate {
  kind: 'immediate';
  value: Expression;
  /** In bits, if the source says `byte`, `word` or `dword`. */
  size?: number;
  /** `strict`: take the size literally, even where a shorter form would do. */
  strict?: boolean;
  reach?: Reach;
}

export type Reach = 'short' | 'near';

/*
 * Of the four, memory is the one with parts. Each may be missing, though not all at once.
 */

/** `[base + index*scale + displacement]` */
export interface Memory {
  kind: 'memory';
  base?: Register;
  index?: Register;
  scale: number;
  displacement: Expression;
  segment?: Register;
  /** In bits: 8, 16, 32, 64 or 80; undefined if the source leaves it to the other operand. */
  size?: number;
  /** Forced width of the displacement in bits: `[byte ebp + 0]`, `[dword ebp + 0]`, `[word 0x1234]`. */
  width?: number;
  /** `far [...]`: the memory holds an offset and a selector. */
  far?: boolean;
}

/** `selector:offset`, both in the instruction. */
export interface FarPointer {
  kind: 'far';
  selector: Expression;
  offset: Expression;
  /** Of the offset in bits, 16 or 32, if the source says so. */
  size?: number;
}

/*
 * ## Adjectives
 *
 * Sizes and such come before the noun. `byte [ebx]` is one byte at ebx; `[ebx]` alone could be anything, and is
 * fine as long as the other operand tells. `short` and `near` are for branches, `far` for pointers with a selector.
 * `strict` is for the distrustful: `add eax, strict dword 5` really takes four bytes for the five, which the tests
 * of the silicon like, since somebody ought to execute the long form now and then.
 */

/** Bits of each size that can be said. */
export const SIZES: ReadonlyMap<string, number> = new Map([
  ['byte', 8],
  ['word', 16],
  ['dword', 32],
  ['qword', 64],
  ['tword', 80],
]);

const ADJECTIVES = ['short', 'near', 'far', 'strict'];

/** Words that mean something to an operand, and so cannot be labels. */
export const OPERAND_WORDS: ReadonlySet<string> = new Set([...SIZES.keys(), ...ADJECTIVES]);

/** What may stand in front of an operand. */
export interface Adjectives {
  size?: number;
  strict?: boolean;
  far?: boolean;
  reach?: Reach;
}

/*
 * So an operand is any number of adjectives and then a noun, and the noun's first token says which of the four it
 * is.
 */

/** Reads the operands of an instruction to the end of the line. */
export function parseOperands(cursor: Cursor): Operand[] {
  const operands: Operand[] = [];
  if (cursor.at === cursor.tokens.length) return operands;
  for (;;) {
    operands.push(parseOperand(cursor));
    if (cursor.at === cursor.tokens.length) return operands;
    if (cursor.tokens[cursor.at] !== ',')
      throw new AssemblyError(nextToken(cursor), 'a comma or the end of the line');
    cursor.at++;
  }
}

function parseOperand(cursor: Cursor): Operand {
  const adjectives: Adjectives = {};
  for (; ; cursor.at++) {
    const token = cursor.tokens[cursor.at];
    if (token === '[') return parseMemory(cursor, adjectives);
    const register = registerNamed(token);
    if (register !== undefined) return parseRegister(cursor, register, adjectives);
    const word = token?.toLowerCase() ?? '';
    if (SIZES.has(word)) adjectives.size = SIZES.get(word);
    else if (word === 'short' || word === 'near') adjectives.reach = word;
    else if (word === 'far') adjectives.far = true;
    else if (word === 'strict') adjectives.strict = true;
    else return parseImmediate(cursor, adjectives);
  }
}

/*
 * ## A register, or what looks like one
 *
 * Two things begin with a register and are none. `fs:[0x10]` is memory, seen through another segment. And `st(3)`
 * is the fourth plate from the top of the x87's stack, which has no names for its plates, only distances.
 */

function parseRegister(cursor: Cursor, register: Register, adjectives: Adjectives): Operand {
  cursor.at++;
  if (register.set === 'sreg' && cursor.tokens[cursor.at] === ':') {
    cursor.at++;
    const memory = parseMemory(cursor, adjectives);
    if (memory.segment !== undefined) throw new AssemblyError('two segments for one address', 'one');
    return { ...memory, segment: register };
  }
  for (const word of Object.keys(adjectives))
    throw new AssemblyError(`a ${word} in front of ${register.name}`, 'the register alone');
  const isStack = register.name === 'st0' && cursor.tokens[cursor.at] === '(';
  return isStack ? parseStackPlace(cursor) : register;
}

function parseStackPlace(cursor: Cursor): Register {
  cursor.at++;
  const name = `st${evaluate(parseExpression(cursor))}`;
  expect(cursor, ')');
  const register = registerNamed(name);
  if (register === undefined) throw new AssemblyError(name, 'st(0) to st(7)');
  return register;
}

function parseImmediate(cursor: Cursor, { size, strict, far, reach }: Adjectives): Operand {
  const value = parseExpression(cursor);
  if (cursor.tokens[cursor.at] !== ':') {
    if (far) throw new AssemblyError(nextToken(cursor), '`:` and an offset after a far selector');
    return { kind: 'immediate', value, size, strict, reach };
  }
  if (reach !== undefined) throw new AssemblyError(`${reach} in front of a far pointer`, 'far, or nothing');
  cursor.at++;
  return { kind: 'far', selector: value, offset: parseExpression(cursor), size };
}
