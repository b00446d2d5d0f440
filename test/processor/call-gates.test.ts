import { expect, test } from 'vitest';
import { hold, type Row } from './rows.ts';
import {
  CODE_0,
  CODE_1,
  CODE_3,
  DATA_0,
  DATA_3,
  descriptor,
  FREE,
  gate,
  handler,
  play,
  RING_0_STACK,
  STACK,
} from './stage.ts';

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

const rows: Row[] = [
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
  // Call gates: vol. 3, 5.8.4.
  {
    rule: '5.8.4: the gate’s DPL below CPL',
    ring: 3,
    descriptors: { [FREE]: gate(CODE_0, TO_0, 0x8c) },
    code: 'call FREE:0',
    vector: 13,
    error: FREE,
  },
  {
    rule: '5.8.4: the gate’s DPL below RPL',
    ring: 0,
    descriptors: { [FREE]: gate(CODE_0, TO_0, 0xac) },
    code: 'call FREE + 3:0',
    vector: 13,
    error: FREE,
  },
  {
    rule: 'CALL: the gate not present',
    descriptors: { [FREE]: gate(CODE_0, TO_0, 0x0c) },
    code: 'call FREE:0',
    vector: 11,
    error: FREE,
  },
  {
    rule: 'CALL: a null selector in the gate',
    descriptors: { [FREE]: gate(0, TO_0, 0x8c) },
    code: 'call FREE:0',
    vector: 13,
    error: 0,
  },
  {
    rule: '5.8.4: a JMP goes to no inner ring',
    ring: 3,
    descriptors: { [FREE]: gate(CODE_0, TO_0, 0xec) },
    code: 'jmp FREE:0',
    vector: 13,
    error: 8,
  },
  {
    rule: '5.8.4: nothing goes to an outer one',
    descriptors: { [FREE]: gate(CODE_3, TO_0, 0x8c) },
    code: 'call FREE:0',
    vector: 13,
    error: 0x18,
  },
];

hold('Call gates are checked as the manual says', rows);

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

test('A call gate copies parameters to the inner stack, and RETF drops them from both (vol. 3, 5.8.5)', () => {
  const end = play({
    ring: 3,
    descriptors: { [FREE]: gate(CODE_0, 0x9000, 0xec, 2) },
    words: { '0x9000': 0x08_c2_8b | 0 },
    code: `push 0x1111
      push 0x2222
      call FREE + 3:0
      int3`,
    limit: 0,
  });
  // mov eax, [esp + 8]; mov ebx, [esp + 12]; mov ecx, [esp + 20]; retf 8
  const handlerCode = [0x8b, 0x44, 0x24, 8, 0x8b, 0x5c, 0x24, 12, 0x8b, 0x4c, 0x24, 20, 0xca, 8, 0];
  end.machine.ram.write(0x9000, Uint8Array.from(handlerCode));
  end.machine.run(3);
  expect(end.machine.registers).toMatchObject({ cpl: 0, eip: 0x9000, esp: RING_0_STACK - 24 });
  end.machine.run(100);
  expect(end.machine.registers).toMatchObject({ eax: 0x2222, ebx: 0x1111, ecx: DATA_3 });
  expect(end.machine.ram.read32(RING_0_STACK - 8)).toBe(STACK);
});
