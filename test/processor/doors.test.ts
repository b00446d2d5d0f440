import { describe, expect, test } from 'vitest';
import { hold, type Row } from './rows.ts';
import { CODE_0, CODE_1, CODE_3, DATA_0, DATA_1, DATA_3, descriptor, FREE, gate, handler } from './stage.ts';
import { play, type Scene, STACK, TASK } from './stage.ts';

const IN_0 = handler(0x77);
/** An interrupt gate that ring 3 may knock at. */
const OPEN = 0xee;
const NEXT = FREE + 8;

/** A way in that is broken, and what is raised instead; who is to blame is in the error code, or it is the gate. */
interface Door extends Omit<Scene, 'code'> {
  rule: string;
  gate: [number, number];
  /** What must be done before anybody knocks. */
  before?: string;
  vector: number;
  blames: number | 'gate';
}

const doors: Door[] = [
  { rule: 'no gate at all', gate: gate(CODE_0, IN_0, 0xf2), vector: 13, blames: 'gate' },
  { rule: 'a task gate, which is not offered', gate: gate(0x28, 0, 0xe5), vector: 13, blames: 'gate' },
  { rule: 'a call gate', gate: gate(CODE_0, IN_0, 0xec), vector: 13, blames: 'gate' },
  { rule: 'a gate that is not present', gate: gate(CODE_0, IN_0, 0x6e), vector: 11, blames: 'gate' },
  { rule: 'a null selector', gate: gate(3, IN_0, OPEN), vector: 13, blames: 0 },
  { rule: 'a selector beyond the table', gate: gate(0x803, IN_0, OPEN), vector: 13, blames: 0x800 },
  { rule: 'a selector of the LDT, without one', gate: gate(0x0f, IN_0, OPEN), vector: 13, blames: 0x0c },
  { rule: 'a selector of data', gate: gate(DATA_0, IN_0, OPEN), vector: 13, blames: DATA_0 },
  { rule: 'a selector of a TSS', gate: gate(0x28, IN_0, OPEN), vector: 13, blames: 0x28 },
  {
    rule: 'code that is not present',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x1b) },
    gate: gate(FREE, IN_0, OPEN),
    vector: 11,
    blames: FREE,
  },
  {
    rule: 'an offset beyond the limit',
    descriptors: { [FREE]: descriptor(0, 0xff, 0x9b, 4) },
    gate: gate(FREE, 0x100, OPEN),
    vector: 13,
    blames: 0,
  },
  {
    rule: 'a null stack in the TSS',
    words: { '0x3810': 1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: 0,
  },
  {
    rule: 'a stack beyond the table',
    words: { '0x3810': 0x801 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: 0x800,
  },
  {
    rule: 'a stack of the LDT, without one',
    words: { '0x3810': 0x0d },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: 0x0c,
  },
  {
    rule: 'a stack of another ring',
    words: { '0x3810': DATA_0 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: DATA_0,
  },
  {
    rule: 'a stack that is code',
    words: { '0x3810': CODE_1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: CODE_1 & ~3,
  },
  {
    rule: 'a stack that is read-only',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0xb0) },
    words: { '0x3810': FREE + 1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: FREE,
  },
  {
    rule: 'a stack that is a system descriptor',
    words: { '0x3810': 0x29 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 10,
    blames: 0x28,
  },
  {
    rule: 'a stack that is not present',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x33) },
    words: { '0x3810': FREE + 1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 12,
    blames: FREE,
  },
  {
    rule: 'a stack without room',
    descriptors: { [FREE]: descriptor(0, 0x5fff, 0xb3, 4) },
    words: { '0x380c': 0x6004, '0x3810': FREE + 1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 12,
    blames: FREE,
  },
  {
    rule: 'a stack that grows down, without room',
    descriptors: { [FREE]: descriptor(0, 0x5ff0, 0xb7, 4) },
    words: { '0x3810': FREE + 1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 12,
    blames: FREE,
  },
  {
    rule: 'a stack that grows down, with a limit that leaves it no byte',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0xb7) },
    words: { '0x3810': FREE + 1 },
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 12,
    blames: FREE,
  },
  {
    rule: 'no room on the stack within a ring',
    ring: 1,
    descriptors: { [FREE]: descriptor(0, 0xfff, 0xb3, 4) },
    before: 'mov ax, FREE + 1\n mov ss, ax\n mov esp, 8\n',
    gate: gate(CODE_1, IN_0, OPEN),
    vector: 12,
    blames: 0,
  },
  // The order of the checks: vol. 2, INT n, Operation.
  {
    rule: 'code that is not present, before its stack',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x3b) },
    words: { '0x3810': 0 },
    gate: gate(FREE, IN_0, OPEN),
    vector: 11,
    blames: FREE,
  },
  {
    rule: 'a null stack, before the offset',
    descriptors: { [FREE]: descriptor(0, 0xff, 0xbb, 4) },
    words: { '0x3810': 0 },
    gate: gate(FREE, 0x100, OPEN),
    vector: 10,
    blames: 0,
  },
  {
    rule: 'a stack without room, before the offset',
    descriptors: { [FREE]: descriptor(0, 0xff, 0xbb, 4), [NEXT]: descriptor(0, 0xfff, 0xb3, 4) },
    words: { '0x3810': NEXT + 1 },
    gate: gate(FREE, 0x100, OPEN),
    vector: 12,
    blames: NEXT,
  },
];

/** Three ways to knock. Only a program's own knock leaves EXT clear in the error code (vol. 3, 6.13). */
const knocks = [
  { how: 'INT n', vector: 0x77, code: 'int 0x77', ext: 0 },
  { how: 'an exception', vector: 6, code: 'ud2', ext: 1 },
  { how: 'the interrupt line', vector: 0x77, code: 'sti\n nop\n nop', ext: 1 },
];

describe.each(knocks)('By $how', ({ vector, code, ext, how }) => {
  const rows = doors.map(
    (door): Row => ({
      ring: 3,
      ...door,
      // IOPL 3, so that any ring may execute STI.
      flags: 0x3002,
      gates: { [vector]: door.gate },
      interrupt: how === 'the interrupt line' ? vector : undefined,
      code: `${door.before ?? ''} ${code}`,
      error: (door.blames === 'gate' ? vector * 8 + 2 : door.blames) + ext,
    }),
  );
  hold('a door is broken (vol. 2, INT n; vol. 3, 6.12, 6.13)', rows);
});

const shortTask = (limit: number, type: number) => ({ [FREE]: descriptor(0x3800, limit, type, 0) });
/** Takes another TSS, and goes to ring 3. */
const outWith = (body: string) =>
  `mov ax, FREE\n ltr ax\n push ${DATA_3}\n push ${STACK}\n push 2\n push ${CODE_3}\n push there\n iretd\n there: ${body}`;

hold('The ends of tables', [
  {
    rule: '6.10: the last byte of a gate is inside the IDT',
    code: 'lidt [table]\n int 0x77\n table: dw 0x3bf\n dd 0x5000',
    vector: 0x77,
  },
  {
    rule: '6.10: or it is no gate',
    code: 'lidt [table]\n int 0x77\n table: dw 0x3be\n dd 0x5000',
    vector: 13,
    error: 0x77 * 8 + 2,
  },
  {
    rule: '6.10: nor is it for the interrupt line',
    code: 'lidt [table]\n sti\n nop\n nop\n table: dw 0x3be\n dd 0x5000',
    interrupt: 0x77,
    vector: 13,
    error: 0x77 * 8 + 3,
  },
  {
    rule: '3.4.5: the last byte of a descriptor is inside the GDT',
    code: 'lgdt [table]\n mov ax, CODE_1 - 1\n mov fs, ax\n int3\n table: dw 0x37\n dd 0x3000',
    vector: 3,
  },
  {
    rule: '3.4.5: or it is no descriptor',
    code: 'lgdt [table]\n mov ax, CODE_1 - 1\n mov fs, ax\n int3\n table: dw 0x36\n dd 0x3000',
    vector: 13,
    error: 0x30,
  },
  {
    rule: '3.4.5: nor for the code of a gate, be it as plain as can be',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x9b) },
    gates: { 119: gate(FREE, IN_0, OPEN) },
    code: `push eax\n lgdt [table]\n int 0x77\n table: dw ${FREE + 6}\n dd 0x3000`,
    vector: 13,
    error: FREE,
  },
  {
    rule: 'vol. 2, INT n: the SS of a ring must be inside the TSS (32 bits)',
    descriptors: shortTask(0x11, 0x89),
    gates: { 119: gate(CODE_1, IN_0, OPEN) },
    code: outWith('int 0x77'),
    // HLT in ring 1: the door was open.
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 2, INT n: or #TS blames the TSS',
    descriptors: shortTask(0x10, 0x89),
    gates: { 119: gate(CODE_1, IN_0, OPEN) },
    code: outWith('int 0x77'),
    vector: 10,
    error: FREE,
  },
  {
    rule: 'vol. 2, INT n: and does so with a stack that is known',
    descriptors: shortTask(0x10, 0x89),
    words: { '0x380c': 0xe800 },
    gates: { 119: gate(CODE_1, IN_0, OPEN) },
    code: outWith('mov [ss:0xe7f0], eax\n int 0x77'),
    vector: 10,
    error: FREE,
  },
  {
    rule: 'vol. 2, INT n: with EXT for an exception',
    descriptors: shortTask(0x10, 0x89),
    gates: { 6: gate(CODE_1, IN_0, OPEN) },
    code: outWith('ud2'),
    vector: 10,
    error: FREE + 1,
  },
  {
    rule: 'vol. 2, INT n: SS of a ring in a TSS of 16 bits, at the end',
    descriptors: shortTask(0x9, 0x81),
    words: { '0x3802': 0x10_7000, '0x3806': (DATA_1 << 16) | 0x6000 },
    gates: { 119: gate(CODE_1, IN_0, OPEN) },
    code: outWith('int 0x77'),
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 2, INT n: and beyond it',
    descriptors: shortTask(0x8, 0x81),
    words: { '0x3802': 0x10_7000, '0x3806': (DATA_1 << 16) | 0x6000 },
    gates: { 119: gate(CODE_1, IN_0, OPEN) },
    code: outWith('int 0x77'),
    vector: 10,
    error: FREE,
  },
  {
    rule: 'vol. 1, 18.5.2: the map of ports must have a byte behind the last that counts',
    ring: 3,
    descriptors: { [TASK]: descriptor(0x3800, 0x69, 0x89, 0) },
    code: 'in al, 7\n int3',
    vector: 3,
  },
  {
    rule: 'vol. 1, 18.5.2: or the ports of that one are closed',
    ring: 3,
    descriptors: { [TASK]: descriptor(0x3800, 0x68, 0x89, 0) },
    code: 'in al, 7\n int3',
    vector: 13,
    error: 0,
  },
]);

hold('INT3 and INTO are INT 3 and INT 4 to their gates (vol. 2, INT n)', [
  {
    rule: 'INT3: the gate must be open to this ring',
    ring: 3,
    gates: { 3: gate(CODE_0, IN_0, 0x8e) },
    code: 'int3',
    vector: 13,
    error: 3 * 8 + 2,
  },
  {
    rule: 'INTO: likewise',
    ring: 3,
    flags: 0x802,
    gates: { 4: gate(CODE_0, IN_0, 0x8e) },
    code: 'into',
    vector: 13,
    error: 4 * 8 + 2,
  },
  {
    rule: 'the interrupt line does not ask the gate',
    ring: 3,
    flags: 0x202,
    interrupt: 0x77,
    code: 'nop',
    vector: 0x77,
    eip: 0,
  },
  {
    rule: 'nor does an exception',
    ring: 3,
    gates: { 0: gate(CODE_0, IN_0, 0x8e) },
    code: 'mov ebx, 0\n div ebx',
    vector: 0x77,
    eip: 5,
  },
]);

test('A way in that fails at its stack leaves the ring as it was: the next gate is entered from there (vol. 3, 6.5)', () => {
  const { machine } = play({
    ring: 3,
    limit: 10,
    pages: { '0xe000': 0 },
    words: { '0x3804': 0xe800, '0x9000': 0xfeeb },
    gates: { 14: gate(CODE_1, 0x9000, 0x8e) },
    code: 'int 0x77',
  });
  expect(machine.registers).toMatchObject({ cpl: 1, eip: 0x9000, cr2: 0xe7fc });
  const { esp } = machine.registers;
  // A write, by a supervisor, of what is not there; and whoever knocked was ring 3.
  expect([machine.ram.read32(esp), machine.ram.read32(esp + 8)]).toEqual([2, CODE_3]);
});

test('A door that does not open leaves everything as it was, but for the fault (vol. 3, 6.5)', () => {
  const end = play({
    ring: 3,
    flags: 0x8d7,
    descriptors: { [FREE]: descriptor(0, 0xff, 0xba, 4), [NEXT]: descriptor(0, 0xfffff, 0xb2, 0xc) },
    words: { '0x3810': NEXT + 1 },
    gates: { 119: gate(FREE, 0x100, OPEN) },
    code: 'int 0x77',
  });
  expect(end).toMatchObject({ vector: 13, error: 0, eip: 0 });
  expect(end.frame).toMatchObject({ cs: CODE_3, ss: DATA_3, esp: STACK });
  expect(end.frame.eflags & 0xffff).toBe(0x8d7);
  // Not even the accessed bits of the two segments that it would have used.
  const { ram } = end.machine;
  expect([ram.read8(0x3000 + FREE + 5), ram.read8(0x3000 + NEXT + 5)]).toEqual([0xba, 0xb2]);
});
