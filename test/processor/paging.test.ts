import { describe, expect, test } from 'vitest';
import { DATA_AT as DATA, play, prepare, STACK } from './stage.ts';

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
const TABLE = 0x2000;
const entryAt = (linear: number) => TABLE + (linear >>> 12) * 4;

/** SDM vol. 3, 4.6.1 (who may do what) and 4.7 (the error code). `error` undefined: it works. */
interface Row {
  rule: string;
  ring: 0 | 1 | 3;
  write: boolean;
  entry: number;
  directory?: number;
  writeProtect?: boolean;
  error?: number;
}

const R = PRESENT;
const W = PRESENT | WRITABLE;
const UR = PRESENT | USER;
const UW = PRESENT | USER | WRITABLE;

const rows: Row[] = [
  { rule: 'ring 3 reads a user page', ring: 3, write: false, entry: UR },
  { rule: 'ring 3 writes a writable user page', ring: 3, write: true, entry: UW },
  { rule: 'ring 3 may not write a read-only one', ring: 3, write: true, entry: UR, error: 7 },
  { rule: 'ring 3 may not read a supervisor page', ring: 3, write: false, entry: W, error: 5 },
  { rule: 'ring 3 may not write one either', ring: 3, write: true, entry: W, error: 7 },
  { rule: 'ring 3 finds nothing, reading', ring: 3, write: false, entry: 0, error: 4 },
  { rule: 'ring 3 finds nothing, writing', ring: 3, write: true, entry: 0, error: 6 },
  { rule: 'ring 0 reads anything', ring: 0, write: false, entry: R },
  { rule: 'ring 0 writes read-only pages while WP is 0', ring: 0, write: true, entry: R },
  { rule: 'ring 0 writes read-only user pages while WP is 0', ring: 0, write: true, entry: UR },
  { rule: 'ring 0 may not, with WP', ring: 0, write: true, entry: R, writeProtect: true, error: 3 },
  {
    rule: 'ring 0 may not, with WP, on user pages',
    ring: 0,
    write: true,
    entry: UR,
    writeProtect: true,
    error: 3,
  },
  { rule: 'ring 0 finds nothing, reading', ring: 0, write: false, entry: 0, error: 0 },
  { rule: 'ring 0 finds nothing, writing', ring: 0, write: true, entry: 0, error: 2 },
  { rule: 'ring 1 is a supervisor like ring 0', ring: 1, write: true, entry: W },
  { rule: 'ring 1 obeys WP as well', ring: 1, write: true, entry: R, writeProtect: true, error: 3 },
  { rule: 'the directory must be present too', ring: 3, write: false, entry: UW, directory: 0, error: 4 },
  { rule: 'the directory must be for users too', ring: 3, write: false, entry: UW, directory: W, error: 5 },
  { rule: 'the directory must be writable too', ring: 3, write: true, entry: UW, directory: UR, error: 7 },
  { rule: 'bits 9 to 11 are nobody’s business', ring: 3, write: true, entry: UW | 0xe00 },
];

/** The page under test is at 4 MiB, so that it has a directory entry of its own. */
const PAGE = 0x40_0000;
const PAGE_TABLE = 0xd000;

function scene(row: Row) {
  return {
    ring: row.ring,
    writeProtect: row.writeProtect,
    directory: { 1: PAGE_TABLE | (row.directory ?? UW) },
    words: { [PAGE_TABLE]: (row.entry ? DATA : 0) | row.entry },
    code: `${row.write ? `mov [${PAGE + 0x123}], al` : `mov al, [${PAGE + 0x123}]`}\n int3`,
  };
}

describe('Paging asks the directory and the table, and says why it refuses (vol. 3, 4.6.1, 4.7)', () => {
  test.each(rows)('$rule', (row) => {
    const end = play(scene(row));
    if (row.error === undefined) {
      expect(end.vector).toBe(3);
      return;
    }
    expect({ vector: end.vector, error: end.error, eip: end.eip }).toEqual({
      vector: 14,
      error: row.error,
      eip: 0,
    });
    expect(end.machine.registers.cr2).toBe(PAGE + 0x123);
  });
});

test('A load sets A in both entries, a store sets D in the table, a refusal sets nothing (vol. 3, 4.8)', () => {
  const look = (write: boolean, entry: number) => {
    const { machine } = play(scene({ rule: '', ring: 3, write, entry }));
    return [machine.ram.read32(0x1004) & 0xff, machine.ram.read32(PAGE_TABLE) & 0xff];
  };
  expect(look(false, UW)).toEqual([UW | ACCESSED, UW | ACCESSED]);
  expect(look(true, UW)).toEqual([UW | ACCESSED, UW | ACCESSED | DIRTY]);
  expect(look(true, UR)).toEqual([UW, UR]);
});

test('A page that was read before it is written still gets its D (vol. 3, 4.8)', () => {
  const { machine } = play({
    paging: true,
    code: `mov al, [DATA]\n mov ebx, [${entryAt(DATA)}]\n mov [DATA], al\n int3`,
  });
  expect(machine.registers.ebx & 0x60).toBe(ACCESSED);
  expect(machine.ram.read32(entryAt(DATA)) & 0x60).toBe(ACCESSED | DIRTY);
});

test('Old translations live until INVLPG or a load of CR3 (vol. 3, 4.10.4.1)', () => {
  const remap = `mov dword [${entryAt(DATA)}], 0xb007\n`;
  const code = (flush: string) => `mov dword [DATA], 1
    mov dword [0xb000], 2
    ${remap} ${flush}
    mov eax, [DATA]
    int3`;
  expect(play({ paging: true, code: code('') }).machine.registers.eax).toBe(1);
  expect(play({ paging: true, code: code('invlpg [DATA]') }).machine.registers.eax).toBe(2);
  expect(play({ paging: true, code: code('mov ecx, cr3\n mov cr3, ecx') }).machine.registers.eax).toBe(2);
});

test('A store across two pages changes neither if one refuses', () => {
  const end = play({
    ring: 3,
    pages: { '0xb000': 0xb000 | UR },
    words: { '0xaffc': 0x1111_1111, '0xb000': 0x2222_2222 },
    code: 'mov dword [0xaffe], 0x33333333',
  });
  expect({ vector: end.vector, error: end.error, cr2: end.machine.registers.cr2 }).toEqual({
    vector: 14,
    error: 7,
    cr2: 0xb000,
  });
  expect(end.machine.ram.read32(0xaffc)).toBe(0x1111_1111);
  expect(end.machine.ram.read32(0xb000)).toBe(0x2222_2222);
});

const precise = [
  { what: 'PUSH', code: 'push eax', touch: STACK - 4 },
  { what: 'PUSHA', code: 'pusha', touch: STACK - 32 },
  { what: 'CALL', code: 'call there\n there: nop', touch: STACK - 4 },
  { what: 'CALL through a register', code: 'call ecx', touch: STACK - 4 },
  { what: 'ENTER', code: 'enter 8, 3', touch: STACK - 4 },
  { what: 'PUSHF', code: 'pushfd', touch: STACK - 4 },
  { what: 'POP to memory', code: 'pop dword [esp - 0x2000]', touch: STACK - 0x1ffc },
  { what: 'ADD to memory', code: 'add [0xd000], eax', touch: 0xd000 },
  { what: 'XCHG', code: 'xchg [0xd000], eax', touch: 0xd000 },
  { what: 'CMPXCHG that fails to match', code: 'cmpxchg [0xd000], ecx', touch: 0xd000 },
  { what: 'XADD', code: 'xadd [0xd000], eax', touch: 0xd000 },
  { what: 'STOS', code: 'mov edi, 0xd000\n stosd', touch: 0xd000, at: 5 },
];

describe('A fault leaves the registers as they were before the instruction', () => {
  test.each(precise)('$what', ({ code, touch, at }) => {
    const { machine } = prepare({
      ring: 3,
      flags: 0x8d7,
      pages: { [touch]: 0, '0xd000': 0xd000 | UR, '0xb000': 0xb000 | UR },
      code,
    });
    const names = ['eax', 'ecx', 'edx', 'ebx', 'ebp', 'esi'] as const;
    for (const [index, name] of names.entries()) machine.registers[name] = 0x8000 + index * 0x111;
    expect(machine.run(50)).toBe('halted');
    const read = (offset: number) => machine.ram.read32(machine.registers.esp + offset);
    expect(machine.registers.eip).toBe(0x4000 + 14 + 1);
    expect(read(4) - 0x8000).toBe(at ?? 0);
    expect(read(12) & 0xffff).toBe(0x8d7);
    expect(read(16)).toBe(STACK);
    for (const [index, name] of names.entries()) expect(machine.registers[name]).toBe(0x8000 + index * 0x111);
  });
});

test('REP MOVS stops at the page that refuses, with its counters where they got to (vol. 2, REP)', () => {
  const end = play({
    ring: 3,
    pages: { '0xb000': 0xb000 | UR },
    code: 'mov esi, 0x9000\n mov edi, 0xaff0\n mov ecx, 100\n rep movsd',
  });
  expect(end.vector).toBe(14);
  expect(end.eip).toBe(15);
  const { esi, edi, ecx, cr2 } = end.machine.registers;
  expect({ esi, edi, ecx, cr2 }).toEqual({ esi: 0x9010, edi: 0xb000, ecx: 96, cr2: 0xb000 });
});

test('REPE CMPS that faults gives the flags back as it found them (vol. 2, REP)', () => {
  const end = play({
    ring: 3,
    flags: 0x8d7,
    pages: { '0xb000': 0 },
    words: { '0xaff8': 5, '0xaffc': 5, '0x9ff8': 5, '0x9ffc': 5 },
    code: 'mov esi, 0x9ff8\n mov edi, 0xaff8\n mov ecx, 9\n repe cmpsd',
  });
  expect({ vector: end.vector, ecx: end.machine.registers.ecx }).toEqual({ vector: 14, ecx: 7 });
  expect(end.frame.eflags & 0x8d5).toBe(0x8d5);
});

test('Code that lies across a page boundary is fetched by both pages', () => {
  // mov eax, 0x12345678 with its last two bytes on a page of its own, at another place.
  const program = Uint8Array.from([0xb8, 0x78, 0x56, 0x34, 0x12, 0xcc]);
  const { machine } = prepare({ ring: 3, pages: { '0xb000': 0xe000 | UW }, code: 'jmp 0xaffd' });
  machine.ram.write(0xaffd, program.subarray(0, 3));
  machine.ram.write(0xe000, program.subarray(3));
  machine.run(100);
  expect(machine.registers.eax).toBe(0x1234_5678);
});

test('A fetch from the second page that fails blames the second page', () => {
  const { machine } = prepare({ ring: 3, pages: { '0xb000': 0 }, code: 'jmp 0xaffd' });
  machine.ram.write(0xaffd, Uint8Array.from([0xb8, 0x78, 0x56]));
  machine.run(100);
  expect(machine.registers.eip).toBe(0x4000 + 14 + 1);
  expect(machine.registers.cr2).toBe(0xb000);
  expect(machine.ram.read32(machine.registers.esp + 4)).toBe(0xaffd);
});

test('Where there is no RAM, reads find ones and writes are lost', () => {
  const { machine } = prepare({
    code: 'mov dword [0x7000000], 0\n mov eax, [0x7000000]\n mov ebx, [0xffffe]\n hlt',
  });
  machine.run(100);
  expect(machine.registers.eax).toBe(0xffff_ffff);
});
