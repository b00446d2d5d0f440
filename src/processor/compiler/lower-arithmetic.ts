/*
 * # Arithmetic
 *
 * The interpreter has a function for each cell of the grid. Here the grid is a grid again.
 */
import * as arithmetic from '../arithmetic.ts';
import { combine, kindOf } from './combine.ts';
import {
  ADC,
  ADD as ADD_ROW,
  AND as AND_ROW,
  CMP,
  OR as OR_ROW,
  SBB,
  SUB as SUB_ROW,
  XOR as XOR_ROW,
} from '../flags.ts';
import type { Execute, Instruction } from '../instruction.ts';
import * as logic from '../logic.ts';
import * as narrow from '../narrow.ts';
import { pushCarry } from './flag-values.ts';
import { type Draft, FLAG_A, FLAG_B, T1 } from './draft.ts';
import { ADD, XOR } from './emitter.ts';
import { KIND_DEC, KIND_DEC_16, KIND_DEC_8, KIND_INC, KIND_INC_16, KIND_INC_8 } from './kinds.ts';
import { type Lowering, lowering, REG, RM } from './lowering.ts';
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
 */
function toOperand(row: number, second: (d: Draft, i: Instruction) => void): Lowering['lower'] {
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

function toRegister(row: number): Lowering['lower'] {
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
 * If nobody looks at the flags of a CMP, it is nothing. (If it has an operand in memory, it is still a load that may fault, so the address is
 * reached for, and the value is not.) Otherwise the two operands go into the two locals, in the order in which they came off the stack, and the subtraction is
 * put off, probably for ever.
 */
/** CMP and TEST: nothing but flags. */
function compare(row: number, first: Source, second: Source): Lowering['lower'] {
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

type Source = (d: Draft, i: Instruction) => void;

const fromRegister: Source = (d, i) => getRegister(d, i.reg, i.size);
const fromOperand: Source = (d, i) => getOperand(d, i);
const fromImmediate: Source = (d, i) =>
  d.code.const(i.size === 4 ? i.immediate : i.immediate & (i.size === 2 ? 0xffff : 0xff));

/*
 * ## A row of the grid
 *
 * ADD has an opcode for each way in which two operands can lie, and so have six others. The interpreter has a function for each. They are the keys
 * here: which function an instruction *executes* is what it is.
 */
function forms(row: number, five: [Execute, Execute, Execute, Execute, Execute]): [Execute, Lowering][] {
  const flags = row < 0 ? 'row' : row === ADC || row === SBB ? 'uses' : 'sets';
  const withRegister = lowering(toOperand(row, fromRegister), {
    operand: 'store',
    flags,
    writes: RM,
    reads: REG,
  });
  const withImmediate = lowering(toOperand(row, fromImmediate), { operand: 'store', flags, writes: RM });
  const reversed = lowering(toRegister(row), { operand: 'load', flags, writes: REG, reads: RM });
  const [registers, toMemory, fromMemory, immediate, immediateToMemory] = five;
  return [
    [registers, withRegister],
    [toMemory, withRegister],
    [fromMemory, reversed],
    [immediate, withImmediate],
    [immediateToMemory, withImmediate],
  ];
}

const looks = { operand: 'load', flags: 'sets', reads: RM | REG } as const;
const compareOperand = lowering(compare(CMP, fromOperand, fromRegister), looks);
const compareRegister = lowering(compare(CMP, fromRegister, fromOperand), looks);
const compareImmediate = lowering(compare(CMP, fromOperand, fromImmediate), { ...looks, reads: RM });
const testRegister = lowering(compare(AND_ROW, fromOperand, fromRegister), looks);
const testImmediate = lowering(compare(AND_ROW, fromOperand, fromImmediate), { ...looks, reads: RM });

/*
 * ## One operand
 */
const STEPS: Record<number, [number, number]> = {
  4: [KIND_INC, KIND_DEC],
  2: [KIND_INC_16, KIND_DEC_16],
  1: [KIND_INC_8, KIND_DEC_8],
};

function stepBy(amount: number | undefined): Lowering['lower'] {
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
 * NEG is a subtraction from nothing, with the flags of one. NOT is an XOR with all ones, and by a whim of the 8086 it has no flags at all.
 */
function negate(d: Draft, i: Instruction): void {
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

function complement(d: Draft, i: Instruction): void {
  if (i.isMemory) reachOperand(d);
  setOperand(d, i, () => {
    getOperand(d, i);
    d.code.with(-1, XOR);
  });
}

/*
 * ## The table
 *
 * Eight rows of five, and then those that do not fit a grid. A table like this is read by nobody, and has to be right. A program that
 * is generated at random reads it very well.
 */
const steps = { operand: 'store', flags: 'changes', writes: RM } as const;

export const arithmeticLowerings: [Execute, Lowering][] = [
  ...forms(ADD_ROW, [
    arithmetic.addRegisterToRegister,
    arithmetic.addRegisterToMemory,
    arithmetic.addMemoryToRegister,
    arithmetic.addImmediateToRegister,
    arithmetic.addImmediateToMemory,
  ]),
  ...forms(ADC, [
    arithmetic.addWithCarryRegisterToRegister,
    arithmetic.addWithCarryRegisterToMemory,
    arithmetic.addWithCarryMemoryToRegister,
    arithmetic.addWithCarryImmediateToRegister,
    arithmetic.addWithCarryImmediateToMemory,
  ]),
  ...forms(SUB_ROW, [
    arithmetic.subtractRegisterToRegister,
    arithmetic.subtractRegisterToMemory,
    arithmetic.subtractMemoryToRegister,
    arithmetic.subtractImmediateToRegister,
    arithmetic.subtractImmediateToMemory,
  ]),
  ...forms(SBB, [
    arithmetic.subtractWithBorrowRegisterToRegister,
    arithmetic.subtractWithBorrowRegisterToMemory,
    arithmetic.subtractWithBorrowMemoryToRegister,
    arithmetic.subtractWithBorrowImmediateToRegister,
    arithmetic.subtractWithBorrowImmediateToMemory,
  ]),
  ...forms(OR_ROW, [
    logic.orRegisterToRegister,
    logic.orRegisterToMemory,
    logic.orMemoryToRegister,
    logic.orImmediateToRegister,
    logic.orImmediateToMemory,
  ]),
  ...forms(AND_ROW, [
    logic.andRegisterToRegister,
    logic.andRegisterToMemory,
    logic.andMemoryToRegister,
    logic.andImmediateToRegister,
    logic.andImmediateToMemory,
  ]),
  ...forms(XOR_ROW, [
    logic.exclusiveOrRegisterToRegister,
    logic.exclusiveOrRegisterToMemory,
    logic.exclusiveOrMemoryToRegister,
    logic.exclusiveOrImmediateToRegister,
    logic.exclusiveOrImmediateToMemory,
  ]),
  ...forms(-1, [
    narrow.arithmeticRegisterToRegister8,
    narrow.arithmeticRegisterToMemory8,
    narrow.arithmeticMemoryToRegister8,
    narrow.arithmeticImmediateToRegister8,
    narrow.arithmeticImmediateToMemory8,
  ]),
  [
    narrow.arithmeticFromRegister16,
    lowering(toOperand(-1, fromRegister), { ...steps, flags: 'row', reads: REG }),
  ],
  [
    narrow.arithmeticToRegister16,
    lowering(toRegister(-1), { operand: 'load', flags: 'row', writes: REG, reads: RM }),
  ],
  [narrow.arithmeticImmediate16, lowering(toOperand(-1, fromImmediate), { ...steps, flags: 'row' })],
  [arithmetic.compareRegisters, compareOperand],
  [arithmetic.compareRegisterWithMemory, compareRegister],
  [arithmetic.compareMemoryWithRegister, compareOperand],
  [arithmetic.compareRegisterWithImmediate, compareImmediate],
  [arithmetic.compareMemoryWithImmediate, compareImmediate],
  [narrow.compareRegisters8, compareOperand],
  [narrow.compareRegisterWithMemory8, compareRegister],
  [narrow.compareMemoryWithRegister8, compareOperand],
  [narrow.compareRegisterWithImmediate8, compareImmediate],
  [narrow.compareMemoryWithImmediate8, compareImmediate],
  [narrow.compareFromRegister16, compareOperand],
  [narrow.compareToRegister16, compareRegister],
  [narrow.compareImmediate16, compareImmediate],
  [logic.testRegisters, testRegister],
  [logic.testMemoryWithRegister, testRegister],
  [logic.testRegisterWithImmediate, testImmediate],
  [logic.testMemoryWithImmediate, testImmediate],
  [narrow.testRegisterNarrow, testRegister],
  [narrow.testImmediateNarrow, testImmediate],
  [arithmetic.incrementRegister, lowering(stepBy(1), steps)],
  [arithmetic.incrementMemory, lowering(stepBy(1), steps)],
  [arithmetic.decrementRegister, lowering(stepBy(-1), steps)],
  [arithmetic.decrementMemory, lowering(stepBy(-1), steps)],
  [narrow.stepNarrow, lowering(stepBy(undefined), steps)],
  [arithmetic.negateRegister, lowering(negate, { operand: 'store', flags: 'sets', writes: RM })],
  [narrow.negateOperand, lowering(negate, { operand: 'store', flags: 'sets', writes: RM })],
  [logic.notRegister, lowering(complement, { operand: 'store', writes: RM })],
  [narrow.notOperand, lowering(complement, { operand: 'store', writes: RM })],
];
