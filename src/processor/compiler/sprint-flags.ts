/*
 * # Flags at a run
 *
 * The compiler keeps operands and puts off even the carries, for it can see who will ask. The sprinter sees one
 * instruction. So he leaves flags as the interpreter has them, the result and the carries, and the formulas are those
 * of `flags.ts`, written backwards, as a machine with a stack wants them.
 */
import { CARRY_OUTS, TOP_CARRIES } from '../flags.ts';
import { FLAG_CARRIES, FLAG_RESULT } from '../layout.ts';
import { AND, EQ, EXTEND8_S, OR, SHL, SHR_S, SHR_U, XOR } from './emitter.ts';
import { A, B, R, setWord, type Sprint, type Step, word } from './sprint-operands.ts';

/** R is the result, `carries` pushes the carries. */
function setFlags(s: Sprint, carries: () => void): void {
  setWord(s, FLAG_RESULT, () => s.code.get(R));
  setWord(s, FLAG_CARRIES, carries);
}

/** The flags of R = A + B, with a carry from before or without. */
export function flagsOfSum(s: Sprint): void {
  const { code } = s;
  setFlags(s, () => {
    code.get(A);
    code.get(B);
    code.op(AND);
    code.get(A);
    code.get(B);
    code.op(OR);
    code.get(R);
    code.with(-1, XOR);
    code.op(AND);
    code.op(OR);
    code.with(CARRY_OUTS, AND);
  });
}

/** The flags of R = A - B. */
export function flagsOfDifference(s: Sprint): void {
  setFlags(s, () => {
    borrows(s);
    s.code.with(CARRY_OUTS, AND);
  });
}

/** Pushes where R = A - B has borrowed, in all positions at once. */
function borrows({ code }: Sprint): void {
  code.get(A);
  code.with(-1, XOR);
  code.get(B);
  code.op(AND);
  code.get(A);
  code.get(B);
  code.op(XOR);
  code.with(-1, XOR);
  code.get(R);
  code.op(AND);
  code.op(OR);
}

/*
 * ## Bytes
 *
 * The sign of a byte, and its two upper carries, go up to where everybody looks for them.
 */
/** The flags of R = A - B, all of them bytes. A is used up. */
export function flagsOfByteDifference(s: Sprint): void {
  const { code } = s;
  borrows(s);
  code.set(A);
  extendResult(s);
  setFlags(s, () => {
    code.get(A);
    code.with(24, SHL);
    code.with(TOP_CARRIES, AND);
    code.get(A);
    code.with(8, AND);
    code.op(OR);
  });
}

function extendResult({ code }: Sprint): void {
  code.get(R);
  code.op(EXTEND8_S);
  code.set(R);
}

/** AND, OR and XOR carry nothing. */
export function flagsOfLogic(s: Sprint): void {
  setFlags(s, () => s.code.const(0));
}

export function flagsOfByteLogic(s: Sprint): void {
  extendResult(s);
  flagsOfLogic(s);
}

/*
 * ## Steps and shifts
 *
 * INC and DEC leave CF alone, which makes them the most work of all: both upper carries become what the upper one was,
 * unless the step went over the edge: then they differ. It is a shift with sign, a mask, and a comparison moved into
 * place.
 */
const LOWEST = 0x8000_0000;
const HIGHEST = 0x7fff_ffff;

/** The flags of R, which was stepped to from one below or one above. */
export function flagsOfStep(s: Sprint, by: 1 | -1): void {
  const { code } = s;
  setFlags(s, () => {
    word(code, FLAG_CARRIES);
    code.with(1, SHR_S);
    code.with(TOP_CARRIES, AND);
    code.get(R);
    code.with(by > 0 ? LOWEST : HIGHEST, EQ);
    code.with(30, SHL);
    code.op(XOR);
    code.get(R);
    code.with(15, AND);
    code.with(by > 0 ? 0 : 15, EQ);
    code.with(3, SHL);
    code.op(OR);
  });
}

/**
 * The flags of a shift: `out` pushes a number whose lowest bit went out last, `overflow` what OF becomes, of A, B and R
 * with that bit in B.
 */
export function flagsOfShift(s: Sprint, out: Step, overflow: Step): void {
  const { code } = s;
  out(s);
  code.with(1, AND);
  code.set(B);
  setFlags(s, () => {
    code.get(B);
    code.with(31, SHL);
    code.get(B);
    overflow(s);
    code.op(XOR);
    code.with(30, SHL);
    code.op(OR);
  });
}

/** Pushes CF. */
export function carryIn({ code }: Sprint): void {
  word(code, FLAG_CARRIES);
  code.with(31, SHR_U);
}
