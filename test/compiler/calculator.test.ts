import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { EAGER } from '../../src/processor/compiler/making.ts';
import { createMachine, type Engine } from '../../src/processor/index.ts';
import { stateFor } from '../processor/x87-state.ts';

const CODE = 0x1000;
const STATES = 0x1_0000;
/** What FRSTOR takes, the operand in memory, and two words for what becomes of EAX and the flags. */
const STATE_BYTES = 144;
const OPERAND = 112;
/** Of the operand before, so that it shows whether that of this one was noted. */
const DATA_SELECTOR = [0x34, 0x12];
const STACK_TOP = 0xff00;
/** States for each form. */
const MANY = 1000;

/** Forms of which the calculator does at least the usual case. `m` is the operand. */
const FORMS = [
  ...['add', 'sub', 'subr', 'mul', 'div', 'divr'].flatMap((name) => [
    `f${name} st0, st1`,
    `f${name} st3, st0`,
    `f${name}p st1, st0`,
    `f${name} dword m`,
    `f${name} qword m`,
    `fi${name} word m`,
    `fi${name} dword m`,
  ]),
  ...['fld dword m', 'fld qword m', 'fld tword m', 'fild word m', 'fild dword m', 'fild qword m', 'fld st2'],
  ...['fld1', 'fldz', 'fldpi', 'fldl2e', 'fldl2t', 'fldlg2', 'fldln2'],
  ...['fst dword m', 'fst qword m', 'fstp dword m', 'fstp qword m', 'fstp tword m', 'fst st3', 'fstp st1'],
  ...['fist word m', 'fist dword m', 'fistp word m', 'fistp dword m', 'fistp qword m'],
  ...['fcom st1', 'fcomp st1', 'fcompp', 'fucom st2', 'fucomp st1', 'fucompp', 'ftst'],
  ...['fcom dword m', 'fcomp qword m', 'ficom word m', 'ficomp dword m'],
  ...['fcomi st0, st1', 'fcomip st0, st1', 'fucomi st0, st2', 'fucomip st0, st1'],
  ...['fcmovb st0, st1', 'fcmove st0, st1', 'fcmovnbe st0, st1', 'fcmovu st0, st1'],
  ...['fsqrt', 'fchs', 'fabs', 'fxch st1', 'fnstsw ax', 'fnstsw m', 'fnstcw m', 'fldcw m', 'wait'],
];

/** Everything that comes of a form in each of the states. */
function play(form: string, engine: Engine): Buffer {
  const machine = createMachine({ ramBytes: 1 << 20, engine, hot: EAGER });
  const { ram, registers } = machine;
  for (let n = 0; n < MANY; n++) {
    const { image, memory, eflags } = stateFor(n);
    // Mostly to nearest, or to zero, with all masked and in 64 bits; every fourth as it comes.
    const control = [0x37f, 0x37f, 0x27f, 0xf7f][n % 4]!;
    if (n % 16 < 12) image.set([control & 0xff, control >> 8]);
    image.set(DATA_SELECTOR, 24);
    ram.write(STATES + n * STATE_BYTES, image);
    ram.write(STATES + n * STATE_BYTES + OPERAND, memory);
    ram.write32(STATES + n * STATE_BYTES + OPERAND + 16, eflags);
  }
  const source = `mov ecx, ${MANY}
    mov esi, ${STATES}
    again:
    frstor [esi]
    push dword [esi + ${OPERAND + 16}]
    popfd
    ${form.replace(' m', ` [esi + ${OPERAND}]`)}
    pushfd
    pop dword [esi + ${OPERAND + 16}]
    mov [esi + ${OPERAND + 20}], eax
    fnsave [esi]
    add esi, ${STATE_BYTES}
    dec ecx
    jnz again
    hlt`;
  ram.write(CODE, assemble(source, { origin: CODE }).bytes);
  registers.esp = STACK_TOP;
  registers.eip = CODE;
  expect(machine.run(100 * MANY)).toBe('halted');
  return Buffer.from(ram.read(STATES, MANY * STATE_BYTES));
}

test.each(FORMS)('The calculator and the interpreter agree on %s', (form) => {
  const expected = play(form, 'interpreter');
  const found = play(form, 'compiler');
  const at = expected.findIndex((byte, at) => byte !== found[at]);
  const wrong = at < 0 ? [] : [Math.floor(at / STATE_BYTES)];
  const show = (bytes: Buffer) =>
    wrong.map((n) => [n, bytes.subarray(n * STATE_BYTES, (n + 1) * STATE_BYTES).toString('hex')]);
  expect(show(found)).toEqual(show(expected));
});
