import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  LGUEST_DATA_HCALL_STATUS,
  LGUEST_DATA_HCALLS,
  LGUEST_DATA_KERNEL_ADDRESS,
  LGUEST_DATA_SYSCALL_VEC,
  LHCALL_FLUSH_TLB,
  LHCALL_LGUEST_INIT,
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_LOAD_TLS,
  LHCALL_NEW_PGTABLE,
  LHCALL_SET_PGD,
  LHCALL_SET_PTE,
  LHCALL_SET_STACK,
  LHCALL_SHUTDOWN,
} from '../../chapters/1-preparation/abi.ts';
import {
  call,
  createStage,
  DATA,
  DIRECTORY,
  DONE,
  ENTER_USER,
  gate,
  INIT,
  KERNEL_ADDRESS,
  MIB,
  P,
  PAGE,
  PAGING,
  RW,
  STACK,
  TABLE,
  TestGuest,
  US,
  USER_SEGMENTS,
} from './harness.ts';

/*
 * Everything that ends a Guest, each provoked by machine code in ring 1 or 3, and the line that the Launcher prints for it behind
 * `lguest: `. The words before the first colon are lguest's; what was found, and what would have been right, comes behind it.
 */

/** Reason as lguest worded it | what the Guest does | the line | its code | what lies in its memory before */
type Row = [
  reason: string,
  does: string,
  line: string,
  code: string,
  before?: (word: (address: number, value: number) => void) => void,
];

/** An entry of the test Guest's page table that covers `PAGE`'s virtual twin, and of its directory for 8 MiB. */
const ENTRY_OF_PAGE = TABLE + (PAGE >>> 12) * 4;
const EIGHT_MIB = 0x80_0000;
const DIRECTORY_ENTRY_OF_EIGHT_MIB = DIRECTORY + (EIGHT_MIB >>> 22) * 4;
/** Just behind the Guest's 4 MiB. */
const END = 4 * MIB;

const start = `start:\n  mov esp, ${STACK}\n`;
const ring = (number: number) => (word: (address: number, value: number) => void) => {
  word(DATA + LGUEST_DATA_HCALL_STATUS, 0xffff_ff00);
  word(DATA + LGUEST_DATA_HCALLS, number);
};

const REASONS: Row[] = [
  // Calls at the wrong time, and calls that are none.
  [
    'hypercall N before INIT',
    'begins with NEW_PGTABLE',
    'hypercall 4 before INIT: from 0x0000100c',
    call(LHCALL_NEW_PGTABLE, DIRECTORY),
  ],
  [
    'already have lguest_data',
    'introduces itself twice',
    'already have lguest_data: at 0x6000, now asked for 0x7000',
    INIT + call(LHCALL_LGUEST_INIT, 0x7000),
  ],
  [
    'Bad hypercall N',
    'makes a call that does not exist',
    'Bad hypercall 3: from 0x00001013',
    `${INIT}  mov eax, 3\n  int 0x1f`,
  ],
  [
    'Bad hypercall N',
    'makes SET_PMD, which only Guests with PAE have',
    'Bad hypercall 13: from 0x00001013',
    `${INIT}  mov eax, 13\n  int 0x1f`,
  ],
  [
    'Bad hypercall N',
    'leaves one in the ring that does not exist',
    'Bad hypercall 17: from 0x00001013',
    `${INIT}  mov eax, 0\n  int 0x1f`,
    ring(17),
  ],

  // What LGUEST_INIT looks at.
  [
    'bad guest page P',
    'has its lguest_data leave memory by one byte',
    'bad guest page 0x3ffa95: lguest_data would end behind 0x400000',
    call(LHCALL_LGUEST_INIT, END - 1387),
  ],
  [
    'bad guest page P',
    'has it wrap around',
    'bad guest page 0xfffffffc: lguest_data would end behind 0x400000',
    call(LHCALL_LGUEST_INIT, 0xffff_fffc),
  ],
  [
    'bad syscall vector',
    'wants its system calls at 0x40, as Plan 9 did',
    'bad syscall vector 0x40: expected 0x80',
    INIT,
    (word) => word(DATA + LGUEST_DATA_SYSCALL_VEC, 0x40),
  ],
  [
    'bad kernel address A',
    'has its kernel where the Switcher is',
    'bad kernel address 0xffc00000: expected below 0xffc00000',
    INIT,
    (word) => word(DATA + LGUEST_DATA_KERNEL_ADDRESS, 0xffc0_0000),
  ],

  // Last words.
  ['CRASH: text', 'says that it has had enough', 'CRASH: done', INIT + DONE],

  // Guest-physical addresses that are none.
  [
    'bad read address A len N',
    'has last words that leave memory by one byte',
    'bad read address 0x3fff81 len 128: the Guest has 0x400000 bytes',
    INIT + call(LHCALL_SHUTDOWN, END - 127, 1),
  ],
  [
    'bad read address A len N',
    'has last words that wrap around',
    'bad read address 0xffffffc0 len 128: the Guest has 0x400000 bytes',
    INIT + call(LHCALL_SHUTDOWN, 0xffff_ffc0, 1),
  ],
  [
    'bad read address A len N',
    'has a page directory behind its memory',
    'bad read address 0x400000 len 4: the Guest has 0x400000 bytes',
    INIT + call(LHCALL_NEW_PGTABLE, END),
  ],
  [
    'bad read address A len N',
    'has thread descriptors that leave memory in the last word',
    'bad read address 0x400000 len 4: the Guest has 0x400000 bytes',
    PAGING + call(LHCALL_LOAD_TLS, END - 20),
  ],
  [
    'bad write address A len N',
    'gets a trap on a stack that its tables put behind its memory',
    'bad write address 0x500ffc len 4: the Guest has 0x400000 bytes',
    `${PAGING}${gate(6, 'handler', 0x8e)}  mov esp, ${PAGE + 0x1000}\nhandler:\n  ud2`,
    (word) => word(ENTRY_OF_PAGE, 0x50_0000 | P | RW),
  ],

  // Virtual addresses that are none.
  [
    'Bad address A',
    'gets a trap on a stack that it does not map',
    'Bad address 0x3ffffffc: the Guest does not map it',
    `${PAGING}${gate(6, 'handler', 0x8e)}  mov esp, 0x40000000\nhandler:\n  ud2`,
  ],
  [
    'Bad address A',
    'gets a trap on a stack that it made read-only',
    `Bad address 0x${(PAGE + 0xffc).toString(16)}: the Guest made it read-only`,
    `${PAGING}${gate(6, 'handler', 0x8e)}  mov esp, ${PAGE + 0x1000}\nhandler:\n  ud2`,
    (word) => word(ENTRY_OF_PAGE, PAGE | P),
  ],

  // Traps without a gate.
  [
    'unhandled trap N at EIP (X)',
    'executes what is no instruction',
    'unhandled trap 6 at 0x0000100c (0x0): the Guest has no gate for it',
    `${INIT}  ud2`,
  ],
  [
    'unhandled trap N at EIP (X)',
    'divides by zero',
    'unhandled trap 0 at 0x0000100e (0x0): the Guest has no gate for it',
    `${INIT}  xor ecx, ecx\n  div ecx`,
  ],
  [
    'unhandled trap N at EIP (X)',
    'loads a selector of its local table, which it does not have',
    'unhandled trap 13 at 0x00001011 (0xc): the Guest has no gate for it',
    `${INIT}  mov eax, 0xc\n  mov ds, ax`,
  ],
  [
    'unhandled trap N at EIP (X)',
    'touches a page that it does not map: X is the address',
    'unhandled trap 14 at 0x00001018 (0x40000000): the Guest has no gate for it',
    `${PAGING}  mov eax, [0x40000000]`,
  ],
  [
    'unhandled trap N at EIP (X)',
    'has a process make a system call for which there is no gate: X is the error code',
    'unhandled trap 13 at 0x0000107c (0x402): the Guest has no gate for it',
    `${start}${PAGING}${USER_SEGMENTS}${ENTER_USER}user:\n  int 0x80`,
  ],
  [
    'unhandled trap 8',
    'has a kernel stack that no way into ring 1 can use',
    'unhandled trap 8 at 0x000010d4 (0x0): the Guest has no gate for it',
    `${start}${PAGING}${USER_SEGMENTS}
      ${gate(8, 'user', 0x8f)}${gate(10, 'user', 0x8f)}${gate(0x80, 'user', 0xef)}
      ${call(LHCALL_SET_STACK, 0xa9, STACK, 0)}${ENTER_USER}user:\n  int 0x80`,
  ],
  [
    'unhandled trap 256',
    'takes away its own code segment: X is the selector, without its ring',
    'unhandled trap 256 at 0x00001022 (0x60): the Switcher could not load what the Guest left in its segment registers',
    INIT + call(LHCALL_LOAD_GDT_ENTRY, 12, 0, 0),
  ],

  // Descriptors.
  [
    'bad IDT type T',
    'wants a task gate',
    'bad IDT type 5: gate 6 is 0x00008500, expected 0xe or 0xf',
    INIT + call(LHCALL_LOAD_IDT_ENTRY, 6, 0, 0x8500),
  ],
  [
    'Setting idt entry N',
    'sets a gate behind the table',
    'Setting idt entry 256: the table has 256',
    INIT + call(LHCALL_LOAD_IDT_ENTRY, 256, 0, 0x8e00),
  ],
  [
    'too many gdt entries N',
    'sets a descriptor behind the table',
    'too many gdt entries 32: the table has 32',
    INIT + call(LHCALL_LOAD_GDT_ENTRY, 32, 0, 0),
  ],

  // Stacks.
  [
    'bad stack segment S',
    'wants a kernel stack for ring 0',
    'bad stack segment 0x68: its ring is 0, expected 1',
    INIT + call(LHCALL_SET_STACK, 0x68, STACK, 1),
  ],
  [
    'bad stack pages N',
    'wants three pages pinned',
    'bad stack pages 3: expected at most 2',
    INIT + call(LHCALL_SET_STACK, 0x69, STACK, 3),
  ],
  [
    'bad stack page A',
    'has a stack whose second page is not there',
    'bad stack page 0x0001ffff: the Guest does not map it for writing',
    PAGING + call(LHCALL_SET_STACK, 0x69, PAGE + 0x1000, 2),
    (word) => word(ENTRY_OF_PAGE - 4, 0),
  ],
  [
    'bad stack page A',
    'takes the stack away later, and flushes',
    'bad stack page 0x00020fff: the Guest does not map it for writing',
    `${PAGING}${call(LHCALL_SET_STACK, 0x69, PAGE + 0x1000, 1)}
      mov dword [${ENTRY_OF_PAGE}], ${PAGE | P}
      ${call(LHCALL_FLUSH_TLB, 1)}`,
  ],

  // Page tables.
  [
    'bad page directory entry',
    'wants a page of 4 MiB',
    'bad page directory entry 0x00800083 for 0x00800abc: flags 0x80 are not offered',
    `${PAGING}  mov eax, [${EIGHT_MIB + 0xabc}]`,
    (word) => word(DIRECTORY_ENTRY_OF_EIGHT_MIB, 0x0080_0083),
  ],
  [
    'bad page directory entry',
    'has a page table behind its memory',
    "bad page directory entry 0x00400003 for 0x00800abc: frame 0x400 is beyond the Guest's 0x400",
    `${PAGING}  mov eax, [${EIGHT_MIB + 0xabc}]`,
    (word) => word(DIRECTORY_ENTRY_OF_EIGHT_MIB, END | P | RW),
  ],
  [
    'bad page table entry',
    'maps a frame behind its memory',
    "bad page table entry 0x00f0f067 for 0x00020004: frame 0xf0f is beyond the Guest's 0x400",
    `${PAGING}  mov eax, [${PAGE + 4}]`,
    (word) => word(ENTRY_OF_PAGE, 0x00f0_f067),
  ],
  [
    'bad page table entry',
    'wants a page with bit 7',
    'bad page table entry 0x00020083 for 0x00020004: flag 0x80 is not offered',
    `${PAGING}  mov eax, [${PAGE + 4}]`,
    (word) => word(ENTRY_OF_PAGE, PAGE | 0x80 | P | RW),
  ],
  [
    'bad page table entry',
    'announces a bad entry before anybody has touched it',
    "bad page table entry 0x00f0f067 for 0xc0020000: frame 0xf0f is beyond the Guest's 0x400",
    `${PAGING}  mov eax, [${KERNEL_ADDRESS + PAGE}]
      ${call(LHCALL_SET_PTE, DIRECTORY, KERNEL_ADDRESS + PAGE, 0x00f0_f067)}`,
  ],
  [
    'attempt to set pte into Switcher pages',
    'maps a page where the Switcher is',
    'attempt to set pte into Switcher pages: 0xffc00000 is not below 0xffc00000',
    PAGING + call(LHCALL_SET_PTE, DIRECTORY, 0xffc0_0000, PAGE | P | RW | US),
  ],
  [
    'Attempt to set pgd I/N',
    "changes the Switcher's directory entry",
    "Attempt to set pgd 1023/1023: expected an index below the Switcher's",
    PAGING + call(LHCALL_SET_PGD, DIRECTORY, 1023),
  ],
  [
    'Attempt to set pgd I/N',
    'changes the entry behind the directory, which lguest let pass',
    "Attempt to set pgd 1024/1023: expected an index below the Switcher's",
    PAGING + call(LHCALL_SET_PGD, DIRECTORY, 1024),
  ],
];

describe('A Guest ends with', () => {
  it.each(REASONS)('%s, when it %s', (_reason, _does, line, code, before) => {
    const guest = new TestGuest(code);
    before?.((address, value) => guest.window.write32(address, value));
    expect(guest.die()).toBe(line);
  });

  it('out of memory allocating pte page, when its neighbours have all frames of the Host before it has one table', () => {
    const stage = createStage(128);
    const bytes = MIB / 4;
    const late = Array.from(
      { length: 300 },
      () => new TestGuest(`${INIT}  mov eax, 10\n  int 0x1f`, { stage, bytes }),
    );
    const hasTables = (tables: number) => {
      const touches = `${PAGING}  mov ecx, 0
      touch:
        mov edx, [ecx]
        add ecx, 0x400000
        cmp ecx, ${tables * 0x40_0000}
        jne touch
        mov eax, 10
        int 0x1f`;
      const guest = new TestGuest(touches, { stage, bytes });
      for (let index = 0; index < tables; index++) {
        guest.window.write32(DIRECTORY + index * 4, TABLE | P | RW);
      }
      return guest;
    };
    // Some who have much, and when a quarter is left, many who have as much as is then still given.
    const greedy = [...new Array(5).fill(1000), ...new Array(21).fill(100)].map(hasTables);
    for (const guest of greedy) expect(guest.run()).toEqual({ kind: 'sleeps' });
    const ends = late.map((guest) => guest.run());
    const death = { kind: 'dead', reason: 'out of memory allocating pte page: the Host has no frames left' };
    expect(ends[0]).toEqual({ kind: 'sleeps' });
    expect(ends.at(-1)).toEqual(death);
    for (const guest of greedy) expect(guest.run()).toEqual({ kind: 'sleeps' });
  });
});

/*
 * And the reasons of lguest that no Guest of ours can die of.
 */
const IMPOSSIBLE: [reason: string, why: string][] = [
  [
    'bad page middle directory entry',
    'the silicon has no PAE, and CPUID does not offer it: there is no such level',
  ],
  [
    'failed to get page N',
    'the frame behind a page of a Guest may be swapped out on Linux; a window is RAM, whole, from the start',
  ],
  [
    'Cannot populate switcher mapping',
    'the table for the Switcher is one of the three frames without which no Guest is born',
  ],
  ['out of memory allocating pmd page', 'the silicon has no PAE'],
  [
    'Fetching async hypercalls',
    'lguest_data was measured at INIT, and a window neither moves nor shrinks while its Guest lives',
  ],
  ['Writing result for async hypercall', 'the same'],
  ['Writing timestamp', 'the same'],
  ['Writing cr2', 'the same'],
  ['Disabling interrupts', 'the same'],
  ['Re-enabling interrupts', 'the same'],
];

const folder = new URL('../../chapters/5-host/', import.meta.url);
const host = readdirSync(folder)
  .map((name) => readFileSync(new URL(name, folder), 'utf8').replace(/\/\*[\s\S]*?\*\//g, ''))
  .join('\n');

describe('This list', () => {
  it('has each reason that the Host can say', () => {
    const said = [...host.matchAll(/\bkill\(\s*`([^$`]+)/g)].map(([, words]) => words!.trimEnd());
    expect(said.length).toBeGreaterThan(15);
    const known = [...REASONS.map(([, , line]) => line), 'bad read address', 'bad write address'];
    for (const words of said)
      expect(
        known.filter((line) => line.startsWith(words.split(':')[0]!)),
        words,
      ).not.toEqual([]);
  });

  it.each(IMPOSSIBLE)('says rightly that nobody dies of %s, because %s', (reason) => {
    expect(host.toLowerCase()).not.toContain(reason.toLowerCase());
  });
});
