import { hex } from './form.ts';

const CONDITIONS = ['o', 'no', 'b/c/nae', 'ae/nb/nc', 'e/z', 'ne/nz', 'be/na', 'a/nbe'].concat([
  's',
  'ns',
  'p/pe',
  'np/po',
  'l/nge',
  'ge/nl',
  'le/ng',
  'g/nle',
]);

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

const flow = `
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
  loopne/loopnz rel8   = E0 cb
  loope/loopz rel8     = E1 cb
  loop rel8            = E2 cb
  jecxz rel8           = E3 cb
  jcxz rel8            = a16 E3 cb
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

/** The rows of the instructions that decide what comes next. */
export const flowOpcodes = [conditional, flow].join('\n');
