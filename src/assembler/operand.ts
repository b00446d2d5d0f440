import { AssemblyError } from './error.ts';
import type { Cursor, Expression } from './expression.ts';
import { combine, evaluate, expect, nextToken, parseExpression, PRODUCT } from './expression.ts';
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
}

const SIZES = new Map([
  ['byte', 8],
  ['word', 16],
  ['dword', 32],
  ['qword', 64],
  ['tword', 80],
]);

/** Words that mean something to an operand, and so cannot be labels. */
export const OPERAND_WORDS: ReadonlySet<string> = new Set([
  ...SIZES.keys(),
  'short',
  'near',
  'far',
  'strict',
]);

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

interface Adjectives {
  size?: number;
  strict?: boolean;
  far?: boolean;
  reach?: Reach;
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

function parseRegister(cursor: Cursor, register: Register, adjectives: Adjectives): Operand {
  cursor.at++;
  if (register.set === 'sreg' && cursor.tokens[cursor.at] === ':') {
    cursor.at++;
    return { ...parseMemory(cursor, adjectives), segment: register };
  }
  for (const word of Object.keys(adjectives))
    throw new AssemblyError(
      `a ${word} in front of ${register.name}`,
      'the register alone, its name is its size',
    );
  if (register.name === 'st0' && cursor.tokens[cursor.at] === '(') {
    cursor.at++;
    const name = `st${evaluate(parseExpression(cursor))}`;
    expect(cursor, ')');
    const chosen = registerNamed(name);
    if (chosen === undefined) throw new AssemblyError(name, 'st(0) to st(7)');
    return chosen;
  }
  return register;
}

function parseImmediate(cursor: Cursor, adjectives: Adjectives): Operand {
  const value = parseExpression(cursor);
  if (cursor.tokens[cursor.at] === ':') {
    cursor.at++;
    return { kind: 'far', selector: value, offset: parseExpression(cursor) };
  }
  if (adjectives.far) throw new AssemblyError(nextToken(cursor), '`:` and an offset after a far selector');
  const { size, strict, reach } = adjectives;
  return { kind: 'immediate', value, size, strict, reach };
}

function parseMemory(cursor: Cursor, adjectives: Adjectives): Memory {
  expect(cursor, '[');
  const { size, far } = adjectives;
  const memory: Memory = { kind: 'memory', scale: 1, displacement: 0, size, far };
  if (cursor.tokens[cursor.at]?.toLowerCase() === 'strict') cursor.at++;
  const width = SIZES.get(cursor.tokens[cursor.at]?.toLowerCase() ?? '');
  if (width !== undefined) {
    memory.width = width;
    cursor.at++;
  }
  const segment = registerNamed(cursor.tokens[cursor.at]);
  if (segment?.set === 'sreg') {
    memory.segment = segment;
    cursor.at++;
    expect(cursor, ':');
  }
  parseTerms(cursor, memory);
  expect(cursor, ']');
  return memory;
}

function parseTerms(cursor: Cursor, memory: Memory): void {
  for (let sign = '+'; ; ) {
    const register = registerNamed(cursor.tokens[cursor.at]);
    if (register !== undefined) {
      cursor.at++;
      let scale: Expression | undefined;
      if (cursor.tokens[cursor.at] === '*') {
        cursor.at++;
        scale = parseExpression(cursor, PRODUCT);
      }
      addRegister(memory, register, sign, scale);
    } else {
      const term = parseExpression(cursor, PRODUCT + (scaledRegister(cursor) ? 1 : 0));
      const scaled =
        cursor.tokens[cursor.at] === '*' ? registerNamed(cursor.tokens[cursor.at + 1]) : undefined;
      if (scaled !== undefined) {
        cursor.at += 2;
        addRegister(memory, scaled, sign, term);
      } else memory.displacement = combine(sign, memory.displacement, term);
    }
    const next = cursor.tokens[cursor.at];
    if (next !== '+' && next !== '-') return;
    sign = next;
    cursor.at++;
  }
}

/** Whether a register is the second factor of the product that comes next, as in `4*ecx`. */
function scaledRegister(cursor: Cursor): boolean {
  return cursor.tokens[cursor.at + 1] === '*' && registerNamed(cursor.tokens[cursor.at + 2]) !== undefined;
}

function addRegister(memory: Memory, register: Register, sign: string, factor?: Expression): void {
  if (register.set !== 'r32' && register.set !== 'r16')
    throw new AssemblyError(`${register.name} in an address`, 'a 32-bit or 16-bit general register');
  if (sign === '-') throw new AssemblyError(`- ${register.name}`, 'registers only to be added');
  const scale = factor === undefined ? 1 : evaluate(factor);
  const plain = factor === undefined || (scale === 1 && memory.index !== undefined);
  if (plain && memory.base === undefined) memory.base = register;
  else if (memory.index === undefined) Object.assign(memory, { index: register, scale });
  else throw new AssemblyError(`a third register, ${register.name}`, 'a base and an index at most');
}
