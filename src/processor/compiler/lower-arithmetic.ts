/*
 * # Arithmetic
 *
 * The interpreter has a function for each cell of the grid. Here the grid is a grid again.
 */
import { combine, kindOf } from './combine.ts';
import { CMP, SUB as SUB_ROW } from '../flags.ts';
import type { Instruction } from '../instruction.ts';
import { pushCarry } from './flag-values.ts';
import { type Draft, FLAG_A, FLAG_B, T1 } from './draft.ts';
import { ADD, XOR } from './emitter.ts';
import { KIND_DEC, KIND_DEC_16, KIND_DEC_8, KIND_INC, KIND_INC_16, KIND_INC_8 } from './kinds.ts';
import type { Lowering } from './lowering.ts';
import {
  beginStore,
  getOperand,
  getRegister,
  load,
  reachOperand,
  setOperand,
  setRegister,
  store,
} from './operands.ts';

/*
 * ## The five forms
 *
 * The result goes to the operand, or to the register; and the second number is a register, the operand or a constant.
 * An operand in memory is reached first, for everything behind that must not fail.
 */
export function toOperand(row: number, second: (d: Draft, i: Instruction) => void): Lowering['lower'] {
  return (d, i) => {
    const operation = row < 0 ? i.operation : row;
    if (i.isMemory) {
      const access = reachOperand(d);
      beginStore(d, access);
      combine(
        d,
        operation,
        i.size,
        () => load(d, access),
        () => second(d, i),
      );
      store(d, access);
    } else {
      combine(
        d,
        operation,
        i.size,
        () => getRegister(d, i.rm, i.size),
        () => second(d, i),
      );
      setRegister(d, i.rm, i.size);
    }
  };
}

export function toRegister(row: number): Lowering['lower'] {
  return (d, i) => {
    const operation = row < 0 ? i.operation : row;
    if (i.isMemory) reachOperand(d);
    combine(
      d,
      operation,
      i.size,
      () => getRegister(d, i.reg, i.size),
      () => getOperand(d, i),
    );
    setRegister(d, i.reg, i.size);
  };
}

/*
 * ## Looking only
 *
 * If nobody looks at the flags of a CMP, it is nothing. (If it has an operand in memory, it is still a load that may
 * fault, so the address is reached for, and the value is not.) Otherwise the two operands go into the two locals, in
 * the order in which they came off the stack, and the subtraction is put off, probably for ever.
 */
/** CMP and TEST: nothing but flags. */
export function compare(row: number, first: Source, second: Source): Lowering['lower'] {
  return (d, i) => {
    if (i.isMemory) reachOperand(d);
    if (!d.needed) return;
    if (row === CMP) {
      first(d, i);
      second(d, i);
      d.code.set(FLAG_B);
      d.code.set(FLAG_A);
      d.kind = kindOf(false, i.size);
    } else {
      combine(
        d,
        row,
        i.size,
        () => first(d, i),
        () => second(d, i),
      );
      d.code.set(T1);
    }
  };
}

export type Source = (d: Draft, i: Instruction) => void;

export const fromRegister: Source = (d, i) => getRegister(d, i.reg, i.size);
export const fromOperand: Source = (d, i) => getOperand(d, i);
export const fromImmediate: Source = (d, i) =>
  d.code.const(i.size === 4 ? i.immediate : i.immediate & (i.size === 2 ? 0xffff : 0xff));

/*
 * ## One operand
 *
 * INC and DEC leave the carry as it was. So they take it along, in the place of the second operand that they do not
 * have.
 */
const STEPS: Record<number, [number, number]> = {
  4: [KIND_INC, KIND_DEC],
  2: [KIND_INC_16, KIND_DEC_16],
  1: [KIND_INC_8, KIND_DEC_8],
};

export function stepBy(amount: number | undefined): Lowering['lower'] {
  return (d, i) => {
    const { code } = d;
    const step = amount ?? i.immediate;
    if (i.isMemory) reachOperand(d);
    setOperand(d, i, () => {
      if (d.needed) {
        pushCarry(d);
        code.set(FLAG_B);
      }
      getOperand(d, i);
      if (d.needed) {
        code.tee(FLAG_A);
        d.kind = STEPS[i.size]![step > 0 ? 0 : 1];
      }
      code.with(step, ADD);
    });
  };
}

/*
 * NEG is a subtraction from nothing, with the flags of one. NOT is an XOR with all ones, and by a whim of the 8086 it
 * has no flags at all.
 */
export function negate(d: Draft, i: Instruction): void {
  if (i.isMemory) reachOperand(d);
  setOperand(d, i, () =>
    combine(
      d,
      SUB_ROW,
      i.size,
      () => d.code.const(0),
      () => getOperand(d, i),
    ),
  );
}

export function complement(d: Draft, i: Instruction): void {
  if (i.isMemory) reachOperand(d);
  setOperand(d, i, () => {
    getOperand(d, i);
    d.code.with(-1, XOR);
  });
}
