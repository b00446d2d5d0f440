/*
 * # Powers of two
 *
 * There are three instructions for powers and logarithms: 2^x - 1, y log2(x), and y log2(x + 1). Everything else is
 * multiplication. The natural logarithm is FLDLN2, FXCH, FYL2X. A power x^y is FYL2X, then cut the integer off, then
 * F2XM1 and FSCALE.
 *
 * The ones are what is clever about it. e^x for x = 10^-10 is 1.0000000001, and of ten digits of x one is left.
 * If instead you compute what is *above* 1, all are. A bank that compounds interest by the second needs it in
 * both directions.
 */
import type { Instruction } from './instruction.ts';
import { X87_CONTROL } from './layout.ts';
import type { Processor } from './processor.ts';
import { quietNaN, stopsAtDenormal } from './x87-nan.ts';
import { missing, takeTop } from './x87-operands.ts';
import { deliver, DENORMAL_OPERAND, INEXACT } from './x87-registers.ts';
import {
  BIAS,
  copyReal,
  INFINITE,
  INTEGER_BIT,
  NORMAL,
  normalise,
  NOT_A_NUMBER,
  Real,
  setInfinity,
  setReal,
  ZERO_VALUE,
} from './x87-real.ts';
import { LN2, ONE, PLACES, roundMagnitude, scaleOf, series, shifted, significand } from './x87-series.ts';

const x = new Real();
const result = new Real();

/** F2XM1: 2^ST(0) - 1, for ST(0) from -1 to 1. Outside of that nothing happens. */
export function powerOfTwoMinusOne(cpu: Processor, i: Instruction): void {
  const there = takeTop(cpu, i, x);
  deliver(cpu.words, 0, result, there ? power(cpu.words[X87_CONTROL]!) : missing(result));
}

/*
 * ## Without a series
 *
 * 2^0 - 1 is 0, and keeps the sign. 2 to the power of infinity is infinity, and to that of minus infinity it is 0, from
 * which 1 is taken.
 *
 * Two other arguments are exact, 1 and -1. Beyond them the result is undefined, says the manual, and real processors
 * hand back the argument.
 */
function power(control: number): number {
  let flags = 0;
  if (x.kind !== NORMAL) {
    if (x.kind & NOT_A_NUMBER) return quietNaN(x, result);
    if (x.kind === ZERO_VALUE) {
      copyReal(x, result);
      return 0;
    }
    if (x.kind === INFINITE) {
      if (x.sign === 1) setReal(result, 1, BIAS, INTEGER_BIT, 0);
      else setInfinity(result, 0);
      return 0;
    }
    flags = DENORMAL_OPERAND;
    if (stopsAtDenormal(control, flags)) return flags;
    normalise(x);
  }
  return flags | (x.exponent >= BIAS ? atOne() : byPowerSeries(control));
}

/** For 1 and -1 the result is 1 and -1/2; what is beyond comes back as it was. */
function atOne(): number {
  copyReal(x, result);
  const minusOne = x.sign === 1 && x.exponent === BIAS && x.high === INTEGER_BIT && x.low === 0;
  if (minusOne) result.exponent = BIAS - 1;
  return INEXACT;
}

/*
 * ## With one
 *
 * The series of e^t - 1 is t + t^2/2! + t^3/3! and so on. Divided by t it begins with 1: the same trick as with the
 * sine, and for the same reason. t is x ln 2, at most 0.69, and after some forty terms nothing is left.
 */
function byPowerSeries(control: number): number {
  // (e^t - 1)/t = 1 + t/2! + t^2/3! + ..., with t = x ln 2.
  const magnitude = significand(x) * LN2;
  const fixed = shifted(magnitude, scaleOf(x));
  const t = x.sign === 1 ? -fixed : fixed;
  const factor = series((term, n) => (term * t) / ((n + 1n) * ONE));
  return roundMagnitude(control, x.sign, magnitude * factor, scaleOf(x) - 2 * PLACES, false, result);
}
