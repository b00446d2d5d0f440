/*
 * # What is left to the calculator
 *
 * To the rest of the compiler an instruction of the x87 looks like any other: it may be left in the middle, it loads or
 * stores so many bytes, and it leaves the registers of the integer unit alone. So they stay where they are, in locals,
 * and the page of the operand is looked up together with those of its neighbours.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { CR0, EAX, X87_STATUS, X87_TOP } from '../layout.ts';
import { CR0_EM, CR0_TS } from '../processor.ts';
import * as arithmetic from '../x87-arithmetic.ts';
import * as comparison from '../x87-compare.ts';
import * as environment from '../x87-environment.ts';
import * as load from '../x87-load.ts';
import { ERROR_SUMMARY } from '../x87-registers.ts';
import * as store from '../x87-store.ts';
import { calculatorModule, IN_MEMORY, OPERATION_SHIFT, REMEMBERED, SEGMENT_SHIFT } from './calculator.ts';
import { pushCondition } from './conditions.ts';
import { type Draft, giveUpIf, loadFlags, prepareGivingUp, step, T1 } from './draft.ts';
import { ADD, AND, OR, SHL } from './emitter.ts';
import { addPlaces } from './float-add.ts';
import * as calculate from './float-arithmetic.ts';
import * as compare from './float-compare.ts';
import * as change from './float-control.ts';
import { dividePlaces } from './float-divide.ts';
import * as push from './float-load.ts';
import { multiplyPlaces } from './float-multiply.ts';
import { squareRoot } from './float-root.ts';
import { round } from './float-round.ts';
import * as put from './float-store.ts';
import type { Definition } from './formula.ts';
import { CANONICAL } from './kinds.ts';
import { type Lowering, lowering, USES_EAX } from './lowering.ts';
import { callCalculator } from './module.ts';
import { pushOffset, pushWord, reachOperand, setRegister } from './operands.ts';

/** Operations in the order of their numbers. */
const operations: Definition[] = [];
const helpers = [
  addPlaces,
  multiplyPlaces,
  dividePlaces,
  round,
  calculate.operate,
  compare.comparePlaces,
  push.unpackSingle,
  push.unpackDouble,
  push.unpackInteger,
];

/** The calculator, as a module. */
export function floatModule(): Uint8Array {
  return calculatorModule(operations, helpers);
}

/** Gives an operation its number. */
function numberOf(operation: Definition): number {
  return operations.push(operation) - 1;
}

type Choose = (i: Instruction) => number | undefined;

/** What the calculator is to find in its third parameter, if the operand is not in memory. */
type Extra = (d: Draft, i: Instruction) => void;

const nothing: Extra = (d) => d.code.const(0);

/*
 * ## The call
 *
 * A block that has left too often is compiled anew, *carefully*; that was invented for accesses that miss, and does as
 * well for operations that are refused. There the interpreter is asked at once, as in the old days.
 */
/** An instruction that is left to the calculator. */
function calculated(
  choose: Choose,
  particulars: Partial<Lowering>,
  remembered: number,
  extra = nothing,
): Lowering {
  return lowering(
    (d, i) => {
      if (d.careful) {
        step(d, 1);
        return;
      }
      callFor(d, i, (choose(i)! << OPERATION_SHIFT) | remembered, extra);
      if (particulars.flags !== 'sets' || !d.needed) return;
      loadFlags(d);
      d.kind = CANONICAL;
    },
    { ...particulars, faults: true, calculates: true, fits: (i) => choose(i) !== undefined },
  );
}

function callFor(d: Draft, i: Instruction, task: number, extra: Extra): void {
  const { code } = d;
  const access = i.isMemory ? reachOperand(d) : undefined;
  if (!access) {
    // First, since a condition may turn the flags into another form.
    extra(d, i);
    code.set(T1);
  }
  prepareGivingUp(d);
  code.const(i.eip);
  code.const(task | (access ? IN_MEMORY | (i.reg << SEGMENT_SHIFT) : 0) | i.immediate);
  if (access) {
    code.get(access.group.local);
    const more = access.offset - access.group.low;
    if (more !== 0) code.with(more, ADD);
    pushOffset(d, i, 0);
  } else {
    code.get(T1);
    code.const(0);
  }
  callCalculator(code);
  giveUpIf(d);
}

/*
 * ## Kinds of operands
 *
 * Whether it loads or stores is all that the planner of accesses wants to know. Integers come in three sizes under one
 * name, and constants are seven: there the operation is chosen when the instruction is known.
 */
function fromMemory(operation: Definition, remembered = REMEMBERED): Lowering {
  const number = numberOf(operation);
  return calculated(() => number, { operand: 'load' }, remembered);
}

function toMemory(operation: Definition, remembered = REMEMBERED): Lowering {
  const number = numberOf(operation);
  return calculated(() => number, { operand: 'store' }, remembered);
}

function bySize(operand: 'load' | 'store', ...which: [size: number, operation: Definition][]): Lowering {
  const numbers = new Map(which.map(([size, operation]) => [size, numberOf(operation)]));
  return calculated((i) => numbers.get(i.size), { operand }, REMEMBERED);
}

function registers(operation: Definition, extra = nothing, particulars: Partial<Lowering> = {}): Lowering {
  const number = numberOf(operation);
  return calculated(() => number, particulars, REMEMBERED, extra);
}

function constants(which: readonly Definition[]): Lowering {
  const numbers = which.map(numberOf);
  return calculated((i) => numbers[i.operation], {}, REMEMBERED);
}

/** How often to pop. */
const pops: Extra = (d, i) => d.code.const(i.operation & comparison.POP_MASK);
const popsOnce: Extra = (d, i) => d.code.const(i.operation > 0 ? 1 : 0);
const popsAfter: Extra = (d, i) => d.code.const(i.operation & arithmetic.POPS);
const holds: Extra = (d, i) => pushCondition(d, i.operation);

/*
 * ## Two that need no calculator
 *
 * One reads two words, the other asks two questions. To call somebody for that would take longer.
 */
/** FNSTSW AX, after which a program looks at its flags the old way. */
function statusToAx(d: Draft): void {
  const { code } = d;
  refuseIf(d, CR0, CR0_EM | CR0_TS);
  pushWord(d, X87_STATUS);
  pushWord(d, X87_TOP);
  code.with(11, SHL);
  code.op(OR);
  setRegister(d, EAX, 2);
}

/** WAIT. */
function wait(d: Draft): void {
  refuseIf(d, CR0, CR0_TS);
  refuseIf(d, X87_STATUS, ERROR_SUMMARY);
}

function refuseIf(d: Draft, index: number, bits: number): void {
  prepareGivingUp(d);
  pushWord(d, index);
  d.code.with(bits, AND);
  giveUpIf(d);
}

/*
 * ## All of them
 *
 * What is missing here is done by the interpreter: sines, logarithms and remainders, rounding to a whole number,
 * decimals, and whatever looks at the registers as such, from FXAM to the saving of everything.
 */
const { withDouble, withDoubleword, withSingle, withWord } = calculate;

export const floatLowerings: [Execute, Lowering][] = [
  [load.pushSingle, fromMemory(push.pushSingle)],
  [load.pushDouble, fromMemory(push.pushDouble)],
  [load.pushExtended, fromMemory(push.pushExtended)],
  [load.pushInteger, bySize('load', [2, push.pushWord], [4, push.pushDoubleword], [8, push.pushQuadword])],
  [load.pushStackRegister, registers(push.pushRegister)],
  [load.pushMathConstant, constants(push.pushConstant)],
  [load.exchange, registers(push.exchangeRegisters)],
  [load.storeToRegister, registers(put.storeRegister, popsOnce)],
  [load.conditionalMove, registers(push.moveIf, holds, { flags: 'reads' })],
  [store.storeAsSingle, toMemory(put.storeSingle)],
  [store.storeAsDouble, toMemory(put.storeDouble)],
  [store.storeAsExtended, toMemory(put.storeExtended)],
  [
    store.storeAsInteger,
    bySize('store', [2, put.storeWord], [4, put.storeDoubleword], [8, put.storeQuadword]),
  ],
  [arithmetic.arithmeticToTop, registers(calculate.toTop)],
  [arithmetic.arithmeticToOther, registers(calculate.toOther, popsAfter)],
  [arithmetic.arithmeticWithSingle, fromMemory(withSingle)],
  [arithmetic.arithmeticWithDouble, fromMemory(withDouble)],
  [arithmetic.arithmeticWithInteger, bySize('load', [2, withWord], [4, withDoubleword])],
  [arithmetic.takeSquareRoot, registers(squareRoot)],
  [arithmetic.changeSign, registers(change.changeSign)],
  [comparison.compareWithRegister, registers(compare.compareRegister, pops)],
  [comparison.compareWithSingle, fromMemory(compare.compareSingle)],
  [comparison.compareWithDouble, fromMemory(compare.compareDouble)],
  [comparison.compareWithInteger, bySize('load', [2, compare.compareWord], [4, compare.compareDoubleword])],
  [comparison.compareWithZero, registers(compare.compareWithZero)],
  [comparison.compareIntoFlags, registers(compare.compareIntoFlags, pops, { flags: 'sets' })],
  [environment.loadControl, fromMemory(change.loadControl, 0)],
  [environment.storeControl, toMemory(change.storeControl, 0)],
  [environment.storeStatus, toMemory(change.storeStatus, 0)],
  [environment.storeStatusToAx, lowering(statusToAx, { writes: USES_EAX, faults: true })],
  [environment.waitForX87, lowering(wait, { faults: true })],
];
