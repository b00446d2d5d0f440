import { expect, test } from 'vitest';
import { createMachine, RAM_BASE } from '../../src/processor/index.ts';

/** A page less than a round number, so that there is memory behind the RAM to look at. */
const RAM = 0x3_f000;

/** A generator of 32-bit numbers that is the same every time (xorshift). */
function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** Page tables, descriptors and gates that are mostly rubbish, but sometimes plausible. */
function hostileMachine(seed: number) {
  const random = generator(seed);
  const some = (odds: number) => random() % odds === 0;
  const machine = createMachine({ ramBytes: RAM });
  const rubbish = new Uint32Array(RAM / 4);
  for (let index = 0; index < rubbish.length; index++) rubbish[index] = random();
  machine.ram.write(0, new Uint8Array(rubbish.buffer));
  // A directory at 0x1000 and tables at 0x2000 and 0x3000 that map pages at random, now and then twice.
  for (let entry = 0; entry < 1024; entry++) {
    machine.ram.write32(0x1000 + entry * 4, some(2) ? 0x2000 + (random() & 0x1067) : random());
    for (const table of [0x2000, 0x3000]) {
      const frame = some(20) ? random() : (random() % (RAM >>> 12)) * 0x1000;
      machine.ram.write32(
        table + entry * 4,
        ((frame & ~0xfff) | (random() & 0xfff) | (some(8) ? 0 : 7)) >>> 0,
      );
    }
  }
  for (let frame = 0; frame < RAM >>> 12; frame++)
    machine.ram.write32(0x2000 + frame * 4, frame * 0x1000 + 7);
  machine.ram.write32(0x1000, 0x2007);
  // A GDT at 0x4000: null, flat code and data for rings 0 and 3, a TSS, then anything.
  const descriptors = [
    [0, 0],
    [0xffff, 0x00cf9b00],
    [0xffff, 0x00cf9300],
    [0xffff, 0x00cffb00],
    [0xffff, 0x00cff300],
    [0x7000_0067, 0x0000_8900],
  ];
  for (const [index, [low, high]] of descriptors.entries()) {
    machine.ram.write32(0x4000 + index * 8, low!);
    machine.ram.write32(0x4004 + index * 8, high!);
  }
  for (let vector = 0; vector < 256; vector++) {
    if (some(vector < 32 ? 3 : 8)) continue;
    machine.ram.write32(0x5000 + vector * 8, 0x0008_0000 | (0x8000 + (random() & 0x7fff)));
    machine.ram.write32(0x5004 + vector * 8, [0x8e00, 0x8f00, 0xee00, 0xef00, 0x8500, 0x8600][random() % 6]!);
  }
  machine.ram.write32(0x7004, 0x7800);
  machine.ram.write32(0x7008, 0x10);
  const begin = [
    [0x0f, 0x01, 0x15, 0x00, 0x61, 0x00, 0x00], // lgdt [0x6100]
    [0x0f, 0x01, 0x1d, 0x08, 0x61, 0x00, 0x00], // lidt [0x6108]
    [0x66, 0xb8, 0x28, 0x00, 0x0f, 0x00, 0xd8], // mov ax, 0x28; ltr ax
    [0xb8, 0x00, 0x10, 0x00, 0x00, 0x0f, 0x22, 0xd8], // mov eax, 0x1000; mov cr3, eax
    [0x0f, 0x20, 0xc0, 0x0d, 0x00, 0x00, some(2) ? 1 : 0, 0x80, 0x0f, 0x22, 0xc0], // cr0 |= PG, perhaps WP
    [0xcf], // iretd
  ].flat();
  machine.ram.write(0x6000, Uint8Array.from(begin));
  machine.ram.write(
    0x6100,
    Uint8Array.from([0xff, 0x03, 0x00, 0x40, 0, 0, 0, 0, 0xff, 0x07, 0x00, 0x50, 0, 0]),
  );
  const ring = some(2) ? 0 : 3;
  const start = 0x8000 + (random() & 0x7fff);
  const frame = [start, ring === 0 ? 8 : 0x1b, random() & 0x4_7fd7, 0x2_0000 + (random() & 0xffff), 0x23];
  for (const [index, value] of frame.entries()) machine.ram.write32(0x6f00 + index * 4, value);
  machine.registers.eip = 0x6000;
  machine.registers.esp = 0x6f00;
  for (const name of ['ebx', 'ecx', 'edx', 'ebp', 'esi', 'edi'] as const) {
    machine.registers[name] = some(3) ? random() & 0xffff : random();
  }
  // Favour instructions that do more than add numbers.
  const spice = [
    0x0f, 0xf4, 0xf3, 0xf2, 0x66, 0x67, 0x64, 0xcf, 0xcb, 0x8e, 0xff, 0x9a, 0xea, 0xcd, 0xf0, 0x9d, 0xfb,
    0xa4, 0xa5,
  ];
  for (let at = 0x8000; at < 0x1_0000; at++)
    if (some(6)) machine.ram.write8(at, spice[random() % spice.length]!);
  return { machine, random };
}

test('Whatever the code, the tables and the descriptors are, run keeps to its limit, throws nothing and stays in RAM', () => {
  const stops = { halted: 0, limit: 0, shutdown: 0 };
  for (let seed = 1; seed <= 250; seed++) {
    const { machine, random } = hostileMachine(seed * 7919);
    const memory = new Uint8Array(machine.memory.buffer);
    const behind = memory.subarray(RAM_BASE + RAM);
    for (let slice = 0; slice < 20; slice++) {
      const limit = random() % 400;
      const before = machine.retired;
      const stop = machine.run(limit);
      stops[stop]++;
      expect(machine.retired - before).toBeLessThanOrEqual(limit);
      if (stop === 'shutdown') break;
      if (random() % 4 === 0) machine.interrupt.raise(random() & 0xff);
    }
    expect(behind.length).toBe(0x1000);
    expect(behind.every((byte) => byte === 0)).toBe(true);
  }
  // All three ends must have been met, or the generator has become tame.
  for (const count of Object.values(stops)) expect(count).toBeGreaterThan(20);
});

test('The same start gives the same end, however the run is sliced', () => {
  for (let seed = 1; seed <= 150; seed++) {
    const whole = hostileMachine(seed * 104729).machine;
    const sliced = hostileMachine(seed * 104729).machine;
    const end = whole.run(5000);
    // Traps without end: how many of them were taken is not written in the retired count.
    if (end === 'limit' && whole.retired < 5000) continue;
    let stop = sliced.run(0);
    for (let slice = 1; stop === 'limit' && sliced.retired < whole.retired; slice++) {
      stop = sliced.run(Math.min(slice % 13, whole.retired - sliced.retired));
    }
    if (end === 'shutdown' && stop === 'limit') stop = sliced.run(1);
    expect(sliced.retired).toBe(whole.retired);
    expect(stop).toBe(end);
    expect(sliced.registers).toEqual(whole.registers);
    expect(Buffer.compare(sliced.ram.view(0, RAM), whole.ram.view(0, RAM))).toBe(0);
  }
});
