import { expect, test } from 'vitest';
import { hold, type Row } from './rows.ts';
import { DATA_AT as DATA, descriptor, FREE, play } from './stage.ts';

const NEXT = FREE + 8;

/** Loads the free selector with the given RPL into a register. */
const load = (register: string, rpl = 0) => `mov ax, ${FREE + rpl}\n mov ${register}, ax\n int3`;
const free = (value: [number, number]) => ({ [FREE]: value });

const rows: Row[] = [
  // Loading data segments: SDM vol. 2, MOV, "Protected Mode Exceptions"; vol. 3, 5.6.
  {
    rule: 'MOV: a null selector loads into DS (vol. 3, 3.4.2)',
    code: 'mov ax, 3\n mov ds, ax\n int3',
    vector: 3,
  },
  {
    rule: 'vol. 3, 5.4.1: but not use it',
    code: 'mov ax, 0\n mov ds, ax\n mov al, [0]',
    vector: 13,
    error: 0,
  },
  { rule: 'MOV: a selector beyond the table', code: 'mov ax, 0x800\n mov ds, ax', vector: 13, error: 0x800 },
  {
    rule: 'MOV: RPL is not part of the error code',
    code: 'mov ax, 0x803\n mov ds, ax',
    vector: 13,
    error: 0x800,
  },
  { rule: 'MOV: an LDT selector without an LDT', code: 'mov ax, 0x0f\n mov ds, ax', vector: 13, error: 0x0c },
  { rule: 'MOV: a system descriptor', code: 'mov ax, TASK\n mov ds, ax', vector: 13, error: 0x28 },
  {
    rule: 'MOV: code that cannot be read',
    descriptors: free(descriptor(0, 1, 0x98)),
    code: load('ds'),
    vector: 13,
    error: FREE,
  },
  {
    rule: 'MOV: code that can be read',
    descriptors: free(descriptor(0, 1, 0x9a)),
    code: load('ds'),
    vector: 3,
  },
  {
    rule: 'MOV: not present',
    descriptors: free(descriptor(0, 1, 0x12)),
    code: load('ds'),
    vector: 11,
    error: FREE,
  },
  {
    rule: 'vol. 3, 5.6: CPL above DPL',
    ring: 3,
    code: 'mov ax, DATA_0\n mov ds, ax',
    vector: 13,
    error: 0x10,
  },
  { rule: 'vol. 3, 5.6: RPL above DPL', code: 'mov ax, DATA_0 + 3\n mov ds, ax', vector: 13, error: 0x10 },
  {
    rule: 'vol. 3, 5.6.1: conforming code has no DPL to check',
    ring: 3,
    descriptors: free(descriptor(0, 1, 0x9e)),
    code: load('ds', 3),
    vector: 3,
  },
  {
    rule: 'MOV: the checks come before presence',
    ring: 3,
    descriptors: free(descriptor(0, 1, 0x12)),
    code: load('es'),
    vector: 13,
    error: FREE,
  },
  // Loading SS: vol. 3, 5.7.
  { rule: 'MOV: a null SS', code: 'mov ax, 0\n mov ss, ax', vector: 13, error: 0 },
  {
    rule: 'vol. 3, 5.7: SS with another RPL',
    code: 'mov ax, DATA_0 + 1\n mov ss, ax',
    vector: 13,
    error: 0x10,
  },
  {
    rule: 'vol. 3, 5.7: SS with another DPL',
    code: 'mov ax, DATA_3 - 3\n mov ss, ax',
    vector: 13,
    error: 0x20,
  },
  {
    rule: 'MOV: SS that cannot be written',
    descriptors: free(descriptor(0, 1, 0x90)),
    code: load('ss'),
    vector: 13,
    error: FREE,
  },
  {
    rule: 'MOV: SS not present is #SS',
    descriptors: free(descriptor(0, 1, 0x12)),
    code: load('ss'),
    vector: 12,
    error: FREE,
  },
  { rule: 'MOV: CS is not for MOV', code: 'mov ax, CODE_0\n db 0x8e, 0xc8', vector: 6 },
  // Limits: vol. 3, 5.3.
  {
    rule: 'vol. 3, 5.3: the last byte inside',
    descriptors: free(descriptor(0xa000, 0xff, 0x92, 4)),
    code: `${load('ds').replace('int3', '')} mov al, [0xff]\n int3`,
    vector: 3,
  },
  {
    rule: 'vol. 3, 5.3: the first outside',
    descriptors: free(descriptor(0xa000, 0xff, 0x92, 4)),
    code: `${load('ds').replace('int3', '')} mov al, [0x100]`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 3, 5.3: half outside',
    descriptors: free(descriptor(0xa000, 0xff, 0x92, 4)),
    code: `${load('ds').replace('int3', '')} mov eax, [0xfd]`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 3, 5.3: with G, 4 KiB and 12 ones',
    descriptors: free(descriptor(0, 0x9, 0x92, 0xc)),
    code: `${load('ds').replace('int3', '')} mov al, [0x9fff]\n int3`,
    vector: 3,
  },
  {
    rule: 'vol. 3, 5.3: with G, no further',
    descriptors: free(descriptor(0, 0x9, 0x92, 0xc)),
    code: `${load('ds').replace('int3', '')} mov al, [0xa000]`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 3, 5.3: expand-down begins behind the limit',
    descriptors: free(descriptor(0, 0xa0ff, 0x96, 4)),
    code: `${load('ds').replace('int3', '')} mov al, [0xa100]\n int3`,
    vector: 3,
  },
  {
    rule: 'vol. 3, 5.3: expand-down excludes the limit',
    descriptors: free(descriptor(0, 0xa0ff, 0x96, 4)),
    code: `${load('ds').replace('int3', '')} mov al, [0xa0ff]`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 3, 3.4.5: a small expand-down ends at 64 KiB',
    descriptors: free(descriptor(0, 0xff, 0x96, 0)),
    code: `${load('ds').replace('int3', '')} mov ax, [0xffff]`,
    vector: 13,
    error: 0,
    eip: 6,
  },
  {
    rule: 'vol. 3, 5.3: limits of the stack are #SS(0)',
    ring: 3,
    descriptors: free(descriptor(0, 0xff, 0xf2, 4)),
    code: `${load('ss', 3).replace('int3', '')} mov eax, [esp]`,
    vector: 12,
    error: 0,
  },
  // Types: vol. 3, 5.5.
  {
    rule: 'vol. 3, 5.5: no store to read-only data',
    descriptors: free(descriptor(0, 0xff, 0x90)),
    code: `${load('ds').replace('int3', '')} mov [0], al`,
    vector: 13,
    error: 0,
  },
  {
    rule: 'vol. 3, 5.5: nor if it is as large as can be',
    descriptors: free(descriptor(0, 0xfffff, 0x90)),
    code: `${load('ds').replace('int3', '')} mov [DATA], al`,
    vector: 13,
    error: 0,
    eip: 6,
  },
  { rule: 'vol. 3, 5.5: no store through CS', code: 'mov [cs:DATA], al', vector: 13, error: 0 },
  { rule: 'vol. 3, 5.5: loads through a readable CS', code: 'mov al, [cs:DATA]\n int3', vector: 3 },
  {
    rule: 'vol. 3, 5.5: no loads through one that is not',
    descriptors: { [FREE]: descriptor(0, 0xfffff, 0x99) },
    code: `jmp FREE:far_label\n far_label: mov al, [cs:DATA]`,
    vector: 13,
    error: 0,
  },
  // Far transfers: vol. 3, 5.8.1.
  { rule: 'JMP: to a null selector', code: 'jmp 0:0', vector: 13, error: 0 },
  { rule: 'JMP: to data', code: 'jmp DATA_0:0', vector: 13, error: 0x10 },
  {
    rule: 'vol. 3, 5.8.1.1: nonconforming code of another level',
    code: 'jmp CODE_3:0',
    vector: 13,
    error: 0x18,
  },
  {
    rule: 'vol. 3, 5.8.1.1: not even of an inner one',
    ring: 3,
    code: 'jmp CODE_0:0',
    vector: 13,
    error: 0x08,
  },
  {
    rule: 'vol. 3, 5.8.1.2: conforming code of an inner one',
    ring: 3,
    descriptors: free(descriptor(0, 0xfffff, 0x9f)),
    code: 'jmp FREE:far_label\n far_label: int3',
    vector: 3,
  },
  {
    rule: 'vol. 3, 5.8.1.2: conforming code of an outer one',
    descriptors: free(descriptor(0, 0xfffff, 0xff)),
    code: 'jmp FREE:0',
    vector: 13,
    error: FREE,
  },
  {
    rule: 'JMP: not present',
    descriptors: free(descriptor(0, 0xfffff, 0x1b)),
    code: 'jmp FREE:0',
    vector: 11,
    error: FREE,
  },
  {
    rule: 'JMP: beyond the limit',
    descriptors: free(descriptor(0, 0xff, 0x9b, 4)),
    code: 'jmp FREE:0x100',
    vector: 13,
    error: 0,
    eip: 0,
  },
  {
    rule: 'CALL: beyond the limit',
    descriptors: free(descriptor(0, 0x8fff, 0x9b, 4)),
    code: 'jmp FREE:inside\n inside: call 0x9000',
    vector: 13,
    error: 0,
    eip: 7,
  },
  {
    rule: 'CALL: beyond the limit, but the stack comes first',
    ring: 3,
    pages: { '0xe000': 0 },
    descriptors: free(descriptor(0, 0x8fff, 0xfb, 4)),
    code: 'jmp FREE + 3:inside\n inside: mov esp, 0xf000\n call 0x9000',
    vector: 14,
    error: 6,
  },
  {
    rule: 'CALL: and so it does if the target comes from a register',
    ring: 3,
    pages: { '0xe000': 0 },
    descriptors: free(descriptor(0, 0x8fff, 0xfb, 4)),
    code: 'jmp FREE + 3:inside\n inside: mov esp, 0xf000\n mov eax, 0x9000\n call eax',
    vector: 14,
    error: 6,
  },
  {
    rule: 'JMP: a TSS is a task switch, which is not offered',
    descriptors: free(descriptor(0x3900, 0x67, 0x89, 0)),
    code: 'jmp FREE:0',
    vector: 13,
    error: FREE,
  },
  {
    rule: 'JMP: so is a task gate',
    descriptors: free([0x28_0000, 0x8500]),
    code: 'jmp FREE:0',
    vector: 13,
    error: FREE,
  },
  {
    rule: 'JMP: an unknown system type',
    descriptors: free([0, 0x8000]),
    code: 'jmp FREE:0',
    vector: 13,
    error: FREE,
  },
  {
    rule: 'vol. 3, 5.3: a near jump out of the segment',
    descriptors: free(descriptor(0, 0x8fff, 0x9b, 4)),
    code: 'jmp FREE:far_label\n far_label: jmp 0x9000',
    vector: 13,
    error: 0,
    eip: 7,
  },
  {
    rule: 'vol. 3, 5.3: running out of the segment',
    descriptors: free(descriptor(0, 0x8008, 0x9b, 4)),
    code: 'jmp FREE:far_label\n far_label: nop\n nop\n nop',
    vector: 13,
    error: 0,
    eip: 9,
  },
  {
    rule: 'vol. 3, 5.3: running out of a smaller segment, where a larger one went on',
    descriptors: { [FREE]: descriptor(0, 0xffff, 0x9b, 4), [NEXT]: descriptor(0, 0x8008, 0x9b, 4) },
    code: `jmp FREE:on\n on: inc ebp\n nop\n nop\n nop\n jmp ${NEXT}:on`,
    vector: 13,
    error: 0,
    eip: 9,
  },
  {
    rule: 'LSS: loads both',
    code: `mov dword [DATA], 0x1234\n mov dword [DATA + 4], DATA_0\n lss esp, [DATA]\n cmp esp, 0x1234\n mov esp, STACK\n jne 0\n int3`,
    vector: 3,
  },
  { rule: 'LLDT: not an LDT', code: 'mov ax, DATA_0\n lldt ax', vector: 13, error: 0x10 },
  { rule: 'LLDT: in the LDT itself', code: 'mov ax, 0x0c\n lldt ax', vector: 13, error: 0x0c },
  { rule: 'LTR: a busy TSS', code: 'mov ax, TASK\n ltr ax', vector: 13, error: 0x28 },
  { rule: 'LTR: null', code: 'mov ax, 0\n ltr ax', vector: 13, error: 0 },
  {
    rule: 'LTR: not present',
    descriptors: free(descriptor(0, 0x67, 0x09, 0)),
    code: 'mov ax, FREE\n ltr ax',
    vector: 11,
    error: FREE,
  },
];

hold('A selector is checked when it is loaded, and a segment whenever it is used', rows);

test('The same offset in a code segment with another base is other code (vol. 3, 3.4.2)', () => {
  const SMALL = descriptor(0, 0xffff, 0x9b, 4);
  const end = play({
    descriptors: {
      [FREE]: SMALL,
      [NEXT]: descriptor(0xb000, 0xffff, 0x9b, 4),
      [NEXT + 8]: descriptor(0xd000, 0xffff, 0x9b, 4),
    },
    // inc esi, jmp far [DATA + 8]; inc edi, jmp far [DATA + 8]
    words: {
      [DATA]: 0,
      [DATA + 4]: NEXT,
      [DATA + 12]: FREE,
      '0xb000': 0x082d_ff46,
      '0xb004': 0xa0,
      '0xd000': 0x082d_ff47,
      '0xd004': 0xa0,
    },
    code: `mov dword [DATA + 8], back
      mov ecx, 6
      jmp FREE:again
      again: jmp far [DATA]
      back: xor byte [DATA + 4], ${NEXT ^ (NEXT + 8)}
      dec ecx
      jnz again
      int3`,
  });
  expect(end.vector).toBe(3);
  expect([end.machine.registers.esi, end.machine.registers.edi]).toEqual([3, 3]);
});

test('A local descriptor table works like the global one (vol. 3, 3.5.1)', () => {
  const end = play({
    descriptors: { [FREE]: descriptor(DATA, 0xf, 0x82, 0) },
    words: { [DATA + 8]: 0xffff, [DATA + 12]: 0x00cf_9200 },
    code: `mov ax, FREE
      lldt ax
      mov ax, 0x0c
      mov gs, ax
      mov dword [gs:DATA + 0x100], 0x5eed
      int3`,
  });
  expect(end.vector).toBe(3);
  expect(end.machine.ram.read32(DATA + 0x100)).toBe(0x5eed);
  expect(end.machine.ram.read32(DATA + 12)).toBe(0x00cf_9300);
});

test('Loading a segment marks its descriptor accessed, unless it is marked already (vol. 3, 3.4.5.1)', () => {
  const end = play({ descriptors: { [FREE]: descriptor(0, 1, 0x92) }, code: load('fs') });
  expect(end.machine.ram.read8(0x3000 + FREE + 5)).toBe(0x93);
});

test('Code that is entered in its middle looks where its segments are now (vol. 3, 3.4.3)', () => {
  const end = play({
    descriptors: free(descriptor(0x1000, 0xfffff, 0x92)),
    words: { [DATA]: 1, [DATA + 0x1000]: 2 },
    code: `start: inc ebp
      mid: mov ecx, [DATA]
      cmp ebp, 2
      je done
      inc ebp
      mov ax, FREE
      mov ds, ax
      jmp mid
      done: int3`,
  });
  expect(end.vector).toBe(3);
  expect(end.machine.registers.ecx).toBe(2);
});

test('REP takes its source from behind the segment that a prefix names (vol. 2, MOVS)', () => {
  const end = play({
    descriptors: free(descriptor(0x1000, 0xfffff, 0x92)),
    words: { [DATA]: 1, [DATA + 4]: 1, [DATA + 0x1000]: 2, [DATA + 0x1004]: 2 },
    code: `${load('fs').replace('int3', '')}
      mov esi, DATA
      mov edi, DATA + 0x100
      mov ecx, 8
      mov al, [esi]
      mov [edi], al
      mov al, [fs:esi]
      db 0x64, 0xf3, 0xa4             ; rep movsb, from FS
      int3`,
  });
  expect(end.vector).toBe(3);
  expect(end.machine.ram.read32(DATA + 0x104)).toBe(2);
});

test('LAR, LSL, VERR and VERW answer with ZF and never fault (vol. 2)', () => {
  const end = play({
    ring: 3,
    descriptors: {
      [FREE]: descriptor(0x1000, 0x12345, 0xf2),
      [NEXT]: descriptor(0, 0xfff, 0xfe, 4),
    },
    code: `mov ecx, 0
      mov eax, FREE + 3
      lar ebx, ax
      setz cl
      lsl edx, ax
      verr ax
      setz ch
      verw ax
      push ecx
      mov eax, FREE + 8 + 3
      verw ax
      setz cl
      lsl esi, ax
      mov eax, 0x10
      lar edi, ax
      setz ch
      lar edi, word [nothing]
      setz al
      mov edi, 0
      int3
      nothing: dw 0`,
  });
  expect(end.vector).toBe(3);
  const { ebx, edx, esi, ecx, eax } = end.machine.registers;
  expect(ebx & 0xff00).toBe(0xf200);
  expect(edx).toBe(0x1234_5fff);
  expect(esi).toBe(0xfff);
  expect(ecx & 0xffff).toBe(0);
  expect(eax & 0xff).toBe(0);
  expect(end.machine.ram.read32(end.frame.esp) & 0xffff).toBe(0x0101);
});
