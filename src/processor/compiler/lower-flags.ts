/*
 * # Flags by name
 *
 * Some instructions are about nothing but flags. For a compiler that does its best not to have any, these are trying
 * customers, for they want to see them, all in one word and each in its place. The commonest is SAHF. A program of the
 * nineties compares two fractions, has the coprocessor's opinion stored in AX, and puts AH into the flags, so that it
 * can jump on what the coprocessor thinks.
 */
import { clearDirection, setDirection } from '../control.ts';
import type { Execute, Instruction } from '../instruction.ts';
import { DIRECTION, SYSTEM } from '../flags.ts';
import { SYSTEM_FLAGS } from '../layout.ts';
import { popFlags, pushFlags } from '../return.ts';
import { changeCarry, loadFlagsToAh, storeAhToFlags } from '../system.ts';
import { pushCondition } from './conditions.ts';
import { type Draft, FLAG_A, FLAG_B, giveUpIf, prepareGivingUp, T1, T3 } from './draft.ts';
import { AND, I32_LOAD, I32_STORE, OR, SHL, SHR_U, XOR } from './emitter.ts';
import { canonicalize, pushCarry } from './flag-values.ts';
import { CANONICAL } from './kinds.ts';
import { pushBit } from './lower-rotate.ts';
import { moveStackPointer, push, top } from './lower-stack.ts';
import { isWide, type Lowering, lowering, USES_EAX } from './lowering.ts';
import { AH, getRegister, setRegister } from './operands.ts';

/*
 * ## One at a time
 *
 * DF is no flag of arithmetic. It lies in memory with the others that rule the machine, and is set where it lies. CF is
 * the upper of two carries, and OF is whether these two differ: so whoever turns over the one must turn over the other.
 */
function direction(up: boolean): Lowering['lower'] {
  return ({ code }) => {
    code.const(0);
    pushSystemFlags(code);
    if (up) code.with(~DIRECTION, AND);
    else code.with(DIRECTION, OR);
    code.memory(I32_STORE, SYSTEM_FLAGS * 4);
  };
}

function pushSystemFlags(code: Draft['code']): void {
  code.const(0);
  code.memory(I32_LOAD, SYSTEM_FLAGS * 4);
}

/** CLC, STC and CMC; OF stays, so the lower carry turns over with the upper. */
function carry(d: Draft, i: Instruction): void {
  if (!d.needed) return;
  const { code } = d;
  canonicalize(d);
  code.get(FLAG_B);
  // What must be turned over: the difference of what CF is and what it shall be.
  if (i.operation === 2) {
    code.const(1);
  } else {
    pushCarry(d);
    if (i.operation === 1) code.with(1, XOR);
  }
  code.tee(T1);
  code.with(31, SHL);
  code.get(T1);
  code.with(30, SHL);
  code.op(OR);
  code.op(XOR);
  code.set(FLAG_B);
}

/*
 * ## All in one word
 *
 * CF, PF, AF, ZF and SF are the lower byte, with holes between them and a 1 in one of the holes; OF is further up,
 * where there was room when it was invented. Five of the six are conditions, and how to find these we know.
 */
/** The conditions B, P, Z and S, and where their flags stand. */
const LOW_BYTE = [
  [2, 0],
  [10, 2],
  [4, 6],
  [8, 7],
] as const;

/** Pushes the lower byte of EFLAGS; the flags are canonical. */
function pushLowByte(d: Draft): void {
  const { code } = d;
  code.get(FLAG_B);
  code.with(8, AND);
  code.with(1, SHL);
  code.with(2, OR);
  for (const [condition, place] of LOW_BYTE) {
    pushCondition(d, condition);
    code.with(place, SHL);
    code.op(OR);
  }
}

function flagsToAh(d: Draft): void {
  canonicalize(d);
  pushLowByte(d);
  setRegister(d, AH, 1);
}

/** PUSHF: what stands in the word beside them is not changed by arithmetic, and lies in memory. */
function pushAllFlags(d: Draft): void {
  const { code } = d;
  push(d, () => {
    canonicalize(d);
    pushLowByte(d);
    pushCondition(d, 0);
    code.with(11, SHL);
    code.op(OR);
    pushSystemFlags(code);
    code.op(OR);
  });
}

/*
 * ## And back
 *
 * The other way a word has to be made into a result and carries that would have led to it, as `writeArithmeticFlags` of
 * `eflags.ts` does. A result of 0 or 1 will do for ZF, and the carries have a bit to spare for whatever does not fit to
 * that.
 */
/** Sets the flags from an image of EFLAGS in T1, and OF to the 0 or 1 in T3. */
function takeFlags(d: Draft): void {
  const { code } = d;
  pushBit(d, T1, 6);
  code.with(1, XOR);
  code.set(FLAG_A);
  code.get(T1);
  code.with(31, SHL);
  pushBit(d, T1, 0);
  code.get(T3);
  code.op(XOR);
  code.with(30, SHL);
  code.op(OR);
  // The byte that parity is taken of must have an even number of ones, or not.
  pushBit(d, T1, 2);
  code.with(1, XOR);
  code.get(FLAG_A);
  code.op(XOR);
  code.with(8, SHL);
  code.op(OR);
  code.get(T1);
  code.with(1, SHR_U);
  code.with(8, AND);
  code.op(OR);
  pushBit(d, T1, 7);
  code.op(OR);
  code.set(FLAG_B);
  d.kind = CANONICAL;
}

function ahToFlags(d: Draft): void {
  if (!d.needed) return;
  const { code } = d;
  canonicalize(d);
  pushCondition(d, 0);
  code.set(T3);
  getRegister(d, AH, 1);
  code.set(T1);
  takeFlags(d);
}

/*
 * POPF brings back what PUSHF has put there, and nearly always the flags that arithmetic does not touch are what they
 * were. If one of them is not, interrupts may be welcome from here on, or each step be watched; that is no business of
 * ours, and the interpreter may see to it.
 */
function popAllFlags(d: Draft): void {
  const { code } = d;
  top(d);
  code.set(T1);
  prepareGivingUp(d);
  code.get(T1);
  pushSystemFlags(code);
  code.op(XOR);
  code.with(SYSTEM, AND);
  giveUpIf(d);
  moveStackPointer(d, 4);
  if (!d.needed) return;
  pushBit(d, T1, 11);
  code.set(T3);
  takeFlags(d);
}

/*
 * ## By name
 */
export const flagLowerings: [Execute, Lowering][] = [
  [clearDirection, lowering(direction(true))],
  [setDirection, lowering(direction(false))],
  [changeCarry, lowering(carry, { flags: 'changes' })],
  [loadFlagsToAh, lowering(flagsToAh, { flags: 'reads', writes: USES_EAX })],
  [storeAhToFlags, lowering(ahToFlags, { flags: 'changes', reads: USES_EAX })],
  [pushFlags, lowering(pushAllFlags, { stack: 'push', flags: 'reads', fits: isWide })],
  [popFlags, lowering(popAllFlags, { stack: 'pop', flags: 'sets', faults: true, fits: isWide })],
];
