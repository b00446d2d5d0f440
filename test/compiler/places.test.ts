import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createMachine } from '../../src/processor/index.ts';
import { assemble } from '../../src/assembler/index.ts';
import { descriptor, FREE, handler, runFor } from '../processor/stage.ts';
import { prepareBoth, runAlike, stateOf } from './both.ts';

/** Runs the same code on both engines, in slices, and compares at the end of each. */
function compare(scene: Parameters<typeof prepareBoth>[0], turns = 40, slice = 997) {
  const both = prepareBoth({ hot: 8, ...scene });
  runAlike(both, [slice], turns);
  return both[1];
}

/** Descriptors for FS: what a segment can be, and what it cannot be used for. */
const SEGMENTS: Record<string, [number, number]> = {
  'a flat one': descriptor(0, 0xfffff, 0xf2),
  'one with a base, as a C library has for its thread': descriptor(0xa800, 0xfffff, 0xf2),
  'a short one': descriptor(0xa800, 0x1f, 0xf2, 4),
  'a short one at an odd address': descriptor(0xa803, 0x1f, 0xf2, 4),
  'one of two bytes': descriptor(0xa800, 1, 0xf2, 4),
  'one of a single byte': descriptor(0xa800, 0, 0xf2, 4),
  'one that may only be read': descriptor(0xa800, 0xfffff, 0xf0),
  'one that grows downwards': descriptor(0xa800, 0x7, 0xf6, 4),
  'code that may be read': descriptor(0xa800, 0xfffff, 0xfa),
};

const offset = fc.oneof(
  fc.constantFrom(0, 1, 4, 0x14, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x7fc, 0x7fd, 0x7fe, 0x800, 0x1000),
  fc.constantFrom(-1, -2, -3, -4, -8, -0x20),
);
const access = fc.oneof(
  fc.tuple(fc.constantFrom('eax', 'ax', 'al'), offset).map(([a, at]) => `mov ${a}, [fs:${at}]`),
  fc.tuple(fc.constantFrom('eax', 'ax', 'al'), offset).map(([a, at]) => `mov [fs:${at}], ${a}`),
  fc.tuple(fc.constantFrom('sub', 'xor', 'add', 'cmp'), offset).map(([o, at]) => `${o} edx, [fs:${at}]`),
  offset.map((at) => `add dword [fs:ebx + ${at}], 3`),
  offset.map((at) => `push dword [fs:ebx*2 + ${at}]\n pop esi`),
  offset.map((at) => `movzx edi, byte [fs:ebx + esi*4 + ${at}]`),
);

describe('An operand behind FS', () => {
  for (const [what, segment] of Object.entries(SEGMENTS)) {
    test(`if that is ${what}, is found or refused alike on both engines`, () => {
      fc.assert(
        fc.property(fc.array(access, { minLength: 1, maxLength: 4 }), (accesses) => {
          const harmless = ['eax, [fs:0]', 'eax, [fs:4]'].map((operands) => `mov ${operands}`);
          const code = `mov ax, ${FREE | 3}
            mov fs, ax
            mov ecx, 60
            again: xor ebx, ebx
            xor esi, esi
            ${accesses.join('\n')}
            dec ecx
            jnz again
            mov ebp, ${harmless.length}
            int 3`;
          compare({ ring: 3, paging: true, code, descriptors: { [FREE]: segment } });
        }),
        { seed: 1, numRuns: 25 },
      );
    });
  }

  test.each(
    Object.keys(SEGMENTS),
  )('is checked anew when FS becomes %s, though the code stays compiled', (what) => {
    for (const access of ['mov eax, [fs:ebx]', 'mov [fs:ebx], eax', 'add ax, [fs:ebx]', 'mov [fs:ebx], al']) {
      for (const [first, step] of [
        [0, 1],
        [0x18, 1],
        [0x18, -1],
      ]) {
        const code = `mov edx, ${FREE + 8 + 3}
          mov fs, dx
          mov ecx, 100
          again: ${access}
          add ebx, edi
          cmp ecx, 40
          jne on
          mov edx, ${FREE + 3}
          mov fs, dx
          mov ebx, ${first}
          mov edi, ${step}
          on: dec ecx
          jnz again
          int 3`;
        const descriptors = { [FREE]: SEGMENTS[what]!, [FREE + 8]: descriptor(0xa800, 0xfffff, 0xf2) };
        compare({ ring: 3, paging: true, code, descriptors });
      }
    }
  });

  test('follows the segment when it is loaded anew, though the code stays compiled', () => {
    const machine = compare({
      ring: 3,
      paging: true,
      descriptors: {
        [FREE]: descriptor(0xa000, 0xfffff, 0xf2),
        [FREE + 8]: descriptor(0xb000, 0xff, 0xf2, 4),
      },
      words: { 40976: 1, 45072: 100 },
      code: `mov ecx, 1000
        again: mov eax, ${FREE | 3}
        test ecx, 1
        jz first
        add eax, 8
        first: mov fs, ax
        add edx, [fs:0x10]
        dec ecx
        jnz again
        int 3`,
    });
    expect(machine.registers.edx).toBe(500 * 101);
  });
});

describe('An instruction that lies across two pages', () => {
  /** What follows it begins two bytes before 0xa000. */
  const TO_THE_EDGE = `align 4096\n dd ${new Array(1023).fill(0).join(', ')}\n dw 0`;

  test('is compiled with the loop around it', () => {
    const code = `mov ecx, 20000
      again: jmp across
      ${TO_THE_EDGE}
      across: add eax, 0x01010101
      dec ecx
      jnz again
      int 3`;
    const machine = compare({ ring: 3, paging: true, code }, 20, 10_000);
    expect(machine.registers.eax).toBe((20_000 * 0x0101_0101) >>> 0);
  });

  test('means something else when its second page is another one', () => {
    const words: Record<string, number> = { '0xd000': 0xf007 };
    for (let page = 0; page < 64; page++) words[0xf000 + page * 4] = (page << 12) | 7;
    words[0xf000 + 10 * 4] = 0x1_4007;
    // There, the rest of the ADD says two where the other says one; then DEC EBX, RET.
    words[0x1_4000] = 0x4b02_0202;
    words[0x1_4004] = 0xc3;
    const code = `mov ebp, 400
      round: mov eax, 0x1000
      test ebp, 1
      jz first
      mov eax, 0xd000
      first: mov cr3, eax
      mov ecx, 50
      again: xor eax, eax
      call across
      add edx, eax
      dec ecx
      jnz again
      dec ebp
      jnz round
      hlt
      ${TO_THE_EDGE}
      across: add eax, 0x01010101
      dec ebx
      ret`;
    const { registers } = compare({ paging: true, words, code }, 40, 9973);
    expect(registers.edx).toBe((200 * 50 * (0x0101_0101 + 0x0202_0201)) >>> 0);
    expect(registers.ebx).toBe((-400 * 50) >>> 0);
  });

  test('is forgotten when its second page is written to', () => {
    const code = `mov ecx, 3000
      again: test ecx, 255
      jnz across
      inc byte [across + 3]
      jmp across
      ${TO_THE_EDGE}
      across: add eax, 0x01010101
      dec ecx
      jnz again
      hlt`;
    compare({ code }, 40, 9973);
  });

  test('faults when its second page is gone, with the address of that page', () => {
    const code = `mov ecx, 300
      again: jmp across
      gone: mov dword [0x2000 + 10 * 4], 0
      invlpg [0xa000]
      jmp again
      ${TO_THE_EDGE}
      across: add eax, 0x01010101
      dec ecx
      jnz again
      jmp gone`;
    const [interpreted, compiled] = prepareBoth({ code, paging: true, hot: 8 });
    for (const machine of [interpreted, compiled]) machine.run(100_000);
    expect(stateOf(compiled)).toBe(stateOf(interpreted));
    expect(compiled.registers.cr2).toBe(0xa000);
  });

  test('runs again and again at the end of RAM, where there is no second page to compile it with', () => {
    const [one, other] = (['interpreter', 'compiler'] as const).map((engine) => {
      const machine = createMachine({ ramBytes: 0x10_0000, engine, hot: 8 });
      machine.ram.write(0xf_fff0, assemble('inc ecx\n jmp 0xffffe', { origin: 0xf_fff0 }).bytes);
      // JMP to 0xffff0, of which three bytes are where no RAM is; there, all bits are ones.
      machine.ram.write(0xf_fffe, Uint8Array.of(0xe9, 0xed));
      machine.registers.eip = 0xf_fff0;
      runFor(machine, 20_000);
      return machine;
    });
    expect(one!.registers.ecx).toBeGreaterThan(6000);
    expect(stateOf(other!)).toBe(stateOf(one!));
  });
});

describe('What ring 0 has had compiled', () => {
  const SECRET = { '0xd000': 0xd003 };
  const OUT = 'push 0x23\n push 0xc000\n push 2\n push 0x1b\n push user\n iretd';

  test.each([
    ['goes there by itself', 'user: jmp f'],
    [
      'calls it from a loop of its own, which is compiled',
      `user: mov ecx, 200
        mov edi, g
        mov edx, f
        loop_3: call edi
        cmp ecx, 20
        cmove edi, edx
        dec ecx
        jnz loop_3
        int 3
        g: inc ebx
        ret`,
    ],
  ])('reads for ring 3 no more than ring 3 may, which %s (vol. 3, 4.6.1)', (_, user) => {
    const code = `mov edx, 0x23
      mov ds, dx
      mov es, dx
      mov ecx, 200
      loop_0: call f
      dec ecx
      jnz loop_0
      ${OUT}
      f: add eax, [0xd000]
      add eax, [0xd004]
      ret
      ${user}`;
    const { ram, registers } = compare({ pages: SECRET, code });
    expect(registers).toMatchObject({ eip: handler(14) + 1, cr2: 0xd000 });
    expect(ram.read32(registers.esp)).toBe(5); // It is there, and ring 3 has tried to read it.
  });
});

describe('A program that asks to be told of crooked addresses (vol. 3, 6.15, 17)', () => {
  const ask = (flag: string) => `pushfd\n or dword [esp], ${flag}\n popfd`;

  test.each([
    ['from the beginning', 0x4_0002, '', ''],
    ['when it is compiled already', 2, '', ask('0x40000')],
    ['in compiled code', 2, ask('edi'), ''],
  ])('%s, is told of them by compiled code, too', (_, flags, always, once) => {
    const code = `mov esi, 0xa000
      xor edi, edi
      mov ecx, 200
      again:
      ${always}
      mov eax, [esi]
      add edx, [esi + 4]
      cmp ecx, 20
      jne on
      ${once}
      mov edi, 0x40000
      inc esi
      on: dec ecx
      jnz again
      int 3`;
    const both = prepareBoth({ ring: 3, hot: 8, paging: true, flags, code });
    for (const { registers } of both) registers.cr0 |= 0x4_0000;
    runAlike(both, [997], 40);
    expect(both[1].registers).toMatchObject({ eip: handler(17) + 1, ecx: 19 });
  });
});

describe('Two loops that the jump cache has one place for', () => {
  test('are both found again, by turns', () => {
    // Addresses 0x2_0000 and 0x2_2001 have the same place: the low thirteen bits are mixed with those above.
    const machine = createMachine({ ramBytes: 4 << 20, engine: 'compiler', hot: 2 });
    const place = (address: number, source: string) =>
      machine.ram.write(address, assemble(source, { origin: address }).bytes);
    place(0x1_0000, 'mov ecx, 5000\n again: call 0x20000\n call 0x22001\n dec ecx\n jnz again\n hlt');
    place(0x2_0000, 'inc eax\n ret');
    place(0x2_2001, 'inc ebx\n ret');
    machine.registers.eip = 0x1_0000;
    machine.registers.esp = 0x8000;
    expect(machine.run(1_000_000)).toBe('halted');
    expect([machine.registers.eax, machine.registers.ebx]).toEqual([5000, 5000]);
  });
});
