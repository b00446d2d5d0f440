import { test } from 'vitest';
import { prepareBoth, runAlike } from './both.ts';

/** Pages that are neighbours in the guest, and nowhere else. */
const PAGES = { 40960: 0x4_0007, 45056: 0x3_f007, 49152: 0x4_2007, 53248: 0x4_1007 };

/** Counts from 0 to 127, from and to every place in a page; sometimes the flags from before are wanted behind it. */
const program = (what: string) => `
  cld
  mov edi, 0xa000
fill:
  mov [edi], eax
  imul eax, eax, 1664525
  add eax, 1013904223
  add edi, 4
  cmp edi, 0xe000
  jb fill
  mov ebx, 6000
again:
  mov eax, ebx
  imul eax, eax, 2654435761
  mov ecx, eax
  shr ecx, 25
  mov esi, ebx
  and esi, 0xfff
  add esi, 0xa000
  lea edi, [ebx*8 + ebx]
  and edi, 0x1fff
  add edi, 0xb000
  cmp eax, 0x30000000
  rep ${what}
  sbb edx, 0
  mov ecx, eax
  and ecx, 7
  add edx, ecx
  lea esi, [edi - 0x1003]
  rep ${what}
  add edx, edi
  xor edx, esi
  dec ebx
  jnz again
  hlt`;

test.each([
  ['movsb', [100_000]],
  ['movsw', [7919, 13, 1]],
  ['movsd', [100_000, 1009]],
  ['stosb', [61, 3, 20_011]],
  ['stosw', [100_000]],
  ['stosd', [997, 1, 2, 65]],
])('REP %s does what it does in the interpreter, and is cut off where that is', (what, slices) => {
  runAlike(prepareBoth({ ring: 3, code: program(what), pages: PAGES, hot: 20 }), slices, 400);
});
