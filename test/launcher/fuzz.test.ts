import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBlock } from '../../chapters/4-launcher/block.ts';
import { createConsole } from '../../chapters/4-launcher/console.ts';
import { createEntropy } from '../../chapters/4-launcher/entropy.ts';
import { type Link, LONGEST_FRAME } from '../../chapters/4-launcher/link.ts';
import { createNet } from '../../chapters/4-launcher/net.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { type Disk, LauncherError } from '../../chapters/4-launcher/outside.ts';
import { PciBus, readConfigPort, writeConfigPort } from '../../chapters/4-launcher/pci-bus.ts';
import { readRegister, writeRegister } from '../../chapters/4-launcher/virtio-registers.ts';
import { work } from '../../chapters/4-launcher/virtio-device.ts';
import { BadDriver } from '../../chapters/4-launcher/virtqueue.ts';
import { Driver } from './driver.ts';
import { neighbours } from './guest-memory.ts';

const DISK = 64 * 512;
const { memory, clear, untouched } = neighbours();

/** All devices for one Guest, whose memory has a watched neighbour on either side. */
function everything() {
  clear();
  const input = new InputQueue(1 << 12);
  input.push(new Uint8Array(1 << 12).fill(0x41));
  const image = new Uint8Array(DISK);
  const disk: Disk = {
    size: DISK,
    readOnly: false,
    read(position, into) {
      const part = image.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
    write(position, bytes) {
      if (position + bytes.length > DISK) throw new Error('the device let a write past the end through');
      image.set(bytes, position);
      return bytes.length;
    },
    sync() {},
    close() {},
  };
  const world = {
    now: () => 0,
    wallClock: () => ({ seconds: 0, nanoseconds: 0 }),
    entropy() {},
    sleep: async () => {},
  };
  return [
    createConsole(input, () => {}),
    createBlock(disk, 'disk'),
    createEntropy(world),
    createNet(link(), new Uint8Array(6)),
  ];
}

/** A cable with ten frames in it, each as long as it can be and with a note that makes little sense. */
function link(): Link {
  let left = 10;
  return {
    send(frame) {
      if (frame.bytes.length > LONGEST_FRAME) throw new Error('the device let a frame of any length through');
    },
    busy: false,
    receive() {
      if (left-- <= 0) return undefined;
      const bytes = new Uint8Array(left % 2 === 0 ? 1514 : 65000).fill(0x45);
      return {
        bytes,
        checksum: { start: 34, offset: 65000 },
        segments: { type: left, size: 99, headers: 7 },
      };
    },
    onArrival() {},
    close() {},
  };
}

/** Runs something a Guest may die of. @returns false if it did */
function survives(act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (!(error instanceof BadDriver)) throw error;
    expect(error.message).not.toContain('\n');
    return false;
  }
}

const edge = fc.constantFrom(
  0,
  1,
  2,
  15,
  16,
  511,
  512,
  0xff000,
  0xfffff,
  0x100000,
  0x7fffffff,
  0xfffffff0,
  0xffffffff,
);
const address = fc.oneof({ weight: 3, arbitrary: fc.nat(0xfffff) }, { weight: 1, arbitrary: edge });
const length = fc.oneof({ weight: 3, arbitrary: fc.nat(1100) }, { weight: 1, arbitrary: edge });
const descriptor = fc.record({
  address,
  length,
  flags: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 1, 2, 3) },
    { weight: 1, arbitrary: fc.nat(0xffff) },
  ),
  next: fc.oneof({ weight: 6, arbitrary: fc.nat(15) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
});
const queueing = fc.record({
  device: fc.nat(3),
  queue: fc.nat(1),
  agree: fc.boolean(),
  descriptors: fc.array(descriptor, { minLength: 16, maxLength: 16 }),
  heads: fc.array(fc.oneof({ weight: 8, arbitrary: fc.nat(15) }, { weight: 1, arbitrary: fc.nat(0xffff) }), {
    maxLength: 20,
  }),
  ahead: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(0xffff) }),
});

describe('Whatever a driver puts on a queue', () => {
  it('is served or ends the Guest, in bounded time, inside its memory', () => {
    fc.assert(
      fc.property(queueing, ({ device, queue, agree, descriptors, heads, ahead }) => {
        const behaviours = everything();
        const driver = new Driver(behaviours[device]!, memory).start(
          agree ? behaviours[device]!.features : 0,
        );
        const index = queue % driver.device.queues.length;
        for (const [at, { flags, next, ...buffer }] of descriptors.entries())
          driver.describe(index, at, buffer, flags, next);
        for (const head of heads) driver.offerHead(index, head);
        const available = driver.ring(index).available + 2;
        memory.write16(available, (memory.read16(available) + ahead) & 0xffff);
        let turns = 0;
        survives(() => {
          driver.write(0x38, 2, index);
          while (work(driver.device)) expect(++turns).toBeLessThan(300);
        });
        expect(untouched()).toBe(true);
      }),
      { seed: 3, numRuns: 600 },
    );
  });

  it('even if the rings lie on top of each other and of the buffers', () => {
    const rings = fc.tuple(fc.nat(0xffff), fc.nat(0xffff), fc.nat(0xffff));
    fc.assert(
      fc.property(
        rings,
        fc.uint8Array({ minLength: 256, maxLength: 4096 }),
        fc.nat(3),
        ([a, b, c], noise, which) => {
          const behaviours = everything();
          const driver = new Driver(behaviours[which]!, memory);
          for (let at = 0; at + noise.length <= 0x10000; at += noise.length) memory.write(at, noise);
          survives(() => {
            driver.negotiate();
            for (const [index, at] of [a & ~15, 0, b & ~1, 0, c & ~3, 0].entries())
              driver.write(0x20 + 4 * index, 4, at);
            memory.write16(c & ~3, 0);
            driver.write(0x1c, 2, 1);
            driver.write(0x14, 1, 15);
            for (let turn = 0; turn < 50 && work(driver.device); turn++);
          });
          expect(untouched()).toBe(true);
        },
      ),
      { seed: 4, numRuns: 300 },
    );
  });
});

const access = fc.record({
  offset: fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom(0, 4, 8, 12, 0x14, 0x16, 0x18, 0x1c, 0x20, 0x28, 0x30, 0x38, 0x3a, 0x44),
    },
    { weight: 1, arbitrary: fc.nat(0x60) },
  ),
  width: fc.constantFrom(1, 2, 4),
  value: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(0, 1, 3, 11, 15, 16, 256) },
    { weight: 1, arbitrary: fc.nat(0xffffffff) },
  ),
  store: fc.boolean(),
});

describe('Whatever a driver does to registers', () => {
  it('either works or ends the Guest', () => {
    fc.assert(
      fc.property(fc.array(access, { maxLength: 40 }), fc.nat(3), (accesses, which) => {
        const behaviours = everything();
        const { device } = new Driver(behaviours[which]!, memory);
        survives(() => {
          for (const { offset, width, value, store } of accesses) {
            if (store) writeRegister(device, offset, width, value);
            else {
              const read = readRegister(device, offset, width);
              expect(read).toBeGreaterThanOrEqual(0);
              expect(read).toBeLessThan(2 ** (8 * width));
            }
            work(device);
          }
        });
        expect(untouched()).toBe(true);
      }),
      { seed: 5, numRuns: 2000 },
    );
  });

  it('or to the bus', () => {
    const port = fc.record({
      port: fc.integer({ min: 0xcf8, max: 0xcff }),
      width: fc.constantFrom(1, 2, 4),
      value: fc.oneof(
        fc.tuple(fc.nat(4), fc.nat(0x27)).map(([slot, at]) => (0x80000000 | (slot << 11) | (at << 2)) >>> 0),
        fc.nat(0xffffffff),
        fc.constantFrom(0, 1, 2, 4, 0x44),
      ),
      store: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(port, { maxLength: 60 }), (accesses) => {
        const behaviours = everything();
        const bus = new PciBus(memory, () => {});
        for (const behaviour of behaviours) bus.add(behaviour);
        survives(() => {
          for (const { port, width, value, store } of accesses) {
            if (store) writeConfigPort(bus, port, width, value);
            else expect(readConfigPort(bus, port, width)).toBeLessThan(2 ** (8 * width));
          }
        });
      }),
      { seed: 6, numRuns: 2000 },
    );
  });
});

describe('An error of the fuzz tests themselves', () => {
  it('is not taken for a bad driver', () => {
    expect(() =>
      survives(() => {
        throw new LauncherError('x');
      }),
    ).toThrow('x');
  });
});
