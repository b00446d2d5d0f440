import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { emptyBus } from '../../src/processor/bus.ts';
import { Compiler } from '../../src/processor/compiler/compiler.ts';
import type { Engine } from '../../src/processor/index.ts';
import { EAX, EIP, ESP, RAM_BASE } from '../../src/processor/layout.ts';
import { Processor } from '../../src/processor/processor.ts';
import { run } from '../../src/processor/run.ts';
import { play, prepare } from './stage.ts';

const NOP = 0x90;
const ENGINES: readonly Engine[] = ['interpreter', 'compiler'];
const hot = 1;

/** An INTERRUPT gate for ring 0 that leads to `offset`. */
const gateTo = (offset: number): [number, number] => [0x0008_0000 | offset, 0x8e00];

describe.each(ENGINES)('Decoding, by the %s', (engine) => {
  test('leaves CR2 alone when it only looks ahead (SDM vol. 3, 2.5)', () => {
    const { machine } = play({
      engine,
      hot,
      pages: { 36864: 0 },
      code: `
        mov eax, 0x1234
        mov cr2, eax
        mov dword [0x8ffb], 0xb8f1f790      ; nop; div ecx; and the first byte of mov eax, ...
        mov byte [0x8fff], 1
        xor ecx, ecx
        jmp 0x8ffb`,
    });
    expect(machine.registers.cr2).toBe(0x1234);
  });

  test('marks no page as accessed that nobody has come to, wherever a run is cut', () => {
    for (const cut of [0, 5, 9, 14]) {
      const { machine } = prepare({
        engine,
        hot,
        paging: true,
        gates: { 0: gateTo(0x8100) },
        words: { 33024: 0xf4f4_f4f4 },
        code: 'xor ecx, ecx\n jmp 0x8ff0',
      });
      const crossing = [0xf7, 0xf1, 0xb8, 1]; // div ecx; mov eax, ... , of which the rest is on the next page
      machine.ram.write(0x8ff0, Uint8Array.from([...Array(11).fill(NOP), ...crossing]));
      machine.run(cut);
      machine.run(1000);
      expect(machine.ram.read32(0x2000 + 9 * 4) & 0x20).toBe(0);
    }
  });

  test('forgets for good: a block that lay across two pages is on nobody’s list any more', () => {
    const cpu = new Processor(4 << 20, emptyBus);
    if (engine === 'compiler') cpu.compiler = new Compiler(cpu, 3);
    const source = `
        mov ebx, 500
      again:
        mov byte [0x20ffe], 0x40
        call 0x20ffe
        dec ebx
        jnz again
        hlt`;
    cpu.bytes.set(assemble(source, { origin: 0x1000 }).bytes, RAM_BASE + 0x1000);
    cpu.bytes.set([0x40, 0x89, 0xd9, 0xc3], RAM_BASE + 0x2_0ffe); // inc eax; mov ecx, ebx; ret
    cpu.words[EIP] = 0x1000;
    cpu.words[ESP] = 0x8000;
    while (run(cpu, 10_000) !== 'halted');
    expect(cpu.words[EAX]).toBe(500);
    expect(cpu.codePages[0x21]!.visitors.size).toBeLessThan(2);
  });

  test('does not revive a block that has been dropped while its second page was looked up', () => {
    // The page table's entry for the second page of the block at 0x44ffd lies in its first page, and is code itself.
    const { machine } = prepare({
      engine,
      hot,
      pages: { 278528: 0x2007, 282624: 0x61005, 286720: 0x00e0_ff00 },
      code: `
        xor esi, esi
      again:
        mov eax, back
        jmp 0x44ffd
      back:
        inc esi
        cmp esi, 1
        je first
        cmp esi, 2
        je second
        hlt
      first:
        mov dword [0x2000 + 0x45 * 4], 0x61005
        mov eax, first2 - 0x610
        jmp 0x44114
      first2:
        mov eax, cr3
        mov cr3, eax
        jmp again
      second:
        mov byte [0x2ffe], 0x99
        jmp again`,
    });
    machine.ram.write(0x2ffd, Uint8Array.of(0xbb, 0x11, 0x22)); // mov ebx, 0x44332211; jmp eax
    machine.ram.write(0x61000, Uint8Array.of(0x33, 0x44, 0xff, 0xe0));
    machine.run(1000);
    expect(machine.registers.ebx.toString(16)).toBe('44332299');
  });

  test.each([
    ['word', 1, 0x4b00],
    ['dword', 3, 0x4b00_0000],
  ])('forgets what the end of a %s has been written over (SDM vol. 3, 11.6)', (size, before, value) => {
    const { machine } = play({
      engine,
      hot,
      code: `
        mov ebp, 4
      again:
        call f
        dec ebp
        jz done
        cmp ebp, 2
        jne again
        mov ${size} [f - ${before}], ${value}     ; inc ebx becomes dec ebx
        jmp again
      done:
        int3
        align 64
        dd 0
      f:
        inc ebx
        ret`,
    });
    expect(machine.registers.ebx).toBe(0);
  });

  test('forgets what is written over from outside, on each page that this touches', () => {
    const { machine } = prepare({ engine, hot, code: 'again: inc ebx\n hlt\n jmp again' });
    for (let time = 0; time < 3; time++) machine.run(10);
    machine.ram.write(0x7ffe, Uint8Array.of(NOP, NOP, 0x4b)); // dec ebx
    for (let time = 0; time < 3; time++) machine.run(10);
    expect(machine.registers.ebx).toBe(0);
  });

  test('forgets what is known by many addresses, whichever of them it was run at', () => {
    const addresses = [16, 17, 18, 19, 20, 21].map((page) => page * 0x1000);
    const { machine } = play({
      engine,
      hot,
      pages: Object.fromEntries(addresses.map((address) => [address, 0xd007])),
      words: { '0xd000': 0xc343 }, // inc ebx; ret
      code: `
        mov ebp, 5
      again:
        ${addresses.map((address) => `call ${address}`).join('\n')}
        dec ebp
        jz done
        cmp ebp, 2
        jne again
        mov byte [0xd000], 0x46         ; inc esi
        jmp again
      done:
        int3`,
    });
    expect([machine.registers.ebx, machine.registers.esi]).toEqual([3 * 6, 2 * 6]);
  });

  test('forgets an instruction that has been run often, if its second page is written to', () => {
    const { machine } = play({
      engine,
      hot,
      code: `
        mov byte [0xaffe], 0x83         ; add ebx, 1, of which the last byte is on the next page
        mov byte [0xafff], 0xc3
        mov word [0xb000], 0xc301
        mov ebp, 5
      again:
        call 0xaffe
        dec ebp
        jz done
        cmp ebp, 2
        jne again
        mov byte [0xb000], 100
        jmp again
      done:
        int3`,
    });
    expect(machine.registers.ebx).toBe(3 + 2 * 100);
  });

  test.each([0, 3] as const)('takes no note of a REP that has written over itself, in ring %i', (ring) => {
    const { frame, machine } = play({
      engine,
      hot,
      ring,
      code: `
        mov edi, again
        mov ecx, 5
        mov al, ${NOP}
        or edx, 1
      again:
        rep stosb
        nop
        nop
        nop
        xor ebx, ebx
        int 0x80`,
    });
    expect(machine.registers.ecx).toBe(4);
    expect(frame.eflags & 0x1_08d5).toBe(0x44); // ZF and PF of the XOR, and no RF
  });
});
