/*
 * # Exponents by hand
 *
 * Some functions are easy if you may take a number apart: x is 2^n times m, and m is never far from 1. FXTRACT
 * takes it apart, FSCALE puts it together again, and with the two of them and one series for numbers near 1 you
 * can write most of a mathematics library.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL } from './layout.ts';
import type { Processor } from './processor.ts';
import { decodeInteger } from './x87-memory.ts';
import { roundToInteger } from './x87-integer.ts';
import { invalid, propagateNaN, quietNaN, stopsAtDenormal } from './x87-nan.ts';
import { deliverTwo, missing, takePair, takeTop, takeTopWithRoom } from './x87-operands.ts';
import { deliver, DENORMAL_OPERAND, ZERO_DIVIDE } from './x87-registers.ts';
import {
  BIAS,
  copyReal,
  DENORMAL,
  INFINITE,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  Real,
  setInfinity,
  setReal,
  setZeroReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { EXTENDED, round } from './x87-rounding.ts';

const a = new Real();
const b = new Real();
const result = new Real();

/** FRNDINT. */
export function roundTop(cpu: Processor, i: Instruction): void {
  const there = takeTop(cpu, i, a);
  const flags = there ? roundToInteger(cpu.words[X87_CONTROL]!, a, result) : missing(result);
  deliver(cpu.words, 0, result, flags);
}

/*
 * Scaling by a power of two is adding to the exponent. It is the one way to overshoot the range by more than an
 * exception handler could ever bring back, twice over; then also an unmasked overflow is infinity.
 */
/** FSCALE: ST(0) * 2^ST(1), with ST(1) cut to an integer. */
export function scale(cpu: Processor, i: Instruction): void {
  const there = takePair(cpu, i, 1, a, b);
  deliver(cpu.words, 0, result, there ? scaled(cpu.words[X87_CONTROL]!) : missing(result));
}

function scaled(control: number): number {
  const kinds = a.kind | b.kind;
  let flags = 0;
  if (kinds !== NORMAL) {
    if (kinds & NOT_A_NUMBER) return propagateNaN(a, b, result);
    if (b.kind === INFINITE && a.kind === (b.sign === 1 ? INFINITE : ZERO_VALUE)) return invalid(result);
    if (kinds & DENORMAL) {
      flags = DENORMAL_OPERAND;
      if (stopsAtDenormal(control, flags)) return flags;
    }
    if (a.kind & (INFINITE | ZERO_VALUE)) {
      copyReal(a, result);
      return flags;
    }
    if (b.kind === INFINITE) {
      if (b.sign === 1) setZeroReal(result, a.sign);
      else setInfinity(result, a.sign);
      return flags;
    }
    if (b.kind === ZERO_VALUE) {
      // Nothing to do, and not even a denormal is called too small.
      copyReal(a, result);
      if (a.kind === DENORMAL && a.high >= 0) result.exponent = 0;
      return flags;
    }
    if (a.kind === DENORMAL) normalise(a);
  }
  setReal(result, a.sign, a.exponent + steps(), a.high, a.low);
  return flags | round(control, EXTENDED, 0, result);
}

/*
 * More than 65,536 either way makes no difference, so the integer is capped before it is one.
 */
/** Further than this no exponent can go and come back. */
const FARTHEST = 0x1_0000;

/** The integer in b, cut off, and no more than `FARTHEST`. */
function steps(): number {
  const power = b.exponent - BIAS;
  if (b.kind !== NORMAL || power < 0) return 0;
  const magnitude = power > 15 ? FARTHEST : b.high >>> (31 - power);
  return b.sign === 1 ? -magnitude : magnitude;
}

/*
 * The exponent of zero is minus infinity, says FXTRACT, and calls it a division by zero. It is the logarithm's
 * opinion.
 */
/** FXTRACT: ST(0) becomes its exponent, as a number, and its significand is pushed. */
export function extract(cpu: Processor, i: Instruction): void {
  const fault = takeTopWithRoom(cpu, i, a);
  deliverTwo(cpu.words, result, a, fault === 0 ? extracted(cpu.words[X87_CONTROL]!) : fault);
}

/** Leaves the exponent in `result` and the significand in `a`. */
function extracted(control: number): number {
  let flags = 0;
  if (a.kind !== NORMAL) {
    if (a.kind & NOT_A_NUMBER) {
      flags = quietNaN(a, result);
      copyReal(result, a);
      return flags;
    }
    if (a.kind === ZERO_VALUE) {
      setInfinity(result, 1);
      return ZERO_DIVIDE;
    }
    if (a.kind === INFINITE) {
      setInfinity(result, 0);
      return 0;
    }
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
    normalise(a);
  }
  const power = a.exponent - BIAS;
  decodeInteger(power, power >> 31, result);
  setReal(a, a.sign, BIAS, a.high, a.low);
  return flags;
}
