import { describe, expect, test } from 'vitest';
import type { Machine } from '../../src/processor/index.ts';
import { prepareBoth, runAlike } from './both.ts';

/** Runs on both engines, in slices, and compares whenever one ends. */
function compare(code: string, slices: readonly number[], pages: Record<number, number>): Machine {
  const both = prepareBoth({ ring: 3, code, pages, hot: 10 });
  runAlike(both, slices, 3000);
  return both[1];
}

describe('Instructions that are left to the interpreter and stand together', () => {
  test.each([
    [[100_000]],
    [[1, 2, 3, 5, 7, 11]],
    [[97, 13]],
  ])('are done one by one if the budget ends among them: %j', (slices) => {
    compare(
      `mov ecx, 700
        fldz
        again: fld1
        faddp
        fst dword [0xa000]
        rcl ebx, 3
        frndint
        rcr edx, 5
        fscale
        add ebx, [0xa000]
        sbb esi, ebx
        fld st0
        fistp dword [0xa010]
        fild dword [0xa010]
        fstp qword [0xa018]
        adc esi, [0xa010]
        dec ecx
        jnz again
        hlt`,
      slices,
      { 40960: 0x4_0007 },
    );
  });

  test('fault where they fault, with what went before done and what comes behind not', () => {
    compare(
      `mov ecx, 700
      mov edi, 0xa000
      again: fldpi
      rcl ebx, 3
      frndint
      fbstp tword [edi]
      fnstenv [edi + 12]
      rcr ebx, 5
      add edi, 40
      dec ecx
      jnz again
      hlt`,
      [100_000],
      { 40960: 0x4_0007, 45056: 0 },
    );
  });

  test('end where one of them changes the code behind it', () => {
    const machine = compare(
      `mov ecx, 400
      mov edi, 0xa000
      again: inc eax
      rcl eax, 1
      mov [edi], ds
      rcr ebx, 1
      mov [0xa010], ds
      patch: mov edx, 0x1111
      add eax, edx
      mov edi, 0xa000
      cmp ecx, 100
      jne go_on
      mov edi, patch + 1
      go_on: dec ecx
      jnz again
      hlt`,
      [100_000],
      { 40960: 0x4_0007 },
    );
    expect(machine.registers.edx).toBe(0x23);
  });
});
