import { describe, expect, test } from 'vitest';
import { hold, type Row } from './rows.ts';
import {
  CODE_0,
  CODE_1,
  CODE_3,
  DATA_0,
  DATA_1,
  DATA_3,
  descriptor,
  FREE,
  gate,
  handler,
  play,
} from './stage.ts';
import { RING_0_STACK, STACK } from './stage.ts';

const TO_0 = handler(0x77);
const CALL_GATE = 0xec;
const CALL_GATE_16 = 0xe4;
const THERE = { [FREE]: gate(CODE_0, TO_0, CALL_GATE) };
const TO_RING_1 = { [FREE]: gate(CODE_1, TO_0, CALL_GATE) };
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
  // Call gates: vol. 3, 5.8.3 to 5.8.5, and vol. 2, CALL.
  {
    rule: 'CALL: through a gate to ring 0',
    descriptors: THERE,
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 0x77,
  },
  {
    rule: 'CALL: the offset of the instruction does not count',
    descriptors: THERE,
    ring: 3,
    code: `call ${FREE_3}:0xffffffff`,
    vector: 0x77,
  },
  {
    rule: 'CALL: a gate to beyond the limit of its segment',
    descriptors: { [FREE]: gate(FREE + 8, 0x1000, CALL_GATE), [FREE + 8]: descriptor(0, 0xfff, 0x9b, 4) },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'CALL: a gate to data',
    descriptors: { [FREE]: gate(DATA_0, 0, CALL_GATE) },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 13,
    error: DATA_0,
  },
  {
    rule: 'CALL: a gate to code that is not present',
    descriptors: { [FREE]: gate(FREE + 8, 0, CALL_GATE), [FREE + 8]: descriptor(0, 0xfffff, 0x1b) },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 11,
    error: FREE + 8,
  },
  {
    rule: 'CALL: a gate to conforming code stays in its ring',
    descriptors: { [FREE]: gate(FREE + 8, TO_0, CALL_GATE), [FREE + 8]: descriptor(0, 0xfffff, 0x9f) },
    ring: 3,
    // HLT in ring 3: it is still ring 3.
    code: `call ${FREE_3}:0`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'JMP: through a gate to code of the same ring',
    descriptors: { [FREE]: gate(CODE_0, TO_0, CALL_GATE) },
    code: `jmp ${FREE}:0`,
    vector: 0x77,
  },
  // The stack of an inner ring comes from the TSS: vol. 3, 6.15, 10.
  {
    rule: 'CALL: a null stack for ring 1',
    descriptors: TO_RING_1,
    words: { '0x3810': 0 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 10,
    error: 0,
  },
  {
    rule: 'CALL: the stack of another ring for ring 1',
    descriptors: TO_RING_1,
    words: { '0x3810': DATA_3 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 10,
    error: DATA_3 & ~3,
  },
  {
    rule: 'CALL: code for a stack',
    descriptors: TO_RING_1,
    words: { '0x3810': CODE_1 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 10,
    error: CODE_1 & ~3,
  },
  {
    rule: 'CALL: a stack that is not present',
    descriptors: { ...TO_RING_1, [FREE + 8]: descriptor(0, 0xfffff, 0x33) },
    words: { '0x3810': FREE + 9 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 12,
    error: FREE + 8,
  },
  {
    rule: 'CALL: a stack without room',
    descriptors: { ...TO_RING_1, [FREE + 8]: descriptor(0, 0xf, 0xb3, 4) },
    words: { '0x380c': 0xf, '0x3810': FREE + 9 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 12,
    error: FREE + 8,
  },
  {
    rule: 'CALL: a TSS that ends before the stack of ring 1',
    descriptors: { ...TO_RING_1, [FREE + 8]: descriptor(0x3800, 0xb, 0x89, 0) },
    code: `mov ax, ${FREE + 8}\n ltr ax\n ${back(CODE_3, 'there', [DATA_3, STACK])}`.replace(
      'int3',
      `call ${FREE_3}:0`,
    ),
    vector: 10,
    error: FREE + 8,
  },
  {
    rule: 'CALL: a null stack, before the offset beyond the limit (vol. 2, CALL, Operation)',
    descriptors: { [FREE]: gate(FREE + 8, 0x1000, CALL_GATE), [FREE + 8]: descriptor(0, 0xfff, 0xbb, 4) },
    words: { '0x3810': 0 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 10,
    error: 0,
  },
  {
    rule: 'CALL: through a gate to a selector of the LDT, without one',
    descriptors: { [FREE]: gate(0x0c, TO_0, CALL_GATE) },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 13,
    error: 0x0c,
  },
  {
    rule: 'CALL: a stack with room for the addresses, but not for the parameters',
    descriptors: {
      [FREE]: gate(CODE_1, TO_0, CALL_GATE, 4),
      [FREE + 8]: descriptor(0, 0x5fff, 0xb7, 4),
    },
    words: { '0x380c': 0x6010, '0x3810': FREE + 9 },
    ring: 3,
    code: `call ${FREE_3}:0`,
    vector: 12,
    error: FREE + 8,
  },
  {
    rule: 'CALL: parameters on a page that is not there are the outer ring’s fault',
    descriptors: { [FREE]: gate(CODE_0, TO_0, CALL_GATE, 2) },
    ring: 3,
    pages: { '0xe000': 0 },
    code: `mov esp, 0xdffc\n call ${FREE_3}:0`,
    vector: 14,
    error: 4,
  },
  {
    rule: 'CALL: an inner stack on a page that is not there is the inner ring’s',
    descriptors: TO_RING_1,
    ring: 3,
    pages: { '0xe000': 0 },
    words: { '0x380c': 0xe800 },
    code: `call ${FREE_3}:0`,
    vector: 14,
    error: 2,
  },
  {
    rule: 'CALL: within a ring, without room on the stack',
    ring: 1,
    descriptors: { [FREE]: descriptor(0, 0xfff, 0xb3, 4) },
    code: `mov ax, ${FREE + 1}\n mov ss, ax\n mov esp, 0x2000\n call ${CODE_1}:there\n there: int3`,
    vector: 12,
    error: 0,
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

hold('Far returns, call gates and tables are checked as the manual says', rows);

test('A call gate to ring 0 leaves SS, ESP, CS and EIP there, and the segments of ring 0 (vol. 3, 5.8.5)', () => {
  const { machine } = play({ descriptors: THERE, ring: 3, code: `call ${FREE_3}:0` });
  const { registers, ram } = machine;
  expect([registers.cs, registers.ss, registers.cpl]).toEqual([CODE_0, DATA_0, 0]);
  expect(registers.esp).toBe(RING_0_STACK - 16);
  expect(ram.read32(registers.esp + 4) & 0xffff).toBe(CODE_3);
  expect(ram.read32(registers.esp + 8)).toBe(STACK);
  expect(ram.read32(registers.esp + 12) & 0xffff).toBe(DATA_3);
});

test('A 16-bit call gate pushes words (vol. 3, 5.8.3)', () => {
  const there = { [FREE]: gate(CODE_0, TO_0, CALL_GATE_16) };
  const { machine } = play({ descriptors: there, ring: 3, code: `call ${FREE_3}:0` });
  const { registers, ram } = machine;
  expect(registers.esp).toBe(RING_0_STACK - 8);
  expect(ram.read16(registers.esp + 2)).toBe(CODE_3);
  expect(ram.read16(registers.esp + 6)).toBe(DATA_3);
});

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
