/*
 * # Arithmetic at a run
 *
 * The grid once more. For the interpreter there was a function to nearly every cell, for the compiler one for all of
 * them; and here each cell of 32 bits gets a paragraph of WebAssembly, put together from three parts: where the
 * operands come from, what is done with them, where the result goes.
 */
import * as arithmetic from '../arithmetic.ts';
import type { Execute } from '../instruction.ts';
import * as logic from '../logic.ts';
import * as narrow from '../narrow.ts';
import { ADD, AND, OR, SUB, XOR } from './emitter.ts';
import {
  carryIn,
  flagsOfByteDifference,
  flagsOfByteLogic,
  flagsOfDifference,
  flagsOfLogic,
  flagsOfStep,
  flagsOfSum,
} from './sprint-flags.ts';
import {
  A,
  ADDRESS,
  addressOfReg,
  addressOfRm,
  B,
  fromMemory,
  immediate,
  mustHave,
  R,
  READ,
  reachAny,
  reachOperand,
  reg,
  rm,
  type Size,
  type Step,
  store,
  WRITE,
} from './sprint-operands.ts';

/*
 * ## What is done
 */
/** R is A and B combined, and the flags are set. */
export function combined(opcode: number, flags: Step): Step {
  return (s) => {
    const { code } = s;
    code.get(A);
    code.get(B);
    code.op(opcode);
    code.set(R);
    flags(s);
  };
}

/** The same with the carry from before. */
function combineWithCarry(opcode: number, flags: Step): Step {
  return (s) => {
    const { code } = s;
    code.get(A);
    code.get(B);
    code.op(opcode);
    carryIn(s);
    code.op(opcode);
    code.set(R);
    flags(s);
  };
}

const subtract = combined(SUB, flagsOfDifference);
const and = combined(AND, flagsOfLogic);
const subtractBytes = combined(SUB, flagsOfByteDifference);
const andBytes = combined(AND, flagsOfByteLogic);

/*
 * ## With what, and where to
 *
 * An operand in memory must have been reached before it can be taken, so that is always the first line.
 */
const reg4: Step = (s) => reg(s, 4);
const rm4: Step = (s) => rm(s, 4);
const memory4: Step = (s) => fromMemory(s, 4);
const reg1: Step = (s) => reg(s, 1);
const rm1: Step = (s) => rm(s, 1);
const memory1: Step = (s) => fromMemory(s, 1);
const immediate1: Step = (s) => {
  immediate(s);
  s.code.with(0xff, AND);
};

/** Takes two operands and combines them. */
export function of(first: Step, second: Step, operation: Step): Step {
  return (s) => {
    first(s);
    s.code.set(A);
    second(s);
    s.code.set(B);
    operation(s);
  };
}

/** The same, one of the two being in memory. */
function at(first: Step, second: Step, operation: Step, table = READ, size: Size = 4): Step {
  const both = of(first, second, operation);
  return (s) => {
    reachOperand(s, table, size);
    both(s);
  };
}

/** The same, and R goes into a register. */
export function intoRegister(address: typeof addressOfRm, step: Step): Step {
  return (s) => {
    step(s);
    address(s, 4);
    s.code.get(R);
    store(s, 4);
  };
}

function intoMemory(step: Step): Step {
  return (s) => {
    step(s);
    s.code.get(ADDRESS);
    s.code.get(R);
    store(s, 4);
  };
}

/*
 * ## A row
 */
/** Two registers; register to memory; memory to register; constant to register; constant to memory. */
type Five = [Execute, Execute, Execute, Execute, Execute];

function row(operation: Step, [registers, toMemory, toRegister, constant, toMemoryConstant]: Five) {
  const steps: [Execute, Step][] = [
    [registers, intoRegister(addressOfRm, of(rm4, reg4, operation))],
    [toMemory, intoMemory(at(memory4, reg4, operation, WRITE))],
    [toRegister, intoRegister(addressOfReg, at(reg4, memory4, operation))],
    [constant, intoRegister(addressOfRm, of(rm4, immediate, operation))],
    [toMemoryConstant, intoMemory(at(memory4, immediate, operation, WRITE))],
  ];
  return steps;
}

const rows: [Execute, Step][] = [
  ...row(combined(ADD, flagsOfSum), [
    arithmetic.addRegisterToRegister,
    arithmetic.addRegisterToMemory,
    arithmetic.addMemoryToRegister,
    arithmetic.addImmediateToRegister,
    arithmetic.addImmediateToMemory,
  ]),
  ...row(subtract, [
    arithmetic.subtractRegisterToRegister,
    arithmetic.subtractRegisterToMemory,
    arithmetic.subtractMemoryToRegister,
    arithmetic.subtractImmediateToRegister,
    arithmetic.subtractImmediateToMemory,
  ]),
  ...row(combineWithCarry(ADD, flagsOfSum), [
    arithmetic.addWithCarryRegisterToRegister,
    arithmetic.addWithCarryRegisterToMemory,
    arithmetic.addWithCarryMemoryToRegister,
    arithmetic.addWithCarryImmediateToRegister,
    arithmetic.addWithCarryImmediateToMemory,
  ]),
  ...row(combineWithCarry(SUB, flagsOfDifference), [
    arithmetic.subtractWithBorrowRegisterToRegister,
    arithmetic.subtractWithBorrowRegisterToMemory,
    arithmetic.subtractWithBorrowMemoryToRegister,
    arithmetic.subtractWithBorrowImmediateToRegister,
    arithmetic.subtractWithBorrowImmediateToMemory,
  ]),
];

/*
 * Three more of them, about which there is nothing to say that `logic.ts` has not said.
 */
const logical: [Execute, Step][] = [
  ...row(combined(OR, flagsOfLogic), [
    logic.orRegisterToRegister,
    logic.orRegisterToMemory,
    logic.orMemoryToRegister,
    logic.orImmediateToRegister,
    logic.orImmediateToMemory,
  ]),
  ...row(and, [
    logic.andRegisterToRegister,
    logic.andRegisterToMemory,
    logic.andMemoryToRegister,
    logic.andImmediateToRegister,
    logic.andImmediateToMemory,
  ]),
  ...row(combined(XOR, flagsOfLogic), [
    logic.exclusiveOrRegisterToRegister,
    logic.exclusiveOrRegisterToMemory,
    logic.exclusiveOrMemoryToRegister,
    logic.exclusiveOrImmediateToRegister,
    logic.exclusiveOrImmediateToMemory,
  ]),
];

/*
 * ## Only looking
 *
 * A comparison is a subtraction whose result goes nowhere. Here it saves two lines.
 */
/** TEST of bytes, which may be anywhere. */
function testByte(second: Step): Step {
  const both = of(memory1, second, andBytes);
  return (s) => {
    mustHave(s, 1);
    reachAny(s, READ, 1);
    both(s);
  };
}

const comparisons: [Execute, Step][] = [
  [arithmetic.compareRegisters, of(rm4, reg4, subtract)],
  [arithmetic.compareRegisterWithImmediate, of(rm4, immediate, subtract)],
  [arithmetic.compareMemoryWithRegister, at(memory4, reg4, subtract)],
  [arithmetic.compareRegisterWithMemory, at(reg4, memory4, subtract)],
  [arithmetic.compareMemoryWithImmediate, at(memory4, immediate, subtract)],
  [narrow.compareRegisters8, of(rm1, reg1, subtractBytes)],
  [narrow.compareRegisterWithImmediate8, of(rm1, immediate1, subtractBytes)],
  [narrow.compareMemoryWithRegister8, at(memory1, reg1, subtractBytes, READ, 1)],
  [narrow.compareRegisterWithMemory8, at(reg1, memory1, subtractBytes, READ, 1)],
  [narrow.compareMemoryWithImmediate8, at(memory1, immediate1, subtractBytes, READ, 1)],
  [logic.testRegisters, of(rm4, reg4, and)],
  [logic.testRegisterWithImmediate, of(rm4, immediate, and)],
  [logic.testMemoryWithRegister, at(memory4, reg4, and)],
  [logic.testMemoryWithImmediate, at(memory4, immediate, and)],
  [narrow.testRegisterNarrow, testByte(reg1)],
  [narrow.testImmediateNarrow, testByte(immediate1)],
];

/*
 * ## Steps
 *
 * INC and DEC are additions of one, and of minus one, whose flags are odd.
 */
function step(first: Step, by: 1 | -1): Step {
  const add = combined(ADD, (s) => flagsOfStep(s, by));
  return of(first, (s) => s.code.const(by), add);
}

function stepMemory(by: 1 | -1): Step {
  const stepped = step(memory4, by);
  return intoMemory((s) => {
    reachOperand(s, WRITE, 4);
    stepped(s);
  });
}

const steps: [Execute, Step][] = [
  [arithmetic.incrementRegister, intoRegister(addressOfRm, step(rm4, 1))],
  [arithmetic.decrementRegister, intoRegister(addressOfRm, step(rm4, -1))],
  [arithmetic.incrementMemory, stepMemory(1)],
  [arithmetic.decrementMemory, stepMemory(-1)],
];

export const arithmeticSteps = [...rows, ...logical, ...comparisons, ...steps];
