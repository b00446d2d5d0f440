import { expect, test } from 'vitest';
import { firstDifference, prepareBoth, stateOf } from './both.ts';

/*
 * A shift by CL whose flags somebody wants is left to the interpreter, and so is its operand: compiled code does not look for the page. Both
 * branches behind it go through the same register, and only one of them is taken. The page that the one has looked up is none of the
 * other's business, the less so since the register leads to another page each time.
 */
test('What one branch looked up, the other does not take for granted', () => {
  const [interpreted, compiled] = prepareBoth({
    code: `
      mov edi, 20000
      mov ebp, 0x10000
      again:
      mov eax, edi
      and eax, 7
      shl eax, 12
      mov esi, eax
      add esi, ebp                    ; where EAX leads, too, but who would know
      add dword [eax + 0x10000], 0x77777777
      mov [eax + 0x10004], edi
      mov [eax + 0x10008], ebx
      mov ecx, edi
      and ecx, 3
      shl dword [esi], cl
      jc carried
      add ebx, [esi + 4]
      jmp on
      carried:
      add edx, [esi + 8]
      rol edx, 1
      on:
      dec edi
      jnz again
      hlt`,
    hot: 2000,
  });
  expect([interpreted.run(1_000_000), compiled.run(1_000_000)]).toEqual(['halted', 'halted']);
  expect(stateOf(compiled)).toBe(stateOf(interpreted));
  expect(firstDifference(interpreted, compiled)).toBe(-1);
});
