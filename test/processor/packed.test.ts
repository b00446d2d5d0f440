import { expect, test } from 'vitest';
import { emptyBus } from '../../src/processor/bus.ts';
import { decodeInstruction } from '../../src/processor/decode.ts';
import { begin, Decoder } from '../../src/processor/decoder.ts';
import { fault } from '../../src/processor/faults.ts';
import { Instruction } from '../../src/processor/instruction.ts';
import { RAM_BASE } from '../../src/processor/layout.ts';
import { executeOf, immediateOf, lengthOf, numberOf, pack, unpack } from '../../src/processor/packed.ts';
import {
  MODE_CODE_32,
  MODE_FLAT_CODE,
  MODE_FLAT_DATA,
  MODE_FLAT_STACK,
} from '../../src/processor/processor.ts';
import { Processor } from '../../src/processor/processor.ts';

const FLAT = MODE_FLAT_DATA | MODE_FLAT_STACK | MODE_FLAT_CODE | MODE_CODE_32;
const CODE = 0x1000;

/** Every opcode with every ModRM byte; behind the other prefixes, with every seventh. What follows has all bits that a constant can have. */
const PREFIXES = [[], [0x66], [0x67], [0x64], [0xf3], [0xf2, 0x65, 0x66], [0xf0]];
const BEHIND = [0x8c, 0x12, 0xf4, 0x56, 0x78, 0x9a, 0xbc, 0xde];

function* codes(): Generator<number[]> {
  for (const prefixes of PREFIXES) {
    for (let opcode = 0; opcode < 0x200; opcode++) {
      if (opcode === 0x0f) continue;
      const bytes = opcode < 0x100 ? [opcode] : [0x0f, opcode & 0xff];
      const step = prefixes.length === 0 ? 1 : 7;
      for (let modrm = 0; modrm < 0x100; modrm += step) yield [...prefixes, ...bytes, modrm, ...BEHIND];
    }
  }
}

/** All that an instruction says; `manner` is only how some of it is kept. */
const FIELDS = (Object.keys(new Instruction()) as (keyof Instruction)[]).filter(
  (field) => field !== 'manner',
);

test.each([
  ['flat 32-bit', FLAT],
  ['16-bit, and no segment flat', 0],
])('Whatever can be decoded comes out of sixteen bytes as it went in: %s', (_, mode) => {
  const cpu = new Processor(1 << 16, emptyBus);
  cpu.mode = mode;
  const decoder = new Decoder(cpu);
  const packed = new Int32Array(4);
  const unpacked = new Instruction();
  const different: string[] = [];
  let decoded = 0;
  for (const code of codes()) {
    cpu.bytes.set(code, RAM_BASE + CODE);
    begin(decoder, CODE);
    try {
      decodeInstruction(decoder);
    } catch (error) {
      if (error !== fault) throw error;
      continue;
    }
    const { i } = decoder;
    pack(packed, 0, i);
    unpacked.next = CODE;
    unpacked.execute = unpack(packed, 0, unpacked);
    decoded++;
    const isSame =
      FIELDS.every((field) => unpacked[field] === i[field]) &&
      executeOf(packed, 0) === i.execute &&
      lengthOf(packed, 0) === i.next - i.eip &&
      immediateOf(packed, 0) === i.immediate;
    if (!isSame) different.push(code.map((byte) => byte.toString(16)).join(' '));
  }
  expect(different).toEqual([]);
  expect(decoded).toBeGreaterThan(200_000);
  // The gallery has a thousand places, and does not grow with what is decoded: this is a new one.
  expect(numberOf(() => undefined)).toBeLessThan(350);
});
