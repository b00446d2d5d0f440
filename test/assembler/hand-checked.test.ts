import { describe, expect, it } from 'vitest';
import { assemble, encode, registerNamed } from '../../src/assembler/index.ts';

/** Worked out by hand from the opcode pages of Intel's manual, volume 2. */
const CHECKED = `
add al, 5                          04 05
add ecx, 5                         83 c1 05
add ecx, 0xfffffffb                83 c1 fb
add ecx, strict dword 5            81 c1 05 00 00 00
add eax, 300                       05 2c 01 00 00
add ax, 300                        66 05 2c 01
add ax, 0xffff                     66 83 c0 ff
add byte [ebx], -1                 80 03 ff
add byte [ebx], 255                80 03 ff
or [ecx], dl                       08 11
adc edx, [esp]                     13 14 24
sbb byte [esp+4], 1                80 5c 24 04 01
cmp dword [ebp], 0                 83 7d 00 00
xor eax, eax                       31 c0
mov eax, [0x1234]                  a1 34 12 00 00
mov [0x1234], al                   a2 34 12 00 00
mov ecx, [0x1234]                  8b 0d 34 12 00 00
mov eax, [eax+ebx*4+0x10]          8b 44 98 10
mov eax, [ebx*4]                   8b 04 9d 00 00 00 00
mov eax, [4*ebx-4]                 8b 04 9d fc ff ff ff
mov eax, [ebp+eax]                 8b 44 05 00
mov eax, [eax+esp]                 8b 04 04
mov eax, [byte ebx+0]              8b 43 00
mov eax, [dword ebx+1]             8b 83 01 00 00 00
mov eax, [word 0x1234]             67 a1 34 12
mov cx, [bp+di-2]                  66 67 8b 4b fe
mov eax, fs:[0x10]                 64 a1 10 00 00 00
mov eax, [gs:esi]                  65 8b 06
mov byte [edi], 'A'                c6 07 41
mov edx, 'abcd'                    ba 61 62 63 64
mov cr3, eax                       0f 22 d8
mov eax, cr0                       0f 20 c0
mov eax, dr7                       0f 21 f8
mov ss, ax                         8e d0
mov ds, eax                        8e d8
mov [ebx], gs                      8c 2b
mov ax, es                         66 8c c0
movzx eax, byte [ecx]              0f b6 01
movsx edx, cx                      0f bf d1
lea esi, [esi+0]                   8d 36
xchg eax, ecx                      91
bswap edi                          0f cf
push 5                             6a 05
push -129                          68 7f ff ff ff
push 0xfff0                        68 f0 ff 00 00
push word 5                        66 6a 05
push dword [eax]                   ff 30
push [eax]                         ff 30
push word [eax]                    66 ff 30
push fs                            0f a0
pop dword [esp+4]                  8f 44 24 04
pop ds                             1f
inc edi                            47
inc byte [edi]                     fe 07
neg dword [ebp-4]                  f7 5d fc
imul ecx, 5                        6b c9 05
imul ecx, [ebx], 1000              69 0b e8 03 00 00
div ecx                            f7 f1
cwd                                66 99
cdq                                99
aam                                d4 0a
shl eax, 1                         d1 e0
sal eax, 4                         c1 e0 04
sar word [eax], cl                 66 d3 38
shld eax, edx, 3                   0f a4 d0 03
bts dword [edx], 7                 0f ba 2a 07
setne cl                           0f 95 c1
cmovb eax, [edi]                   0f 42 07
cmpxchg8b [ebp]                    0f c7 4d 00
lock cmpxchg [ebx], ecx            f0 0f b1 0b
rep movsd                          f3 a5
repne scasb                        f2 ae
fs lodsw                           64 66 ad
in al, dx                          ec
in ax, 0x60                        66 e5 60
out 0xe9, al                       e6 e9
out dx, eax                        ef
int3                               cc
int 0x80                           cd 80
iret                               cf
iretw                              66 cf
enter 16, 0                        c8 10 00 00
ret 8                              c2 08 00
retf                               cb
call eax                           ff d0
call [eax]                         ff 10
call far [eax]                     ff 18
call far word [eax]                66 ff 18
jmp word 0x60:0x1234               66 ea 34 12 60 00
mov eax, [ebx*1+ecx*4]             8b 04 8b
mov eax, [ecx*4+ebx*1]             8b 04 8b
o16 call far [eax]                 66 ff 18
jmp 0x60:0x12345678                ea 78 56 34 12 60 00
o16 jmp 0x60:0x1234                66 ea 34 12 60 00
o16 jmp near $+0x104               66 e9 00 01
jmp $                              eb fe
jmp near $                         e9 fb ff ff ff
jz $+0x80                          74 7e
jz $+0x90                          0f 84 8a 00 00 00
jnz near $                         0f 85 fa ff ff ff
jecxz $                            e3 fe
jcxz $                             67 e3 fd
call $                             e8 fb ff ff ff
lgdt [ebx]                         0f 01 13
lidt [0x1000]                      0f 01 1d 00 10 00 00
ltr ax                             0f 00 d8
lldt [eax]                         0f 00 10
invlpg [ecx]                       0f 01 39
lar eax, cx                        0f 02 c1
lss esp, [ebx]                     0f b2 23
arpl [eax], cx                     63 08
smsw eax                           0f 01 e0
clts                               0f 06
cpuid                              0f a2
rdtsc                              0f 31
rdmsr                              0f 32
wrmsr                              0f 30
ud2                                0f 0b
hlt                                f4
fld dword [eax]                    d9 00
fld tword [eax]                    db 28
fld st3                            d9 c3
fadd st0, st2                      d8 c2
fadd st(2), st                     dc c2
fsubp st1, st0                     de e9
fistp qword [esp]                  df 3c 24
fstcw fs:[eax]                     9b 64 d9 38
fnstsw ax                          df e0
fninit                             db e3
`;

describe('The assembler, against encodings worked out by hand', () => {
  const rows = CHECKED.trim().split('\n');
  it.each(rows.map((row) => row.split(/ {2,}/) as [string, string]))('encodes `%s` as %s', (line, bytes) => {
    expect(hex(assemble(line).bytes)).toBe(bytes);
  });

  it('takes mnemonics and registers in any case', () => {
    expect(hex(assemble('MOV Eax, [EBX + Ecx*2]').bytes)).toBe('8b 04 4b');
  });

  it('offers the encoder beneath the text', () => {
    const base = registerNamed('esp')!;
    const { bytes, patches } = encode('mov', [
      { kind: 'memory', base, scale: 1, displacement: 8, size: 32 },
      { kind: 'immediate', value: 1 },
    ]);
    expect(hex(bytes)).toBe('c7 44 24 08 01 00 00 00');
    expect(patches).toEqual([]);
  });
});

function hex(bytes: Iterable<number>): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
