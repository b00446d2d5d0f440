import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { prepareBoth, runAlike } from './both.ts';

/*
 * Flags that compiled code would overwrite before it reads them are not made, unless it may be left in between. Here it is.
 */
describe('Flags that nobody reads before they are overwritten are right', () => {
  test('if the budget ends where a loop goes back', () => {
    const code = `
      mov ecx, 5000
      again: xor eax, ecx
      jz again
      dec ecx
      js out
      add ebx, ecx
      adc edx, eax
      jmp again
      out: hlt`;
    runAlike(prepareBoth({ code, hot: 8 }), [1, 2, 3, 5, 7, 11, 13, 17, 19, 23, 64, 100, 33], 300);
  });

  const NEXT = 0x9000;
  const PAGE_ENTRY = 0x2000 + (NEXT >>> 12) * 4;
  for (const [what, at] of [
    ['a page that is gone', NEXT],
    ['an instruction whose second half is gone', NEXT - 2],
  ] as const) {
    test(`if the way leads to ${what}`, () => {
      // Now and then INVLPG ends the stay in compiled code, so that `on` is made an entry of its own. The last time it takes the page away.
      const code = `
        mov ecx, 4000
        again: inc ecx
        and ecx, 0xffff
        test ecx, 7
        jnz on
        cmp ecx, 8000
        jb keep
        mov dword [${PAGE_ENTRY}], 0
        invlpg [${NEXT}]
        keep: invlpg [0xf000]
        on: xor edx, ecx
        add ebx, edx
        jmp ${at}`;
      const there = assemble(`add eax, 0x01234567\n jmp 0x8005`, { origin: at }).bytes;
      const both = prepareBoth({ code, hot: 8, paging: true });
      for (const machine of both) machine.ram.write(at, there);
      runAlike(both, [20_000], 10);
      expect(both[1].registers.cr2).toBe(NEXT);
    });
  }
});
