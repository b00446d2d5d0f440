import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';

const CODE = 0x1000;
/** Two pages of text, in which the same few letters come again and again. */
const TEXT = 0x3000;
const TEXT_BYTES = 0x2000;
const ADDRESS_SIZE = 0x67;
const REPNE = 0xf2;

const DIRECTORY = 0x8000;
const TABLE = 0x9000;
/** Where the two pages really are: not side by side. */
const FRAMES = [0xd000, 0xb000];

const machine = createMachine({ ramBytes: 0x1_0000, engine: 'interpreter' });
machine.ram.write32(DIRECTORY, TABLE | 3);
for (let page = 0; page < 16; page++) machine.ram.write32(TABLE + page * 4, (page << 12) | 3);
for (const [n, frame] of FRAMES.entries()) machine.ram.write32(TABLE + (TEXT >> 10) + n * 4, frame | 3);
machine.registers.cr3 = DIRECTORY;
machine.registers.cr0 |= 0x8000_0000;

const place = fc.oneof(
  fc.nat(TEXT_BYTES - 1),
  fc.nat(40).map((n) => 0xff0 + n),
  fc.nat(9),
);
const scene = fc.record({
  opcode: fc.constantFrom(0xa6, 0xa7, 0xae, 0xaf),
  narrow: fc.boolean(),
  prefix: fc.constantFrom(REPNE, 0xf3),
  source: place,
  destination: place,
  count: fc.oneof(fc.nat(9), fc.nat(300), fc.nat(5000)),
  backward: fc.nat(9).map((luck) => luck === 0),
  letters: fc.integer({ min: 1, max: 4 }),
  length: fc.integer({ min: 1, max: 700 }),
  slice: fc.constantFrom(1, 7, 100, 100_000),
});
type Search = typeof scene extends fc.Arbitrary<infer T> ? T : never;

/** What a search leaves in registers and flags; with addresses of 16 bits it is done one element at a time. */
function search(s: Search, oneByOne: boolean) {
  const { ram, registers } = machine;
  for (let n = 0; n < TEXT_BYTES; n++) {
    const odd = n % s.length === s.length - 1;
    ram.write8(FRAMES[n >> 12]! + (n & 0xfff), odd ? 0x61 + ((n * 7 + (n >> 9)) % s.letters) : 0x61);
  }
  const prefixes = [...(oneByOne ? [ADDRESS_SIZE] : []), ...(s.narrow ? [0x66] : []), s.prefix];
  const bytes = [...prefixes, s.opcode].map((byte) => `db ${byte}`).join('\n');
  ram.write(CODE, assemble(`${bytes}\n hlt`, { origin: CODE }).bytes);
  registers.eip = CODE;
  registers.eax = s.prefix === REPNE ? 0x62616161 : 0x61616161;
  registers.ecx = s.count;
  registers.esi = TEXT + s.source;
  registers.edi = TEXT + s.destination;
  registers.eflags = s.backward ? 0x402 : 2;
  const before = machine.retired;
  let left = 20_000;
  while (machine.run(s.slice) === 'limit' && left-- > 0);
  const { eip, ecx, esi, edi, eflags } = registers;
  return { eip: eip - prefixes.length, ecx, esi, edi, eflags, retired: machine.retired - before };
}

test('A search by the page ends where one by the element ends, and says the same', () => {
  fc.assert(
    fc.property(scene, (scene) => {
      expect(search(scene, false)).toEqual(search(scene, true));
    }),
    { seed: 1978, numRuns: 1500 },
  );
});
