import { expect, test } from 'vitest';
import { DATA_1, FREE, descriptor } from '../processor/stage.ts';
import { prepareBoth, runAlike } from './both.ts';

/*
 * Each form in a loop of three hundred rounds, on numbers and flags that are others in each round, with several ways of
 * looking at what it has done.
 */

/** What makes the flags that the form finds: all of them at will, or arithmetic of every kind. */
const BEFORE = [
  'mov ecx, esi\n and ecx, 0x8d5\n push ecx\n popfd',
  'mov ecx, esi\n rol ecx, 9\n add ecx, edx',
  'mov ecx, edx\n sub cl, dh',
  'inc bx',
  'mov ecx, esi\n shl ecx, 3',
  'test esi, edx',
];

/** What looks at the flags that it leaves, and puts what it sees into EBP. */
const BEHIND = [
  'pushfd\n pop ecx\n add ebp, ecx',
  'adc ebp, 3',
  'lahf\n add ebp, eax',
  'setbe cl\n setl ch\n add ebp, ecx',
  'setp cl\n setno ch\n add ebp, ecx',
  'jz over\n add ebp, esi\n over:\n',
  'add ebp, eax',
];

const program = (before: string, form: string, behind: string) => `
  sub esp, 64
  mov edi, 300
  mov edx, 7
  again:
  imul esi, esi, 1664525
  add esi, 1013904223
  mov eax, esi
  ror eax, 11
  lea ebx, [eax+esi*4]
  xor edx, ebx
  ${before}
  ${form}
  ${behind}
  rol ebp, 3
  xor ebp, eax
  add ebp, edx
  add ebp, ebx
  add ebp, [esp+16]
  add ebp, [esp+20]
  dec edi
  jnz again
  int3`;

const COUNTS = [1, 2, 8, 9, 17, 31];
const through = ['rcl', 'rcr'].flatMap((operation) =>
  ['al', 'ah', 'dx', 'edx', 'byte [esp+17]', 'word [esp+16]', 'dword [esp+20]'].map(
    (operand): [string, string[]] => [
      `${operation} ${operand}`,
      COUNTS.map((count) => `${operation} ${operand}, ${count}`),
    ],
  ),
);

test.each<[string, string[]]>([
  ...through,
  ['SAHF', ['mov ah, dl\n sahf']],
  ['LAHF', ['lahf']],
  ['PUSHF', ['pushfd\n pop ebx', 'push eax\n pushfd\n mov ecx, [esp]\n add esp, 8\n add ebp, ecx']],
  // Anything, and whatever POPF may change in ring 3 by itself: DF, NT, AC and ID.
  ['POPF', ['and edx, 0x8d5\n push edx\n popfd', 'and edx, 0x244cd5\n push edx\n popfd\n cld']],
  ['POPF of DF', ['and edx, 0xcd5\n push edx\n popfd\n pushfd\n pop ecx\n cld\n add ebp, ecx']],
  ['MUL', ['mul dl', 'mul dh', 'mul ah', 'mul dx', 'mul byte [esp+17]', 'mul word [esp+20]']],
  ['IMUL', ['imul dl', 'imul ah', 'imul dx', 'imul byte [esp+16]', 'imul word [esp+20]']],
  ['IMUL of two', ['imul ax, dx', 'imul dx, word [esp+18]', 'imul ebx, edx']],
  ['IMUL of three', ['imul ax, dx, -3', 'imul dx, ax, 77', 'imul bx, word [esp+16], 1234']],
  ['DIV by a byte', ['movzx eax, al\n or dl, 1\n div dl', 'and ah, 3\n or dh, 4\n div dh']],
  ['DIV by two', ['and dx, 7\n or bx, 8\n div bx', 'xor edx, edx\n or word [esp+16], 1\n div word [esp+16]']],
  ['POP to memory', ['push eax\n pop dword [esp+12]', 'lea ecx, [esp+16]\n push edx\n pop dword [ecx+4]']],
])('%s does the same on both engines', (_, forms) => {
  let turn = 0;
  for (const form of forms) {
    for (const behind of BEHIND) {
      const code = program(BEFORE[turn++ % BEFORE.length]!, form, behind);
      runAlike(prepareBoth({ ring: 3, code, hot: 5 }), [100_000], 10);
    }
  }
});

test('CMPXCHG8B does the same on both engines, whether it finds what it expects or not', () => {
  const store = 'mov [esp+16], eax\n mov [esp+20], edx\n';
  const forms = ['', 'xor eax, 1\n', 'inc edx\n', 'and esi, 1\n sub eax, esi\n'].map(
    (change) => `${store} ${change} mov ecx, esi\n cmpxchg8b [esp+16]`,
  );
  for (const form of forms) {
    for (const behind of BEHIND) {
      // What makes the flags must not change the numbers: so it comes between.
      for (const before of BEFORE.slice(0, 3)) {
        const at = form.lastIndexOf('mov ecx');
        const code = program('', `${form.slice(0, at)} ${before}\n ${form.slice(at)}`, behind);
        runAlike(prepareBoth({ ring: 3, code, hot: 5 }), [100_000], 10);
      }
    }
  }
});

test('An instruction behind a segment register that has changed is decoded for what it is now', () => {
  const code = (segment: string) => `
    mov edi, 300
    mov dword [DATA], 0x11
    mov dword [DATA+0x100], 0x2200
    again:
    mov ax, ${FREE}
    mov ${segment}, ax
    mov edx, [${segment}:DATA]
    add ebp, edx
    ${segment === 'ds' ? 'add ebp, [DATA]' : 'nop'}
    push ${DATA_1}
    pop ${segment}
    mov edx, [${segment}:DATA]
    add ebp, edx
    rol ebp, 1
    dec edi
    jnz again
    int3`;
  for (const segment of ['ds', 'es', 'fs', 'gs']) {
    const scene = {
      ring: 1,
      code: code(segment),
      hot: 5,
      descriptors: { [FREE]: descriptor(0x100, 0xfffff, 0xb3) },
    };
    const both = prepareBoth(scene as Parameters<typeof prepareBoth>[0]);
    runAlike(both, [100_000], 10);
    runAlike(prepareBoth(scene as Parameters<typeof prepareBoth>[0]), [1, 2, 3, 7], 4000);
    expect(both[0].registers.ebp).not.toBe(0);
  }
});
