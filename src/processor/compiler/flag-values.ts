/*
 * # What became of the flags
 *
 * Two numbers in locals, and what was done with them is known. From that, everything an i386 ever says about a
 * result can be worked out: here is how, flag by flag, in WebAssembly. You need not read it unless you doubt it. The
 * tests doubt it each time they run, with three hundred random programs.
 */
import { CARRY_OUTS, TOP_CARRIES } from '../flags.ts';
import { type Draft, FLAG_A, FLAG_B, T2, T3 } from './draft.ts';
import {
  ADD,
  AND,
  EQ,
  I64_EXTEND_S,
  I64_EXTEND_U,
  I64_MUL,
  I64_NE,
  LT_U,
  MUL,
  OR,
  SHL,
  SHR_S,
  SHR_U,
  SUB,
  XOR,
} from './emitter.ts';
import {
  CANONICAL,
  DYNAMIC,
  isAddition,
  isShiftLeft,
  isShiftRight,
  isStep,
  isSubtraction,
  KIND_IMUL,
  KIND_MUL,
  KIND_SAR,
  LOGIC,
  shiftOfKind,
} from './kinds.ts';

/*
 * ## The result
 *
 * It was thrown away by a CMP and overwritten by everything else, and is made again here from the operands. It is
 * rarely asked for, and one operation is cheaper than a third local in each place where flags are set.
 */
/** Pushes the result, with its sign in bit 31 and 0 if and only if it is 0. */
export function pushResult(d: Draft): void {
  const { code, kind } = d;
  code.get(FLAG_A);
  if (isAddition(kind) || isSubtraction(kind)) {
    code.get(FLAG_B);
    code.op(isAddition(kind) ? ADD : SUB);
  } else if (isStep(kind)) {
    code.with(1, kind & 1 ? ADD : SUB);
  } else if (isShiftLeft(kind) || isShiftRight(kind) || kind === KIND_SAR) {
    code.get(FLAG_B);
    code.op(isShiftLeft(kind) ? SHL : isShiftRight(kind) ? SHR_U : SHR_S);
  } else if (kind === KIND_MUL || kind === KIND_IMUL) {
    code.get(FLAG_B);
    code.op(MUL);
  }
  const shift = shiftOfKind(kind);
  if (shift > 0) code.with(shift, SHL);
}

/*
 * ## The carry
 *
 * A sum that is smaller than one of its parts has lost something over the edge. A difference borrowed if the first
 * number was below the second. INC and DEC leave the carry alone, an idea of 1972, for loops that add long numbers: so
 * their second local holds the carry from before. And a shift's carry is the last bit over the side.
 */
/** Pushes the carry flag, 0 or 1. */
export function pushCarry(d: Draft): void {
  const { code, kind } = d;
  const shift = shiftOfKind(kind);
  if (kind === LOGIC) {
    code.const(0);
  } else if (isSubtraction(kind)) {
    code.get(FLAG_A);
    code.get(FLAG_B);
    code.op(LT_U);
  } else if (isAddition(kind)) {
    pushResult(d);
    code.get(FLAG_A);
    if (shift > 0) code.with(shift, SHL);
    code.op(LT_U);
  } else if (isStep(kind)) {
    code.get(FLAG_B);
  } else if (isShiftLeft(kind) || isShiftRight(kind) || kind === KIND_SAR) {
    // The last bit that was shifted out.
    code.get(FLAG_A);
    if (isShiftLeft(kind)) code.const(32 - shift);
    code.get(FLAG_B);
    if (isShiftLeft(kind)) code.op(SUB);
    else code.with(1, SUB);
    code.op(kind === KIND_SAR ? SHR_S : SHR_U);
    code.with(1, AND);
  } else if (kind === KIND_MUL || kind === KIND_IMUL) {
    pushProductTooWide(d);
  } else {
    if (kind !== CANONICAL) throw new Error('compiler: a carry of unknown origin');
    code.get(FLAG_B);
    code.with(31, SHR_U);
  }
}

/*
 * MUL sets the carry if the upper half of the product is not empty; IMUL, if the lower half is not the whole truth with
 * its sign. Either way: multiply wide, multiply narrow, widen, compare.
 */
function pushProductTooWide(d: Draft): void {
  const { code, kind } = d;
  const extend = kind === KIND_MUL ? I64_EXTEND_U : I64_EXTEND_S;
  for (const local of [FLAG_A, FLAG_B]) {
    code.get(local);
    code.op(extend);
  }
  code.op(I64_MUL);
  code.get(FLAG_A);
  code.get(FLAG_B);
  code.op(MUL);
  code.op(extend);
  code.op(I64_NE);
}

/*
 * ## The long way
 *
 * For the conditions that are left, and where ways meet behind which somebody wants to know, the flags are made after
 * all: the result, and the carries as `flags.ts` has them.
 */
/** Turns the flag locals into result and carries. */
export function canonicalize(d: Draft): void {
  const { code, kind } = d;
  if (kind === CANONICAL || kind === LOGIC) {
    d.kind = CANONICAL;
    return;
  }
  if (kind === DYNAMIC) throw new Error('compiler: flags of unknown origin');
  const shift = shiftOfKind(kind);
  pushResult(d);
  if (shift > 0) code.with(shift, SHR_S);
  code.set(T2);
  if (isAddition(kind) || isSubtraction(kind)) pushCarries(d);
  else pushOtherCarries(d);
  code.set(FLAG_B);
  code.get(T2);
  code.set(FLAG_A);
  d.kind = CANONICAL;
}

/*
 * ## Sums and differences
 *
 * A full adder, thirty-two times side by side: there is a carry out of a place if both numbers have a 1 there, or one
 * of them has and the result has not. For a difference, the first number is turned over. Out of these thirty-two
 * carries, three are kept: from bit 31 and 30, which give carry and overflow, and from bit 3, for the decimal
 * instructions that nobody has used since pocket calculators.
 */
/** The carries of a sum or a difference; the result is in T2. */
function pushCarries(d: Draft): void {
  const { code, kind } = d;
  const shift = shiftOfKind(kind);
  const [a, b] = [FLAG_A, FLAG_B];
  // Narrow results are sign-extended in T2; the formulas want all bits, so make the bare sum again.
  code.get(a);
  code.get(b);
  code.op(isAddition(kind) ? ADD : SUB);
  code.set(T3);
  if (isAddition(kind)) {
    code.get(a);
    code.get(b);
    code.op(AND);
    code.get(a);
    code.get(b);
    code.op(OR);
    code.get(T3);
    code.with(-1, XOR);
    code.op(AND);
  } else {
    code.get(a);
    code.with(-1, XOR);
    code.get(b);
    code.op(AND);
    code.get(a);
    code.get(b);
    code.op(XOR);
    code.with(-1, XOR);
    code.get(T3);
    code.op(AND);
  }
  code.op(OR);
  if (shift === 0) {
    code.with(CARRY_OUTS, AND);
    return;
  }
  code.tee(T3);
  code.with(shift, SHL);
  code.with(TOP_CARRIES, AND);
  code.get(T3);
  code.with(8, AND);
  code.op(OR);
}

/*
 * ## Everything else
 *
 * The others have a carry, found above, and an overflow with a rule of its own in each case. INC overflows at the top,
 * and its half-carry comes when four bits have run through; DEC is the mirror of it. SHL overflows if the sign changed
 * with the last step, SHR if the number had a sign at all, SAR never. A product has overflow and carry together.
 */
function pushOtherCarries(d: Draft): void {
  const { code, kind } = d;
  pushCarry(d);
  code.tee(T3);
  code.with(31, SHL);
  if (isShiftLeft(kind)) {
    // Overflow is carry against sign, so the lower carry is the sign.
    code.get(T2);
    code.with(31, SHR_U);
    code.with(30, SHL);
    code.op(OR);
    return;
  }
  // The lower carry: the same, turned over if there was an overflow.
  code.get(T3);
  if (isStep(kind)) {
    const up = kind & 1;
    const top = -0x8000_0000 >> shiftOfKind(kind);
    code.get(T2);
    code.with(up ? top : ~top, EQ);
    code.op(XOR);
    code.with(30, SHL);
    code.op(OR);
    code.get(T2);
    code.with(15, AND);
    code.with(up ? 0 : 15, EQ);
    code.with(3, SHL);
    code.op(OR);
    return;
  }
  if (isShiftRight(kind)) {
    code.get(FLAG_A);
    code.with(31 - shiftOfKind(kind), SHR_U);
    code.op(XOR);
  } else if (kind === KIND_MUL || kind === KIND_IMUL) {
    code.get(T3);
    code.op(XOR);
  }
  code.with(30, SHL);
  code.op(OR);
}
