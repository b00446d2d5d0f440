/*
 * # Arithmetic
 *
 * The interpreter has a function for each cell of the grid. Here the grid is a grid again.
 */
import * as arithmetic from '../arithmetic.ts';
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
import { CARRY_OUTS, pushCarry, TOP_CARRIES } from './conditions.ts';
import { type Draft, FLAG_A, FLAG_B, T1, T2, T3 } from './draft.ts';
import { ADD, AND, EXTEND16_S, EXTEND8_S, OR, SHL, SUB, XOR } from './emitter.ts';
import {
  CANONICAL,
  KIND_ADD,
  KIND_ADD_16,
  KIND_ADD_8,
  KIND_DEC,
  KIND_DEC_16,
  KIND_DEC_8,
  KIND_INC,
  KIND_INC_16,
  KIND_INC_8,
  KIND_SUB,
  KIND_SUB_16,
  KIND_SUB_8,
  LOGIC,
} from './kinds.ts';
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

/** Pushes an operand. */
type Push = () => void;

const byRow = { [ADD_ROW]: ADD, [ADC]: ADD, [OR_ROW]: OR, [AND_ROW]: AND, [XOR_ROW]: XOR } as Record<
  number,
  number
>;

/** Pushes `a` operation `b`, and sets the flag locals if anybody will look. */
function combine(d: Draft, row: number, size: number, a: Push, b: Push): void {
  const { code } = d;
  const operation = byRow[row] ?? SUB;
  if (row === ADC || row === SBB) {
    combineWithCarry(d, row, size, a, b);
  } else if (!d.needed) {
    a();
    b();
    code.op(operation);
  } else if (row === ADD_ROW || row === SUB_ROW || row === CMP) {
    a();
    b();
    code.set(FLAG_B);
    code.tee(FLAG_A);
    code.get(FLAG_B);
    code.op(operation);
    d.kind = kindOf(row === ADD_ROW, size);
  } else {
    a();
    b();
    code.op(operation);
    setLogic(d, size);
  }
}

function kindOf(adds: boolean, size: number): number {
  if (size === 4) return adds ? KIND_ADD : KIND_SUB;
  if (size === 2) return adds ? KIND_ADD_16 : KIND_SUB_16;
  return adds ? KIND_ADD_8 : KIND_SUB_8;
}

/** The flags of AND, OR, XOR and TEST; leaves the result on the stack, sign-extended. */
export function setLogic(d: Draft, size: number): void {
  const { code } = d;
  if (size === 1) code.op(EXTEND8_S);
  if (size === 2) code.op(EXTEND16_S);
  code.tee(FLAG_A);
  code.const(0);
  code.set(FLAG_B);
  d.kind = LOGIC;
}

/*
 * ADC and SBB read a flag and set them all; three numbers do not fit into two locals, so their carries are worked
 * out on the spot. Mostly nobody looks.
 */
function combineWithCarry(d: Draft, row: number, size: number, a: Push, b: Push): void {
  const { code } = d;
  const adds = row === ADC;
  pushCarry(d);
  code.set(T3);
  a();
  if (d.needed) code.tee(T1);
  b();
  if (d.needed) code.tee(T2);
  code.op(adds ? ADD : SUB);
  code.get(T3);
  code.op(adds ? ADD : SUB);
  if (!d.needed) return;
  code.tee(T3);
  if (size === 1) code.op(EXTEND8_S);
  if (size === 2) code.op(EXTEND16_S);
  code.set(FLAG_A);
  pushCarriesOf(d, adds, T1, T2, T3);
  if (size === 4) {
    code.with(CARRY_OUTS, AND);
  } else {
    code.tee(T1);
    code.with(size === 1 ? 24 : 16, SHL);
    code.with(TOP_CARRIES, AND);
    code.get(T1);
    code.with(8, AND);
    code.op(OR);
  }
  code.set(FLAG_B);
  d.kind = CANONICAL;
  code.get(T3);
}

function pushCarriesOf({ code }: Draft, adds: boolean, a: number, b: number, result: number): void {
  code.get(a);
  if (!adds) code.with(-1, XOR);
  code.get(b);
  code.op(AND);
  code.get(a);
  code.get(b);
  if (adds) {
    code.op(OR);
    code.get(result);
    code.with(-1, XOR);
  } else {
    code.op(XOR);
    code.with(-1, XOR);
    code.get(result);
  }
  code.op(AND);
  code.op(OR);
}

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
