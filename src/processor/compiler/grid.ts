/*
 * # The grid
 *
 * Who is who: which function of the gallery is written in which way.
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
import {
  compare,
  complement,
  fromImmediate,
  fromOperand,
  fromRegister,
  negate,
  stepBy,
  toOperand,
  toRegister,
} from './lower-arithmetic.ts';
import { type Flags, type Lowering, lowering, REG, RM } from './lowering.ts';

/*
 * ## A row
 *
 * ADD has an opcode for each way in which two operands can lie, and so have six others. The interpreter has a function
 * for each. They are the keys here: which function an instruction *executes* is what it is.
 */
function forms(row: number, five: [Execute, Execute, Execute, Execute, Execute]): [Execute, Lowering][] {
  const flags = row < 0 ? byRow : flagsOfRow(row);
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

/** ADC and SBB want to know the carry. */
function flagsOfRow(row: number): Flags {
  return row === ADC || row === SBB ? 'uses' : 'sets';
}

function byRow({ operation }: Instruction): Flags {
  return flagsOfRow(operation);
}

const looks = { operand: 'load', flags: 'sets', reads: RM | REG } as const;
const compareOperand = lowering(compare(CMP, fromOperand, fromRegister), looks);
const compareRegister = lowering(compare(CMP, fromRegister, fromOperand), looks);
const compareImmediate = lowering(compare(CMP, fromOperand, fromImmediate), { ...looks, reads: RM });
const testRegister = lowering(compare(AND_ROW, fromOperand, fromRegister), looks);
const testImmediate = lowering(compare(AND_ROW, fromOperand, fromImmediate), { ...looks, reads: RM });

/*
 * ## The table
 *
 * Eight rows of five, and then those that do not fit a grid. A table like this is read by nobody, and has to be right.
 * A program that is generated at random reads it very well.
 */
const sums: [Execute, Lowering][] = [
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
];

/*
 * The three of logic are rows like the others.
 */
const logical: [Execute, Lowering][] = [
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
];

/*
 * Bytes and words have a row in which all operations but CMP are one function, and the instruction says which. The
 * 16-bit forms have no functions for memory of their own, either: nobody has asked for speed in them since Windows 3.1.
 */
const steps = { operand: 'store', flags: 'changes', writes: RM } as const;

const narrowForms: [Execute, Lowering][] = [
  ...forms(-1, [
    narrow.arithmeticRegisterToRegister8,
    narrow.arithmeticRegisterToMemory8,
    narrow.arithmeticMemoryToRegister8,
    narrow.arithmeticImmediateToRegister8,
    narrow.arithmeticImmediateToMemory8,
  ]),
  [
    narrow.arithmeticFromRegister16,
    lowering(toOperand(-1, fromRegister), { ...steps, flags: byRow, reads: REG }),
  ],
  [
    narrow.arithmeticToRegister16,
    lowering(toRegister(-1), { operand: 'load', flags: byRow, writes: REG, reads: RM }),
  ],
  [narrow.arithmeticImmediate16, lowering(toOperand(-1, fromImmediate), { ...steps, flags: byRow })],
];

/*
 * Comparing comes in as many forms as adding, and most of them in three sizes.
 */
const comparisons: [Execute, Lowering][] = [
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
];

/*
 * And those of one operand. Then all of it together.
 */
const single: [Execute, Lowering][] = [
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

export const arithmeticLowerings = [...sums, ...logical, ...narrowForms, ...comparisons, ...single];
