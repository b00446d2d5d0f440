import type { Ring } from '../processor/stage.ts';
import {
  FUNCTION_PAGES,
  FUNCTIONS,
  someEntry,
  someFunction,
  WINDOW,
  WINDOW_PAGES,
  windowEntry,
} from './chaos.ts';

/** Numbers that are the same for the same seed (xorshift). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 2_654_435_761) | 1;
    for (let throws = 0; throws < 10; throws++) this.word();
  }

  /** Any 32 bits. */
  word(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }

  below(limit: number): number {
    return this.word() % limit;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

const WIDE = ['eax', 'ecx', 'edx', 'ebx', 'esi', 'edi', 'ebp'];
const BYTE = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];
const TWO = ['add', 'adc', 'sub', 'sbb', 'and', 'or', 'xor', 'cmp', 'mov'];
const STRINGS =
  'rep movsb|rep movsd|rep movsw|rep stosd|rep stosb|repe cmpsb|repne scasb|repe cmpsd|repne scasd|rep lodsd';
const SINGLE_STRINGS = ['movsb', 'movsd', 'stosd', 'lodsd', 'cmpsd', 'scasb', 'stosb'];
const DATA_OF = [0x10, 0x39, 0, 0x23];
const CODE_OF = [8, 0x31, 0, 0x1b];
const SELECTORS = [
  0x48, 0x50, 0x58, 0x60, 0x68, 0x10, 0x23, 0x23, 3, 0x4b, 0x53, 0x5b, 0x63, 0x73, 0x7b, 0x49, 0x51, 0x59,
  0x39, 0x39,
];

/** An address in the window, now and then where two pages meet. */
function somewhere(dice: Dice): number {
  const page = WINDOW + dice.below(WINDOW_PAGES) * 0x1000;
  return page + dice.pick([dice.below(0x1000), 0xff8 + dice.below(8), dice.below(1024) * 4]);
}

function memory(dice: Dice): string {
  return dice.pick([
    `[esi + ${dice.below(64) * 4}]`,
    `[edi + ${dice.below(16)}]`,
    `[${somewhere(dice)}]`,
    '[esi + ecx]',
    `[ebp - ${dice.below(32) * 4}]`,
    '[esi + eax*4]',
  ]);
}

/** Labels must be the program's only ones of that name: a number that grows does. */
let labels = 0;
const newLabel = () => `l${labels++}`;

type Snippet = (dice: Dice, ring: Ring) => string;

const arithmetic: Snippet = (dice) => {
  const [one, other] = [dice.pick(WIDE), dice.pick(WIDE)];
  return dice.pick([
    `${dice.pick(TWO)} ${one}, ${other}`,
    `xchg ${one}, ${other}`,
    `${dice.pick(TWO)} ${one}, ${memory(dice)}`,
    `${dice.pick(TWO)} ${memory(dice)}, ${one}`,
    `${dice.pick(TWO)} ${memory(dice)}, ${dice.pick(BYTE)}`,
    `lock cmpxchg ${memory(dice)}, ${one}`,
    'cmpxchg8b [edi]',
  ]);
};

const pointers: Snippet = (dice) =>
  dice.below(2) === 0
    ? `mov esi, ${somewhere(dice)}\n mov edi, ${somewhere(dice)}`
    : `mov ebp, ${somewhere(dice)}\n mov ecx, ${dice.below(40)}`;

const strings: Snippet = (dice) =>
  dice.below(3) === 0
    ? dice.pick(SINGLE_STRINGS)
    : `${dice.below(4) === 0 ? 'std' : 'cld'}\n mov ecx, ${dice.pick([dice.below(8), dice.below(200), dice.below(5000)])}\n ${dice.pick(STRINGS.split('|'))}`;

const stack: Snippet = (dice) =>
  `push ${dice.pick([`dword ${memory(dice)}`, dice.pick(WIDE)])}\n pop ${dice.pick([`dword ${memory(dice)}`, dice.pick(WIDE)])}`;

const calls: Snippet = (dice) =>
  dice.pick([
    `mov eax, ${someFunction(dice)}\n call eax`,
    `call ${someFunction(dice)}`,
    `jmp ${FUNCTIONS + dice.below(FUNCTION_PAGES) * 0x1000 + 0xf00}`,
  ]);

const jumps: Snippet = (dice, ring) => {
  const label = newLabel();
  const body = 'inc edx|add [esi], eax|mov [edi + ecx*4], edx|adc eax, [esi + ecx*4]|nop'.split('|');
  return dice.below(2) === 0
    ? `${dice.pick(['jz', 'jc', 'js', 'jo', 'jp', 'jl', 'jna'])} ${label}\n ${snippet(dice, ring)}\n${label}:`
    : `mov ecx, ${1 + dice.below(6)}\n${label}: ${dice.pick(body)}\n loop ${label}`;
};

const traps: Snippet = (dice) =>
  dice.pick([
    'int 0x80',
    'div ecx',
    'db 0x0f, 0x0b',
    'int 3',
    'into',
    'clts',
    'hlt',
    'call 0x80:0',
    'call 0x88:0',
  ]);

const flags: Snippet = (dice) =>
  dice.below(2) === 0
    ? `pushfd\n xor dword [esp], ${dice.pick([0x100, 0x4_0000, 0x4_0100, 0x400, 0x8d5])}\n popfd`
    : dice.pick(['cli', 'sti', 'sti', 'sti\n cli']);

const shadows: Snippet = (dice, ring) => `mov eax, ss\n mov ss, ax\n ${snippet(dice, ring)}`;

const patches: Snippet = (dice) => {
  const label = newLabel();
  return dice.below(2) === 0
    ? `mov dword [${someFunction(dice) + 1}], ${dice.word() >>> 2}`
    : `mov eax, ${dice.word() >>> 2}\n mov [${label} + 1], eax\n ${dice.pick(['nop', `jmp ${label}`])}\n${label}: mov ebx, 0x12345678`;
};

const tables: Snippet = (dice, ring) => {
  const page = dice.below(WINDOW_PAGES);
  const change = `mov dword [${windowEntry(page)}], ${someEntry(dice)}`;
  if (ring !== 0) return change;
  return dice.pick([
    `${change}\n mov eax, ${WINDOW + page * 0x1000}\n invlpg [eax]`,
    'mov eax, cr3\n mov cr3, eax',
    'mov eax, cr0\n xor eax, 0x10000\n mov cr0, eax',
    'mov eax, cr0\n xor eax, 0x40000\n mov cr0, eax',
    'mov eax, cr0\n or eax, 8\n mov cr0, eax',
  ]);
};

const segments: Snippet = (dice, ring) =>
  dice.pick([
    `mov ax, ${dice.pick(SELECTORS)}\n mov ${dice.pick(['ds', 'es', 'fs', 'gs', 'ds', 'es'])}, ax`,
    `mov ax, ${DATA_OF[ring]}\n mov ds, ax\n mov es, ax`,
    'mov [fs:esi], eax',
    'add eax, [gs:esi]',
    'mov eax, [cs:esi]',
    'mov esi, 0x7ffc\n mov eax, [fs:esi]',
    'push dword [fs:8]',
  ]);

const returns: Snippet = (dice, ring) => {
  const label = newLabel();
  return dice.below(2) === 0
    ? `push ${CODE_OF[ring]}\n push ${label}\n retf\n${label}:`
    : `pushfd\n push ${CODE_OF[ring]}\n push ${label}\n iretd\n${label}:`;
};

const floats: Snippet = (dice) =>
  dice.pick([
    `fild dword ${memory(dice)}\n fistp dword ${memory(dice)}`,
    'wait',
    'fninit',
    'fnsave [edi]',
    'frstor [edi]',
  ]);

const oddments: Snippet = (dice) =>
  dice.pick([
    'pushad\n popad',
    'enter 8, 2\n leave',
    'leave',
    'push es\n pop es',
    'xlat',
    'bts [esi], eax',
    'shl dword [edi], cl',
    'rcl dword [esi], cl',
    'xadd [edi], eax',
    'movzx eax, byte [esi]',
    'setz [edi]',
    'cmovz eax, [esi]',
    'rdtsc',
    'idiv dword [edi]',
    'neg byte [edi]',
    'verr [esi]',
    'sgdt [edi]',
    'lar eax, [esi]',
    'bound eax, [esi]',
    'arpl [esi], ax',
    'les eax, [esi]',
    'smsw eax',
  ]);

/** What is there more than once comes more often. */
const SNIPPETS: readonly Snippet[] = [
  ...[arithmetic, arithmetic, arithmetic, pointers, strings, strings, stack, calls, jumps, jumps, traps],
  ...[flags, shadows, patches, tables, segments, segments, returns, floats, oddments],
];

/** A few instructions that may do anything. */
export function snippet(dice: Dice, ring: Ring): string {
  return dice.pick(SNIPPETS)(dice, ring);
}
