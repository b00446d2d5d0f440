/*
 * # Moves at a run
 *
 * A load, a store, a copy; a push, a pop. If you have kept count, this is the third time that you see MOV, and the
 * shortest.
 */
import type { Execute } from '../instruction.ts';
import { EBP, ESP } from '../layout.ts';
import * as move from '../move.ts';
import * as stack from '../stack.ts';
import { ADD, EXTEND16_S, EXTEND8_S, SUB } from './emitter.ts';
import {
  A,
  ADDRESS,
  addressOfReg,
  addressOfRm,
  fromMemory,
  immediate,
  LINEAR,
  mustHave,
  offset,
  READ,
  reach,
  reachAny,
  reachOperand,
  reg,
  rm,
  setWord,
  type Size,
  type Sprint,
  type Step,
  store,
  word,
  WRITE,
} from './sprint-operands.ts';

/*
 * ## There and back
 *
 * All four sorts have the same three lines: where it goes, what it is, store. Only the order is not ours to choose. An
 * operand in memory comes first of all, since one may have to give up over it, and a store of WebAssembly wants its
 * address *below* the value, so the register's address is pushed long before there is anything to put there.
 */
/** MOVSX takes one of these; MOVZX has nothing to do. */
const NOTHING: number[] = [];
const SIGN_8 = [EXTEND8_S];
const SIGN_16 = [EXTEND16_S];

function copy(size: Size): Step {
  return (s) => {
    addressOfRm(s, size);
    reg(s, size);
    store(s, size);
  };
}

function loadTo(size: Size, extension = NOTHING, into: Size = size): Step {
  return (s) => {
    reachOperand(s, READ, size);
    addressOfReg(s, into);
    fromMemory(s, size);
    for (const opcode of extension) s.code.op(opcode);
    store(s, into);
  };
}

function storeFrom(size: Size, value: Step): Step {
  return (s) => {
    reachOperand(s, WRITE, size);
    s.code.get(ADDRESS);
    value(s);
    store(s, size);
  };
}

/*
 * Between registers there is nothing to give up over. And LEA is the address of an operand that nobody goes to see; it
 * asks about segments all the same, though it needs none: who writes one in front of a LEA does not mean to be quick.
 */
function extend(size: Size, extension: number[]): Step {
  return (s) => {
    addressOfReg(s, 4);
    rm(s, size);
    for (const opcode of extension) s.code.op(opcode);
    store(s, 4);
  };
}

/** MOV of a constant to a byte, which may be anywhere. */
const byteConstant: Step = (s) => {
  mustHave(s, 1);
  reachAny(s, WRITE, 1);
  s.code.get(ADDRESS);
  immediate(s);
  store(s, 1);
};

const constant: Step = (s) => {
  addressOfRm(s, 4);
  immediate(s);
  store(s, 4);
};

const effectiveAddress: Step = (s) => {
  addressOfReg(s, 4);
  offset(s);
  store(s, 4);
};

/*
 * By name:
 */
const moves: [Execute, Step][] = [
  [move.moveRegisterToRegister, copy(4)],
  [move.moveRegisterToRegister8, copy(1)],
  [move.moveRegisterToRegister16, copy(2)],
  [move.moveMemoryToRegister, loadTo(4)],
  [move.moveMemoryToRegister8, loadTo(1)],
  [move.moveMemoryToRegister16, loadTo(2)],
  [move.moveRegisterToMemory, storeFrom(4, (s) => reg(s, 4))],
  [move.moveRegisterToMemory8, storeFrom(1, (s) => reg(s, 1))],
  [move.moveRegisterToMemory16, storeFrom(2, (s) => reg(s, 2))],
  [move.moveImmediateToRegister, constant],
  [move.moveImmediateToMemory, storeFrom(4, immediate)],
  [move.moveImmediate, byteConstant],
  [move.loadEffectiveAddress, effectiveAddress],
  [move.zeroExtendMemory8, loadTo(1, NOTHING, 4)],
  [move.zeroExtendMemory16, loadTo(2, NOTHING, 4)],
  [move.signExtendMemory8, loadTo(1, SIGN_8, 4)],
  [move.signExtendMemory16, loadTo(2, SIGN_16, 4)],
  [move.zeroExtendRegister8, extend(1, NOTHING)],
  [move.zeroExtendRegister16, extend(2, NOTHING)],
  [move.signExtendRegister8, extend(1, SIGN_8)],
  [move.signExtendRegister16, extend(2, SIGN_16)],
  [move.doNothing, () => {}],
];

/*
 * ## The stack
 *
 * A push reaches for its place, and may give up there; so what is pushed must have been fetched in a way that changes
 * nothing, and ESP moves last.
 */
/** Stores what `value` pushes below the stack pointer, and moves that. */
export function push(s: Sprint, value: Step): void {
  const { code } = s;
  word(code, ESP);
  code.with(4, SUB);
  code.set(LINEAR);
  reach(s, WRITE, 4);
  code.get(ADDRESS);
  value(s);
  store(s, 4);
  setWord(s, ESP, () => code.get(LINEAR));
}

/** Sets A to the word that a register points to, and ESP to behind it. */
export function pop(s: Sprint, pointer: number): void {
  const { code } = s;
  word(code, pointer);
  code.set(LINEAR);
  reach(s, READ, 4);
  fromMemory(s, 4);
  code.set(A);
  setWord(s, ESP, () => {
    code.get(LINEAR);
    code.with(4, ADD);
  });
}

const pushMemory: Step = (s) => {
  reachOperand(s, READ, 4);
  fromMemory(s, 4);
  s.code.set(A);
  push(s, () => s.code.get(A));
};

const popRegister: Step = (s) => {
  pop(s, ESP);
  addressOfRm(s, 4);
  s.code.get(A);
  store(s, 4);
};

const leave: Step = (s) => {
  pop(s, EBP);
  setWord(s, EBP, () => s.code.get(A));
};

const stacks: [Execute, Step][] = [
  [stack.pushRegister, (s) => push(s, () => rm(s, 4))],
  [stack.pushImmediate, (s) => push(s, immediate)],
  [stack.pushMemory, pushMemory],
  [stack.popRegister, popRegister],
  [stack.leave, leave],
];

export const moveSteps = [...moves, ...stacks];
