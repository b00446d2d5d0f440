/*
 * # Adding, with nobody looking
 *
 * Every cell of the arithmetic grid comes through here. If no one will look at the flags, and mostly no one will,
 * an addition is an addition. If somebody might, the operands are left behind in two locals.
 */
import {
  ADC,
  ADD as ADD_ROW,
  AND as AND_ROW,
  CARRY_OUTS,
  CMP,
  OR as OR_ROW,
  SBB,
  SUB as SUB_ROW,
  TOP_CARRIES,
  XOR as XOR_ROW,
} from '../flags.ts';
import { pushCarry } from './flag-values.ts';
import { type Draft, FLAG_A, FLAG_B, T1, T2, T3 } from './draft.ts';
import { ADD, AND, EXTEND16_S, EXTEND8_S, OR, SHL, SUB, XOR } from './emitter.ts';
import {
  CANONICAL,
  KIND_ADD,
  KIND_ADD_16,
  KIND_ADD_8,
  KIND_SUB,
  KIND_SUB_16,
  KIND_SUB_8,
  LOGIC,
} from './kinds.ts';

/** Pushes an operand. */
export type Push = () => void;

const byRow = { [ADD_ROW]: ADD, [ADC]: ADD, [OR_ROW]: OR, [AND_ROW]: AND, [XOR_ROW]: XOR } as Record<
  number,
  number
>;

/** Pushes `a` operation `b`, and sets the flag locals if anybody will look. */
export function combine(d: Draft, row: number, size: number, a: Push, b: Push): void {
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

/*
 * ## What is left behind
 *
 * A kind is a number, and there is one for each size, because an addition of bytes carries out of bit 7. Logic has no
 * operands worth keeping. Its result says everything, so that is kept, and the carries are zero.
 */
export function kindOf(adds: boolean, size: number): number {
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
