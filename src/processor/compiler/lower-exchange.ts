/*
 * # Locks
 *
 * CMPXCHG takes every lock in every C library, and mostly a lock that nobody else wants. There is one processor here,
 * and interrupts come between instructions, so it is a load, a comparison and a store. It always stores, be it what it
 * has just read: so says the manual, and so the page is looked up for a store.
 */
import { compareAndExchange, exchangeAndAdd } from '../exchange.ts';
import { ADD as ADD_ROW, CMP } from '../flags.ts';
import type { Execute, Instruction } from '../instruction.ts';
import { EAX } from '../layout.ts';
import { combine } from './combine.ts';
import { type Draft, T1, T2, T3 } from './draft.ts';
import { EQ, SELECT } from './emitter.ts';
import { compare } from './lower-arithmetic.ts';
import { type Lowering, lowering, REG, RM, USES_EAX } from './lowering.ts';
import { getOperand, getRegister, setOperand, setRegister } from './operands.ts';

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

const both = { operand: 'store', flags: 'sets' } as const;

export const exchangeLowerings: [Execute, Lowering][] = [
  [compareAndExchange, lowering(exchangeIfEqual, { ...both, writes: RM | USES_EAX, reads: REG })],
  [exchangeAndAdd, lowering(exchangeSum, { ...both, writes: RM | REG })],
];
