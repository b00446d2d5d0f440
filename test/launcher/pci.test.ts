import { describe, expect, it } from 'vitest';
import { createConsole } from '../../chapters/4-launcher/console.ts';
import { createEntropy } from '../../chapters/4-launcher/entropy.ts';
import { createBlock } from '../../chapters/4-launcher/block.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { PciBus, readConfigPort, writeConfigPort } from '../../chapters/4-launcher/pci-bus.ts';
import type { Disk } from '../../chapters/4-launcher/outside.ts';
import { guestMemory } from './guest-memory.ts';

const world = {
  now: () => 0,
  wallClock: () => ({ seconds: 0, nanoseconds: 0 }),
  entropy: () => {},
  sleep: async () => {},
};
const disk: Disk = { size: 512, readOnly: true, read: () => 0, write: () => 0, sync() {}, close() {} };

function testBus() {
  let said = '';
  const bus = new PciBus(guestMemory(4), () => {});
  bus.add(
    createConsole(new InputQueue(), (bytes) => {
      said += String.fromCharCode(...bytes);
    }),
  );
  bus.add(createEntropy(world));
  bus.add(createBlock(disk, 'd'));
  const select = (slot: number, at: number, more = 0) =>
    writeConfigPort(bus, 0xcf8, 4, (0x80000000 | (slot << 11) | at | more) >>> 0);
  return {
    bus,
    said: () => said,
    read(slot: number, at: number, width = 4) {
      select(slot, at & ~3);
      return readConfigPort(bus, 0xcfc + (at & 3), width);
    },
    write(slot: number, at: number, width: number, value: number) {
      select(slot, at & ~3);
      return writeConfigPort(bus, 0xcfc + (at & 3), width, value);
    },
  };
}

describe('The PCI bus', () => {
  it('answers the probe for configuration mechanism 1', () => {
    const { bus } = testBus();
    writeConfigPort(bus, 0xcfb, 1, 1);
    writeConfigPort(bus, 0xcf8, 4, 0x80000000);
    expect(readConfigPort(bus, 0xcf8, 4)).toBe(0x80000000);
    expect(readConfigPort(bus, 0xcfb, 1)).toBe(0x80);
  });

  it('has a host bridge without a vendor in slot 0', () => {
    const { read, write } = testBus();
    expect(read(0, 0x0a, 2)).toBe(0x0600);
    expect(read(0, 0x00)).toBe(0);
    expect(read(0, 0x94)).toBe(0);
    expect(write(0, 0x10, 4, 0xffffffff)).toBe(false);
  });

  it('has the console in slot 1, with everything where a driver looks for it', () => {
    const { read } = testBus();
    expect(read(1, 0x00)).toBe(0x10431af4);
    expect(read(1, 0x04)).toBe(0x00100000);
    expect(read(1, 0x08)).toBe(0x07000001);
    expect(read(1, 0x0c)).toBe(0);
    expect(read(1, 0x10)).toBe(0x500000);
    expect(read(1, 0x2c)).toBe(0x00400000);
    expect(read(1, 0x34, 1)).toBe(0x40);
    expect(read(1, 0x3c, 2)).toBe(1);
  });

  it('describes the four windows into BAR0, and the fifth that needs none', () => {
    const { read } = testBus();
    const capability = (at: number) => ({
      vendor: read(1, at, 1),
      next: read(1, at + 1, 1),
      length: read(1, at + 2, 1),
      type: read(1, at + 3, 1),
      bar: read(1, at + 4, 1),
      offset: read(1, at + 8),
      size: read(1, at + 12),
    });
    expect(capability(0x40)).toEqual({
      vendor: 9,
      next: 0x50,
      length: 16,
      type: 1,
      bar: 0,
      offset: 0,
      size: 56,
    });
    expect(capability(0x50)).toEqual({
      vendor: 9,
      next: 0x64,
      length: 20,
      type: 2,
      bar: 0,
      offset: 0x38,
      size: 2,
    });
    expect(read(1, 0x60)).toBe(0);
    expect(capability(0x64)).toEqual({
      vendor: 9,
      next: 0x84,
      length: 16,
      type: 3,
      bar: 0,
      offset: 0x3a,
      size: 1,
    });
    expect(capability(0x84)).toEqual({
      vendor: 9,
      next: 0x74,
      length: 20,
      type: 5,
      bar: 0,
      offset: 0,
      size: 0,
    });
    expect(capability(0x74)).toEqual({
      vendor: 9,
      next: 0,
      length: 16,
      type: 4,
      bar: 0,
      offset: 0x3c,
      size: 12,
    });
  });

  it('leaves out the device configuration where there is none', () => {
    const { read } = testBus();
    expect(read(2, 0x00)).toBe(0x10441af4);
    expect(read(2, 0x85, 1)).toBe(0);
  });

  it('aligns every BAR to its own size', () => {
    const { read, bus } = testBus();
    expect(read(2, 0x10)).toBe(0x500080);
    expect(read(3, 0x10)).toBe(0x500100);
    expect(bus.limitPage).toBe(0x501);
    expect(bus.at(0x500100 + 95)).toBe(bus.devices[2]);
    expect(bus.at(0x500100 + 96)).toBeUndefined();
    expect(bus.at(0x4fffff)).toBeUndefined();
  });

  it('lets a driver measure BAR0', () => {
    const { read, write } = testBus();
    expect(write(1, 0x10, 4, 0xffffffff)).toBe(true);
    expect(read(1, 0x10)).toBe(0xffffff80);
    write(1, 0x10, 4, 0x500000);
    expect(read(1, 0x10)).toBe(0x500000);
  });

  it('shows no other BAR, and no ROM', () => {
    const { read, write } = testBus();
    for (const at of [0x14, 0x18, 0x1c, 0x20, 0x24, 0x30]) {
      expect(write(1, at, 4, 0xffffffff)).toBe(true);
      expect(read(1, at)).toBe(0);
    }
  });

  it('ignores the command register and remembers the cache line size', () => {
    const { read, write } = testBus();
    expect(write(1, 0x04, 2, 7)).toBe(true);
    expect(read(1, 0x04, 2)).toBe(0);
    expect(write(1, 0x0c, 1, 16)).toBe(true);
    expect(write(1, 0x0d, 1, 64)).toBe(true);
    expect(read(1, 0x0c, 4)).toBe(0x4010);
  });

  it('refuses to write anything else', () => {
    const { write } = testBus();
    expect(write(1, 0x00, 4, 0)).toBe(false);
    expect(write(1, 0x3c, 1, 9)).toBe(false);
    expect(write(1, 0x06, 2, 0xffff)).toBe(false);
    expect(write(1, 0x0e, 1, 0)).toBe(false);
    expect(write(4, 0x10, 4, 0)).toBe(false);
  });

  it('refuses a write that goes on behind its word, and keeps the next one as it was', () => {
    const { read, write } = testBus();
    write(1, 0x90, 4, 4);
    for (const at of [0x11, 0x12, 0x13, 0x8d, 0x95]) expect(write(1, at, 4, 0xffffffff)).toBe(false);
    expect(write(1, 0x8f, 2, 0xffff)).toBe(false);
    expect([read(1, 0x10), read(1, 0x14), read(1, 0x8c), read(1, 0x90)]).toEqual([0x500000, 0, 0, 4]);
  });

  it('reads all ones where nobody is', () => {
    const { read, bus } = testBus();
    expect(read(4, 0)).toBe(0xffffffff);
    expect(read(4, 2, 2)).toBe(0xffff);
    expect(read(1, 0x98)).toBe(0xffffffff);
    writeConfigPort(bus, 0xcf8, 4, 0x00000800);
    expect(readConfigPort(bus, 0xcfc, 4)).toBe(0xffffffff);
    writeConfigPort(bus, 0xcf8, 4, 0x80000900);
    expect(readConfigPort(bus, 0xcfc, 4)).toBe(0xffffffff);
    writeConfigPort(bus, 0xcf8, 4, 0x80010800);
    expect(readConfigPort(bus, 0xcfc, 4)).toBe(0xffffffff);
  });

  it('does not mind the two low bits of the latch', () => {
    const { bus } = testBus();
    writeConfigPort(bus, 0xcf8, 4, 0x80000802);
    expect(readConfigPort(bus, 0xcfe, 2)).toBe(0x1043);
  });

  it('prints through the window before any driver runs', () => {
    const { write, said } = testBus();
    write(1, 0x88, 1, 0);
    write(1, 0x90, 4, 4);
    write(1, 0x8c, 4, 0x44);
    for (const letter of 'Hi') write(1, 0x94, 4, letter.charCodeAt(0));
    expect(said()).toBe('Hi');
  });

  it('reads registers through the window, too', () => {
    const { read, write } = testBus();
    write(1, 0x90, 4, 2);
    write(1, 0x8c, 4, 0x12);
    expect(read(1, 0x94)).toBe(2);
  });

  it('hands to the register what lies in the data word, and a byte of it lies where it was written', () => {
    const { read, write } = testBus();
    write(1, 0x90, 4, 4);
    write(1, 0x8c, 4, 0); // device_feature_select
    write(1, 0x95, 1, 0x12);
    expect(read(1, 0x94)).toBe(0x1200);
    write(1, 0x94, 2, 0x3456);
    expect(read(1, 0x94)).toBe(0x3456);
    write(1, 0x97, 1, 0x78);
    expect(read(1, 0x94)).toBe(0x78003456);
  });

  it.each([
    ['another BAR', 1, 0x44, 4],
    ['an odd length', 0, 0x44, 3],
    ['no length', 0, 0x44, 0],
    ['a crooked offset', 0, 0x42, 4],
    ['an offset behind the registers', 0, 0x48, 4],
    ['an offset far behind', 0, 0xfffffffc, 4],
  ])('keeps the window shut for %s', (_, bar, offset, length) => {
    const { read, write, said } = testBus();
    write(1, 0x88, 1, bar);
    write(1, 0x90, 4, length);
    write(1, 0x8c, 4, offset);
    expect(write(1, 0x94, 4, 0x21)).toBe(false);
    expect(read(1, 0x94)).toBe(0xffffffff);
    expect(said()).toBe('');
  });

  it('has room for 31 devices and says so to the 32nd', () => {
    const bus = new PciBus(guestMemory(1), () => {});
    for (let slot = 1; slot <= 31; slot++) bus.add(createEntropy(world));
    expect(() => bus.add(createEntropy(world))).toThrow('too many devices: the bus has room for 31');
  });
});
