import { describe, expect, it } from 'vitest';
import { decode } from '../../chapters/4-launcher/mmio.ts';
import { assemble } from '../../src/assembler/index.ts';

/** What the Host sends: seven bytes from eip on, whatever they are. */
function sent(instruction: string): Uint8Array {
  const code = new Uint8Array(7).fill(0x90);
  code.set(assemble(instruction).bytes.subarray(0, 7));
  return code;
}

const load = (register: number, width: number, into = width, signed = false) => ({
  width,
  into: { register, width: into, signed },
});

describe('The decoder of device accesses', () => {
  it.each<[string, object]>([
    ['mov [eax], al', { width: 1, from: { register: 0 } }],
    ['mov [edx], ah', { width: 1, from: { register: 4 } }],
    ['mov [edx], ecx', { width: 4, from: { register: 1 } }],
    ['mov [edx], bx', { width: 2, from: { register: 3 } }],
    ['mov al, [eax]', load(0, 1)],
    ['mov bh, [esi]', load(7, 1)],
    ['mov edi, [ebx]', load(7, 4)],
    ['mov ax, [eax]', load(0, 2)],
    ['mov ecx, [ebp + 4]', load(1, 4)],
    ['mov ecx, [esp]', load(1, 4)],
    ['mov ecx, [esp + 8]', load(1, 4)],
    ['mov ecx, [eax + ecx*4]', load(1, 4)],
    ['mov ecx, [eax + 0x12345678]', load(1, 4)],
    ['mov ecx, [eax + edx*2 + 0x12345678]', load(1, 4)],
    ['mov ecx, [edx*8 + 0x12345678]', load(1, 4)],
    ['mov ecx, [0x12345678]', load(1, 4)],
    ['mov eax, [0x12345678]', load(0, 4)],
    ['mov al, [0x12345678]', load(0, 1)],
    ['mov ax, [0x12345678]', load(0, 2)],
    ['mov [0x12345678], eax', { width: 4, from: { register: 0 } }],
    ['mov [0x12345678], al', { width: 1, from: { register: 0 } }],
    ['mov byte [eax], 0x85', { width: 1, from: { immediate: 0x85 } }],
    ['mov word [eax + 8], 0x8001', { width: 2, from: { immediate: 0x8001 } }],
    ['mov dword [eax], 0x80000001', { width: 4, from: { immediate: 0x80000001 } }],
    ['mov dword [eax + 4], 5', { width: 4, from: { immediate: 5 } }],
    ['movzx eax, byte [edx]', load(0, 1, 4)],
    ['movzx eax, word [edx + 2]', load(0, 2, 4)],
    ['movzx cx, byte [edx]', load(1, 1, 2)],
    ['movsx eax, byte [edx]', load(0, 1, 4, true)],
    ['movsx eax, word [edx]', load(0, 2, 4, true)],
    ['mov eax, [fs:edx]', load(0, 4)],
  ])('takes `%s` apart', (instruction, expected) => {
    const { bytes } = assemble(instruction);
    expect(decode(sent(instruction))).toEqual({ length: bytes.length, ...expected });
  });

  it.each([
    'add [eax], ecx',
    'xchg [eax], ecx',
    'inc dword [eax]',
    'lock add [eax], ecx',
    'movsd',
    'push dword [eax]',
  ])('leaves `%s` alone', (instruction) => {
    expect(decode(sent(instruction))).toBeUndefined();
  });

  it('does not guess at bytes that the Host did not send', () => {
    expect(assemble('mov dword [0x12345678], 1').bytes.length).toBe(10);
    expect(decode(sent('mov dword [0x12345678], 1'))).toBeUndefined();
    expect(decode(Uint8Array.of(0x8b))).toBeUndefined();
    expect(decode(Uint8Array.of(0x8b, 0x04))).toBeUndefined();
    expect(decode(new Uint8Array(0))).toBeUndefined();
    expect(decode(new Uint8Array(7).fill(0x66))).toBeUndefined();
  });

  it('takes c6 and c7 for a move only where they are one', () => {
    for (let extension = 0; extension < 8; extension++) {
      const code = (opcode: number) => Uint8Array.of(opcode, extension << 3, 1, 2, 3, 4, 5);
      expect([0xc6, 0xc7].map((opcode) => decode(code(opcode))?.length)).toEqual(
        extension === 0 ? [3, 6] : [undefined, undefined],
      );
    }
  });

  it('refuses register to register, which touches no memory', () => {
    expect(decode(sent('mov eax, ecx'))).toBeUndefined();
  });
});
