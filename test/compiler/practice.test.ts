import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { PRACTICE_AT, PRACTICE_PIECE } from '../../src/processor/compiler/index.ts';
import { createMachine, type Engine } from '../../src/processor/index.ts';
import { stateOf } from './both.ts';

/** What a process plays before its first machine is handed out: a bit of everything, and no more than that. */
const PIECE = `
    mov esp, 0x8000
    mov edi, 0x3000
    mov eax, 3
    mov ecx, 64
  map:
    mov [edi], eax
    add edi, 4
    add eax, 0x1000
    dec ecx
    jnz map
    mov dword [0x2000], 0x3003
    mov eax, 0x2000
    mov cr3, eax
    mov eax, cr0
    or eax, 0x80000000
    mov cr0, eax
    mov ebp, 10
  again:
    push dword 10
    call fibonacci
    add esp, 4
    push eax
    push dword text
    call hash
    add esp, 8
    and eax, 3
    call [eax*4 + table]
    mov esi, text
    mov edi, 0x9000
    mov ecx, 8
    rep movsd
    mov esi, 0x9000
    mov ecx, 16
  mix:
    mov eax, [esi]
    mov edx, [esi + 4]
    shl eax, 3
    ror edx, 5
    xor eax, edx
    sub eax, ecx
    sbb edx, 0
    mov [esi], eax
    mov [esi + 4], edx
    lea esi, [esi + 4]
    dec ecx
    jnz mix
    dec ebp
    jnz again
    hlt
  fibonacci:
    push ebp
    mov ebp, esp
    push ebx
    mov eax, [ebp + 8]
    cmp eax, 2
    jb small
    dec eax
    push eax
    call fibonacci
    mov ebx, eax
    mov eax, [ebp + 8]
    sub eax, 2
    mov [esp], eax
    call fibonacci
    add esp, 4
    add eax, ebx
  small:
    mov ebx, [ebp - 4]
    leave
    ret
  hash:
    push esi
    mov esi, [esp + 8]
    mov eax, 5381
  letter:
    movzx edx, byte [esi]
    test dl, dl
    je ended
    imul eax, eax, 33
    add eax, edx
    inc esi
    cmp dl, 'z'
    jbe letter
    not eax
    jmp letter
  ended:
    shr eax, 1
    pop esi
    ret
  table: dd one, two, three, one
  one:
    mov eax, ebp
    cdq
    mov ecx, 10
    idiv ecx
    add ebx, edx
    ret
  two:
    test ebx, ebx
    setl al
    movsx eax, al
    neg eax
    add ebx, eax
    adc esi, 0
    ret
  three:
    mul ebx
    or eax, 1
    cmp eax, [esp + 4]
    jle lesser
    xchg eax, ebx
  lesser:
    ret
  text: db 'practice makes a master, and a quick fox jumps', 0
`;

function play(engine: Engine) {
  const machine = createMachine({ ramBytes: 0x1_0000, engine, hot: 100 });
  machine.ram.write(PRACTICE_AT, assemble(PIECE, { origin: PRACTICE_AT }).bytes);
  machine.registers.eip = PRACTICE_AT;
  expect(machine.run(1_000_000)).toBe('halted');
  return machine;
}

test('The piece that is played for practice is the one that is written down here', () => {
  const { bytes } = assemble(PIECE, { origin: PRACTICE_AT });
  expect(PRACTICE_PIECE).toBe(Buffer.from(bytes).toString('hex'));
});

test('It comes to its end, and alike on both engines', () => {
  const machine = play('compiler');
  expect(stateOf(machine)).toBe(stateOf(play('interpreter')));
  expect(machine.retired).toBeGreaterThan(10_000);
});
