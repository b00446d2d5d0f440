/*
 * # Rounding, once
 *
 * In January 1982 the stock exchange of Vancouver began a new index, at 1000. It was computed some three thousand
 * times a day, and each time what stood behind the third decimal was cut off. Twenty-two months later the market
 * had risen by a tenth, and the index stood at 524. Nobody had rounded.
 *
 * All that arithmetic consists of here is: compute as if there were room for everything, then round, once. It
 * sounds as if you would need room for everything. The exact sum of 1 and 2^-16000 has sixteen thousand bits. But
 * you need only three things to round it: the bits you keep, the first bit you drop, and whether there is
 * *anything at all* behind that. The last one is the *sticky bit*: shift whatever you like out of a number to the
 * right, and if a single 1 went over the edge, the sticky bit is 1 for ever. One bit for sixteen thousand. We
 * keep 32 bits behind the significand, since JavaScript deals in words, and the lowest of them is the sticky one.
 *
 * ```text
 *     high           low            extra
 *    +--------------+--------------+-----------+-+
 *    | 1.           |              |           |s|     two bits would do
 *    +--------------+--------------+-----------+-+
 *                                   ^ half     ^ anything else?
 * ```
 */
import { C1, INEXACT, OVERFLOWN, UNDERFLOWN } from './x87-registers.ts';
import { INTEGER_BIT, NORMAL, type Real, setInfinity, setReal, SPECIAL_EXPONENT } from './x87-real.ts';

/** Bits 8 and 9 of the control word: how long significands are to be. 1 is reserved, and is as 3. */
export const PRECISION_CONTROL = 0x300;
export const SINGLE = 0x000;
export const DOUBLE = 0x200;
export const EXTENDED = 0x300;

/*
 * Rounding has a direction: to nearest, and three more for people who want to know between which two numbers the
 * truth lies. They compute everything twice, once down and once up. To nearest has a rule for the very middle: to
 * the even neighbour, for if you always went up, a long sum would drift.
 *
 * Precision control is a concession. A language that promises doubles does not want eleven more bits in the
 * middle of a formula, not even if they are right. It shortens significands, but not exponents, so it does not
 * quite keep the promise. Java found that out in 1996.
 */
/** Bits 10 and 11 of the control word: which way. */
export const ROUNDING_CONTROL = 0xc00;
export const NEAREST = 0x000;
export const DOWN = 0x400;
export const UP = 0x800;
export const TOWARDS_ZERO = 0xc00;

/** What is taken from an exponent that is too large when the program wants to see to it, or added if too small. */
const WRAP = 0x6000;

/*
 * `roundsUp` is where the decision falls, in one place for the whole unit. `guard` is what is cut off, as a word:
 * its top bit is one half, so less than half is a positive number, more than half a negative one, and just half
 * is the most negative there is.
 */
/** The precision that the control word asks for. */
export function precisionOf(control: number): number {
  return control & PRECISION_CONTROL;
}

/** Whether to go one up in magnitude. `guard` is what is cut off, as a fraction; it is not 0. */
export function roundsUp(control: number, sign: number, guard: number, odd: number): boolean {
  switch (control & ROUNDING_CONTROL) {
    case NEAREST:
      return guard < 0 && (guard !== INTEGER_BIT || odd !== 0);
    case DOWN:
      return sign === 1;
    case UP:
      return sign === 0;
    default:
      return false;
  }
}

/*
 * ## Into a register, or smaller
 *
 * Whoever has a result lays it on the bench as it is, with all the exponent it wants: 2^40000 is fine there. What
 * does not fit into the significand comes beside it as `extra`. Now the bench is looked at, and above the top there is
 * overflow, below the bottom underflow, and in between lies what happens all day.
 */
/**
 * Rounds what lies in `result` to a register. Its first bit is 1, its exponent may be anything.
 *
 * @param extra the 32 bits behind the significand, the last of which is sticky
 * @returns the exceptions raised, and C1 if the magnitude was rounded up
 */
export function round(control: number, precision: number, extra: number, result: Real): number {
  return roundTo(control, precision, SPECIAL_EXPONENT, extra, result);
}

/** The same for a number that goes to memory in another format, where all ones in the exponent is `limit`. */
export function roundTo(
  control: number,
  precision: number,
  limit: number,
  extra: number,
  result: Real,
): number {
  if (result.exponent <= 0) return underflow(control, precision, extra, result);
  const flags = cut(control, precision, extra, result);
  return result.exponent < limit ? flags : overflow(control, precision, limit, flags, result);
}

/*
 * First the cut. At 53 bits the last bit kept is bit 11 of `low`, at 24 it is bit 8 of `high`; what is behind
 * goes into `guard`, and what does not fit there any more is sticky.
 */
/** Cuts the significand to its length, and goes one up if that is nearer. */
function cut(control: number, precision: number, extra: number, result: Real): number {
  const { high, low } = result;
  let guard = extra;
  let odd = low & 1;
  if (precision === DOUBLE) {
    guard = (low << 21) | (extra >>> 11) | ((extra & 0x7ff) === 0 ? 0 : 1);
    odd = low & 0x800;
    result.low = low & ~0x7ff;
  } else if (precision === SINGLE) {
    guard = (high << 24) | (low >>> 8) | ((low & 0xff) === 0 && extra === 0 ? 0 : 1);
    odd = high & 0x100;
    result.high = high & ~0xff;
    result.low = 0;
  }
  result.kind = NORMAL;
  if (guard === 0) return 0;
  if (!roundsUp(control, result.sign, guard, odd)) return INEXACT;
  increment(precision, result);
  return INEXACT | C1;
}

/*
 * Going up may ripple all the way: 1.111 becomes 10.00, which is 1.000 with one more in the exponent. A denormal
 * of all ones becomes the smallest normal number in the same breath, and there the exponent takes care of itself,
 * which is a reason why bits lie as they do.
 */
/** Adds one in the last place. Out of all ones comes a one and zeros, and the exponent is one more. */
function increment(precision: number, result: Real): void {
  const before = result.high;
  if (precision === SINGLE) {
    result.high = (before + 0x100) | 0;
  } else {
    result.low = (result.low + (precision === DOUBLE ? 0x800 : 1)) | 0;
    if (result.low === 0) result.high = (before + 1) | 0;
  }
  if (before < 0 && result.high >= 0) {
    result.high = INTEGER_BIT;
    result.exponent++;
  }
}

/*
 * ## Off the map
 *
 * Infinity is not always the answer to *too large*. If you round down, the number that lies below is the largest
 * there is, and so you get that.
 *
 * If the program wants to hear of it, it gets the result with 24576 taken off the exponent, right in every bit,
 * so that a handler can go on with it. That number is three quarters of 32768: scaled so, the result lands in the
 * middle of the range, as far from trouble as can be.
 */
/** Too large. Masked: infinity or the largest number, as the rounding says. Else the program gets it scaled down. */
function overflow(control: number, precision: number, limit: number, flags: number, result: Real): number {
  const { sign } = result;
  if ((control & OVERFLOWN) === 0) {
    result.exponent -= WRAP;
    if (result.exponent < limit) return flags | OVERFLOWN;
    setInfinity(result, sign);
    return OVERFLOWN | INEXACT | C1;
  }
  if (roundsUp(control, sign, -1, 1)) {
    setReal(result, sign, limit, INTEGER_BIT, 0);
    return OVERFLOWN | INEXACT | C1;
  }
  const high = precision === SINGLE ? -0x100 : -1;
  const low = precision === SINGLE ? 0 : precision === DOUBLE ? -0x800 : -1;
  setReal(result, sign, limit - 1, high, low);
  return OVERFLOWN | INEXACT;
}

/*
 * *Tiny* needs care. Is it what is too small before rounding, or after? The standard could not agree and allows
 * both; the x87 asks after. So a number a hair below the smallest, which rounding lifts up to it, has not
 * underflowed at all. And if the exact result happens to be a denormal, nothing has been lost, and nothing is
 * said.
 *
 * So it is rounded twice: once as if the exponent had no bottom, only to see where it ends up, and then once more from
 * the original, in fewer bits.
 */
/** Too small, perhaps. Tiny is what would be below the smallest normal number even after rounding. */
function underflow(control: number, precision: number, extra: number, result: Real): number {
  const { sign, exponent, high, low } = result;
  const flags = cut(control, precision, extra, result);
  const tiny = result.exponent <= 0;
  if (tiny && (control & UNDERFLOWN) === 0) {
    result.exponent += WRAP;
    if (result.exponent > 0) return flags | UNDERFLOWN;
    setReal(result, sign, 0, 0, 0);
    return UNDERFLOWN | INEXACT;
  }
  setReal(result, sign, exponent, high, low);
  const shifted = denormalise(control, precision, extra, result);
  return tiny && shifted & INEXACT ? shifted | UNDERFLOWN : shifted;
}

/*
 * Here is the sticky bit at work. Each step shifts by up to 31, and what falls off the end is not looked at but
 * for whether it was nothing. From 97 places on there is nothing left but the sticky bit, and it makes no difference
 * how many more there are.
 */
/** Shifts to the right until the exponent is 1, keeps the sticky bit, and rounds there. */
function denormalise(control: number, precision: number, extra: number, result: Real): number {
  let { high, low } = result;
  let behind = extra;
  for (let left = Math.min(1 - result.exponent, 97); left > 0; ) {
    const step = Math.min(left, 31);
    const lost = behind << (32 - step);
    behind = (behind >>> step) | (low << (32 - step)) | (lost === 0 ? 0 : 1);
    low = (low >>> step) | (high << (32 - step));
    high >>>= step;
    left -= step;
  }
  setReal(result, result.sign, 0, high | 0, low | 0);
  const flags = cut(control, precision, behind | 0, result);
  if (result.high < 0) result.exponent = 1;
  return flags;
}
