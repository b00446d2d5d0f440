import { describe, expect, test } from 'vitest';
import { hold, type Row } from './rows.ts';
import { CODE_0, CODE_1, CODE_3, DATA_0, DATA_1, DATA_3, descriptor, FREE, play } from './stage.ts';
import { STACK } from './stage.ts';

const FREE_3 = FREE + 3;

/** Pushes a far pointer, and what an outer ring wants above it, and returns to it. */
function back(cs: number, offset: string, stack?: [ss: number, esp: number]): string {
  const outer = stack ? `push ${stack[0]}\n push ${stack[1]}\n` : '';
  return `${outer} push ${cs}\n push ${offset}\n retf\n there: int3`;
}

/** The same for IRET, with plain flags. */
function interrupted(cs: number, offset: string, stack?: [ss: number, esp: number]): string {
  const outer = stack ? `push ${stack[0]}\n push ${stack[1]}\n` : '';
  return `${outer} push 2\n push ${cs}\n push ${offset}\n iretd\n there: int3`;
}

const rows: Row[] = [
  // RETF: SDM vol. 2, RET, Operation of far returns.
  { rule: 'RET: to the same ring', code: back(CODE_0, 'there'), vector: 3 },
  { rule: 'RET: to a null selector', code: back(0, 'there'), vector: 13, error: 0 },
  { rule: 'RET: beyond the table', code: back(0x800, 'there'), vector: 13, error: 0x800 },
  { rule: 'RET: to data', code: back(DATA_0, 'there'), vector: 13, error: DATA_0 },
  { rule: 'RET: to an inner ring', ring: 3, code: back(CODE_0, 'there'), vector: 13, error: CODE_0 },
  { rule: 'RET: RPL above DPL', code: back(CODE_0 + 1, 'there', [DATA_1, STACK]), vector: 13, error: CODE_0 },
  {
    rule: 'RET: not present',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x1b) },
    code: back(FREE, 'there'),
    vector: 11,
    error: FREE,
  },
  {
    rule: 'RET: beyond the limit',
    descriptors: { [FREE]: descriptor(0, 0xfff, 0x9b, 4) },
    code: back(FREE, '0x1000'),
    vector: 13,
    error: 0,
    // It is the return that is at fault, not the place that it goes to.
    eip: 7,
  },
  {
    rule: 'RET: outward, beyond the limit',
    descriptors: { [FREE]: descriptor(0, 0xfff, 0xfb, 4) },
    code: back(FREE_3, '0x1000', [DATA_3, STACK]),
    vector: 13,
    error: 0,
    eip: 14,
  },
  { rule: 'RET: outward, with a stack', code: back(CODE_3, 'there', [DATA_3, STACK]), vector: 3 },
  {
    rule: 'RET: outward, with a null SS',
    code: back(CODE_3, 'there', [0, STACK]),
    vector: 13,
    error: 0,
  },
  {
    rule: 'RET: outward, with the RPL of another ring in SS',
    code: back(CODE_3, 'there', [DATA_1, STACK]),
    vector: 13,
    error: DATA_1 & ~3,
  },
  {
    rule: 'RET: outward, with the DPL of another ring in SS',
    code: back(CODE_3, 'there', [DATA_0 + 3, STACK]),
    vector: 13,
    error: DATA_0,
  },
  {
    rule: 'RET: outward, with code for a stack',
    code: back(CODE_3, 'there', [CODE_3, STACK]),
    vector: 13,
    error: CODE_3 & ~3,
  },
  {
    rule: 'RET: outward, with a stack that is not present',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x73) },
    code: back(CODE_3, 'there', [FREE_3, STACK]),
    vector: 12,
    error: FREE,
  },
  {
    rule: 'RET: to conforming code of an inner ring, with the RPL of ours',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x9f) },
    ring: 3,
    code: back(FREE_3, 'there'),
    vector: 3,
  },
  {
    rule: 'RET: outward, beyond the limit, after the stack',
    descriptors: { [FREE]: descriptor(0, 0xfff, 0xfb, 4) },
    code: back(FREE_3, '0x1000', [DATA_3, STACK]),
    vector: 13,
    error: 0,
  },
  {
    rule: 'RET: outward, beyond the limit, but the stack of another ring comes first',
    descriptors: { [FREE]: descriptor(0, 0xfff, 0xfb, 4) },
    code: back(FREE_3, '0x1000', [DATA_0, STACK]),
    vector: 13,
    error: DATA_0,
  },
  {
    rule: 'RET: outward, with a stack beyond the table',
    code: back(CODE_3, 'there', [0x803, STACK]),
    vector: 13,
    error: 0x800,
  },
  {
    rule: 'RET: outward, with a stack of the LDT, without one',
    code: back(CODE_3, 'there', [0x0f, STACK]),
    vector: 13,
    error: 0x0c,
  },
  {
    rule: 'RET: outward, with a stack that is read-only',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0xf0) },
    code: back(CODE_3, 'there', [FREE_3, STACK]),
    vector: 13,
    error: FREE,
  },
  {
    rule: 'RET: code that is not present, before the stack',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x7a) },
    code: back(FREE_3, 'there', [0, STACK]),
    vector: 11,
    error: FREE,
  },
  {
    rule: 'RET: to a selector of the LDT, without one',
    code: back(0x0c, 'there'),
    vector: 13,
    error: 0x0c,
  },
  {
    rule: 'RET: a stack that ends before CS',
    ring: 3,
    descriptors: { [FREE]: descriptor(0, 0xff, 0xf3, 4) },
    code: `mov ax, ${FREE_3}\n mov ss, ax\n mov esp, 0xfc\n retf`,
    vector: 12,
    error: 0,
  },
  {
    rule: 'RET: a stack that ends before the outer SS',
    ring: 1,
    descriptors: { [FREE]: descriptor(0xb000, 0xff, 0xb3, 4) },
    words: { '0xb0f4': 0x8000, '0xb0f8': CODE_3, '0xb0fc': STACK },
    code: `mov ax, ${FREE + 1}\n mov ss, ax\n mov esp, 0xf4\n retf`,
    vector: 12,
    error: 0,
  },
  {
    rule: 'RET: a stack that is on no page',
    ring: 3,
    pages: { '0xe000': 0 },
    code: 'mov esp, 0xe000\n retf',
    vector: 14,
    error: 4,
  },
  // IRET: vol. 2, Operation. What it shares with RET is in the rows above and among the levels.
  {
    rule: 'IRET: outward, with a stack that is not present',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x73) },
    code: interrupted(CODE_3, 'there', [FREE_3, STACK]),
    vector: 12,
    error: FREE,
  },
  {
    rule: 'IRET: outward, with code for a stack',
    code: interrupted(CODE_3, 'there', [CODE_3, STACK]),
    vector: 13,
    error: CODE_3 & ~3,
  },
  {
    rule: 'IRET: outward, with a stack beyond the table',
    code: interrupted(CODE_3, 'there', [0x803, STACK]),
    vector: 13,
    error: 0x800,
  },
  {
    rule: 'IRET: outward, beyond the limit',
    descriptors: { [FREE]: descriptor(0, 0xfff, 0xfb, 4) },
    code: interrupted(FREE_3, '0x1000', [DATA_3, STACK]),
    vector: 13,
    error: 0,
    eip: 16,
  },
  {
    rule: 'IRET: beyond the limit',
    descriptors: { [FREE]: descriptor(0, 0xfff, 0x9b, 4) },
    code: interrupted(FREE, '0x1000'),
    vector: 13,
    error: 0,
    eip: 9,
  },
  {
    rule: 'IRET: to a selector beyond the table',
    code: interrupted(0x800, 'there'),
    vector: 13,
    error: 0x800,
  },
  {
    rule: 'IRET: to a selector of the LDT, without one',
    code: interrupted(0x0c, 'there'),
    vector: 13,
    error: 0x0c,
  },
  {
    rule: 'IRET: VM is nobody’s to set but ring 0’s',
    ring: 3,
    code: 'push 0x20002\n push CODE_3\n push there\n iretd\n there: int3',
    vector: 3,
  },
  {
    rule: 'IRET: NT in ring 3 as well, and the link is to blame',
    ring: 3,
    words: { '0x3800': FREE_3 },
    code: 'pushfd\n or dword [esp], 0x4000\n popfd\n iretd',
    vector: 10,
    error: FREE,
  },
  {
    rule: 'IRET: a stack that is on no page',
    ring: 3,
    pages: { '0xe000': 0 },
    code: 'mov esp, 0xe000\n iretd',
    vector: 14,
    error: 4,
  },
  // Tables: vol. 2, LLDT and LTR.
  { rule: 'LLDT: a null selector is fine', code: 'mov ax, 0\n lldt ax\n int3', vector: 3 },
  {
    rule: 'LLDT: but then there is no LDT',
    code: 'mov ax, 0\n lldt ax\n mov ax, 4\n mov ds, ax',
    vector: 13,
    error: 4,
  },
  {
    rule: 'LLDT: not present',
    descriptors: { [FREE]: descriptor(0x9000, 0xff, 0x02, 0) },
    code: 'mov ax, FREE\n lldt ax',
    vector: 11,
    error: FREE,
  },
  {
    rule: 'LTR: marks the TSS busy, so that nobody takes it twice',
    descriptors: { [FREE]: descriptor(0x3800, 0x67, 0x89, 0) },
    code: 'mov ax, FREE\n ltr ax\n ltr ax',
    vector: 13,
    error: FREE,
  },
  { rule: 'LTR: data', code: 'mov ax, DATA_0\n ltr ax', vector: 13, error: DATA_0 },
  // Breakpoints: vol. 2, INT n/INTO/INT3/INT1.
  { rule: 'INT1: needs no gate of its level', ring: 3, code: 'db 0xf1', vector: 1, eip: 1 },
  {
    rule: 'INT 1: does',
    ring: 3,
    code: 'db 0xcd, 1',
    vector: 13,
    error: 0x0a,
    eip: 0,
  },
  // What the real processor taught us.
  {
    rule: 'INS: the port is asked for even if there is nothing to do',
    ring: 3,
    code: 'mov ecx, 0\n rep insb',
    vector: 13,
    error: 0,
    eip: 5,
  },
  {
    rule: 'ARPL: reads first, and writes only if there is something to change',
    ring: 3,
    pages: { '0xa000': 0xa005 },
    words: { '0xa000': 3 },
    code: 'mov ax, 3\n arpl [DATA], ax\n int3',
    vector: 3,
  },
  {
    rule: 'BOUND: the upper bound is not read if the lower one has failed',
    ring: 3,
    pages: { '0xb000': 0 },
    words: { '0xaffc': 5 },
    code: 'mov eax, 4\n bound eax, [DATA + 0xffc]',
    vector: 5,
    eip: 5,
  },
];

hold('Returns and tables are checked as the manual says', rows);

test('RETF to an outer ring forgets data segments of the inner one (vol. 2, RET)', () => {
  const { machine } = play({ code: back(CODE_1, 'there', [DATA_1, STACK]) });
  expect([machine.registers.ds, machine.registers.es]).toEqual([0, 0]);
});

describe('IRET and RETF with 16-bit operands (vol. 2) read words', () => {
  const frame = (items: (number | string)[], how: number) =>
    `sub esp, ${items.length * 2}\n` +
    items.map((item, at) => `mov word [esp + ${at * 2}], ${item}\n`).join('') +
    `db 0x66, ${how}\n there: pushfd\n pop eax\n int3`;
  const IRET = 0xcf;
  const RETF = 0xcb;

  test('IRET in its ring, which leaves the upper half of EFLAGS alone', () => {
    const set = 'pushfd\n or dword [esp], 0x240000\n popfd\n';
    const end = play({ code: set + frame(['there', CODE_0, 0x8d7], IRET) });
    expect(end).toMatchObject({ vector: 3, frame: { cs: CODE_0 } });
    expect(end.machine.registers.eax).toBe(0x24_08d7);
    expect(end.machine.registers.esp).toBe(STACK - 12);
  });

  test('IRET outward, with a stack pointer of 16 bits', () => {
    const end = play({ code: frame(['there', CODE_3, 0x8d7, 0xb800, DATA_3], IRET) });
    expect(end).toMatchObject({ vector: 3, frame: { cs: CODE_3, ss: DATA_3, esp: 0xb800 } });
    expect(end.machine.registers.eax).toBe(0x8d7);
  });

  test('RETF in its ring and outward', () => {
    expect(play({ code: frame(['there', CODE_0], RETF) })).toMatchObject({
      vector: 3,
      frame: { cs: CODE_0 },
    });
    const end = play({ code: frame(['there', CODE_3, 0xb800, DATA_3], RETF) });
    expect(end).toMatchObject({ vector: 3, frame: { cs: CODE_3, ss: DATA_3, esp: 0xb800 } });
  });
});

test('RETF n drops its bytes from the stack, within a ring and from both outward (vol. 2, RET)', () => {
  const code = (cs: number) =>
    `push ${DATA_3}\n push 0xb800\n push 1\n push 2\n push ${cs}\n push there\n retf 8\n there: mov ecx, esp\n int3`;
  expect(play({ code: code(CODE_0) }).machine.registers.ecx).toBe(STACK - 8);
  const end = play({ code: code(CODE_3) });
  expect(end.machine.registers.ecx).toBe(0xb808);
  expect(end.frame.ss).toBe(DATA_3);
});

test('An outer stack of 16 bits gets only SP: the upper half of ESP is what it was inside (vol. 2, IRET)', () => {
  const end = play({
    descriptors: { [FREE]: descriptor(0, 0xffff, 0xf3, 0) },
    code: `mov esp, 0x9c000\n ${interrupted(CODE_3, 'there', [FREE_3, 0x1234_b800])}`,
  });
  expect(end.frame).toMatchObject({ ss: FREE_3, esp: 0x9_b800 });
});
