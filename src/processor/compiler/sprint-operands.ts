/*
 * # Operands at a run
 *
 * The compiler writes `local.get $eax`, because it has the instruction before it. The sprinter's program is written
 * once, for all instructions that there will ever be. Which register it is, he finds out as he passes.
 *
 * Nothing could be easier. An instruction is four words, as `packed.ts` has drawn them, a register is a word at the
 * bottom of the same memory, and `reg` is six bits of the first word. Move that word down by two bits less than it
 * takes, and the number of the register comes out multiplied by four. That is its address.
 */
import {
  BASE_SHIFT,
  INDEX_SHIFT,
  MANNER_OF_MEMORY,
  OPERATION,
  OPERATION_SHIFT,
  REG_SHIFT,
  RM_SHIFT,
  SCALE_SHIFT,
  SIZE_SHIFT,
} from '../packed.ts';
import {
  ADD,
  AND,
  ELSE,
  type Emitter,
  I32_LOAD,
  I32_STORE,
  IF,
  LT_S,
  NE,
  OR,
  SHL,
  SHR_U,
  XOR,
} from './emitter.ts';
import { loadOf, storeOf } from './operands.ts';

/** Locals. The parameters are where the next instruction is, in bytes, and how many are left. */
export const AT = 0;
export const LEFT = 1;
/** The first word of the instruction. */
export const FIRST = 2;
/** The TLB tables of this ring, as addresses in the memory. */
export const READ = 3;
export const WRITE = 4;
/** Two operands and a result. */
export const A = 5;
export const B = 6;
export const R = 7;
/** Where an operand in memory is, for the program; and where, for us. */
export const LINEAR = 8;
export const ADDRESS = 9;
/** All but the parameters. */
export const LOCALS = 8;

/**
 * What is written to, and the label to leave by if an instruction is not to be done here. Whoever leaves must not have
 * changed anything.
 */
export interface Sprint {
  readonly code: Emitter;
  readonly giveUp: number;
}

/** Writes something: an instruction as a whole, or what pushes a value. */
export type Step = (s: Sprint) => void;

/** Bytes that an operand has. */
export type Size = 1 | 2 | 4;

/*
 * ## Registers
 *
 * For bytes and 16-bit words, `reg` is an index into bytes or into halves of words. Then it is moved down by only one
 * bit less, or by none.
 */
const INDEX = 0x3f;

/** Pushes `mask` of the first word, once it is moved down. */
function field(code: Emitter, shift: number, mask: number): void {
  code.get(FIRST);
  code.with(shift, SHR_U);
  code.with(mask, AND);
}

function addressAt(code: Emitter, shift: number, size: Size): void {
  const bits = size >> 1; // 0, 1 and 2: what multiplies by 1, 2 and 4
  field(code, shift - bits, INDEX << bits);
}

/** Pushes the address of the register operand. */
export function addressOfReg({ code }: Sprint, size: Size): void {
  addressAt(code, REG_SHIFT, size);
}

/** Pushes the address of the other operand, which is a register. */
export function addressOfRm({ code }: Sprint, size: Size): void {
  addressAt(code, RM_SHIFT, size);
}

export function reg(s: Sprint, size: Size): void {
  addressOfReg(s, size);
  load(s, size);
}

export function rm(s: Sprint, size: Size): void {
  addressOfRm(s, size);
  load(s, size);
}

/*
 * ## Words and constants
 */
/** A load, zero-extended, from the address on the stack. */
export function load({ code }: Sprint, size: Size): void {
  code.memory(loadOf(size), 0);
}

/** A store of the value on the stack to the address below it. */
export function store({ code }: Sprint, size: Size): void {
  code.memory(storeOf(size), 0);
}

/** Pushes the second, third or fourth word of the instruction. */
function rest({ code }: Sprint, index: 1 | 2 | 3): void {
  code.get(AT);
  code.memory(I32_LOAD, index * 4);
}

export function immediate(s: Sprint): void {
  rest(s, 3);
}

/** Pushes a word of the processor's state. */
export function word(code: Emitter, index: number): void {
  code.const(0);
  code.memory(I32_LOAD, index * 4);
}

/** Sets one to what `value` pushes. */
export function setWord({ code }: Sprint, index: number, value: () => void): void {
  code.const(0);
  value();
  code.memory(I32_STORE, index * 4);
}

/*
 * ## Memory
 *
 * Base, index, shift and displacement are added up as they were in `instruction.ts`. Then comes the one question that
 * `access.ts` asks of every load and store, *known, and not crooked?*, and whoever cannot say yes gives up. So does
 * whoever finds a segment that is not flat, an address of 16 bits, or a size that we do not do. All of that is asked
 * before anything has been written.
 */
/** Pushes the offset of the operand in memory. Nothing of it may be out of the ordinary. */
export function offset(s: Sprint): void {
  const { code } = s;
  rest(s, 1);
  code.with(MANNER_OF_MEMORY, AND);
  code.branchIf(s.giveUp);
  field(code, BASE_SHIFT - 2, 15 << 2);
  load(s, 4);
  field(code, INDEX_SHIFT - 2, 15 << 2);
  load(s, 4);
  field(code, SCALE_SHIFT, 3);
  code.op(SHL);
  code.op(ADD);
  rest(s, 2);
  code.op(ADD);
}

/** Looks up LINEAR in a table of the TLB, and sets ADDRESS. */
export function reach({ code, giveUp }: Sprint, table: number, size: Size): void {
  code.get(LINEAR);
  code.with(10, SHR_U);
  code.with(0x3f_fffc, AND);
  code.get(table);
  code.op(ADD);
  code.memory(I32_LOAD, 0);
  code.with(1, XOR);
  code.tee(ADDRESS);
  if (size > 1) {
    code.get(LINEAR);
    code.op(OR);
  }
  code.with(size === 4 ? 3 : 1, AND);
  code.branchIf(giveUp);
  code.get(LINEAR);
  code.get(ADDRESS);
  code.op(ADD);
  code.set(ADDRESS);
}

/** Sets ADDRESS to where the operand in memory is, for a load or, through the other table, for a store. */
export function reachOperand(s: Sprint, table: number, size: Size): void {
  offset(s);
  s.code.set(LINEAR);
  reach(s, table, size);
}

/** Pushes what is there. */
export function fromMemory(s: Sprint, size: Size): void {
  s.code.get(ADDRESS);
  load(s, size);
}

/*
 * ## Of any kind
 *
 * A few functions of the gallery take operands of any size and in any place. Of these we do one size, and look where it
 * is: the highest bit of the second word says *memory*, so a glance at the sign will do.
 */
/** Gives up unless the instruction has this size. */
export function mustHave(s: Sprint, size: Size): void {
  rest(s, 1);
  s.code.with(15 << SIZE_SHIFT, AND);
  s.code.with(size << SIZE_SHIFT, NE);
  s.code.branchIf(s.giveUp);
}

/** Gives up if the operand is in memory. */
export function mustBeRegister(s: Sprint): void {
  rest(s, 1);
  s.code.with(0, LT_S);
  s.code.branchIf(s.giveUp);
}

/** Pushes which of its family the instruction is. */
export function operation(s: Sprint): void {
  rest(s, 1);
  s.code.with(OPERATION_SHIFT, SHR_U);
  s.code.with(OPERATION, AND);
}

/** Sets ADDRESS to where the operand is, in memory or among the registers. */
export function reachAny(s: Sprint, table: number, size: Size): void {
  const { code } = s;
  rest(s, 1);
  code.with(0, LT_S);
  code.open(IF);
  reachOperand(s, table, size);
  code.op(ELSE);
  addressOfRm(s, size);
  code.set(ADDRESS);
  code.end();
}
