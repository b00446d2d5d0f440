import { expect, test } from 'vitest';
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
  prepare,
} from './stage.ts';
import { CODE_AT, RING_0_STACK, RING_1_STACK, STACK } from './stage.ts';

const TO_0 = handler(0x77);

const rows: Row[] = [
  // Exceptions and what they push: SDM vol. 3, 6.15.
  { rule: '6.15, 0: #DE points at the DIV', code: 'mov ebx, 0\n div ebx', vector: 0, eip: 5 },
  { rule: '6.15, 3: #BP points behind the INT3', ring: 3, code: 'nop\n int3', vector: 3, eip: 2 },
  { rule: '6.15, 4: #OF points behind the INTO', flags: 0x802, ring: 3, code: 'into', vector: 4, eip: 1 },
  { rule: '6.15, 4: no overflow, no trap', ring: 3, code: 'into\n int3', vector: 3, eip: 2 },
  {
    rule: '6.15, 5: #BR points at the BOUND',
    words: { '0xa000': 1, '0xa004': 5 },
    code: 'mov eax, 6\n bound eax, [DATA]',
    vector: 5,
    eip: 5,
  },
  { rule: '6.15, 6: #UD points at the UD2', code: 'nop\n ud2', vector: 6, eip: 1 },
  {
    rule: '6.15, 7: #NM with EM',
    code: 'mov eax, cr0\n or al, 4\n mov cr0, eax\n db 0xd9, 0xc0',
    vector: 7,
    eip: 8,
  },
  {
    rule: '6.15, 7: #NM with TS',
    code: 'mov eax, cr0\n or al, 8\n mov cr0, eax\n db 0xd9, 0xc0',
    vector: 7,
    eip: 8,
  },
  { rule: 'D9 D1 is no instruction, not even for the x87', code: 'db 0xd9, 0xd1', vector: 6, eip: 0 },
  // Gates and privilege: vol. 3, 6.12.1.
  { rule: '6.12.1.1: exceptions do not', ring: 3, code: 'ud2', vector: 6, eip: 0 },
  {
    rule: 'INT n: DPL is checked before presence',
    ring: 3,
    gates: { '0x77': gate(CODE_0, TO_0, 0x0e) },
    code: 'int 0x77',
    vector: 13,
    error: 0x77 * 8 + 2,
  },
  // IRET: vol. 2.
  { rule: 'IRET: a null CS', code: 'push 2\n push 0\n push 0\n iretd', vector: 13, error: 0, eip: 6 },
  {
    rule: 'IRET: to an inner ring',
    ring: 3,
    code: 'push 2\n push CODE_0\n push 0\n iretd',
    vector: 13,
    error: 8,
  },
  {
    rule: 'IRET: RPL must be the DPL',
    code: 'push 2\n push CODE_0 + 3\n push 0\n iretd',
    vector: 13,
    error: 8,
  },
  { rule: 'IRET: to data', code: 'push 2\n push DATA_0\n push 0\n iretd', vector: 13, error: DATA_0 },
  {
    rule: 'IRET: not present',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x1b) },
    code: 'push 2\n push FREE\n push 0\n iretd',
    vector: 11,
    error: FREE,
  },
  {
    rule: 'IRET: a null SS',
    code: 'push 0\n push 0\n push 2\n push CODE_3\n push 0\n iretd',
    vector: 13,
    error: 0,
  },
  {
    rule: 'IRET: SS of another ring',
    code: 'push DATA_0\n push 0\n push 2\n push CODE_3\n push 0\n iretd',
    vector: 13,
    error: DATA_0,
  },
  {
    rule: 'IRET: beyond the limit',
    descriptors: { [FREE]: descriptor(0, 0xff, 0x9b, 4) },
    code: 'push 2\n push FREE\n push 0x100\n iretd',
    vector: 13,
    error: 0,
  },
  {
    rule: 'IRET: virtual 8086 is not offered',
    code: 'push 0x20002\n push CODE_0\n push 0\n iretd',
    vector: 13,
    error: 0,
  },
  {
    rule: 'IRET: nor are tasks (NT)',
    code: 'pushfd\n or dword [esp], 0x4000\n popfd\n iretd',
    vector: 10,
    error: 0,
  },
  {
    rule: 'IRET: a stack that ends',
    ring: 3,
    descriptors: { [FREE]: descriptor(0, 0xff, 0xf3, 4) },
    code: 'mov ax, FREE + 3\n mov ss, ax\n mov esp, 0xf8\n iretd',
    vector: 12,
    error: 0,
  },
];

hold('Traps, gates and returns are checked as the manual says', rows);

test('An interrupt from ring 3 pushes five words on the stack of ring 0 (vol. 3, figure 6-4)', () => {
  const end = play({ ring: 3, flags: 0x8d7, code: 'int 0x80' });
  expect(end.vector).toBe(0x80);
  expect(end.machine.registers.esp).toBe(RING_0_STACK - 20);
  expect(end.frame).toEqual({ eip: 0x8002, cs: CODE_3, eflags: 0x8d7, esp: STACK, ss: DATA_3 });
  expect(end.machine.registers).toMatchObject({ cs: CODE_0, ss: DATA_0, cpl: 0 });
});

test('A gate to ring 1 takes the stack of ring 1', () => {
  const { machine } = prepare({
    ring: 3,
    gates: { '0x80': gate(CODE_1, 0x9000, 0xee) },
    code: 'int 0x80',
  });
  machine.ram.write8(0x9000, 0xeb);
  machine.ram.write8(0x9001, 0xfe);
  machine.run(5);
  expect(machine.registers).toMatchObject({
    cs: CODE_1,
    ss: DATA_1,
    cpl: 1,
    esp: RING_1_STACK - 20,
    eip: 0x9000,
  });
});

test('An interrupt within a ring pushes three words on the same stack', () => {
  const end = play({ code: 'int 0x80' });
  expect(end.machine.registers.esp).toBe(STACK - 12);
  expect(end.frame).toMatchObject({ eip: 0x8002, cs: CODE_0, eflags: 2 });
});

test('An interrupt gate clears IF, a trap gate does not; both clear TF and NT (vol. 3, 6.12.1.2)', () => {
  const flags = (access: number) => {
    const end = play({ gates: { '0x77': gate(CODE_0, TO_0, access) }, flags: 0x202, code: 'int 0x77' });
    return end.machine.registers.eflags & 0x4300;
  };
  expect(flags(0x8e)).toBe(0);
  expect(flags(0x8f)).toBe(0x200);
});

test('An STI that changes nothing holds no interrupt off (vol. 2, STI)', () => {
  const { machine } = prepare({ flags: 0x202, code: 'sti\n inc ebx\n hlt' });
  machine.run(1);
  machine.interrupt.raise(0x20);
  machine.run(10);
  expect(machine.ram.read32(machine.registers.esp)).toBe(CODE_AT + 1);
});

test('A fault is saved with RF, a trap and an interrupt without (vol. 3, 17.3.1.1)', () => {
  expect(play({ code: 'ud2' }).frame.eflags & 0x10000).toBe(0x10000);
  expect(play({ code: 'int3' }).frame.eflags & 0x10000).toBe(0);
});

test('IRET to ring 3 takes away data segments that ring 3 may not have (vol. 3, 5.8.6)', () => {
  const { machine } = prepare({
    code: `mov ax, DATA_3
      mov es, ax
      mov fs, ax
      push DATA_3
      push STACK
      push 2
      push CODE_3
      push there
      iretd
      there: jmp there`,
  });
  machine.run(20);
  expect(machine.registers).toMatchObject({
    cpl: 3,
    ds: 0,
    gs: 0,
    es: DATA_3,
    fs: DATA_3,
    ss: DATA_3,
    esp: STACK,
  });
});

test('IRET in ring 3 changes neither IF nor IOPL; in ring 0 both (vol. 2, IRET)', () => {
  const code = (selector: string) =>
    `push 0x3ad7\n push ${selector}\n push there\n iretd\n there: pushfd\n pop eax\n int3`;
  expect(play({ ring: 3, code: code('CODE_3') }).machine.registers.eax).toBe(0x8d7);
  expect(play({ code: code('CODE_0') }).machine.registers.eax).toBe(0x3ad7);
});

test('A 16-bit gate pushes a 16-bit frame (vol. 3, 6.12; vol. 2, INT n)', () => {
  const end = play({ ring: 3, gates: { '0x77': gate(CODE_0, TO_0, 0xe6) }, code: 'int 0x77' });
  expect(end.machine.registers).toMatchObject({ cpl: 0, esp: RING_0_STACK - 10 });
  expect(end.machine.ram.read16(RING_0_STACK - 10)).toBe(0x8002);
});

test('A trap handler that traps for ever gives its slice back', () => {
  const { machine } = prepare({ gates: { 6: gate(CODE_0, 0x8000, 0x8e) }, code: 'ud2' });
  const before = machine.retired;
  expect(machine.run(1_000_000)).toBe('limit');
  expect(machine.retired).toBe(before);
});
