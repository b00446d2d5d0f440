import fc from 'fast-check';
import { describe, test } from 'vitest';
import { EAGER } from '../../src/processor/compiler/making.ts';
import { prepareBoth, runAlike } from './both.ts';

/** Pages: numbers to compute with, and two into which results go. */
const PAGES = { 40960: 0x4_0007, 45056: 0x4_1007 };
const NUMBERS = 0xa000;
const RESULTS = 0xb000;

/**
 * Forms by what they do to the height of the stack. `#` is ST(i), `m` an operand in memory, `r` one that is written.
 */
const PUSHING = [
  'fld dword [m]',
  'fld qword [m]',
  'fld tword [m]',
  'fild word [m]',
  'fild dword [m]',
  'fild qword [m]',
  'fld #',
  'fld1',
  'fldz',
  'fldpi',
  'fldl2e',
];
const LEVEL = [
  ...['fadd', 'fsub', 'fsubr', 'fmul', 'fdiv', 'fdivr'].flatMap((name) => [
    `${name} st0, #`,
    `${name} #, st0`,
    `${name} dword [m]`,
    `${name} qword [m]`,
  ]),
  ...['fiadd', 'fisub', 'fimul', 'fidivr'].flatMap((name) => [`${name} word [m]`, `${name} dword [m]`]),
  'fchs',
  'fabs',
  'fxch #',
  'ftst',
  'fcom #',
  'fucom #',
  'fcom qword [m]',
  'ficom dword [m]',
  'fcomi st0, #\n seta al\n setb ah\n sete bl\n setp bh',
  'fucomi st0, #\n cmovb edx, esi',
  'fcmovb st0, #',
  'fcmovne st0, #',
  'add edi, 0x1357\n fcmovu st0, #\n setp dl\n seto dh',
  'cmp edx, edi\n fcmovnbe st0, st7\n sbb edi, edx',
  'sub edx, edi\n fcmovnu st0, st6\n adc edi, edx',
  'fst dword [r]',
  'fst qword [r]',
  'fist word [r]',
  'fist dword [r]',
  'fst #',
  'fnstsw ax\n add edi, eax',
  'fnstsw [r]',
  'fnstcw [r]',
  'fldcw [m]',
  'wait',
  'fsqrt',
  'cmp edx, edi',
  'adc edi, 0x1357',
];
const POPPING = [
  ...['faddp', 'fsubp', 'fsubrp', 'fmulp', 'fdivp', 'fdivrp'].map((name) => `${name} #, st0`),
  'fstp dword [r]',
  'fstp qword [r]',
  'fstp tword [r]',
  'fistp word [r]',
  'fistp dword [r]',
  'fistp qword [r]',
  'fstp #',
  'fcomp #',
  'fucomp #',
  'fcomp dword [m]',
  'fcomip st0, #',
  'fucomip st0, #',
];

/**
 * The body of a loop. Mostly there are numbers and there is room, and it ends as it began: with nothing on the stack.
 */
const body = fc
  .array(fc.tuple(fc.nat(), fc.nat(7), fc.nat(60), fc.nat(99)), { minLength: 3, maxLength: 14 })
  .map((choices) => {
    let height = 0;
    const body = choices.map(([which, register, place, luck]) => {
      const usual =
        height < 2 ? PUSHING : height > 5 ? POPPING : [...LEVEL, ...LEVEL, ...PUSHING, ...POPPING];
      const forms = luck < 3 ? POPPING : luck < 6 ? PUSHING : usual;
      const form = forms[which % forms.length]!;
      if (PUSHING.includes(form)) height++;
      else if (POPPING.includes(form)) height--;
      const other = luck < 10 ? register : register % Math.max(height, 1);
      return form
        .replace('#', `st${other}`)
        .replace('[m]', `[${NUMBERS + place * 4 - (place % 3)}]`)
        .replace('[r]', `[${RESULTS + place * 4}]`);
    });
    return [
      ...body,
      ...Array.from({ length: Math.max(height, 0) }, () => `fstp qword [${RESULTS + 0x200 + 8 * height--}]`),
    ];
  });

/** Words of which singles, doubles and integers are made that are worth computing with. */
const operand = fc.oneof(
  fc.nat(0xffff_ffff),
  fc.constant(0),
  fc.nat(1000),
  fc.integer({ min: -1000, max: -1 }).map((value) => value >>> 0),
  fc.nat(0xff_ffff).map((bits) => (0x3f00_0000 + bits * 2) >>> 0),
  fc.nat(0xff_ffff).map((bits) => (0xbf00_0000 + bits * 2) >>> 0),
  fc.constantFrom(0x3ff0_0000, 0x4008_0000, 0xbfe0_0000, 0x7f80_0000, 0x7ff0_0000, 0x0080_0000, 0x8000_0000),
);

/** Mostly to nearest, in 64 bits, with all exceptions masked; else anything. */
const controlWord = fc.oneof(
  { weight: 5, arbitrary: fc.constant(0x37f) },
  { weight: 2, arbitrary: fc.constant(0x27f) },
  { weight: 2, arbitrary: fc.constant(0xf7f) },
  { weight: 2, arbitrary: fc.nat(0xf3f).map((bits) => bits | 0x40) },
);

const scene = fc.record({ body, numbers: fc.array(operand, { minLength: 64, maxLength: 64 }), controlWord });

function programOf({
  body,
  numbers,
  controlWord,
}: {
  body: string[];
  numbers: number[];
  controlWord: number;
}) {
  const data = numbers.map((value, at) => `mov dword [${NUMBERS + at * 4}], ${value}`).join('\n');
  return `${data}
    mov word [${RESULTS + 0x400}], ${controlWord}
    fninit
    fldcw [${RESULTS + 0x400}]
    mov ecx, 40
    again: ${body.join('\n')}
    dec ecx
    jnz again
    fnsave [${RESULTS + 0x800}]
    hlt`;
}

describe('The calculator', () => {
  test.each([
    [[100_000], 300],
    [[1, 2, 3, 5, 7, 11, 64], 80],
  ])('says what the interpreter says, in slices of %j', (slices, numRuns) => {
    fc.assert(
      fc.property(scene, (scene) => {
        runAlike(prepareBoth({ ring: 3, code: programOf(scene), pages: PAGES, hot: EAGER }), slices, 1000);
      }),
      { seed: 8087, numRuns },
    );
  });

  test('leaves the flags that a condition was asked of, if it refuses', () => {
    const code = `
      fninit
      mov ecx, 40
      mov edx, 0xffffffff
      again: mov eax, edx
      add eax, ecx
      fcmovbe st0, st1
      lea ebp, [eax]
      adc ebx, eax
      setp al
      add esi, eax
      dec ecx
      jnz again
      hlt`;
    runAlike(prepareBoth({ ring: 3, code, pages: PAGES, hot: EAGER }), [100_000], 1);
    runAlike(prepareBoth({ ring: 3, code, pages: PAGES, hot: EAGER }), [1, 2, 3], 500);
  });
});
