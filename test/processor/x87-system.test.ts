import { describe, expect, test } from 'vitest';
import { type Ending, play, prepare, type Scene } from './stage.ts';

const NE = 'mov eax, cr0\n or eax, 0x20\n mov cr0, eax\n';
/** Unmasks everything. */
const UNMASK = 'fninit\n push 0x340\n fldcw [esp]\n';
const DATA = 0xa000;

function run(code: string, scene: Partial<Scene> = {}): Ending {
  return play({ code, ...scene });
}

/** The words that FNSTENV and FNSAVE left at DATA. */
function words({ machine }: Ending, count: number, size = 4): number[] {
  return Array.from({ length: count }, (_, at) =>
    size === 4 ? machine.ram.read32(DATA + at * 4) : machine.ram.read16(DATA + at * 2),
  );
}

describe('#NM (vol. 3, 2.5)', () => {
  const cr0 = (bits: number) => `mov eax, cr0\n or al, ${bits}\n mov cr0, eax\n`;
  const rows: [string, number, string, number][] = [
    ['EM stops any instruction for the unit', 4, 'fnstsw ax', 7],
    ['EM does not stop WAIT', 4, 'wait\n int3', 3],
    ['TS stops any instruction for the unit', 8, 'fninit', 7],
    ['TS alone does not stop WAIT', 8, 'wait\n int3', 3],
    ['EM stops FXSAVE', 4, 'fxsave [DATA]', 7],
    ['TS stops FXRSTOR', 8, 'fxrstor [DATA]', 7],
    ['TS with MP does', 10, 'wait', 7],
    ['MP alone stops nothing', 2, 'wait\n fld1\n int3', 3],
    ['comes before the page fault of the operand', 8, 'fld qword [0x900000]', 7],
  ];
  test.each(rows)('%s', (_rule, bits, code, vector) => {
    expect(run(cr0(bits) + code).vector).toBe(vector);
  });
});

describe('#MF (vol. 1, 8.7; vol. 3, 6.15, 16)', () => {
  const divide = `${UNMASK} fldz\n fld1\n fdiv st0, st1\n`;

  test('comes at the next instruction that waits, and points at that one', () => {
    const end = run(`${NE}${divide} nop\n nop\n here: fld1\n int3`);
    expect(end.vector).toBe(16);
    expect(end.error).toBeUndefined();
    expect(end.eip).toBe(end.labels.get('here')! - 0x8000);
  });

  test('comes at WAIT, and at FNOP', () => {
    expect(run(`${NE}${divide} wait\n int3`).vector).toBe(16);
    expect(run(`${NE}${divide} fnop\n int3`).vector).toBe(16);
  });

  test('does not come at instructions with an N, which can look at the damage', () => {
    const end = run(`${NE}${divide} fnstsw ax\n fnstcw [DATA]\n fnstenv [DATA]\n fnclex\n fld1\n int3`);
    expect(end.vector).toBe(3);
    expect(end.machine.registers.eax & 0xffff).toBe(0xb084);
  });

  test('leaves the operands where they were', () => {
    const end = run(`${NE}${divide} fnsave [DATA]\n int3`);
    expect(end.machine.ram.read16(DATA + 28 + 8)).toBe(0x3fff);
    expect(end.machine.ram.read16(DATA + 38 + 8)).toBe(0);
  });

  test('is not heard of without CR0.NE, as if IGNNE# were held', () => {
    expect(run(`${divide} fld1\n wait\n int3`).vector).toBe(3);
  });

  test('comes also when FLDCW unmasks what happened long ago', () => {
    const end = run(
      `${NE} fninit\n fldz\n fld1\n fdiv st0, st1\n fld1\n push 0x340\n fldcw [esp]\n fld1\n int3`,
    );
    expect(end.vector).toBe(16);
  });

  test('does not come twice once FNCLEX has been there, or FNINIT', () => {
    for (const cure of ['fnclex', 'fninit', 'fnsave [DATA]']) {
      expect(run(`${NE}${divide} ${cure}\n wait\n int3`).vector).toBe(3);
    }
  });
});

describe('The environment (vol. 1, 8.1.10)', () => {
  test('FNSTENV tells where the last instruction was, and its operand, and masks all', () => {
    const end = run(`fninit\n here: fld dword fs:[0xa100]\n fnstenv [DATA]\n fnstcw [DATA + 28]\n int3`);
    const fs = 0;
    expect(words(end, 7)).toEqual([
      0xffff_037f,
      0xffff_3800,
      0xffff_7fff,
      end.labels.get('here')!,
      ((0x100 << 16) | 8 | (0x05 << 16)) >>> 0,
      0xa100,
      (0xffff_0000 | fs) >>> 0,
    ]);
    expect(end.machine.ram.read16(DATA + 28)).toBe(0x37f);
  });

  test('DS or SS is told of even where both are flat', () => {
    const end = run(`fninit\n fild word [esp-2]\n fnstenv [DATA]\n int3`, { ring: 3 });
    expect(words(end, 7)[6]! & 0xffff).toBe(0x23);
    expect(words(end, 7)[4]! & 0xffff).toBe(0x1b);
    expect(words(end, 7)[5]).toBe(0xc000 - 2);
  });

  test('control instructions are not remembered', () => {
    const end = run(
      `fninit\n fldpi\n fnstcw [DATA]\n fldcw [DATA]\n fnstsw ax\n fnclex\n fnstenv [DATA]\n int3`,
    );
    expect(words(end, 7)[4]! >>> 16).toBe(0x1eb);
    expect(words(end, 7)[3]).toBe(0x8002);
    expect(words(end, 7)[5]).toBe(0);
  });

  test('in 16 bits it is seven halves', () => {
    const end = run(`fninit\n fld1\n o16 fnstenv [DATA]\n int3`);
    expect(words(end, 8, 2)).toEqual([0x37f, 0x3800, 0x3fff, 0x8002, 8, 0, 0, 0]);
  });

  test.each(['', 'o16 '])('%sFNSAVE and FRSTOR are each other undone', (size) => {
    const end = run(
      `fninit\n fldpi\n fldl2e\n fld1\n fchs\n ffree st1\n push 0xb3f\n fldcw [esp]
       ${size}fnsave [DATA]\n fnstsw ax\n mov ebx, eax\n ${size}frstor [DATA]\n ${size}fnsave [DATA + 0x100]
       int3`,
    );
    const length = size ? 94 : 108;
    expect(end.machine.ram.read(DATA, length)).toEqual(end.machine.ram.read(DATA + 0x100, length));
    expect(end.machine.registers.ebx & 0xffff).toBe(0);
    const at = size ? 14 : 28;
    expect(end.machine.ram.read16(DATA + at + 8)).toBe(0xbfff);
    expect(end.machine.ram.read16(DATA + at + 28)).toBe(0x4000);
  });

  test('FXSAVE leaves the unit as it is, and FXRSTOR brings all of it back', () => {
    const end = run(
      `fninit\n fldpi\n fldl2e\n fld1\n fchs\n ffree st1\n push 0xb3f\n fldcw [esp]\n fld1\n fadd dword [one]
       fnstenv [DATA + 0x400]\n fldcw [esp]\n fxsave [DATA]
       fninit\n fxrstor [DATA]\n fxsave [DATA + 0x200]\n fnstenv [DATA + 0x420]\n int3
       align 4
       one: dd 0x3f800000`,
    );
    const { ram } = end.machine;
    expect(ram.read(DATA, 160)).toEqual(ram.read(DATA + 0x200, 160));
    expect(ram.read(DATA, 4)).toEqual(Uint8Array.of(0x7f, 0x0b, 0, 0x20));
    expect(ram.read8(DATA + 4)).toBe(0b1011_0000);
    expect(ram.read16(DATA + 6)).toBe(0x005);
    expect(ram.read32(DATA + 16)).toBe(end.labels.get('one'));
    expect(ram.read16(DATA + 32 + 8)).toBe(0x4000);
    expect(ram.read16(DATA + 48 + 8)).toBe(0xbfff);
    expect(ram.read(DATA + 160, 352)).toEqual(new Uint8Array(352));
    expect(ram.read(DATA + 0x400, 28)).toEqual(ram.read(DATA + 0x420, 28));
  });

  test('FXSAVE gives nobody what another machine has brought in by FXRSTOR', () => {
    run('mov dword [DATA + 24], 0x5ec4e7\n mov dword [DATA + 28], 0xdeadbeef\n fxrstor [DATA]\n int3');
    const { ram } = run('fninit\n fxsave [DATA]\n int3').machine;
    expect([ram.read32(DATA + 24), ram.read32(DATA + 28)]).toEqual([0, 0]);
  });

  test('FXRSTOR is not stopped by an error that waits, FRSTOR is; and one that FXRSTOR brings stops the next', () => {
    const image = `${NE}fninit\n fnsave [DATA]\n fxsave [DATA + 0x80]\n push 0x340\n fldcw [esp]\n fldz\n fld1\n fdiv st0, st1\n`;
    expect(run(`${image} frstor [DATA]\n int3`).vector).toBe(16);
    expect(run(`${image} fxrstor [DATA + 0x80]\n fld1\n int3`).vector).toBe(3);
    const brought = run(`${image} fxsave [DATA + 0x80]\n fninit\n fxrstor [DATA + 0x80]\n here: fld1\n int3`);
    expect(brought.vector).toBe(16);
    expect(brought.eip).toBe(brought.labels.get('here')! - 0x8000);
  });

  test.each(['fxsave [DATA + 8]', 'fxrstor [DATA + 1]'])('%s is not at a multiple of 16: #GP(0)', (code) => {
    const end = run(`${code}\n int3`);
    expect([end.vector, end.error]).toEqual([13, 0]);
  });

  test.each([
    'fxsave',
    'fxrstor',
  ])('%s wants all of its 512 bytes to be there, and else does nothing', (name) => {
    const { machine } = prepare({ pages: { '0xf000': 0 }, code: `fninit\n fld1\n ${name} [0xef00]` });
    machine.run(20);
    expect(machine.registers.cr2 & ~0xfff).toBe(0xf000);
    expect(machine.ram.read32(0xef00)).toBe(0);
  });

  test.each([
    ['o16 fxsave', 'db 0x66, 0x0f, 0xae, 0x05\n dd 0xa000'],
    ['rep fxrstor', 'db 0xf3, 0x0f, 0xae, 0x0d\n dd 0xa000'],
    ['ldmxcsr', 'db 0x0f, 0xae, 0x15\n dd 0xa000'],
    ['sfence', 'db 0x0f, 0xae, 0xf8'],
  ])('%s is undefined', (_name, code) => {
    expect(run(`${code}\n int3`).vector).toBe(6);
  });

  test('FLDENV takes from the tags only what is empty, and FNSTENV finds out the rest', () => {
    const end = run(
      `fninit\n fldz\n fld1\n fld dword [inf]\n fnstenv [DATA]\n mov word [DATA + 8], 0x00ff\n fldenv [DATA]\n fnstenv [DATA]\n int3
       align 4
       inf: dd 0x7f800000`,
    );
    // Registers 5, 6 and 7 hold infinity, 1 and 0; 4 was declared valid and holds nothing but zeros.
    expect(end.machine.ram.read16(DATA + 8)).toBe(0b01_00_10_01_11_11_11_11);
  });

  test('FNSTENV that fails has not masked anything', () => {
    const { machine } = prepare({
      pages: { '0xf000': 0 },
      code: `fninit\n push 0x340\n fldcw [esp]\n fnstenv [0xeff0]`,
    });
    machine.run(20);
    expect(machine.registers.cr2).toBe(0xf000);
    expect(machine.ram.read32(0xeff0)).toBe(0);
  });
});

describe('Stores are all or nothing', () => {
  const rows: [string, number][] = [
    ['fstp qword [0xeffc]', 0xeffc],
    ['fstp tword [0xeff8]', 0xeff8],
    ['fbstp tword [0xeff8]', 0xeff8],
    ['fistp qword [0xeffc]', 0xeffc],
  ];
  test.each(rows)('%s into a page that is not there: nothing is written, nothing popped', (code, at) => {
    const { machine } = prepare({
      pages: { '0xf000': 0 },
      code: `fninit\n fld1\n ${code}\n fnstsw ax\n hlt`,
    });
    machine.run(20);
    expect(machine.registers.cr2).toBe(0xf000);
    expect(machine.ram.read32(at)).toBe(0);
    // Once the page is there, the same instruction works, and pops.
    machine.ram.write32(0x2000 + 0xf * 4, 0xf007);
    machine.registers.cr3 = 0x1000;
    machine.registers.eip = 0x8004;
    machine.run(20);
    expect(machine.ram.read(at, 10)).not.toEqual(new Uint8Array(10));
    expect(machine.registers.eax & 0x3800).toBe(0);
  });
});

describe('Alignment (vol. 3, table 6-7)', () => {
  const vector = (code: string) => {
    const { machine } = prepare({ ring: 3, flags: 0x4_0002, code: `${code}\n int3` });
    machine.registers.cr0 |= 0x4_0000;
    machine.run(20);
    return machine.registers.eip - 0x4001;
  };
  test('a REAL8 belongs on a multiple of eight, a REAL4 on one of four', () => {
    expect(vector('fld qword [DATA + 4]')).toBe(17);
    expect(vector('fld qword [DATA + 8]')).toBe(3);
    expect(vector('fld dword [DATA + 4]')).toBe(3);
    expect(vector('fld dword [DATA + 2]')).toBe(17);
    expect(vector('fstp tword [DATA + 4]')).toBe(17);
  });
  test.each([
    ['fnsave [DATA + 4]', 3],
    ['fnsave [DATA + 2]', 17],
    ['o16 fnsave [DATA + 2]', 3],
    ['fnsave [DATA + 4]\n frstor [DATA + 4]', 3],
    ['fnsave [DATA + 4]\n frstor [DATA + 6]', 17],
    ['fnstenv [DATA + 4]', 3],
    ['fnstenv [DATA + 2]', 17],
    ['fbld [DATA + 8]', 3],
    ['fbld [DATA + 4]', 17],
    ['fldz\n fbstp [DATA + 4]', 17],
    ['fxsave [DATA + 16]', 3],
    ['fxsave [DATA + 8]', 13],
    ['fxsave [DATA + 2]', 17],
    ['fxrstor [DATA + 1]', 17],
    ['cmpxchg8b [DATA + 8]', 3],
    ['cmpxchg8b [DATA + 4]', 17],
  ])('%s ends in %i', (code, expected) => expect(vector(code)).toBe(expected));
});

describe('Opcodes', () => {
  const undefinedRows = [
    '0xd9, 0xd1',
    '0xd9, 0xe2',
    '0xd9, 0xe6',
    '0xd9, 0xef',
    '0xda, 0xe0',
    '0xda, 0xe8',
    '0xda, 0xf0',
  ];
  const more = [
    '0xdb, 0xe5',
    '0xdb, 0xf8',
    '0xdd, 0xf0',
    '0xde, 0xd8',
    '0xdf, 0xe1',
    '0xdf, 0xf8',
    '0xd9, 0x08',
    '0xdb, 0x30',
    '0xdd, 0x28',
    '0xdb, 0x20',
  ];
  test.each([...undefinedRows, ...more])('%s is none, and FISTTP is of a later age', (bytes) => {
    expect(run(`mov eax, DATA\n db ${bytes}\n int3`).vector).toBe(6);
    expect(run('mov eax, DATA\n db 0xdd, 0x08').vector).toBe(6);
  });

  test('LOCK before any is #UD', () => {
    expect(run('mov eax, DATA\n db 0xf0, 0xdd, 0x18').vector).toBe(6);
  });
});

test('At power-on the unit is as FNINIT leaves it', () => {
  const end = run('fnsave [DATA]\n int3');
  expect(words(end, 7)).toEqual([0xffff_037f, 0xffff_0000, 0xffff_ffff, 0, 0, 0, 0xffff_0000]);
});

test('The stack is a ring: nine pushes are one too many, and C1 says which way', () => {
  const status = (code: string) => run(`fninit\n ${code}\n fnstsw ax\n int3`).machine.registers.eax & 0xffff;
  expect(status('fld1\n'.repeat(8))).toBe(0);
  expect(status('fld1\n'.repeat(9))).toBe(0x3a41);
  expect(status('fadd st0, st1')).toBe(0x41);
});
