import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { nextBlock, NO_BLOCK } from '../../src/processor/blocks.ts';
import { write32 } from '../../src/processor/access.ts';
import { emptyBus } from '../../src/processor/bus.ts';
import { NEVER } from '../../src/processor/compiler/making.ts';
import { byteAddress, createSprinter } from '../../src/processor/compiler/sprinter.ts';
import { EAX, EBP, EBX, ECX, EDI, EDX, EIP, ESI, ESP, RAM_BASE } from '../../src/processor/layout.ts';
import { Processor } from '../../src/processor/processor.ts';
import { prepareBoth, runAlike } from './both.ts';

const AT = 0x1000;
const DATA = 0x4004;

/** Decodes one block, lets the sprinter run on it, and says how many instructions he has left over. */
function left(code: string): number {
  const cpu = new Processor(0x1_0000, emptyBus);
  cpu.bytes.set(assemble(`${code}\n jmp 0x2000`, { origin: AT }).bytes, RAM_BASE + AT);
  cpu.words[EIP] = AT;
  for (const register of [EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI]) cpu.words[register] = DATA;
  write32(cpu, DATA, 1); // so that the TLB knows the page
  write32(cpu, DATA - 4, 1);
  const block = nextBlock(cpu, NO_BLOCK);
  return createSprinter(cpu)!(byteAddress(block.at), block.length);
}

const ROW = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp'];
const CONDITIONS = 'o no b nb z nz be a s ns l nl le g'.split(' ');
const TAKEN = [
  ...ROW.flatMap((o) => [
    `${o} eax, ecx`,
    `${o} eax, 5`,
    `${o} eax, [ecx + edx*2 - 0x8008]`,
    `${o} [ebx], eax`,
    `${o} dword [ebx], 0x12345`,
  ]),
  ...['cmp cl, dh', 'cmp ah, 3', 'cmp byte [esi], 3', 'cmp [esi], bl', 'cmp bl, [esi]'],
  ...['test eax, ecx', 'test eax, 8', 'test [esi], eax', 'test dword [esi], 8', 'test al, cl', 'test dh, 8'],
  ...['test byte [esi], 8', 'test [esi], ch', 'inc eax', 'dec edi', 'inc dword [esi]', 'dec dword [esi]'],
  ...['shl eax, cl', 'shr edx, cl', 'sar ebx, cl'],
  ...['shl eax, 3', 'shr ecx, 31', 'sar edx, 1', 'nop', 'lea eax, [ecx + edx*8 + 5]', 'leave'],
  ...['mov eax, ecx', 'mov al, ch', 'mov ax, cx', 'mov eax, 5', 'mov al, 5', 'mov byte [esi], 5'],
  ...['mov eax, [esi]', 'mov al, [esi]', 'mov ax, [esi]', 'mov [esi], eax', 'mov [esi], dh', 'mov [esi], dx'],
  ...['mov dword [esi], 7', 'movzx eax, cl', 'movzx eax, cx', 'movsx eax, cl', 'movsx eax, cx'],
  ...['movzx eax, byte [esi]', 'movzx eax, word [esi]', 'movsx eax, byte [esi]', 'movsx eax, word [esi]'],
  ...['push eax', 'push 5', 'push dword [esi]', 'pop ecx', 'pop esp', 'jmp 0x2000', 'call 0x2000', 'ret'],
  ...['call eax', 'call [esi]', ...CONDITIONS.map((condition) => `j${condition} 0x2000`)],
];

test.each(TAKEN)('The sprinter takes %s', (instruction) => {
  expect(left(instruction)).toBe(0);
});

test('He stops before what he does not know, and says how much is left', () => {
  expect(left('nop\n nop\n cpuid')).toBe(2);
  expect(left('mov eax, [fs:esi]')).toBe(2);
  expect(left('test ax, 5')).toBe(2);
  expect(left('call ax')).toBe(1);
  for (const shift of ['rol eax, cl', 'rcr eax, cl', 'shl ax, cl', 'shr al, cl', 'sar dword [esi], cl'])
    expect(left(`nop\n ${shift}`)).toBe(2);
});

/*
 * He may give up only before anything has happened. ESI points to the end of a good page, to one that is read-only and has been read, to one that is not there, to a
 * crooked place, and across the boundary to a page that is not there.
 */
const [GOOD, ABSENT, READ_ONLY] = [0xd000, 0xe000, 0xf000];
const PLACES = [
  GOOD + 0xff0,
  READ_ONLY,
  READ_ONLY + 8,
  ABSENT,
  GOOD + 1,
  GOOD + 0xffe,
  GOOD + 0xffd,
  GOOD + 0xfff,
];
const IN_MEMORY = TAKEN.filter((instruction) => instruction.includes('['));
const STACK = ['push eax', 'push 5', 'pop ecx', 'pop esp', 'leave', 'call there', 'call ebx', 'ret'];

function playAlike(code: string): void {
  const pages = { [ABSENT]: 0, [READ_ONLY]: READ_ONLY | 5 };
  runAlike(prepareBoth({ ring: 3, code, pages, hot: NEVER }), [100_000], 1);
}

test.each(IN_MEMORY)('%s is done alike wherever its operand is', (instruction) => {
  const near = instruction.replace(/\[.*\]/, '[esi]');
  for (const place of PLACES) {
    playAlike(`
      mov edi, [${READ_ONLY}]
      mov edi, there
      mov [${GOOD + 0xff0}], edi
      mov edx, 0x87654321
      mov esi, ${place}
      mov eax, 0x7fffffff
      mov ecx, 0x12345678
      cmp eax, edx
      ${near}
      pushfd
      hlt
      there: pushfd
      hlt`);
  }
});

test.each(STACK)('%s is done alike wherever the stack is', (instruction) => {
  for (const place of PLACES) {
    playAlike(`
      mov ebx, [${READ_ONLY}]
      mov ebx, there
      mov [${GOOD + 0xff0}], ebx
      mov [${GOOD + 0xff4}], ebx
      mov ebp, ${place}
      mov esp, ${place}
      add eax, 1
      ${instruction}
      there: mov edx, esp
      hlt`);
  }
});

/*
 * Flags have edges, and random numbers are never there.
 */
const EDGES = [0, 1, 0xf, 0x10, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const TWO = [...ROW, 'test'];
const ONE = [
  'inc eax',
  'dec eax',
  ...['shl', 'shr', 'sar'].flatMap((o) => [1, 2, 31].map((n) => `${o} eax, ${n}`)),
];

/** Does it with the carry clear and set, and keeps all flags and the result in memory. */
function asked(instruction: string, a: number, b: number): string {
  return ['clc', 'stc']
    .map((carry) => `mov eax, ${a}\n mov ecx, ${b}\n ${carry}\n ${instruction}\n pushfd\n push eax`)
    .join('\n');
}

test.each(TWO)('The flags of %s are alike at all edges', (operation) => {
  for (const registers of ['eax, ecx', 'al, cl']) {
    const pairs = EDGES.flatMap((a) => EDGES.map((b) => asked(`${operation} ${registers}`, a, b)));
    playAlike(`${pairs.join('\n')}\n hlt`);
  }
});

test.each(ONE)('The flags of %s are alike at all edges', (instruction) => {
  playAlike(`${EDGES.map((a) => asked(instruction, a, 0)).join('\n')}\n hlt`);
});

test.each([
  'shl',
  'shr',
  'sar',
])('The flags of %s by CL are alike at all edges, and as they were if CL is nothing', (shift) => {
  for (const count of [0, 1, 2, 30, 31, 32, 33, 0x100, 0xffff_ffff])
    playAlike(`${EDGES.map((a) => asked(`${shift} eax, cl`, a, count)).join('\n')}\n hlt`);
});

test.each(CONDITIONS)('He jumps if %s, and only then', (condition) => {
  const jump = (n: number) => `cmp eax, ecx\n j${condition} t${n}\n inc ebx\n t${n}: rol ebx, 1`;
  const pairs = EDGES.flatMap((a) => EDGES.map((b) => `mov eax, ${a}\n mov ecx, ${b}`));
  playAlike(`${pairs.map((pair, n) => `${pair}\n ${jump(n)}`).join('\n')}\n hlt`);
});
