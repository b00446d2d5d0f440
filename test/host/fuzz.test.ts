import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERESTARTSYS } from '../../chapters/1-preparation/errno.ts';
import { GuestDied } from '../../chapters/5-host/death.ts';
import type { Guest } from '../../chapters/5-host/guest.ts';
import { run } from '../../chapters/5-host/run.ts';
import { deliverTrap } from '../../chapters/5-host/traps.ts';
import { FRAME_EIP } from '../../chapters/6-switcher/pages.ts';
import { assemble } from '../../src/assembler/index.ts';
import { changedPages, createGround, createGuest, type OpenGround } from './ground.ts';
import {
  CODE,
  DATA,
  DIRECTORY,
  gate,
  INIT,
  PAGING,
  RESULTS,
  STACK,
  TABLE,
  USER_SEGMENTS,
} from './harness.ts';

const BYTES = 0x40000;
const FUZZED = 0x1c000;

/** Numbers that hypervisors get wrong. */
const word = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 64 }) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      0,
      1,
      0x33,
      0x61,
      0x69,
      0x7b,
      0x80,
      0x200,
      0xfff,
      0x1000,
      CODE,
      DATA,
      DIRECTORY,
      TABLE,
      STACK,
      FUZZED,
      BYTES - 4,
      BYTES - 1,
      BYTES,
      0x3fff_ffff,
      0x7fff_ffff,
      0x8000_0000,
      0xc000_0000,
      0xc000_1000,
      0xffbf_ffff,
      0xffc0_0000,
      0xffc0_1fff,
      0xffff_f000,
      0xffff_ffff,
      0x0000_8e00,
      0x0000_ef00,
      0x00cf_9300,
      0x00cf_fb00,
      0x0040_b200,
      0x0000_ffff,
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 0x50 }), fc.integer({ min: 0, max: 0xff }))
      .map(([frame, flags]) => (frame << 12) | flags),
  },
);

const number = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(0, 4, 5, 6, 7, 8, 9, 14, 15, 16, 18, 19) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 25 }) },
);

const little = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

/** One thing that a hostile kernel does, as machine code. */
const deed: fc.Arbitrary<number[]> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(number, word, word, word, word)
      .map(([n, a, b, c, d]) => [
        0xb8,
        ...little(n),
        0xbb,
        ...little(a),
        0xb9,
        ...little(b),
        0xba,
        ...little(c),
        0xbe,
        ...little(d),
        0xcd,
        0x1f,
      ]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 1023 }), fc.boolean(), word)
      .map(([i, low, value]) => [0xc7, 0x05, ...little((low ? TABLE : DIRECTORY) + i * 4), ...little(value)]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 1387 }), word)
      .map(([at, value]) => [0xc7, 0x05, ...little(DATA + at), ...little(value)]),
  },
  { weight: 2, arbitrary: word.map((address) => [0xa1, ...little(address)]) },
  { weight: 2, arbitrary: word.map((address) => [0xa3, ...little(address)]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(0xd8, 0xc0, 0xe0, 0xe8, 0xd0), word)
      .map(([segment, selector]) => [0xb8, ...little(selector), 0x8e, segment]),
  },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((vector) => [0xcd, vector]) },
  { weight: 1, arbitrary: word.map((flags) => [0x68, ...little(flags), 0x9d]) },
  { weight: 1, arbitrary: word.map((stack) => [0xbc, ...little(stack)]) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(word, word, word)
      .map(([flags, cs, eip]) => [0x68, ...little(flags), 0x68, ...little(cs), 0x68, ...little(eip), 0xcf]),
  },
  { weight: 2, arbitrary: fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 12 }) },
);

const PRELUDES = [
  '',
  INIT,
  PAGING,
  PAGING +
    USER_SEGMENTS +
    [3, 6, 10, 11, 12, 13, 14].map((vector) => gate(vector, 'handler', vector % 2 ? 0x8e : 0x8f)).join('') +
    gate(0x80, 'handler', 0xef) +
    gate(33, 'handler', 0x8e),
].map(
  (prelude) =>
    assemble(
      `  mov esp, ${STACK}\n${prelude}  jmp ${FUZZED}\nhandler:\n  inc dword [${RESULTS}]\n  add dword [esp + 4], 1\n  cmp dword [${RESULTS}], 50\n  ja $\n  iret`,
      { origin: CODE },
    ).bytes,
);

/** Lets a Guest do its worst for a few slices. Dying is allowed: returns the first words of the reason, if it did. */
function endure(guest: Guest, decisions: number[]): string {
  try {
    for (const decision of decisions) {
      if (decision & 1) guest.raised |= 1 << ((decision >>> 1) & 31);
      const outcome = run(guest);
      if (typeof outcome === 'number') continue;
      if (decision & 2 || !deliverTrap(guest, outcome.trap)) {
        guest.setRegister(FRAME_EIP, (guest.register(FRAME_EIP) + 1 + ((decision >>> 3) & 3)) >>> 0);
      }
    }
  } catch (error) {
    if (!(error instanceof GuestDied)) throw error;
    return error.message.split(/ (?=0x|[0-9])/)[0]!;
  }
  return 'alive';
}

function createNeighbour(ground: OpenGround) {
  const source = `  mov esp, ${STACK}\n${PAGING}again:\n  inc dword [${RESULTS}]\n  jmp again`;
  const neighbour = createGuest(ground, BYTES, assemble(source, { origin: CODE }).bytes, CODE);
  expect(run(neighbour.guest)).toBe(-ERESTARTSYS);
  return neighbour;
}

describe('a hostile Guest', () => {
  it('may die, but nothing throws, hangs, or changes outside its window', { timeout: 120_000 }, () => {
    const ground = createGround(34);
    const neighbour = createNeighbour(ground);
    const hosts = new Set(ground.frames.given);
    const before = ground.machine.ram.read(0, ground.machine.ram.size);

    const ends = new Map<string, number>();

    fc.assert(
      fc.property(
        fc.constantFrom(...PRELUDES),
        fc.array(deed, { minLength: 1, maxLength: 40 }),
        fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 2, maxLength: 12 }),
        (prelude, deeds, decisions) => {
          const hostile = createGuest(ground, BYTES, prelude, CODE);
          hostile.window.write(FUZZED, Uint8Array.from(deeds.flat()));
          const end = endure(hostile.guest, decisions);
          ends.set(end, (ends.get(end) ?? 0) + 1);
          const { base, size } = hostile.window;
          hostile.guest.close();
          ground.windows.close(hostile.window);
          for (const page of changedPages(ground, before)) {
            const itsOwn =
              (page >= base && page < base + size) || (ground.frames.given.has(page) && !hosts.has(page));
            if (!itsOwn && !OF_THE_PROCESSOR.includes(page) && page !== neighbour.guest.registerPage)
              throw new Error(`page 0x${page.toString(16)} changed`);
          }
        },
      ),
      { seed: 20071009, numRuns: 400, interruptAfterTimeLimit: 40_000 },
    );

    expect(ends.size).toBeGreaterThanOrEqual(12); // it does get everywhere

    const count = neighbour.window.read32(RESULTS);
    expect(run(neighbour.guest)).toBe(-ERESTARTSYS);
    expect(neighbour.window.read32(RESULTS)).toBeGreaterThan(count + 40_000);
  });
});

/** The state page, which is rewritten for whoever runs, and the Host's own table for it, in which the processor marks A. */
const OF_THE_PROCESSOR = [0x2000, 0x5000];
