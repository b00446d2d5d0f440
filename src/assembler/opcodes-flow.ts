/*
 * # What comes next
 *
 * A program goes straight on unless told otherwise, and there are sixteen ways to put the question. They come in
 * pairs: each odd number is the even one before it, negated. Zero to fifteen, always in this order: in the short
 * jumps 70 to 7f, the near ones `0F 80` to `0F 8f`, in `set` and in `cmov`. Many have several names, since *below*
 * and *carry* are the same flag seen by two people.
 *
 * The near ones came only with the 386. Until then, to jump far on a condition, you jumped *over* a jump on the
 * opposite condition, and assemblers of that age would do it behind your back.
 */

import { hex } from './form.ts';

const CONDITIONS =
  'o no b/c/nae ae/nb/nc e/z ne/nz be/na a/nbe s ns p/pe np/po l/nge ge/nl le/ng g/nle'.split(' ');

const conditional = CONDITIONS.map((condition, n) => {
  const spelled = (stem: string) =>
    condition
      .split('/')
      .map((name) => stem + name)
      .join('/');
  return `
      ${spelled('j')} rel8           = ${hex(0x70 + n)} cb
      ${spelled('j')} rel32          = o32 0F ${hex(0x80 + n)} cd
      ${spelled('j')} rel16          = o16 0F ${hex(0x80 + n)} cw
      ${spelled('set')} r/m8         = 0F ${hex(0x90 + n)} /0
      ${spelled('cmov')} rv, r/mv    = 0F ${hex(0x40 + n)} /r`;
}).join('\n');

/*
 * ## Going
 *
 * Unconditional jumps go anywhere, and by any means: a distance, a register, memory, or a far pointer that changes
 * the code segment on the way. The Switcher uses that last one exactly once, on the day the machine is switched on.
 */

const jumps = `
  jmp rel8             = EB cb
  jmp rel32            = o32 E9 cd
  jmp rel16            = o16 E9 cw
  jmp r32              = o32 FF /4
  jmp r16              = o16 FF /4
  jmp m32              = o32 FF /4
  jmp word m16         = o16 FF /4
  jmp m16:32           = o32 FF /5
  jmp ptr16:32         = o32 EA cp
  jmp m16:16           = o16 FF /5
  jmp ptr16:16         = o16 EA cpw
`;

/*
 * ## Going, and coming back
 *
 * `call` has no short form. Whoever calls is going somewhere.
 */

const calls = `
  call rel32           = o32 E8 cd
  call rel16           = o16 E8 cw
  call r32             = o32 FF /2
  call r16             = o16 FF /2
  call m32             = o32 FF /2
  call word m16        = o16 FF /2
  call m16:32          = o32 FF /3
  call ptr16:32        = o32 9A cp
  call m16:16          = o16 FF /3
  call ptr16:16        = o16 9A cpw
`;

/*
 * `loop` counts ecx down and jumps unless it has come to zero; `jecxz` is for those who remembered to ask
 * beforehand. One byte of distance each, then and now.
 */

const loops = `
  loopne/loopnz rel8   = E0 cb
  loope/loopz rel8     = E1 cb
  loop rel8            = E2 cb
  jecxz rel8           = E3 cb
  jcxz rel8            = a16 E3 cb
`;

/*
 * ## By appointment
 *
 * `int3` is one byte, `cc`, because a debugger must be able to put it over *any* instruction, and some are one byte
 * long. `iret` is one byte as well, and you will meet it again: in ring 1 it does not quite do what it says.
 *
 * `ud2` is an instruction that Intel guarantees to be none.
 */

const returns = `
  ret/retn             = C3
  ret/retn imm16       = C2 iw
  retf                 = CB
  retf imm16           = CA iw
  int3                 = CC
  int imm8             = CD ib
  into                 = CE
  int1                 = F1
  iret                 = CF
  iretd                = o32 CF
  iretw                = o16 CF
  bound rv, m          = 62 /r
  nop                  = 90
  pause                = F3 90
  ud2                  = 0F 0B`;

/*
 * Everything that can change eip, on one page. A processor's designer has bad dreams about each of them.
 */

/** The rows of the instructions that decide what comes next. */
export const flowOpcodes = [conditional, jumps, calls, loops, returns].join('\n');
