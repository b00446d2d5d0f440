import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Machine } from '../../src/processor/index.ts';
import {
  CODE,
  CODE_AT,
  DATA,
  DATA_AT,
  descriptor,
  FREE,
  gate,
  handler,
  prepare,
  type Ring,
} from './stage.ts';
import { RING_0_STACK, STACK, TASK } from './stage.ts';

/**
 * Bit 52 of a descriptor, AVL, is for the kernel's own use, and the processor takes no notice. Ours takes the long way through a gate if
 * it is set, since then a segment is not, to the bit, what flat segments are. So the two ways must come to the same.
 */
const LONG_WAY = 0xd;
const SHORT_WAY = 0xc;

/** Where the stack of ring 1 usually is; that of the stage shares its page with code. */
const RING_1_TOP = 0xa800;
/** Where stacks may be: aligned or not, at the end of a page or the beginning, on a page that holds code, on a table. */
const places = [0x7002, 0x7001, 0xb010, 0xb014, 0xb00c, 0x9004, 0, 0x10, CODE_AT + 0xf00, 0x3034, 0x3818];
/** The pages of the stacks, the page table that says so, and the pages of GDT and IDT. */
const PAGES = [RING_0_STACK - 4, 0x9000, DATA_AT, STACK - 4].map((at) => at & ~0xfff);
const PAGE_TABLE = 0x2000;
const TABLES = [0x3000, 0x5000];

/** What makes sense, nearly always. */
function mostly<T>(sense: T, nonsense: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(sense) },
    { weight: 1, arbitrary: fc.constantFrom(...nonsense) },
  );
}

const ring = fc.constantFrom<Ring>(0, 1, 2, 3);
/** Null, never used, in the other table, beyond the table's end, or with another's RPL. */
const odd = [0, 3, FREE, FREE + 3, 0x0c, 0x34, 0x3f, 0x800, 0x808, CODE[0] + 3, CODE[1] - 1, DATA[1] + 1];
const codeOf = (level: Ring) => mostly(CODE[level], [...CODE, ...odd, DATA[level]]);
const dataOf = (level: Ring) => mostly(DATA[level], [...DATA, ...odd, CODE[level], DATA[level] ^ 3]);

/** Carry and such, IF, IOPL, NT, AC, RF. */
const flags = fc.constantFrom<number>(2, 0x302, 0x202, 0x3202, 0x4202, 0x4_0202, 0xad7, 0x1_0202);
/** With TF, and with VM, which only an IRET in ring 0 may set, and ours may not. */
const image = fc.oneof(flags, fc.constantFrom(0x302, 0x2_0202));

const gateTo = (vector: number) =>
  ring.chain((level) =>
    fc
      .tuple(
        fc.oneof(fc.constantFrom(0xee, 0xef), mostly(0x8f, [0x8e, 0xae, 0xaf, 0xe6, 0x6e, 0xe5, 0xec, 0xfe])),
        codeOf(level),
      )
      .map(([access, selector]) => gate(selector, handler(vector), access)),
  );

const knock = fc
  .tuple(
    mostly(0, [1, 2, 4, 8, 0x3ee, 0x3f0, 0x3fa]),
    fc.constantFrom(
      'int 0x80',
      'int 0x77',
      'int3',
      'ud2',
      'mov eax, [0x200000]',
      'div dword [DATA]',
      'mov edi, DATA\n mov ecx, 20\n rep stosb',
      'push 0x302\n popfd\n nop',
    ),
  )
  .map(([by, trap]) => `sub esp, ${by}\n ${trap}`);

/** What one may do before: end a table early, or load what is not flat, or what others may not have. */
const before = [
  'lgdt [cs:table]\n jmp cut\n table: dw 0x3f\n dd 0x3000\n cut:',
  'lidt [cs:table]\n jmp cut\n table: dw 0x3ff\n dd 0x5000\n cut:',
  'mov eax, FREE\n mov ss, ax\n mov esp, 0x5000',
  'mov eax, DATA_0\n mov fs, ax\n mov gs, ax\n mov eax, DATA_3\n mov es, ax',
  'xor eax, eax\n mov ds, ax',
];

const comeBack = ring
  .chain((to) =>
    fc.tuple(codeOf(to), dataOf(to), mostly(STACK - 64, places), image, mostly('iretd', ['iret'])),
  )
  .chain((frame) => fc.tuple(fc.constant(frame), mostly(0, [1, 2, 0x3e0, 0x3e8, 0x3ec])))
  .map(
    ([[cs, ss, esp, eflags, back], by]) =>
      `sub esp, ${by}\n push ${ss}\n push ${esp}\n push ${eflags}\n push ${cs}\n push there\n ${back}\n there: int 0x80`,
  );

const scene = fc.record({
  code: fc.tuple(mostly('', before), fc.oneof(knock, comeBack)).map((lines) => lines.join('\n')),
  ring,
  flags,
  gates: fc.record({ '0x77': gateTo(0x77), '0x80': gateTo(0x80), '14': gateTo(14) }),
  stacks: fc.tuple(mostly(RING_0_STACK, places), dataOf(0), mostly(RING_1_TOP, places), dataOf(1)),
  task: mostly(
    [0x3800, 0x67, 0x89],
    [
      [0x3800, 7, 0x89],
      [0x3800, 9, 0x89],
      [0x3800, 13, 0x89],
      [0x3801, 0x67, 0x89],
      [0x3802, 0x67, 0x89],
      [0x3800, 0x67, 0x81],
    ],
  ),
  /** Instructions after which somebody knocks from outside. */
  knockAfter: fc.integer({ min: 4, max: 28 }),
  /** Base, limit and access of the entry that no selector names, and of another. */
  none: mostly(
    [0, 0, 0],
    [
      [0, 0xfffff, 0x9b],
      [0, 0xfffff, 0x93],
    ],
  ),
  free: fc.constantFrom<number[]>(
    [0, 0xfffff, 0x9a],
    [0, 0xffffe, 0x9b],
    [0x1000, 0xfffff, 0x93],
    [0, 0xfffff, 0x92],
    [0, 0xfffff, 0x9f],
  ),
  pages: fc.option(fc.array(mostly(0x67, [0, 1, 3, 5, 7, 0x27, 0x65]), { minLength: 4, maxLength: 4 })),
});
type Drawn = typeof scene extends fc.Arbitrary<infer T> ? T : never;

/** The short way is only for pages that the TLB knows already, so those that anybody may write are written to first. */
function play({ pages, stacks, task, none, free, knockAfter, ...rest }: Drawn, nibble: number): Machine {
  const open = PAGES.filter((_, index) => !pages || pages[index] === 0x67);
  const learn = [
    ...TABLES.map((page) => `cmp byte [${page}], 0`),
    ...open.map((page) => `or byte [${page}], 0`),
  ];
  const code = [...learn, rest.code].join('\n');
  const segment = ([base, limit, access]: number[]) => descriptor(base!, limit!, access!, nibble);
  const descriptors: Record<string, [number, number]> = {
    [TASK]: descriptor(task[0]!, task[1]!, task[2]!, 0),
    [FREE]: segment(free),
    0: segment(none),
  };
  for (const level of [0, 1, 2, 3]) {
    descriptors[CODE[level]!] = descriptor(0, 0xfffff, 0x9b | (level << 5), nibble);
    descriptors[DATA[level]!] = descriptor(0, 0xfffff, 0x93 | (level << 5), nibble);
  }
  const words = { '0xb000': STACK - 64, '0xb004': DATA[3] };
  const { machine } = prepare({
    ...rest,
    code,
    words,
    descriptors,
    paging: pages !== null,
    engine: 'interpreter',
  });
  for (const [word, value] of stacks.entries()) machine.ram.write32(0x3804 + 4 * word, value);
  for (const [index, entry] of (pages ?? []).entries()) {
    machine.ram.write32(PAGE_TABLE + (PAGES[index]! >>> 12) * 4, PAGES[index]! | entry);
  }
  machine.registers.cr3 = 0x1000;
  machine.run(knockAfter);
  machine.interrupt.raise(0x80);
  machine.run(28);
  return machine;
}

/** All that a program can see: registers, and memory, but for AVL. */
function seen({ registers, ram, retired }: Machine): unknown {
  const memory = ram.read(0, 0xd000);
  for (let at = 0x3006; at < 0x3800; at += 8) memory[at]! &= ~0x10;
  const { eax, ebx, ecx, edx, esi, edi, ebp, esp, eip, eflags, cpl, cr2 } = registers;
  const { cs, ss, ds, es, fs, gs } = registers;
  const words = { eax, ebx, ecx, edx, esi, edi, ebp, esp, eip, eflags, cpl, cr2, cs, ss, ds, es, fs, gs };
  return { words, retired, memory: Buffer.from(memory).toString('latin1') };
}

/** What chance would rarely find. */
const INTO_RING_1 = {
  task: [0x3800, 0x67, 0x89],
  knockAfter: 28,
  none: [0, 0, 0],
  free: [0, 0xfffff, 0x9a],
  ring: 3 as Ring,
  flags: 0x202,
  gates: {
    '0x77': gate(CODE[1], handler(0x77), 0xef),
    '0x80': gate(CODE[1], handler(0x80), 0xee),
    '14': gate(0, 0, 0),
  },
};
const stacks: Drawn['stacks'] = [RING_0_STACK, DATA[0], RING_1_TOP, DATA[1]];
const examples: Drawn[] = [
  // A frame across two pages, of which the upper is not there.
  {
    ...INTO_RING_1,
    code: 'int 0x80',
    stacks: [RING_0_STACK, DATA[0], 0xb010, DATA[1]],
    pages: [0x67, 0x67, 0x67, 0],
  },
  // A handler of ring 3, on a stack that is the kernel's, who has used it.
  {
    ...INTO_RING_1,
    ring: 0,
    code: `push DATA_3\n push STACK\n push 2\n push CODE_3\n push there\n iretd\n there: int 0x80`,
    gates: { ...INTO_RING_1.gates, '0x80': gate(CODE[3], handler(0x80), 0xee) },
    stacks,
    pages: [0x67, 0x67, 0x67, 0x63],
  },
  // A frame to go back by, that ends on a page that is not there.
  {
    ...INTO_RING_1,
    ring: 1,
    code: `mov dword [0xaff4], there\n mov dword [0xaff8], CODE_3\n mov dword [0xaffc], 2
      mov esp, 0xaff4\n iretd\n there: int 0x80`,
    stacks,
    pages: [0x67, 0x67, 0x67, 0],
  },
  // A segment that has never been used before, and must be marked.
  {
    ...INTO_RING_1,
    ring: 0,
    code: 'push 2\n push FREE\n push there\n iretd\n there: int 0x80',
    stacks,
    pages: null,
  },
  // To ring 3, with a kernel's segment in each of the others.
  {
    ...INTO_RING_1,
    ring: 0,
    code: `mov eax, DATA_0\n mov fs, ax\n mov gs, ax\n push DATA_3\n push STACK\n push 2\n push CODE_3
      push there\n iretd\n there: int 0x80`,
    stacks,
    pages: null,
  },
  // Back by a frame in ring 3 that only the kernel may read, and has read.
  {
    ...INTO_RING_1,
    ring: 0,
    code: `mov dword [0x9100], there\n mov dword [0x9104], CODE_3\n mov dword [0x9108], 2\n push DATA_3
      push 0x9100\n push 2\n push CODE_3\n push out\n iretd\n out: iretd\n there: int 0x80`,
    stacks,
    pages: [0x67, 0x63, 0x67, 0x67],
  },
  // A single step, whose frame has no RF.
  { ...INTO_RING_1, code: 'push 0x302\n popfd\n nop\n nop', stacks, pages: [0x67, 0x67, 0x67, 0x67] },
  // In the middle of a REP that compares, and has flags to give back.
  {
    ...INTO_RING_1,
    code: 'mov esi, DATA\n mov edi, DATA + 0x100\n mov ecx, 50\n stc\n repe cmpsb',
    knockAfter: 16,
    stacks,
    pages: [0x67, 0x67, 0x67, 0x67],
  },
  // From a stack that is not flat, to one that is not, and back by one.
  {
    ...INTO_RING_1,
    ring: 0,
    free: [0x1000, 0xfffff, 0x93],
    code: 'mov eax, FREE\n mov ss, ax\n mov esp, 0x9800\n int 0x80',
    stacks,
    pages: null,
  },
  {
    ...INTO_RING_1,
    free: [0x1000, 0xfffff, 0x93],
    code: 'int3',
    stacks: [0x9800, FREE, RING_1_TOP, DATA[1]],
    pages: null,
  },
  {
    ...INTO_RING_1,
    ring: 0,
    free: [0x1000, 0xfffff, 0x93],
    code: `mov eax, FREE\n mov ss, ax\n mov esp, 0x9800\n push 2\n push CODE_0\n push there\n mov dword [0x97f4], other
      mov dword [0x97f8], CODE_0\n iretd\n other: mov ebx, 1\n there: int 0x80`,
    stacks,
    pages: null,
  },
];

test('through a gate and back, flat segments come to what others come to', () => {
  fc.assert(
    fc.property(scene, (drawn) => {
      expect(seen(play(drawn, SHORT_WAY))).toEqual(seen(play(drawn, LONG_WAY)));
    }),
    { numRuns: 1000, examples: examples.map((drawn) => [drawn]) },
  );
});
