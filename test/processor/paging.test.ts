import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/processor/index.ts';
import { DATA_AT as DATA } from './stage.ts';
import { play, prepare, type Ring, type Scene, STACK } from './stage.ts';

const PRESENT = 1;
const WRITABLE = 2;
const USER = 4;
const ACCESSED = 0x20;
const DIRTY = 0x40;
/** Bits of the error code of #PF. */
const FAULT_PRESENT = 1;
const FAULT_WRITE = 2;
const FAULT_USER = 4;
const TABLE = 0x2000;
const entryAt = (linear: number) => TABLE + (linear >>> 12) * 4;

const WRITE_PROTECT = { writeProtect: true };

/** The page under test is at 4 MiB, so that it has a directory entry of its own. */
const PAGE = 0x40_0000;
const PAGE_TABLE = 0xd000;
/** In the page: data at 0x123, and an INT3 to be jumped to. */
const TOUCH = {
  read: `mov al, [${PAGE + 0x123}]`,
  write: `mov [${PAGE + 0x123}], al`,
  fetch: `jmp ${PAGE + 0x123}`,
};

type Access = keyof typeof TOUCH;

/** One access, and the two entries that decide on it. */
interface Look {
  ring: Ring;
  access: Access;
  entry: number;
  directory?: number;
  writeProtect?: boolean;
}

function scene({ ring, access, entry, directory = UW, writeProtect }: Look): Scene {
  return {
    ring,
    writeProtect,
    directory: { 1: PAGE_TABLE | directory },
    words: { [PAGE_TABLE]: (entry ? DATA : 0) | entry, [DATA + 0x120]: 0xcc00_0000 | 0 },
    code: `${TOUCH[access]}\n int3`,
  };
}

const R = PRESENT;
const W = PRESENT | WRITABLE;
const UR = PRESENT | USER;
const UW = PRESENT | USER | WRITABLE;
const READ_ONLY = 'read-only';
const READ_WRITE = 'read/write';

/** SDM vol. 3, table 5-3, as it stands there: directory, table, and what they come to together. */
const combinations: [directory: number, entry: number, privilege: 'user' | 'supervisor', access: string][] = [
  [UR, UR, 'user', READ_ONLY],
  [UR, UW, 'user', READ_ONLY],
  [UW, UR, 'user', READ_ONLY],
  [UW, UW, 'user', READ_WRITE],
  [UR, R, 'supervisor', READ_ONLY],
  [UR, W, 'supervisor', READ_ONLY],
  [UW, R, 'supervisor', READ_ONLY],
  [UW, W, 'supervisor', READ_WRITE],
  [R, UR, 'supervisor', READ_ONLY],
  [R, UW, 'supervisor', READ_ONLY],
  [W, UR, 'supervisor', READ_ONLY],
  [W, UW, 'supervisor', READ_WRITE],
  [R, R, 'supervisor', READ_ONLY],
  [R, W, 'supervisor', READ_ONLY],
  [W, R, 'supervisor', READ_ONLY],
  [W, W, 'supervisor', READ_WRITE],
];

const RIGHTS: Record<number, string> = { [R]: 'S, R', [W]: 'S, R/W', [UR]: 'U, R', [UW]: 'U, R/W' };
const named = combinations.map((row) => [RIGHTS[row[0]], RIGHTS[row[1]], ...row] as const);

/** What an access comes to: the INT3 behind it, or #PF with this error code and the address in CR2. */
function expectOutcome(look: Look, error: number | undefined, machine: Machine): void {
  const end = play(scene(look), machine);
  const found = { ...look, vector: end.vector, error: end.error };
  if (error === undefined) {
    expect(found).toEqual({ ...look, vector: 3, error: undefined });
    return;
  }
  const cr2 = PAGE + 0x123;
  expect({ ...found, cr2: end.machine.registers.cr2 }).toEqual({ ...look, vector: 14, error, cr2 });
}

describe('Directory and table together say who may do what, and #PF says what was tried (vol. 3, 4.6.1, 4.7, table 5-3)', () => {
  test.each(named)('directory %s; table %s', (_d, _t, directory, entry, privilege, access) => {
    const { machine } = prepare({ code: 'hlt' });
    for (const ring of [0, 1, 2, 3] as const) {
      for (const writeProtect of [false, true]) {
        const user = ring === 3 ? FAULT_USER : 0;
        const stranger = ring === 3 && privilege === 'supervisor';
        const look = { ring, directory, entry, writeProtect };
        for (const way of ['read', 'fetch'] as const) {
          expectOutcome({ ...look, access: way }, stranger ? FAULT_PRESENT | user : undefined, machine);
        }
        // The footnote of the table: with WP = 0 a supervisor may write everywhere.
        const refused = stranger || (access === READ_ONLY && (ring === 3 || writeProtect));
        const error = refused ? FAULT_PRESENT | FAULT_WRITE | user : undefined;
        expectOutcome({ ...look, access: 'write' }, error, machine);
      }
    }
  });
});

describe('What is not there has no rights (vol. 3, 4.7)', () => {
  test.each([
    ['the directory', { directory: USER | WRITABLE, entry: UW }],
    ['the table', { entry: USER | WRITABLE }],
  ])('in %s', (_where, entries) => {
    const { machine } = prepare({ code: 'hlt' });
    for (const ring of [0, 1, 2, 3] as const) {
      const user = ring === 3 ? FAULT_USER : 0;
      for (const writeProtect of [false, true]) {
        const look = { ring, writeProtect, ...entries };
        expectOutcome({ ...look, access: 'read' }, user, machine);
        expectOutcome({ ...look, access: 'fetch' }, user, machine);
        expectOutcome({ ...look, access: 'write' }, FAULT_WRITE | user, machine);
      }
    }
  });
});

test('Bits that this processor does not have are nobody’s business (vol. 3, 4.3)', () => {
  // In the directory PS, without PSE; in the table PAT and G, without PGE; in both the three that are free.
  const look = { ring: 3, access: 'write' } as const;
  const { machine } = prepare({ code: 'hlt' });
  expectOutcome({ ...look, entry: UW | 0xf80 | 0x18, directory: UW | 0xf80 | 0x18 }, undefined, machine);
});

test('A load sets A in both entries, a store sets D in the table, a refusal sets nothing (vol. 3, 4.8)', () => {
  const look = (write: boolean, entry: number) => {
    const { machine } = play(scene({ ring: 3, access: write ? 'write' : 'read', entry }));
    return [machine.ram.read32(0x1004) & 0xff, machine.ram.read32(PAGE_TABLE) & 0xff];
  };
  expect(look(false, UW)).toEqual([UW | ACCESSED, UW | ACCESSED]);
  expect(look(true, UW)).toEqual([UW | ACCESSED, UW | ACCESSED | DIRTY]);
  expect(look(true, UR)).toEqual([UW, UR]);
});

test('A supervisor’s store to a read-only page, while WP is 0, sets D (vol. 3, 4.8)', () => {
  const { machine } = play(scene({ ring: 0, access: 'write', entry: R, directory: R }));
  expect(machine.ram.read32(PAGE_TABLE) & 0xff).toBe(R | ACCESSED | DIRTY);
});

test('A fetch sets A and not D (vol. 3, 4.8)', () => {
  const { machine } = play(scene({ ring: 3, access: 'fetch', entry: UW }));
  expect(machine.ram.read32(PAGE_TABLE) & 0xff).toBe(UW | ACCESSED);
  expect(machine.ram.read32(0x1004) & 0xff).toBe(UW | ACCESSED);
});

test('What is set stays set: the processor never clears A or D (vol. 3, 4.8)', () => {
  for (const access of ['read', 'write', 'fetch'] as const) {
    const { machine } = play(
      scene({ ring: 3, access, entry: UW | ACCESSED | DIRTY, directory: UW | ACCESSED }),
    );
    expect(machine.ram.read32(PAGE_TABLE) & 0xff).toBe(UW | ACCESSED | DIRTY);
    expect(machine.ram.read32(0x1004) & 0xff).toBe(UW | ACCESSED);
  }
});

test('WP takes effect at once, on pages that are known already (vol. 3, 4.10.4.1)', () => {
  const set = (wp: number) => `mov ecx, cr0\n and ecx, 0xfffeffff\n or ecx, ${wp}\n mov cr0, ecx\n`;
  const end = play({
    pages: { '0xe000': 0xe000 | R },
    code: `mov [0xe000], al\n ${set(0x1_0000)} mov [0xe000], al`,
  });
  expect(end).toMatchObject({ vector: 14, error: FAULT_PRESENT | FAULT_WRITE });
  expect(
    play({ pages: { '0xe000': 0xe000 | R }, ...WRITE_PROTECT, code: `${set(0)} mov [0xe000], al\n int3` })
      .vector,
  ).toBe(3);
});

test('A page that was read before it is written still gets its D (vol. 3, 4.8)', () => {
  const { machine } = play({
    paging: true,
    code: `mov al, [DATA]\n mov ebx, [${entryAt(DATA)}]\n mov [DATA], al\n int3`,
  });
  expect(machine.registers.ebx & 0x60).toBe(ACCESSED);
  expect(machine.ram.read32(entryAt(DATA)) & 0x60).toBe(ACCESSED | DIRTY);
});

test.each<[string, Ring, boolean, number, number]>([
  ['ring 3', 3, false, UR, FAULT_PRESENT | FAULT_WRITE | FAULT_USER],
  ['ring 0 with WP', 0, true, R, FAULT_PRESENT | FAULT_WRITE],
])('A page that is dirty and read-only refuses the store of %s, though it has been read (vol. 3, 4.6.1)', (_, ring, writeProtect, rights, error) => {
  const code = 'mov al, [DATA]\n mov [DATA], al';
  const end = play({ ring, writeProtect, pages: { [DATA]: DATA | rights | ACCESSED | DIRTY }, code });
  expect(end).toMatchObject({ vector: 14, error, eip: 5 });
  expect(end.machine.registers.cr2).toBe(DATA);
});

describe('Code behind an address that has come to mean another page is the other code (vol. 3, 4.10.4.1)', () => {
  const ways = ['mov ecx, cr3\n mov cr3, ecx', 'invlpg [0xe000]'];
  const rings: Ring[] = [0, 3];
  test.each(ways.flatMap((how) => rings.map((ring) => ({ how, ring }))))('by $how, in ring $ring', (way) => {
    const { machine } = prepare({
      ring: way.ring,
      paging: true,
      // inc eax, ret; inc ebx, ret
      words: { '0xe000': 0xc340, '0xd000': 0xc343 },
      code: `mov word [0x5000 + 0x80 * 8], remap
        mov ebp, 4
        again: call 0xe000
        dec ebp
        jz done
        cmp ebp, 1
        jne again
        int 0x80
        jmp again
        done: int3
        remap: mov dword [${entryAt(0xe000)}], 0xd007
        ${way.how}
        iretd`,
    });
    machine.registers.eax = machine.registers.ebx = 0;
    machine.run(100);
    expect(machine.registers).toMatchObject({ eip: 0x4003 + 1, eax: 3, ebx: 1 });
  });
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

test.each([
  ['SGDT', 'sgdt [0xbffd]', 0xc000, 6],
  ['PUSHA', 'mov esp, 0xb002\n pushad', 0xb000, 6],
  ['CALL through a register', 'mov esp, 0xb002\n call eax', 0xb000, 6],
])('CR2 after a %s across two pages is where the second one begins (vol. 3, 4.7)', (_, code, page, error) => {
  const end = play({ ring: 3, pages: { [page]: 0 }, code });
  expect(end).toMatchObject({ vector: 14, error });
  expect(end.machine.registers.cr2).toBe(page);
});

test.each([
  ['PUSHA', 'pushad'],
  ['CALL through a register', 'mov eax, on\n call eax\n on:'],
  ['a far CALL', 'call CODE_3:on\n on:'],
  ['ENTER', 'enter 0, 0'],
  ['SGDT', 'sgdt [0xbffa]'],
])('%s that ends with its page asks nothing of the next', (_, code) => {
  expect(play({ ring: 3, pages: { '0xc000': 0 }, code: `${code}\n int3` }).vector).toBe(3);
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

test.each([
  'add dword [DATA + 1], 0',
  'add word [DATA + 1], 0',
  'neg dword [DATA + 1]',
  'xadd [DATA + 1], ecx',
])('#AC, too, leaves the flags as they were before what reads and writes: %s (vol. 3, 6.5)', (code) => {
  const { machine } = prepare({ ring: 3, flags: 0x4_0002, code });
  machine.registers.cr0 |= 0x4_0000;
  machine.run(10);
  expect(machine.registers.eip).toBe(0x4000 + 17 + 1);
  expect(machine.ram.read32(machine.registers.esp + 12) & 0x8d5).toBe(0);
});

test('A far CALL of which only half would fit on the page leaves ESP where it was (vol. 3, 6.5)', () => {
  const code = 'mov esp, 0xb004\n call CODE_3:0x8000';
  const end = play({ ring: 3, pages: { '0xa000': 0 }, code });
  expect(end).toMatchObject({ vector: 14, error: 6, eip: 5, frame: { esp: 0xb004 } });
});

test('ENTER faults if nothing could be written where it would leave ESP (vol. 2, ENTER)', () => {
  const { machine, ...end } = play({ ring: 3, pages: { '0xa000': 0 }, code: 'mov ebp, 5\n enter 0x1800, 0' });
  expect(end).toMatchObject({ vector: 14, error: 6, eip: 5, frame: { esp: STACK } });
  expect(machine.registers).toMatchObject({ cr2: STACK - 4 - 0x1800, ebp: 5 });
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

test('INS to a page that refuses takes nothing from the port', () => {
  let taken = 0;
  const bus = { in: () => ++taken, out: () => undefined };
  const code = 'mov edi, 0xd000\n mov edx, 0x10\n insb';
  expect(play({ bus, pages: { '0xd000': 0 }, code }).vector).toBe(14);
  expect(taken).toBe(0);
});

test.each([
  ['stosw', 0xa001, 3],
  ['stosd', 0xa001, 5],
  ['stosd', 0xa002, 9],
])('REP %s begins at the byte that EDI says: %i, %i times (vol. 2, STOS)', (store, at, count) => {
  const size = store === 'stosw' ? 2 : 4;
  const code = `mov byte [DATA], 0\n mov eax, 0x44332211\n mov edi, ${at}\n mov ecx, ${count}\n rep ${store}\n int3`;
  const { ram, registers } = play({ code }).machine;
  const pattern = [0x11, 0x22, 0x33, 0x44].slice(0, size);
  expect([...ram.read(at - 1, count * size + 2)]).toEqual([0, ...Array(count).fill(pattern).flat(), 0]);
  expect(registers.edi).toBe(at + count * size);
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
