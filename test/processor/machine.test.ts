import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';
import { CODE_0, descriptor, gate, handler, play, prepare, type Ring, STACK, TASK } from './stage.ts';

/** A machine as it is at power-on, with code at 0x1000. */
function fresh(source: string) {
  const machine = createMachine({ ramBytes: 0x10_0000 });
  machine.ram.write(0x1000, assemble(source, { origin: 0x1000 }).bytes);
  machine.registers.eip = 0x1000;
  machine.registers.esp = 0x8000;
  return machine;
}

test('A machine starts in protected mode, flat, in ring 0, with interrupts off', () => {
  const { registers } = createMachine({ ramBytes: 0x1000 });
  expect(registers).toMatchObject({ cr0: 0x11, eip: 0, esp: 0, eflags: 2, cpl: 0, cr3: 0 });
});

test('HLT stops the run behind itself, and counts', () => {
  const machine = fresh('nop\n hlt\n inc eax\n hlt');
  expect(machine.run(100)).toBe('halted');
  expect(machine.retired).toBe(2);
  expect(machine.registers.eip).toBe(0x1002);
  expect(machine.run(100)).toBe('halted');
  expect(machine.registers.eax).toBe(1);
});

test('run retires exactly its limit, wherever that falls in a block', () => {
  for (let limit = 0; limit < 12; limit++) {
    const machine = fresh('l: inc eax\n inc ebx\n inc ecx\n inc edx\n jmp l');
    expect(machine.run(limit)).toBe('limit');
    expect(machine.retired).toBe(limit);
    expect(machine.registers.eax).toBe(Math.ceil(limit / 5));
    expect(machine.registers.edx).toBe(Math.floor((limit + 1) / 5));
  }
});

test('Every iteration of REP counts, and the limit may fall between two', () => {
  const machine = fresh('mov edi, 0x4000\n mov ecx, 10\n mov al, 7\n rep stosb\n nop\n hlt');
  expect(machine.run(7)).toBe('limit');
  expect(machine.registers).toMatchObject({ ecx: 6, edi: 0x4004, eip: 0x100c });
  expect(machine.run(100)).toBe('halted');
  expect(machine.retired).toBe(3 + 10 + 2);
});

test('REP with a count of zero does nothing and counts once', () => {
  const machine = fresh('mov ecx, 0\n rep movsd\n hlt');
  machine.run(100);
  expect(machine.retired).toBe(3);
});

test('REP MOVS that overlaps itself spreads the pattern, as it does one element at a time', () => {
  const machine = fresh('mov esi, 0x4000\n mov edi, 0x4004\n mov ecx, 64\n rep movsd\n hlt');
  machine.ram.write32(0x4000, 0xabcd_1234);
  machine.run(100);
  expect(machine.ram.read32(0x4100)).toBe(0xabcd_1234);
});

describe('The interrupt line', () => {
  const wait = (before: string) => `${before}\n l: inc eax\n jmp l`;

  test('is heard when IF is set', () => {
    const { machine } = prepare({ flags: 0x202, code: wait('') });
    machine.run(10);
    machine.interrupt.raise(0x40);
    expect(machine.run(10)).toBe('halted');
    expect(machine.registers.eip).toBe(handler(0x40) + 1);
    expect(machine.interrupt.pending).toBe(false);
  });

  test('waits while it is clear', () => {
    const { machine } = prepare({ code: wait('mov ecx, 4\n k: loop k\n sti') });
    machine.interrupt.raise(0x40);
    expect(machine.run(5)).toBe('limit');
    expect(machine.interrupt.pending).toBe(true);
    expect(machine.run(10)).toBe('halted');
  });

  test('can be lowered again', () => {
    const { machine } = prepare({ flags: 0x202, code: wait('') });
    machine.interrupt.raise(0x40);
    machine.interrupt.lower();
    expect(machine.run(10)).toBe('limit');
  });

  test('leaves the instruction behind STI alone (vol. 2, STI)', () => {
    const { machine } = prepare({ code: 'sti\n inc ebx\n inc ebx\n hlt' });
    machine.interrupt.raise(0x40);
    machine.run(10);
    expect(machine.registers.ebx).toBe(1);
  });

  test('leaves the instruction behind MOV SS and POP SS alone (vol. 3, 6.8.3)', () => {
    for (const load of ['mov ss, ax', 'pop ss']) {
      const { machine } = prepare({
        code: `mov ax, DATA_0\n push eax\n sti\n ${load}\n mov esp, STACK\n nop\n hlt`,
      });
      machine.run(2);
      machine.interrupt.raise(0x40);
      expect(machine.run(10)).toBe('halted');
      expect(machine.registers.esp).toBe(STACK - 12);
    }
  });

  test('is heard again behind that instruction, wherever the run was cut in between', () => {
    for (const load of ['mov ss, ax', 'pop ss']) {
      const { machine } = prepare({
        flags: 0x202,
        code: `mov ax, DATA_0\n push eax\n ${load}\n mov esp, STACK\n inc ebx\n inc ebx\n hlt`,
      });
      expect(machine.run(4)).toBe('limit');
      machine.interrupt.raise(0x40);
      machine.run(10);
      expect(machine.registers.ebx).toBe(0);
    }
  });

  test('wakes a processor that is about to halt: STI, HLT does not sleep through it', () => {
    const { machine } = prepare({ code: 'sti\n hlt\n l: jmp l' });
    machine.interrupt.raise(0x40);
    expect(machine.run(10)).toBe('halted');
    expect(machine.registers.eip).toBe(handler(0x40) + 1);
    expect(machine.ram.read32(machine.registers.esp)).toBe(0x8002);
  });

  test('refuses what is no vector', () => {
    const machine = createMachine({ ramBytes: 0x1000 });
    expect(() => machine.interrupt.raise(256)).toThrow(
      'interrupt line: vector 256 raised, expected 0 to 255',
    );
  });
});

test('The long NOPs of the Pentium Pro look at nothing, whatever they have become since', () => {
  for (let opcode = 0x18; opcode <= 0x1f; opcode++) {
    const hex = `0x${opcode.toString(16)}`;
    // With a register, as endbr32 has it; with an address where there is nothing; and locked, which is forbidden.
    const plain = fresh(`db 0xf3, 0x0f, ${hex}, 0xfb\n db 0x0f, ${hex}, 0x80, 0, 0, 0, 0xf0\n inc ebx\n hlt`);
    plain.run(10);
    expect(plain.registers.ebx).toBe(1);
    const { machine } = prepare({ code: `db 0xf0, 0x0f, ${hex}, 0x00\n hlt` });
    machine.run(10);
    expect(machine.registers.eip).toBe(handler(6) + 1);
  }
});

describe('Code that changes code', () => {
  test('sees the change at once, even in the block it runs in', () => {
    const machine = fresh('mov byte [patch + 1], 5\n patch: mov al, 1\n hlt');
    machine.run(10);
    expect(machine.registers.eax).toBe(5);
  });

  test('sees a change made many times around', () => {
    const machine = fresh(
      `mov ecx, 100
       l: inc byte [patch + 1]
       patch: mov al, 0
       add ebx, eax
       dec ecx
       jnz l
       hlt`,
    );
    machine.run(1000);
    expect(machine.registers.ebx).toBe(5050);
  });

  test('sees changes by string instructions', () => {
    const machine = fresh(
      `call f
       mov esi, g
       mov edi, f
       mov ecx, g_end - g
       rep movsb
       call f
       hlt
       align 64
       f: inc eax
       ret
       align 64
       g: add eax, 100
       ret
       g_end: nop`,
    );
    machine.run(1000);
    expect(machine.registers.eax).toBe(101);
  });

  test('sees changes from outside', () => {
    const machine = fresh('l: inc eax\n hlt\n jmp l');
    machine.run(10);
    machine.ram.write8(0x1000, 0x48);
    machine.run(10);
    expect(machine.registers.eax).toBe(0);
  });

  test('sees a change in the part of an instruction that lies in the next page', () => {
    const machine = fresh('call 0x1ffd\n mov byte [0x2001], 9\n call 0x1ffd\n hlt');
    machine.ram.write(0x1ffd, Uint8Array.from([0xb8, 1, 0, 0, 0, 0xc3]));
    machine.run(10);
    expect(machine.registers.eax).toBe(0x0900_0001);
  });

  test('does not grow the store of decoded code without end', () => {
    const machine = fresh('l: inc byte [patch + 1]\n patch: mov al, 0\n jmp l');
    expect(machine.run(30_000)).toBe('limit');
  });
});

describe('Ports', () => {
  const bus = () => {
    const seen: [number, number, number][] = [];
    return {
      seen,
      in: (port: number, size: 1 | 2 | 4) => port * 0x10 + size,
      out: (port: number, size: 1 | 2 | 4, value: number) => void seen.push([port, size, value]),
    };
  };

  test('carry bytes, words and doublewords', () => {
    const wires = bus();
    const end = play({
      bus: wires,
      code: 'mov eax, -2\n out 0xe9, al\n mov dx, 0x1234\n out dx, ax\n out dx, eax\n in eax, 0x40\n int3',
    });
    expect(wires.seen).toEqual([
      [0xe9, 1, 0xfe],
      [0x1234, 2, 0xfffe],
      [0x1234, 4, 0xffff_fffe],
    ]);
    expect(end.machine.registers.eax).toBe(0x404);
  });

  test('with nothing attached read as all ones', () => {
    expect(play({ code: 'in eax, 0x40\n int3' }).machine.registers.eax).toBe(0xffff_ffff);
  });

  test('are for rings up to IOPL (vol. 1, 18.5.1)', () => {
    expect(play({ ring: 3, flags: 0x3002, bus: bus(), code: 'in al, 0x40\n int3' }).vector).toBe(3);
    expect(play({ ring: 3, flags: 0x2002, bus: bus(), code: 'in al, 0x40\n int3' })).toMatchObject({
      vector: 13,
      error: 0,
    });
  });

  test('or for whom the bitmap of the TSS lets (vol. 1, 18.5.2)', () => {
    const task = { [TASK]: descriptor(0x3800, 0x88, 0x89, 0) };
    const words = { '0x3868': 0xffff_ffff, '0x386c': 0xffff_fffb, '0x3870': 0xffff_f0ff };
    const vector = (code: string) => play({ ring: 3, descriptors: task, words, code }).vector;
    expect(vector('in al, 0x22\n int3')).toBe(3);
    expect(vector('in al, 0x23')).toBe(13);
    expect(vector('in ax, 0x22')).toBe(13);
    expect(vector('in eax, 0x48\n int3')).toBe(3);
    expect(vector('mov dx, 0xf000\n in al, dx')).toBe(13);
  });

  test('INS and OUTS move strings', () => {
    const wires = bus();
    const end = play({
      bus: wires,
      words: { '0xa000': 0x0403_0201 },
      code: 'mov esi, DATA\n mov ecx, 3\n mov dx, 0x20\n rep outsb\n mov edi, DATA\n insd\n int3',
    });
    expect(wires.seen.map(([, , value]) => value)).toEqual([1, 2, 3]);
    expect(end.machine.ram.read32(0xa000)).toBe(0x204);
  });
});

const forbidden = [
  'hlt',
  'cli',
  'sti',
  'mov eax, cr0',
  'mov cr0, eax',
  'mov cr3, eax',
  'mov eax, dr0',
  'mov dr7, eax',
  'lgdt [DATA]',
  'lidt [DATA]',
  'lldt ax',
  'ltr ax',
  'lmsw ax',
  'clts',
  'invlpg [DATA]',
  'invd',
  'wbinvd',
  'rdmsr',
  'wrmsr',
];

describe('What only ring 0 may do (vol. 3, 5.9)', () => {
  test.each(forbidden)('%s', (code) => {
    expect(play({ ring: 3, code })).toMatchObject({ vector: 13, error: 0, eip: 0 });
    if (code !== 'cli' && code !== 'sti')
      expect(play({ ring: 1, code })).toMatchObject({ vector: 13, error: 0, eip: 0 });
  });

  test('CLI and STI go by IOPL, for ring 1 like for any', () => {
    expect(play({ ring: 1, flags: 0x1002, code: 'sti\n cli\n int3' }).vector).toBe(3);
    expect(play({ ring: 1, flags: 0x0002, code: 'cli' }).vector).toBe(13);
  });

  test('POPF in ring 1 changes neither IF nor IOPL, and does not say so (vol. 2, POPF)', () => {
    expect(
      play({ ring: 1, code: 'push 0x3202\n popfd\n pushfd\n pop eax\n int3' }).machine.registers.eax,
    ).toBe(2);
  });
});

const undefinedOpcodes = [
  'lock inc eax',
  'lock mov [DATA], eax',
  'lock cmp [DATA], eax',
  'db 0x0f, 0xff',
  'db 0x0f, 0x0b',
  'db 0x8d, 0xc0',
  'db 0xc4, 0xc0',
  'db 0x8c, 0xf8',
  'mov cr4, eax\n db 0x0f, 0x20, 0xc8',
  'db 0xff, 0xf8',
  'db 0xfe, 0xd0',
  'db 0x8f, 0x48, 0x00',
];

describe('What is no instruction', () => {
  test.each(undefinedOpcodes)('%s', (code) => {
    expect(
      play({
        code: code
          .replace('lock inc eax', 'db 0xf0, 0x40')
          .replace('lock mov [DATA], eax', 'db 0xf0, 0x89, 0x03')
          .replace('lock cmp [DATA], eax', 'db 0xf0, 0x39, 0x03'),
      }).vector,
    ).toBe(6);
  });

  test('an instruction longer than 15 bytes is #GP(0) (vol. 3, 6.15, 13)', () => {
    expect(play({ code: `db ${'0x66, '.repeat(15)} 0x90` })).toMatchObject({ vector: 13, error: 0 });
    expect(play({ code: `db ${'0x66, '.repeat(14)} 0x90\n int3` }).vector).toBe(3);
  });
});

describe('Control registers', () => {
  const rows: [string, string, number][] = [
    ['PG without PE (vol. 3, 2.5)', 'mov eax, 0x80000000\n mov cr0, eax', 13],
    ['real mode is not offered', 'mov eax, 0\n mov cr0, eax', 13],
    ['NW without CD (vol. 3, 2.5)', 'mov eax, 0x20000001\n mov cr0, eax', 13],
    ['OSFXSR in CR4, which is no reason for a fault', 'mov eax, 0x200\n mov cr4, eax\n int3', 3],
    ['reserved bits of CR4', 'mov eax, 0x10\n mov cr4, eax', 13],
    ['there is no CR1', 'db 0x0f, 0x20, 0xc8', 6],
    ['RDMSR of anything', 'rdmsr', 13],
    ['RDTSC in ring 0 with TSD', 'mov eax, 4\n mov cr4, eax\n rdtsc\n int3', 3],
  ];
  test.each(rows)('%s', (_rule, code, vector) => {
    expect(play({ code }).vector).toBe(vector);
  });

  test('LMSW can set PE but not clear it', () => {
    expect(play({ code: 'mov eax, 0\n lmsw ax\n smsw eax\n int3' }).machine.registers.eax & 1).toBe(1);
  });

  test('CLTS clears TS', () => {
    expect(
      play({ code: 'mov eax, cr0\n or al, 8\n mov cr0, eax\n clts\n mov eax, cr0\n int3' }).machine.registers
        .eax & 8,
    ).toBe(0);
  });

  test('CPUID says who and what: FPU, TSC, CX8, CMOV and FXSR', () => {
    const name = play({ code: 'mov eax, 0\n cpuid\n int3' }).machine.registers;
    const text = [name.ebx, name.edx, name.ecx].flatMap((word) =>
      [0, 8, 16, 24].map((shift) => String.fromCharCode((word >>> shift) & 0xff)),
    );
    expect(text.join('')).toBe('LanternLight');
    const features = play({ code: 'mov eax, 1\n cpuid\n int3' }).machine.registers;
    expect(features.edx).toBe(0x100_8111);
    expect((features.eax >> 8) & 15).toBe(5);
  });

  test('RDTSC counts retired instructions', () => {
    const machine = fresh('nop\n nop\n rdtsc\n hlt');
    machine.run(10);
    expect(machine.registers.eax).toBe(2);
  });
});

describe('Physical memory from outside', () => {
  test('refuses what lies outside, with address and size', () => {
    const { ram } = createMachine({ ramBytes: 0x2000 });
    expect(() => ram.read32(0x1ffd)).toThrow(
      new RangeError('physical memory: 4 bytes at 0x1ffd lie outside the 0x2000 bytes of RAM'),
    );
    expect(() => ram.write8(-1, 0)).toThrow(RangeError);
    expect(() => ram.fill(0x1000, 0x1001, 0)).toThrow(RangeError);
  });

  test('reads unsigned, at any alignment', () => {
    const { ram } = createMachine({ ramBytes: 0x2000 });
    ram.write32(0x101, 0xfedc_ba98);
    expect(ram.read32(0x101)).toBe(0xfedc_ba98);
    expect(ram.read16(0x103)).toBe(0xfedc);
    expect([...ram.read(0x101, 4)]).toEqual([0x98, 0xba, 0xdc, 0xfe]);
  });

  test('comes in pages, up to 2 GiB', () => {
    expect(() => createMachine({ ramBytes: 1000 })).toThrow(RangeError);
    const { ram } = createMachine({ ramBytes: 0x8000_0000 });
    ram.write32(0x7fff_fffc, 42);
    expect(ram.read32(0x7fff_fffc)).toBe(42);
  });

  test('is reached to its last byte from inside, even at 2 GiB', () => {
    const machine = createMachine({ ramBytes: 0x8000_0000 });
    machine.ram.write(
      0x1000,
      assemble(
        'mov dword [0x7ffffffc], 42\n add byte [0x7fffffff], 1\n mov ecx, 8\n mov esi, 0x7fffffe0\n mov edi, 0x7ffffff0\n mov byte [esi], 9\n rep movsb\n hlt',
        { origin: 0x1000 },
      ).bytes,
    );
    machine.registers.eip = 0x1000;
    expect(machine.run(100)).toBe('halted');
    expect(machine.ram.read32(0x7fff_fffc)).toBe(0x0100_002a);
    expect(machine.ram.read8(0x7fff_fff0)).toBe(9);
  });
});

test('Two machines do not know of each other', () => {
  const one = fresh('l: inc eax\n jmp l');
  const two = fresh('l: dec eax\n jmp l');
  for (let turn = 0; turn < 10; turn++) {
    one.run(3);
    two.run(3);
  }
  expect(one.registers.eax).toBe(15);
  expect(two.registers.eax).toBe(0xffff_fff1);
});

test('16-bit code runs too: a segment without D (vol. 3, 3.4.5)', () => {
  const end = play({
    descriptors: { '0x48': descriptor(0x9000, 0xffff, 0x9b, 0) },
    // mov ax, 0x1234; mov bx, 0x10; mov [bx + 2], ax (DS is flat); o32 mov ecx, 0x12345678; jmp short +0; int3
    words: {
      '0x9000': 0xbb12_34b8,
      '0x9004': 0x4789_0010,
      '0x9008': 0x78b9_6602,
      '0x900c': 0xeb12_3456,
      '0x9010': 0x0000_cc00,
    },
    code: 'jmp 0x48:0',
  });
  expect(end.vector).toBe(3);
  expect(end.machine.registers).toMatchObject({ ecx: 0x1234_5678 });
  expect(end.machine.registers.eax & 0xffff).toBe(0x1234);
  expect(end.machine.ram.read16(0x12)).toBe(0x1234);
  expect(end.frame.eip).toBe(0x12);
});

test('Alignment is checked only for ring 3 that asked for it, with AM (vol. 3, 6.15, 17)', () => {
  const run = (flags: number, am: boolean, ring: Ring = 3) => {
    const { machine } = prepare({ ring, flags, code: 'mov eax, [DATA + 1]\n int3' });
    if (am) machine.registers.cr0 |= 0x4_0000;
    machine.run(10);
    return machine.registers.eip - 0x4001;
  };
  for (const ring of [0, 1, 2] as const) expect(run(0x40002, true, ring)).toBe(3);
  expect(run(0x40002, true)).toBe(17);
  expect(run(0x40002, false)).toBe(3);
  expect(run(0x00002, true)).toBe(3);
});

test('and a REP by the page is no exception', () => {
  const run = (move: string) => {
    const code = `mov esi, DATA\n mov edi, DATA + 0x800\n mov ecx, 16\n mov eax, [esi]\n mov [edi], eax\n ${move}\n int3`;
    const { machine } = prepare({ ring: 3, flags: 0x40002, paging: true, code });
    machine.registers.cr0 |= 0x4_0000;
    machine.run(100);
    return { vector: machine.registers.eip - 0x4001, left: machine.registers.ecx };
  };
  expect(run('rep movsd')).toEqual({ vector: 3, left: 0 });
  expect(run('inc esi\n rep movsd')).toEqual({ vector: 17, left: 16 });
  expect(run('inc edi\n rep movsd')).toEqual({ vector: 17, left: 16 });
  expect(run('inc edi\n rep stosd')).toEqual({ vector: 17, left: 16 });
  expect(run('inc edi\n rep movsb')).toEqual({ vector: 3, left: 0 });
});

test('Gates and code are found through the tables as they are now, not as they were', () => {
  const { machine } = prepare({
    code: `mov dword [0x5000 + 8 * 0x77], ${(CODE_0 << 16) + handler(0x66)}\n int 0x77`,
  });
  machine.run(10);
  expect(machine.registers.eip).toBe(handler(0x66) + 1);
  expect(gate(CODE_0, handler(0x66), 0x8e)[0]).toBe((CODE_0 << 16) + handler(0x66));
});
