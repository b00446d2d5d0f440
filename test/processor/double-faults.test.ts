import { describe, expect, test } from 'vitest';
import {
  CODE_0,
  CODE_1,
  CODE_3,
  DATA_3,
  descriptor,
  FREE,
  gate,
  handler,
  play,
  type Scene,
  STACK,
} from './stage.ts';

/** The three classes of table 6-4 in vol. 3. */
type Class = 'benign' | 'contributory' | 'page fault';

/** How a program in ring 3 raises an exception. */
interface First extends Omit<Scene, 'code'> {
  name: string;
  vector: number;
  class: Class;
  code: string;
  /** What ring 0 sets in CR0 before it lets the program begin. */
  cr0?: number;
  flags?: number;
  /** A program's own INT leaves EXT clear. */
  ext?: 0;
}

const LIMITED = { [FREE]: descriptor(0, 0xfff, 0xf3, 4) };

const firsts: First[] = [
  { name: '#DE', vector: 0, class: 'contributory', code: 'mov ebx, 0\n div ebx' },
  { name: '#DB', vector: 1, class: 'benign', flags: 0x102, code: 'nop' },
  { name: '#BP', vector: 3, class: 'benign', code: 'int3', ext: 0 },
  { name: '#OF', vector: 4, class: 'benign', flags: 0x802, code: 'into', ext: 0 },
  { name: '#BR', vector: 5, class: 'benign', code: 'mov eax, -1\n bound eax, [DATA]' },
  { name: '#UD', vector: 6, class: 'benign', code: 'ud2' },
  { name: '#NM', vector: 7, class: 'benign', cr0: 8, code: 'db 0xd9, 0xe8' },
  {
    name: '#TS',
    vector: 10,
    class: 'contributory',
    code: 'pushfd\n or dword [esp], 0x4000\n popfd\n iretd',
  },
  {
    name: '#NP',
    vector: 11,
    class: 'contributory',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x72) },
    code: 'mov ax, FREE + 3\n mov fs, ax',
  },
  {
    name: '#SS',
    vector: 12,
    class: 'contributory',
    descriptors: LIMITED,
    code: 'mov ax, FREE + 3\n mov ss, ax\n pop eax',
  },
  { name: '#GP', vector: 13, class: 'contributory', code: 'hlt' },
  { name: '#PF', vector: 14, class: 'page fault', pages: { '0xe000': 0 }, code: 'mov al, [0xe000]' },
  {
    name: '#MF',
    vector: 16,
    class: 'benign',
    cr0: 0x20,
    code: 'sub esp, 4\n mov word [esp], 0x37b\n db 0xd9, 0x2c, 0x24, 0xd9, 0xe8, 0xd9, 0xee, 0xde, 0xf9, 0x9b',
  },
  { name: '#AC', vector: 17, class: 'benign', cr0: 0x4_0000, flags: 0x4_0002, code: 'mov eax, [esp - 7]' },
  { name: 'INT n', vector: 0x80, class: 'benign', code: 'int 0x80', ext: 0 },
];

/** The program in ring 3, with what must be done in ring 0 before it. With flags of its own it begins at once, without DS. */
function scene(first: First, change: Partial<Scene>): Scene {
  return {
    ...change,
    descriptors: { ...first.descriptors, ...change.descriptors },
    // With paging on, in all of them.
    pages: { '0xd000': 0, ...first.pages },
    code: `mov eax, cr0
      or eax, ${first.cr0 ?? 0}
      mov cr0, eax
      push ${DATA_3}
      push ${STACK}
      push ${first.flags ?? 2}
      push ${CODE_3}
      push there
      iretd
      there: ${first.flags === undefined ? `mov ax, ${DATA_3}\n mov ds, ax` : ''}
      ${first.code}`,
  };
}

const ABSENT = 0x6e;
const INTO_RING_1 = gate(CODE_1, handler(0x77), 0xee);
/** Ring 1 has its stack on a page that is not there. */
const NO_STACK = { '0x380c': 0xd800 };

describe('A second exception on the way to the handler of the first (vol. 3, 6.15, 8, table 6-5)', () => {
  test.each(firsts)('first alone: $name', (first) => {
    expect(play(scene(first, {})).vector).toBe(first.vector);
  });

  test.each(firsts)('#NP after $name', (first) => {
    const end = play(scene(first, { gates: { [first.vector]: gate(CODE_0, 0, ABSENT) } }));
    const served = { vector: 11, error: first.vector * 8 + 2 + (first.ext ?? 1) };
    const expected = first.class === 'benign' ? served : { vector: 8, error: 0 };
    expect({ vector: end.vector, error: end.error }).toEqual(expected);
  });

  test.each(firsts)('#PF after $name', (first) => {
    const end = play(scene(first, { gates: { [first.vector]: INTO_RING_1 }, words: NO_STACK }));
    const expected = first.class === 'page fault' ? { vector: 8, error: 0 } : { vector: 14, error: 2 };
    expect({ vector: end.vector, error: end.error }).toEqual(expected);
    expect(end.machine.registers.cr2 >>> 12).toBe(0xd);
  });

  test.each(firsts)('#TS after $name', (first) => {
    const words = { '0x3810': 0 };
    const end = play(scene(first, { gates: { [first.vector]: INTO_RING_1 }, words }));
    const expected =
      first.class === 'benign' ? { vector: 10, error: first.ext ?? 1 } : { vector: 8, error: 0 };
    expect({ vector: end.vector, error: end.error }).toEqual(expected);
  });
});

describe('And a third', () => {
  const absent = gate(CODE_0, 0, ABSENT);
  const program = (code: string, gates: Scene['gates'], more: Partial<Scene> = {}) =>
    play({ ring: 3, paging: true, code, gates, ...more });

  test('counts with the second, if that has been served in the place of the first', () => {
    expect(program('ud2', { 6: absent, 11: absent })).toMatchObject({ vector: 8, error: 0 });
    const pages = { '0xd000': 0 };
    const after = program('ud2', { 6: INTO_RING_1, 14: absent }, { pages, words: NO_STACK });
    expect(after).toMatchObject({ vector: 8, error: 0 });
    const served = program('hlt', { 13: INTO_RING_1 }, { pages, words: NO_STACK });
    expect(served).toMatchObject({ vector: 14, error: 2 });
  });

  test.each([
    ['#NP', absent, {}],
    ['#GP', [0, 0] as [number, number], {}],
    ['#TS', INTO_RING_1, { words: { '0x3810': 0 } }],
    ['#PF', INTO_RING_1, { pages: { '0xd000': 0 }, words: NO_STACK }],
  ])('shuts the processor down, if it is %s on the way to the handler of #DF', (_name, door, more) => {
    expect(program('hlt', { 13: absent, 8: door }, more).stop).toBe('shutdown');
    expect(program('hlt', { 13: absent }, more)).toMatchObject({ stop: 'halted', vector: 8 });
  });
});

test('The frame of a double fault points at the instruction that began it all, and says 0 (vol. 3, 6.15, 8)', () => {
  const end = play({ ring: 3, gates: { 13: gate(CODE_0, 0, ABSENT) }, code: 'nop\n hlt' });
  expect(end).toMatchObject({ vector: 8, error: 0, eip: 1 });
  expect(end.frame).toMatchObject({ cs: CODE_3, ss: DATA_3, esp: STACK });
});
