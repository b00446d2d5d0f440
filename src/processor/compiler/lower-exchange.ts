/*
 * # Locks
 *
 * CMPXCHG takes every lock in every C library, and mostly a lock that nobody else wants. There is one processor here,
 * and interrupts come between instructions, so it is a load, a comparison and a store. It always stores, be it what it
 * has just read: so says the manual, and so the page is looked up for a store.
 */
import { compareAndExchange, compareAndExchange8Bytes, exchangeAndAdd } from '../exchange.ts';
import { ADD as ADD_ROW, CARRY_OUTS, CMP } from '../flags.ts';
import type { Execute, Instruction } from '../instruction.ts';
import { EAX, EBX, ECX, EDX } from '../layout.ts';
import { combine } from './combine.ts';
import { pushCondition } from './conditions.ts';
import { type Draft, FLAG_A, FLAG_B, T1, T2, T3, WIDE_0 } from './draft.ts';
import { AND, EQ, I64_EQ, I64_LOAD, I64_STORE, OR, SELECT, SHL, SHR_U, XOR } from './emitter.ts';
import { canonicalize } from './flag-values.ts';
import { compare } from './lower-arithmetic.ts';
import { type Lowering, lowering, REG, RM, USES_EAX, USES_EBX, USES_ECX, USES_EDX } from './lowering.ts';
import { beginStore, getOperand, getRegister, pushPair, reachOperand } from './operands.ts';
import { setOperand, setPair, setRegister } from './operands.ts';

/*
 * EAX gets what was there even if it was equal, in which case it has it already. That comes before the operand is
 * written, which may be EAX itself.
 */
function exchangeIfEqual(d: Draft, i: Instruction): void {
  const { code } = d;
  getOperand(d, i);
  code.set(T1);
  getRegister(d, EAX, i.size);
  code.get(T1);
  code.op(EQ);
  code.set(T2);
  lookAtBoth(d, i);
  code.get(T1);
  setRegister(d, EAX, i.size);
  setOperand(d, i, () => {
    getRegister(d, i.reg, i.size);
    code.get(T1);
    code.get(T2);
    code.op(SELECT);
  });
}

/** The flags are those of comparing EAX with what was there. */
const lookAtBoth = compare(
  CMP,
  (d, i) => getRegister(d, EAX, i.size),
  (d) => d.code.get(T1),
);

/*
 * XADD leaves the sum in one place and what was in that place in the other. If they are one and the same register, the
 * sum wins.
 */
function exchangeSum(d: Draft, i: Instruction): void {
  const { code } = d;
  getOperand(d, i);
  code.set(T3);
  combine(
    d,
    ADD_ROW,
    i.size,
    () => code.get(T3),
    () => getRegister(d, i.reg, i.size),
  );
  code.set(T2);
  code.get(T3);
  setRegister(d, i.reg, i.size);
  setOperand(d, i, () => code.get(T2));
}

/*
 * ## Eight bytes
 *
 * CMPXCHG8B is the same with two registers on each side. On a machine of 32 bits a kernel's allocator lives on it: a
 * free list is a pointer and a count beside it, and both must change together or not at all. Here the two halves are
 * one number of WebAssembly's.
 */
function exchangeEight(d: Draft): void {
  const { code } = d;
  const access = reachOperand(d);
  const place = access.offset - access.group.low;
  beginStore(d, access);
  code.memory(I64_LOAD, place);
  code.set(WIDE_0);
  pushPair(d, EDX, EAX);
  code.get(WIDE_0);
  code.op(I64_EQ);
  code.set(T1);
  beginStore(d, access);
  pushPair(d, ECX, EBX);
  code.get(WIDE_0);
  code.get(T1);
  code.op(SELECT);
  code.memory(I64_STORE, place);
  setPair(d);
  if (d.needed) setZero(d);
}

/*
 * Of the flags it changes ZF, and that alone. A result of 0 or 1 takes the place of the old one, and the carries make
 * up for what SF and PF would have read off that.
 */
/** Sets ZF from T1, and leaves the others. */
function setZero(d: Draft): void {
  const { code } = d;
  canonicalize(d);
  pushCondition(d, 8);
  code.get(FLAG_A);
  code.get(FLAG_B);
  code.with(8, SHR_U);
  code.op(XOR);
  code.get(T1);
  code.with(1, XOR);
  code.tee(FLAG_A);
  code.op(XOR);
  code.with(0xff, AND);
  code.with(8, SHL);
  code.op(OR);
  code.get(FLAG_B);
  code.with(CARRY_OUTS, AND);
  code.op(OR);
  code.set(FLAG_B);
}

const all = USES_EAX | USES_EDX;
const eight = { operand: 'store', flags: 'changes', writes: all, reads: USES_ECX | USES_EBX } as const;
const both = { operand: 'store', flags: 'sets' } as const;

export const exchangeLowerings: [Execute, Lowering][] = [
  [compareAndExchange, lowering(exchangeIfEqual, { ...both, writes: RM | USES_EAX, reads: REG })],
  [compareAndExchange8Bytes, lowering(exchangeEight, eight)],
  [exchangeAndAdd, lowering(exchangeSum, { ...both, writes: RM | REG })],
];
