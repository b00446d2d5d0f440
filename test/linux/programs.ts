import { assemble } from '../../src/assembler/index.ts';
import { elfFile } from '../launcher/elf-file.ts';

/** Behind the headers of a file that Linux maps at 0x08048000. */
const ORIGIN = 0x0804_8000 + 84;

/** A static executable for Linux. */
function program(source: string): Uint8Array {
  const { bytes } = assemble(source, { origin: ORIGIN });
  return elfFile({ entry: ORIGIN, segments: [{ physical: ORIGIN, bytes, memorySize: bytes.length + 4096 }] });
}

/** Ends with the exit code in ebx. */
const EXIT = `
  mov eax, 1
  int 0x80
`;

/** Programs that Linux must survive, each named after what it does. */
export const PROGRAMS: Record<string, Uint8Array> = {
  'divide-by-zero': program('  xor ecx, ecx\n  div ecx'),
  cli: program('  cli'),
  hlt: program('  hlt'),
  out: program('  mov dx, 0xcf8\n  out dx, eax'),
  hypercall: program('  mov eax, 2\n  mov ebx, 0x100000\n  mov ecx, 1\n  int 0x1f'),
  undefined: program('  ud2'),
  breakpoint: program('  int3'),
  'read-null': program('  mov eax, [0]'),
  'write-code': program(`  mov eax, 0x08048054\nagain:\n  mov dword [0xc0100000], eax\n  jmp again`),
  'read-kernel': program('  mov eax, [0xc0100000]'),
  'read-switcher': program('  mov eax, [0xffc00000]'),
  'jump-to-switcher': program('  mov eax, 0xffc00000\n  jmp eax'),
  'ring-1-selector': program('  mov eax, 0x69\n  mov ds, ax'),
  'single-step': program('  pushfd\n  or dword [esp], 0x100\n  popfd\n  nop\n  nop'),
  loop: program('forever:\n  jmp forever'),
  'eat-the-stack': program('deeper:\n  push eax\n  jmp deeper'),

  // maps three times 40 MB, of which each alone is not too much, and then writes to every page
  'take-all-memory': program(`
    mov edi, 3
  map:
    push edi
    mov eax, 192
    mov ebx, 0
    mov ecx, ${40 << 20}
    mov edx, 3
    mov esi, 0x22
    mov edi, 0xffffffff
    mov ebp, 0
    int 0x80
    pop edi
    push eax
    dec edi
    jnz map
    mov edi, 3
  next:
    pop eax
    mov ecx, ${(40 << 20) / 4096}
  touch:
    mov [eax], ecx
    add eax, 4096
    dec ecx
    jnz touch
    dec edi
    jnz next
    mov ebx, 0
    ${EXIT}`),

  // pushes IF off and IOPL 3, as a process may, and looks whether it got them
  'keep-interrupts': program(`
    pushfd
    and dword [esp], 0xfffffdff
    or dword [esp], 0x3000
    popfd
    pushfd
    pop eax
    mov ebx, 0
    and eax, 0x3200
    cmp eax, 0x200
    je fine
    mov ebx, 1
  fine:
    ${EXIT}`),

  // the square root of two, a thousand million times, in decimal
  'root-of-two': program(`
    push 2
    fild dword [esp]
    fsqrt
    mov dword [esp], 1000000000
    fild dword [esp]
    fmulp st1, st0
    fistp dword [esp]
    pop eax
    mov ecx, esp
    sub esp, 16
    mov ebx, 10
    dec ecx
    mov byte [ecx], 10
  digit:
    xor edx, edx
    div ebx
    add edx, 0x30
    dec ecx
    mov [ecx], dl
    test eax, eax
    jnz digit
    mov eax, 4
    mov ebx, 1
    mov edx, 11
    int 0x80
    mov ebx, 0
    ${EXIT}`),

  // divides by zero, wants to hear of it, and dies of something else before it does
  'leave-an-error': program('  push 0x340\n  fldcw [esp]\n  fldz\n  fld1\n  fdiv st0, st1\n  ud2'),

  // keeps its process number in the floating-point unit while others do the same, and gives way thousands of times
  'keep-a-number': program(`
    mov eax, 20
    int 0x80
    push eax
    fild dword [esp]
    fild dword [esp]
    mov edi, 3000
  again:
    mov eax, 158
    int 0x80
    fld st0
    sub esp, 4
    fistp dword [esp]
    pop eax
    cmp eax, [esp]
    jne lost
    dec edi
    jnz again
    mov ebx, 0
    ${EXIT}
  lost:
    mov ebx, 1
    ${EXIT}`),
};
