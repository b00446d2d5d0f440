import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { disassemble } from './disassemble.ts';
import { prepareBoth, runAlike } from './both.ts';

/** Pages of a table: two in disorder, one that ring 3 may not see, two more, and nothing behind. */
const TABLE = 0x4_0000;
const PAGES = {
  262144: 0x6_0007,
  266240: 0x5_f007,
  270336: 0x6_1003,
  274432: 0x6_2007,
  278528: 0x6_3005,
  282624: 0,
};
const FRAMES = [0x5_f000, 0x6_0000, 0x6_1000, 0x6_2000, 0x6_3000];

/** Something else in each word of the table. */
function words(): Record<string, number> {
  const filled: Record<string, number> = {};
  for (const frame of FRAMES)
    for (let at = 0; at < 0x1000; at += 4) filled[frame + at] = Math.imul(frame + at, 0x9e37_79b1) >>> 0;
  return filled;
}

const Module = WebAssembly.Module;
afterEach(() => {
  WebAssembly.Module = Module;
});

/** What the compiler writes while `work` runs. */
function modulesOf(work: () => void): Uint8Array[] {
  const modules: Uint8Array[] = [];
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      super(bytes);
      modules.push(bytes.slice());
    }
  };
  work();
  return modules;
}

/** What is looked at in an address to see whether a guess was right: its page, and whether it is divisible by four. */
const OF_A_WORD = '(i32.const -4093)';

describe('A load with an index that has just been worked out', () => {
  const loop = (before: string, load: string) => `
    mov ecx, 3000
    mov eax, 1
    again: imul eax, eax, 1664525
    add eax, 1013904223
    mov edx, eax
    ${before}
    ${load}
    dec ecx
    jnz again
    hlt`;

  test('is reached by a guess', () => {
    const code = loop('shr edx, 22', `xor ebx, [${TABLE} + edx*4]`);
    const [machine] = prepareBoth({ code, pages: PAGES, words: words() }).reverse();
    const modules = modulesOf(() => expect(machine!.run(100_000)).toBe('halted'));
    expect(modules.some((bytes) => disassemble(bytes, 0, String).includes(OF_A_WORD))).toBe(true);
  });

  test('is not if the index is as old as the loop, or if there is a store', () => {
    for (const load of [`xor ebx, [${TABLE} + ecx*4]`, `xor [${TABLE} + edx*4], ebx`]) {
      const [machine] = prepareBoth({ code: loop('shr edx, 22', load), pages: PAGES }).reverse();
      const modules = modulesOf(() => expect(machine!.run(100_000)).toBe('halted'));
      expect(modules.length).toBeGreaterThan(0);
      for (const bytes of modules) expect(disassemble(bytes, 0, String)).not.toContain(OF_A_WORD);
    }
  });

  test('is not, if there are too many, in the outer of two loops', () => {
    // Five alone, four that are joined by a store, and within them one of two bytes.
    const alone = `mov edx, eax\n shr edx, 22\n xor ebx, [${TABLE} + edx*4]\n`;
    const joined = `${alone} mov [${TABLE} + edx*4], ebx\n`;
    const inner = `mov esi, 5
      inner: mov edx, eax
      shr edx, 23
      movzx edi, word [${TABLE} + edx*4]
      add eax, edi
      dec esi
      jnz inner`;
    const code = loop('', joined.repeat(4) + alone.repeat(5) + inner);
    const [machine] = prepareBoth({ code, pages: PAGES, words: words() }).reverse();
    const modules = modulesOf(() => expect(machine!.run(1_000_000)).toBe('halted'));
    const both = modules
      .map((bytes) => disassemble(bytes, 0, String))
      .filter((text) => text.split('(loop').length === 3);
    expect(both.length).toBeGreaterThan(0);
    for (const text of both) {
      expect(text).toContain('i32.const -4095');
      expect(text.split('i32.const -4093').length - 1).toBe(3);
    }
  });

  const sizes = fc.constantFrom('mov ebx, [', 'movzx esi, word [', 'add bl, [', 'xor bx, [', 'cmp ebx, [');
  const places = fc.tuple(
    fc.constantFrom(1, 2, 4, 8),
    fc.constantFrom(0, 1, 2, 3, 0x7fc, 0xffc, 0xffd, 0xffe, 0xfff, 0x1000, 0x3ff0),
    fc.constantFrom(20, 21, 22, 24, 28, 31),
  );

  test('finds what it should on pages in disorder, at odd addresses, and across two pages', () => {
    const also = fc.constantFrom(
      '',
      `\n sub ebx, [${TABLE + 4} + edx*4]`,
      `\n mov [${TABLE + 8} + edx*4], ebx`,
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, places, also), { minLength: 1, maxLength: 6 }), (loads) => {
        const code = loads
          .map(
            ([how, [scale, more, shift], too]) =>
              `mov edx, eax\n shr edx, ${shift}\n ${how}${TABLE + more} + edx*${scale}]${too}\n add ebp, ebx`,
          )
          .join('\n');
        const scene = { ring: 3, code: loop('', code), pages: PAGES, words: words(), hot: 8 } as const;
        runAlike(prepareBoth(scene), [997, 5, 20_000, 1, 31], 40);
      }),
      { seed: 7, numRuns: 60 },
    );
  });

  // The code is the first guess; page 0 is where fresh memory would point to.
  for (const [where, at] of [
    ['the code itself', 0x8000],
    ['page 0', 0],
  ] as const) {
    test(`finds ${where}`, () => {
      const code = loop('and edx, 15', `add ebx, [${at} + edx*4]`).replace('hlt', 'int 3');
      const more = { pages: { 0: 0x6_0007 }, words: { 393216: 0x1234_5678, 393224: 77, 393276: 3 } };
      for (const ring of [0, 3] as const) {
        runAlike(prepareBoth({ ring, code, hot: 8, ...more }), [997, 20_000], 10);
      }
    });
  }

  test('finds nothing where nothing is, however often something was found before', () => {
    const code = loop('and edx, 1023', `add ebx, [${TABLE} + edx*4]`).replace(
      'dec ecx',
      `cmp ecx, 17\n jne on\n mov edx, 0x1400\n add ebx, [${TABLE} + edx*4]\n on: dec ecx`,
    );
    const [one, other] = prepareBoth({ ring: 3, code, pages: PAGES, words: words(), hot: 8 });
    runAlike([one, other], [20_000], 10);
    expect(other.registers.cr2).toBe(0x4_5000);
  });
});

describe('A guess is forgotten with the page', () => {
  // Every 64th time around, the table's first page is exchanged for another, and back.
  const exchange = (forget: string) => `
    mov ecx, 6000
    mov eax, 1
    again: imul eax, eax, 1664525
    add eax, 1013904223
    mov edx, eax
    shr edx, 22
    add ebx, [${TABLE} + edx*4]
    test ecx, 63
    jnz on
    xor dword [0x2000 + 4*${TABLE >>> 12}], 0x3000
    ${forget}
    on: dec ecx
    jnz again
    hlt`;

  for (const [how, forget] of [
    ['by INVLPG', `invlpg [${TABLE}]`],
    ['by a load of CR3', 'mov esi, cr3\n mov cr3, esi'],
  ] as const) {
    test(how, () => {
      const pages = { ...PAGES, 8192: 0x2007 };
      const both = prepareBoth({ code: exchange(forget), pages, words: words(), hot: 8 });
      runAlike(both, [997, 20_000, 3], 40);
      expect(both[1].registers.ecx).toBe(0);
    });
  }
});
