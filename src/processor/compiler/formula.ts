/*
 * # Formulas
 *
 * A stack machine is pleasant to write for as long as one says one thing at a time. *Get, get, add, set* is how a
 * compiler speaks. A person who has something to work out, with eight intermediate results and a condition, wants to
 * write it as it was written on paper. So here is the smallest language that will do: a formula is a function that
 * writes itself to an emitter, and an operation takes formulas and makes a formula.
 *
 * The sum of `a` and 1 is `add(a, 1)`. A plain number stands for a constant of 32 bits, a number with an `n` for one of
 * 64, which is JavaScript's own way to tell them apart.
 */
import * as wasm from './emitter.ts';
import type { Emitter } from './emitter.ts';

/** Writes something to an emitter: a value, which it leaves on the stack, or a statement, which leaves nothing. */
export type Formula = (out: Emitter) => void;

/** What can be the operand of an operation. */
export type Operand = Formula | number | bigint;

/** A local variable: its value as a formula, and its number. */
export type Local = Formula & { readonly number: number };

export function local(number: number): Local {
  return Object.assign((out: Emitter) => out.get(number), { number });
}

export function write(out: Emitter, operand: Operand): void {
  if (typeof operand === 'number') out.const(operand);
  else if (typeof operand === 'bigint') out.wide(operand);
  else operand(out);
}

/*
 * ## Operations
 *
 * Most names are those of WebAssembly, with `64` behind those that are wide. `not` is its `eqz`: 1 for 0, else 0.
 */
type Two = (a: Operand, b: Operand) => Formula;
type One = (a: Operand) => Formula;

function two(code: number): Two {
  return (a, b) => (out) => {
    write(out, a);
    write(out, b);
    out.op(code);
  };
}

function one(code: number): One {
  return (a) => (out) => {
    write(out, a);
    out.op(code);
  };
}

export const add = two(wasm.ADD);
export const sub = two(wasm.SUB);
export const and = two(wasm.AND);
export const or = two(wasm.OR);
export const xor = two(wasm.XOR);
export const shl = two(wasm.SHL);
export const shr = two(wasm.SHR_U);
export const eq = two(wasm.EQ);
export const ne = two(wasm.NE);
export const lt = two(wasm.LT_S);
export const gt = two(wasm.GT_S);
export const ltU = two(wasm.LT_U);
export const not = one(wasm.EQZ);

export const add64 = two(wasm.I64_ADD);
export const sub64 = two(wasm.I64_SUB);
export const mul64 = two(wasm.I64_MUL);
export const div64 = two(wasm.I64_DIV_U);
export const and64 = two(wasm.I64_AND);
export const or64 = two(wasm.I64_OR);
export const shl64 = two(wasm.I64_SHL);
export const shr64 = two(wasm.I64_SHR_U);
export const eq64 = two(wasm.I64_EQ);
export const ne64 = two(wasm.I64_NE);
export const lt64 = two(wasm.I64_LT_S);
export const ltU64 = two(wasm.I64_LT_U);
export const gtU64 = two(wasm.I64_GT_U);
export const isZero64 = one(wasm.I64_EQZ);
export const zeros64 = one(wasm.I64_CLZ);

/** From 64 bits to the lower 32; and back, without a sign or with one. */
export const narrow = one(wasm.I32_WRAP);
export const widen = one(wasm.I64_EXTEND_U);
export const widenSigned = one(wasm.I64_EXTEND_S);

/** The square root of 64 bits without a sign, in whole, as near as the machine below can say it in 53 bits. */
export function root64(a: Operand): Formula {
  return (out) => {
    write(out, a);
    out.op(wasm.F64_CONVERT_I64_U);
    out.op(wasm.F64_SQRT);
    out.op(wasm.I64_TRUNC_F64_U);
  };
}

/*
 * ## Memory
 *
 * The offset is a part of the instruction. An address of 0 and an offset is a word of the processor's state.
 */
function loading(code: number): (address: Operand, offset?: number) => Formula {
  return (address, offset = 0) =>
    (out) => {
      write(out, address);
      out.memory(code, offset);
    };
}

function storing(code: number): (address: Operand, value: Operand, offset?: number) => Formula {
  return (address, value, offset = 0) =>
    (out) => {
      write(out, address);
      write(out, value);
      out.memory(code, offset);
    };
}

export const load = loading(wasm.I32_LOAD);
export const load16 = loading(wasm.I32_LOAD16_U);
export const load64 = loading(wasm.I64_LOAD);
export const store = storing(wasm.I32_STORE);
export const store16 = storing(wasm.I32_STORE16);
export const store64 = storing(wasm.I64_STORE);

/** A word of the processor's state, by its index. */
export function word(index: number): Formula {
  return load(0, index * 4);
}

export function setWord(index: number, value: Operand): Formula {
  return store(0, value, index * 4);
}

/*
 * ## Statements
 *
 * A value is a formula that leaves one number on the stack, a statement one that leaves none. Nobody checks it before
 * WebAssembly does, and that checks everything: a module with a mistake in it is refused as a whole, at once.
 */
export function set(variable: Local, value: Operand): Formula {
  return (out) => {
    write(out, value);
    out.set(variable.number);
  };
}

/** The two change places. */
export function swap(a: Local, b: Local): Formula {
  return (out) => {
    a(out);
    b(out);
    out.set(a.number);
    out.set(b.number);
  };
}

export function when(condition: Operand, ...then: Formula[]): Formula {
  return either(condition, then, []);
}

export function either(condition: Operand, then: readonly Formula[], otherwise: readonly Formula[]): Formula {
  return (out) => {
    write(out, condition);
    out.open(wasm.IF);
    for (const statement of then) statement(out);
    if (otherwise.length > 0) out.op(wasm.ELSE);
    for (const statement of otherwise) statement(out);
    out.end();
  };
}

/** Does something for as long as a condition holds, which is asked before. */
export function during(condition: Operand, ...body: Formula[]): Formula {
  return (out) => {
    const loop = out.open(wasm.LOOP);
    write(out, condition);
    out.open(wasm.IF);
    for (const statement of body) statement(out);
    out.branch(loop);
    out.end();
    out.end();
  };
}

/** Leaves the function with a value. */
export function give(value: Operand): Formula {
  return (out) => {
    write(out, value);
    out.op(wasm.RETURN);
  };
}

/*
 * ## Functions
 *
 * A function says what it takes, what else it wants to keep, and then what it does. All of ours return a number. Who
 * calls another does so by name; which number that is will be known when all of them stand in one module.
 */
/** A function for a module of its own kind: see calculator.ts. */
export interface Definition {
  readonly parameters: readonly number[];
  readonly locals: readonly number[];
  readonly body: readonly Formula[];
  /** Its place in the module, which gives it when it is put together. */
  index: number;
}

/** The letters of a signature: `i` is 32 bits, `l` is 64. */
const TYPES: Record<string, number> = { i: wasm.TYPE_I32, l: wasm.TYPE_I64 };

/** Defines a function that takes what `parameters` says, as letters, keeps `locals`, and must give a number. */
export function define(
  parameters: string,
  locals: string,
  body: (...variables: Local[]) => Formula[],
): Definition {
  const letters = (text: string) => [...text].map((letter) => TYPES[letter]!);
  const variables = [...(parameters + locals)].map((_, number) => local(number));
  return {
    parameters: letters(parameters),
    locals: letters(locals),
    body: body(...variables),
    index: -1,
  };
}

export function call(definition: Definition, ...operands: Operand[]): Formula {
  return (out) => {
    for (const operand of operands) write(out, operand);
    out.op(wasm.CALL);
    out.unsigned(definition.index);
  };
}
