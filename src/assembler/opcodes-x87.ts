/*
 * # The other chip
 *
 * In 1980 you could buy the 8087, put it into the empty socket beside your 8086, and compute sines. It sat on the
 * same bus, watched every instruction go by, and acted on those that began with the bits 11011. That is 27, the
 * ASCII code of *escape*, and the manual calls them ESC instructions; one likes to think it was on purpose. The
 * 8086 itself only worked out the address, read from it, and threw the result away.
 *
 * So there are eight opcodes, D8 to DF, and all else is in ModRM: with memory, the digit picks the operation. With
 * mod 3, all six remaining bits are free, and later rows have used up most of them.
 */

import { hex } from './form.ts';

const arithmetic = ['add', 'mul', 'com', 'comp', 'sub', 'subr', 'div', 'divr']
  .map(
    (name, n) => `
      f${name} m32           = D8 /${n}
      f${name} m64           = DC /${n}
      fi${name} m32          = DA /${n}
      fi${name} m16          = DE /${n}
      f${name} st            = D8 ${hex(0xc0 + 8 * n)}+i
${name.startsWith('com') ? '' : `f${name} st0, st       = D8 ${hex(0xc0 + 8 * n)}+i`}`,
  )
  .join('\n');

/*
 * ## The other way round
 *
 * When the destination is not the top of the stack, subtraction and division are reversed: `fsub st1, st0` has the
 * digit that `fsubr` has above. The assembler of AT&T's Unix mixed up the two, and its heirs have kept the mistake
 * for the sake of those who rely on it. Copy the manual and do not think about it.
 */

const reversed = ['add', 'mul', '', '', 'subr', 'sub', 'divr', 'div']
  .map((name, n) =>
    name === ''
      ? ''
      : `
      f${name} st, st0       = DC ${hex(0xc0 + 8 * n)}+i
      f${name}p st, st0      = DE ${hex(0xc0 + 8 * n)}+i
      f${name}p st           = DE ${hex(0xc0 + 8 * n)}+i
      f${name}p              = DE ${hex(0xc1 + 8 * n)}`,
  )
  .join('\n');

/*
 * ## In and out
 *
 * Three sizes of real numbers, three of integers, and packed decimal, in which the 8087 was to please the banks.
 * The longest of each kind is not where you would look for it.
 */

const moves = `
  fld m32              = D9 /0
  fld m64              = DD /0
  fld m80              = DB /5
  fld st               = D9 C0+i
  fst m32              = D9 /2
  fst m64              = DD /2
  fst st               = DD D0+i
  fstp m32             = D9 /3
  fstp m64             = DD /3
  fstp m80             = DB /7
  fstp st              = DD D8+i
  fild m16             = DF /0
  fild m32             = DB /0
  fild m64             = DF /5
  fist m16             = DF /2
  fist m32             = DB /2
  fistp m16            = DF /3
  fistp m32            = DB /3
  fistp m64            = DF /7
  fbld m80             = DF /4
  fbstp m80            = DF /6
  fxch                 = D9 C9
  fxch st              = D9 C8+i
  ffree st             = DD C0+i
  ffreep st            = DF C0+i`;

/*
 * ## Comparing
 *
 * The old comparisons leave their result in the status word of the other chip, from where you fetched it by way of
 * ax. The ones that end in *i* came with the Pentium Pro, along with `cmov`, and set the flags where everyone looks
 * for them.
 */

const comparisons = `
  fcom                 = D8 D1
  fcomp                = D8 D9
  fcompp               = DE D9
  fucom                = DD E1
  fucom st             = DD E0+i
  fucomp               = DD E9
  fucomp st            = DD E8+i
  fucompp              = DA E9
  fcomi st0, st        = DB F0+i
  fcomi st             = DB F0+i
  fcomi                = DB F1
  fcomip st0, st       = DF F0+i
  fcomip st            = DF F0+i
  fcomip               = DF F1
  fucomi st0, st       = DB E8+i
  fucomi st            = DB E8+i
  fucomi               = DB E9
  fucomip st0, st      = DF E8+i
  fucomip st           = DF E8+i
  fucomip              = DF E9
  fcmovb st0, st       = DA C0+i
  fcmove st0, st       = DA C8+i
  fcmovbe st0, st      = DA D0+i
  fcmovu st0, st       = DA D8+i
  fcmovnb st0, st      = DB C0+i
  fcmovne st0, st      = DB C8+i
  fcmovnbe st0, st     = DB D0+i
  fcmovnu st0, st      = DB D8+i`;

/*
 * ## Instructions without operands
 *
 * All of trigonometry in two bytes each. `fldpi` knows pi to 64 bits. `f2xm1` is two to the power of x, minus one,
 * and the *minus one* is the clever part: for small x the result is tiny, and subtracting afterwards would leave
 * nothing of it. `fyl2xp1` is the same thought the other way round.
 */

const functions = `
  fnop                 = D9 D0
  fchs                 = D9 E0
  fabs                 = D9 E1
  ftst                 = D9 E4
  fxam                 = D9 E5
  fld1                 = D9 E8
  fldl2t               = D9 E9
  fldl2e               = D9 EA
  fldpi                = D9 EB
  fldlg2               = D9 EC
  fldln2               = D9 ED
  fldz                 = D9 EE
  f2xm1                = D9 F0
  fyl2x                = D9 F1
  fptan                = D9 F2
  fpatan               = D9 F3
  fxtract              = D9 F4
  fprem1               = D9 F5
  fdecstp              = D9 F6
  fincstp              = D9 F7
  fprem                = D9 F8
  fyl2xp1              = D9 F9
  fsqrt                = D9 FA
  fsincos              = D9 FB
  frndint              = D9 FC
  fscale               = D9 FD
  fsin                 = D9 FE
  fcos                 = D9 FF`;

/*
 * ## Control
 *
 * Where there is a form with *n*, it means *no wait*: the form without it has a `9B` in front, `wait`, from the
 * days when the other chip might still be busy. The three behind it meant something to the 8087 or the 287, and have
 * meant nothing to anybody since. The last two came in 1998, and wait for nobody.
 */

const control = `
  wait/fwait           = 9B
  fneni                = DB E0
  fndisi               = DB E1
  fnsetpm              = DB E4
  fnclex               = DB E2
  fclex                = 9B DB E2
  fninit               = DB E3
  finit                = 9B DB E3
  fldcw m16            = D9 /5
  fnstcw m16           = D9 /7
  fstcw m16            = 9B D9 /7
  fnstsw ax            = DF E0
  fnstsw m16           = DD /7
  fstsw ax             = 9B DF E0
  fstsw m16            = 9B DD /7
  fldenv m             = D9 /4
  fnstenv m            = D9 /6
  fstenv m             = 9B D9 /6
  frstor m             = DD /4
  fnsave m             = DD /6
  fsave m              = 9B DD /6
  fxsave m             = 0F AE /0
  fxrstor m            = 0F AE /1`;

/*
 * Here our table ends, with the Pentium II. Intel's does not.
 */

/** The rows of the x87 floating-point unit. */
export const x87Opcodes = [arithmetic, reversed, moves, comparisons, functions, control].join('\n');
