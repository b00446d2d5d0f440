import { assemble } from '../../src/assembler/index.ts';
import type { Engine, Machine } from '../../src/processor/index.ts';
import { CODE_0, descriptor, gate, prepare, type Ring } from '../processor/stage.ts';
import { Dice, snippet } from './snippets.ts';

/*
 * Chaos: a small kernel in ring 0, and above it, in ring 0, 1 or 3, code in which nothing can be relied on. Pages are
 * remapped under it, its functions are patched, half of its segments are crooked. Whatever trap it ends in, the kernel
 * writes a line in its diary, changes something, and sends it on somewhere else.
 */

/** Eight pages for data, mapped at random to six frames. */
export const WINDOW = 0x4_0000;
export const WINDOW_PAGES = 8;
const FRAMES = 0x5_0000;
const FRAME_COUNT = 6;
/** Four pages of functions, 64 bytes each, mapped at random to each other. */
export const FUNCTIONS = 0x6_0000;
export const FUNCTION_PAGES = 4;
export const FUNCTIONS_A_PAGE = 40;
/** The kernel's diary: a sum over all frames so far, how many there were, the sums of a gateway, and the last 1,024. */
const DIARY = 0x7_0000;
const PAGE_TABLE = 0x2000;
const GDT = 0x3000;
const IDT = 0x5000;

const WITH_ERROR = [8, 10, 11, 12, 13, 14, 17];
const CALL_GATE = 0xec;
/** Segments for whoever loads one: two windows, grown down, of 16 bits, conforming and not. */
const SEGMENTS: Record<number, [number, number]> = {
  72: descriptor(WINDOW, 0x7fff, 0xf2, 4),
  80: descriptor(0, 0xf_ffff, 0xf3),
  88: descriptor(0, 0x43, 0xf6),
  96: descriptor(WINDOW - 0x1000, 0x1800, 0xf2, 4),
  104: descriptor(WINDOW, 0xffff, 0xf2, 0),
  112: descriptor(0, 0xf_ffff, 0xf1),
  120: descriptor(0, 0xf_ffff, 0xfa),
  152: descriptor(0, 0xf_ffff, 0x9e),
};
const SERVICES = 32;
const TARGETS = 60;

/** The entry of a page table for one of the frames, with any rights. */
export function someEntry(dice: Dice): number {
  const rights = dice.pick([7, 7, 7, 7, 0x67, 0x67, 5, 3, 1, 0, 6, 0x27, 0x25]);
  return (FRAMES + dice.below(FRAME_COUNT) * 0x1000) | rights;
}

/** Where the entry of a window's page is. */
export function windowEntry(page: number): number {
  return PAGE_TABLE + ((WINDOW >>> 12) + page) * 4;
}

/** The same chaos for the same seed, on whichever engine. */
export function chaos(seed: number, engine: Engine, hot: number): Machine {
  const dice = new Dice(seed);
  const ring = dice.pick([0, 3, 3, 1] as const);
  const { machine, labels } = prepare({
    engine,
    hot,
    ring,
    code: kernel(dice, ring) + guest(dice, ring),
    paging: true,
    writeProtect: dice.below(2) === 0,
    flags: ring === 0 ? 0x202 : dice.pick([0x202, 0x3202]),
    descriptors: SEGMENTS,
  });
  const pair = (at: number, [low, high]: [number, number]) => {
    machine.ram.write32(at, low);
    machine.ram.write32(at + 4, high);
  };
  for (const [name, at] of labels) {
    const vector = /^h(\d+)$/.exec(name)?.[1];
    if (vector === undefined) continue;
    const isCallable = ['3', '4', '128'].includes(vector);
    pair(IDT + Number(vector) * 8, gate(CODE_0, at, isCallable ? 0xee : 0x8e));
  }
  const gateway = labels.get('gateway')!;
  pair(GDT + 0x80, gate(CODE_0, gateway, CALL_GATE));
  pair(GDT + 0x88, gate([8, 0x30, 0, 0x18][ring]!, gateway, CALL_GATE));
  pair(GDT + 0x90, gate(0x98, gateway, CALL_GATE));
  for (let page = 0; page < WINDOW_PAGES; page++) machine.ram.write32(windowEntry(page), someEntry(dice));
  for (let page = 0; page < FUNCTION_PAGES; page++)
    machine.ram.write(FUNCTIONS + page * 0x1000, functions(dice, page));
  for (let word = 0; word < FRAME_COUNT * 1024; word++) machine.ram.write32(FRAMES + word * 4, dice.word());
  return machine;
}

function kernel(dice: Dice, ring: Ring): string {
  const vectors = [...Array(32).keys(), 128];
  const words = ring === 0 ? 5 : 7;
  return `
    jmp start
    ${vectors.map((vector) => `h${vector}: ${WITH_ERROR.includes(vector) ? '' : 'push 0'}\n push ${vector}\n jmp common`).join('\n')}
    h32:
      push 0
      push 32
      pushad
      call diary
      popad
      add esp, 8
      iretd
    diary:
      cld
      mov ebp, esp
      mov ebx, [${DIARY}]
      ${Array.from({ length: words }, (_, n) => `rol ebx, 5\n xor ebx, [ebp + ${36 + n * 4}]`).join('\n')}
      mov ecx, cr2
      rol ebx, 5
      xor ebx, ecx
      mov [${DIARY}], ebx
      inc dword [${DIARY + 4}]
      mov eax, [${DIARY + 4}]
      and eax, 1023
      mov [${DIARY + 0x1000} + eax*4], ebx
      ret
    common:
      pushad
      mov ax, DATA_0
      mov ds, ax
      mov es, ax
      call diary
      cmp dword [esp + 32], 1   ; a single step goes on where it was
      je on
      mov eax, [${DIARY + 4}]
      and eax, ${SERVICES - 1}
      jmp [eax*4 + services]
    served:
      mov eax, [${DIARY + 4}]
      and eax, 15
      mov eax, [eax*4 + targets]
      mov [esp + 40], eax
      and dword [esp + 48], 0xfffffeff
      ${ring === 0 ? '' : 'mov dword [esp + 52], STACK'}
    on:
      mov ax, ${[0x10, 0x39, 0, 0x23][ring]}
      mov ds, ax
      mov es, ax
      popad
      add esp, 8
      iretd
    gateway:
      mov eax, esp
      add dword [${DIARY + 8}], eax
      retf
    ${Array.from({ length: SERVICES }, (_, n) => `s${n}:\n ${service(dice)}\n jmp served`).join('\n')}
    align 4
    services: dd ${Array.from({ length: SERVICES }, (_, n) => `s${n}`).join(', ')}
    targets: dd ${Array.from({ length: 16 }, () => `t${dice.below(TARGETS)}`).join(', ')}
  `;
}

/** What the kernel does before it sends somebody on. */
function service(dice: Dice): string {
  switch (dice.below(6)) {
    case 0: {
      const page = dice.below(FUNCTION_PAGES);
      const other = FUNCTIONS + dice.below(FUNCTION_PAGES) * 0x1000;
      const entry = PAGE_TABLE + ((FUNCTIONS >>> 12) + page) * 4;
      return `mov dword [${entry}], ${other | dice.pick([7, 5, 0x67, 7, 7, 0, 3])}\n invlpg [${FUNCTIONS + page * 0x1000}]`;
    }
    case 1:
      return 'mov eax, cr3\n mov cr3, eax';
    case 2:
      return `clts\n mov dword [${someFunction(dice) + 1}], ${dice.word() >>> 2}`;
    default: {
      const page = dice.below(WINDOW_PAGES);
      return `mov dword [${windowEntry(page)}], ${someEntry(dice)}\n invlpg [${WINDOW + page * 0x1000}]`;
    }
  }
}

function guest(dice: Dice, ring: Ring): string {
  const target = (n: number) =>
    `t${n}:\n${Array.from({ length: 1 + dice.below(5) }, () => snippet(dice, ring)).join('\n')}`;
  return `start:\n${Array.from({ length: TARGETS }, (_, n) => target(n)).join('\n')}\n jmp start\n`;
}

/** The address of some function. */
export function someFunction(dice: Dice): number {
  return FUNCTIONS + dice.below(FUNCTION_PAGES) * 0x1000 + dice.below(FUNCTIONS_A_PAGE) * 64;
}

/** A page of functions; behind the last, an instruction that goes on on the next page, whichever that is. */
function functions(dice: Dice, page: number): Uint8Array {
  const body = (n: number) => `
    f${n}:
      mov ebx, ${dice.word() >>> 2}
      ${Array.from({ length: dice.below(4) }, () => dice.pick(EASY)).join('\n')}
      ret
      align 64`;
  const text = Array.from({ length: FUNCTIONS_A_PAGE }, (_, n) => body(n)).join('\n');
  const { bytes } = assemble(text, { origin: FUNCTIONS + page * 0x1000 });
  const whole = new Uint8Array(0x1000).fill(0x90);
  whole.set(bytes.subarray(0, 0x1000));
  whole.set([0xbb, 1, 2], 0xffd - dice.below(2)); // mov ebx, and the rest is elsewhere
  return whole;
}

const EASY = [
  'add eax, ebx',
  'mov [esi], ebx',
  'adc edx, [edi]',
  'inc ecx',
  'xor edx, eax',
  'imul eax, ebx',
  'push eax\n pop edx',
  'test eax, ebx',
  'rol eax, 3',
  'movzx ecx, bl',
];
