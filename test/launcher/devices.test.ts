import { describe, expect, it } from 'vitest';
import { createBlock } from '../../chapters/4-launcher/block.ts';
import { createConsole } from '../../chapters/4-launcher/console.ts';
import { createEntropy } from '../../chapters/4-launcher/entropy.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { type Disk, LauncherError } from '../../chapters/4-launcher/outside.ts';
import { work } from '../../chapters/4-launcher/virtio-device.ts';
import { BadDriver } from '../../chapters/4-launcher/virtqueue.ts';
import { Driver } from './driver.ts';
import { guestMemory } from './guest-memory.ts';

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A disk that keeps its bytes in a buffer, notes what is asked of it, and can be told to misbehave. */
function testDisk(
  sectors: number,
  quirks: { atOnce?: number; readOnly?: boolean; broken?: boolean; ends?: number } = {},
) {
  const bytes = new Uint8Array(sectors * 512);
  const log: string[] = [];
  const check = () => {
    if (quirks.broken) throw new LauncherError('click, click, click');
  };
  const disk: Disk = {
    size: bytes.length,
    readOnly: quirks.readOnly ?? false,
    read(position, into) {
      check();
      const end = Math.min(
        quirks.ends ?? bytes.length,
        position + Math.min(into.length, quirks.atOnce ?? into.length),
      );
      const part = bytes.subarray(position, Math.max(position, end));
      into.set(part);
      return part.length;
    },
    write(position, from) {
      check();
      const part = from.subarray(0, quirks.atOnce ?? from.length);
      bytes.set(part, position);
      if (part.length > 0) log.push(`write ${position} ${part.length}`);
      return part.length;
    },
    sync() {
      check();
      log.push('sync');
    },
    close: () => log.push('close'),
  };
  return { disk, bytes, log };
}

const HEADER = 0x8000;
const DATA = 0x9000;
const STATUS = 0xa000;

/** Sends one request to a disk. @returns its status byte and used.len */
function request(
  driver: Driver,
  type: number,
  sector: number | bigint,
  data: { address: number; length: number; write?: boolean }[],
) {
  const { memory } = driver;
  memory.write32(HEADER, type);
  memory.write32(HEADER + 4, 0);
  memory.write32(HEADER + 8, Number(BigInt(sector) & 0xffffffffn));
  memory.write32(HEADER + 12, Number(BigInt(sector) >> 32n));
  memory.write8(STATUS, 0xee);
  driver.offer(0, { address: HEADER, length: 16 }, ...data, { address: STATUS, length: 1, write: true });
  driver.notify(0);
  return { status: memory.read8(STATUS), written: driver.used(0).at(-1)!.written };
}

const page = { address: DATA, length: 512, write: true };

function blockDriver(disk: Disk, id = 'disk.img'): Driver {
  return new Driver(createBlock(disk, id), guestMemory()).start();
}

describe('The block device', () => {
  it('tells its size in sectors and how many segments a request may have', () => {
    const driver = blockDriver(testDisk(0x12345).disk);
    expect(driver.read(0x3c, 4)).toBe(0x12345);
    expect(driver.read(0x40, 4)).toBe(0);
    expect(driver.read(0x48, 4)).toBe(254);
  });

  it('reads a sector', () => {
    const { disk, bytes } = testDisk(8);
    bytes.fill(7, 512, 1024);
    const driver = blockDriver(disk);
    expect(request(driver, 0, 1, [page])).toEqual({ status: 0, written: 513 });
    expect([...driver.memory.read(DATA - 1, 514)]).toEqual([0, ...new Array(512).fill(7), 0]);
  });

  it('writes what lies in several buffers to one place', () => {
    const { disk, bytes } = testDisk(8);
    const driver = blockDriver(disk);
    driver.memory.write(0xb000, new Uint8Array(0x100).fill(1));
    driver.memory.write(0xc000, new Uint8Array(0x300).fill(2));
    const outcome = request(driver, 1, 3, [
      { address: 0xb000, length: 0x100 },
      { address: 0xc000, length: 0x300 },
    ]);
    expect(outcome).toEqual({ status: 0, written: 1 });
    expect([...bytes.subarray(1536, 2560)]).toEqual([...new Array(256).fill(1), ...new Array(768).fill(2)]);
  });

  it('does not mind a header cut into pieces, nor data behind it in the same buffer', () => {
    const { disk, bytes } = testDisk(8);
    const driver = blockDriver(disk);
    driver.memory.write32(HEADER, 1);
    driver.memory.write32(HEADER + 8, 2);
    driver.memory.write(HEADER + 16, new Uint8Array(512).fill(9));
    driver.offer(
      0,
      { address: HEADER, length: 5 },
      { address: HEADER + 5, length: 0 },
      { address: HEADER + 5, length: 523 },
      { address: STATUS, length: 1, write: true },
    );
    driver.notify(0);
    expect(driver.memory.read8(STATUS)).toBe(0);
    expect([...bytes.subarray(1024, 1536)]).toEqual(new Array(512).fill(9));
  });

  it('finds the status byte at the end of the last buffer that has any', () => {
    const { disk, bytes } = testDisk(8);
    bytes.fill(4);
    const driver = blockDriver(disk);
    driver.memory.write8(DATA + 512, 0xee);
    driver.memory.write32(HEADER, 0);
    driver.offer(
      0,
      { address: HEADER, length: 16 },
      { address: DATA, length: 513, write: true },
      { address: DATA, length: 0, write: true },
    );
    driver.notify(0);
    expect(driver.memory.read8(DATA + 511)).toBe(4);
    expect(driver.memory.read8(DATA + 512)).toBe(0);
    expect(driver.used(0)).toEqual([{ head: 0, written: 513 }]);
  });

  it('goes on after short reads and short writes', () => {
    const { disk, bytes } = testDisk(8, { atOnce: 100 });
    bytes.fill(5);
    const driver = blockDriver(disk);
    expect(request(driver, 0, 0, [page]).status).toBe(0);
    expect([...driver.memory.read(DATA, 512)]).toEqual(new Array(512).fill(5));
    driver.memory.write(DATA, new Uint8Array(512).fill(6));
    expect(request(driver, 1, 0, [{ ...page, write: false }]).status).toBe(0);
    expect([...bytes.subarray(0, 513)]).toEqual([...new Array(512).fill(6), 5]);
  });

  it.each<[string, Parameters<typeof testDisk>[1], number, number | bigint]>([
    ['reading past the end', {}, 0, 8],
    ['writing past the end', {}, 1, 8],
    ['a sector number of 64 bits', {}, 1, 0xffffffffffffffffn],
    ['a sector whose number has a small lower half', {}, 1, 0x1_0000_0000n],
    ['an image that has shrunk', { ends: 100 }, 0, 0],
    ['a broken disk', { broken: true }, 0, 0],
    ['a disk that takes no more', { atOnce: 0 }, 1, 0],
    ['writing to a broken disk', { broken: true }, 1, 0],
    ['flushing a broken disk', { broken: true }, 4, 0],
    ['writing to a read-only disk', { readOnly: true }, 1, 0],
  ])('calls %s an I/O error', (_, quirks, type, sector) => {
    const { disk, log } = testDisk(8, quirks);
    const data = type === 4 ? [] : [{ ...page, write: type === 0 }];
    expect(request(blockDriver(disk), type, sector, data)).toEqual({ status: 1, written: 1 });
    expect(log).toEqual([]);
  });

  it('calls half a sector an I/O error, and touches nothing', () => {
    const { disk, log } = testDisk(8);
    expect(request(blockDriver(disk), 1, 0, [{ address: DATA, length: 100 }]).status).toBe(1);
    expect(log).toEqual([]);
  });

  it('syncs on a flush, behind the writes before it', () => {
    const { disk, log } = testDisk(8);
    const driver = blockDriver(disk);
    request(driver, 1, 0, [{ address: DATA, length: 512 }]);
    expect(request(driver, 4, 0, [])).toEqual({ status: 0, written: 1 });
    expect(log).toEqual(['write 0 512', 'sync']);
  });

  it('does no more than one flush in a turn, since nobody can be heard in the meantime', () => {
    const { disk, log } = testDisk(8);
    const driver = blockDriver(disk);
    driver.memory.write32(HEADER, 4);
    for (let flush = 0; flush < 3; flush++) {
      driver.offer(0, { address: HEADER, length: 16 }, { address: STATUS, length: 1, write: true });
    }
    driver.write(0x38, 2, 0);
    for (let turn = 1; turn <= 3; turn++) {
      expect(work(driver.device)).toBe(true);
      expect(log).toEqual(new Array(turn).fill('sync'));
    }
    expect(work(driver.device)).toBe(false);
  });

  it('answers a flush after the disk has synced, not before', () => {
    const { disk } = testDisk(8);
    let statusThen = -1;
    const driver = new Driver(
      createBlock({ ...disk, sync: () => (statusThen = driver.memory.read8(STATUS)) }, 'disk'),
      guestMemory(),
    ).start();
    expect(request(driver, 4, 0, []).status).toBe(0);
    expect(statusThen).toBe(0xee);
  });

  it('gathers what is scattered: a write of 100 pages is one call, and so is reading it', () => {
    const { disk, bytes, log } = testDisk(8192);
    let reads = 0;
    const driver = blockDriver({
      ...disk,
      read(position, into) {
        reads++;
        return disk.read(position, into);
      },
    });
    const scattered = Array.from({ length: 100 }, (_, page) => ({
      address: 0x20000 + ((page * 37) % 100) * 4096,
      length: 4096,
    }));
    for (const [page, { address }] of scattered.entries())
      driver.memory.write(address, new Uint8Array(4096).fill(page));
    expect(request(driver, 1, 3, scattered).status).toBe(0);
    expect(log).toEqual(['write 1536 409600']);
    for (let page = 0; page < 100; page++) expect(bytes[1536 + page * 4096 + 4095]).toBe(page);
    driver.memory.write(0x20000, new Uint8Array(100 * 4096).fill(0xee));
    expect(
      request(
        driver,
        0,
        3,
        scattered.map((span) => ({ ...span, write: true })),
      ).status,
    ).toBe(0);
    expect(reads).toBe(1);
    for (const [page, { address }] of scattered.entries())
      expect([driver.memory.read8(address), driver.memory.read8(address + 4095)]).toEqual([page, page]);
  });

  it('cuts what is longer than a megabyte', () => {
    const { disk, bytes, log } = testDisk(8192);
    const driver = new Driver(createBlock(disk, 'disk'), guestMemory(4)).start();
    driver.memory.write(0x100000, new Uint8Array(0x180000).fill(7));
    const halves = [
      { address: 0x100000, length: 0xfff00 },
      { address: 0x1fff00, length: 0x80100 },
    ];
    expect(request(driver, 1, 0, halves).status).toBe(0);
    expect(log).toEqual(['write 0 1048576', 'write 1048576 524288']);
    expect(bytes.lastIndexOf(7)).toBe(0x180000 - 1);
  });

  it('tells us what is wrong with its disk, once', () => {
    const complaints: string[] = [];
    const { disk } = testDisk(8, { broken: true });
    const driver = new Driver(
      createBlock(disk, 'disk', (what) => complaints.push(what)),
      guestMemory(),
    ).start();
    for (let sector = 0; sector < 3; sector++) expect(request(driver, 0, sector, [page]).status).toBe(1);
    expect(complaints).toEqual(['click, click, click']);
  });

  it('tells its name', () => {
    const driver = blockDriver(testDisk(8).disk, 'a-rather-long-name-for-a-disk');
    expect(request(driver, 8, 0, [{ address: DATA, length: 20, write: true }])).toEqual({
      status: 0,
      written: 21,
    });
    expect(decode(driver.memory.read(DATA, 21))).toBe('a-rather-long-name-f\0');
  });

  it('knows what it does not know', () => {
    const { disk, log } = testDisk(8);
    expect(request(blockDriver(disk), 11, 0, [{ address: DATA, length: 512 }])).toEqual({
      status: 2,
      written: 1,
    });
    expect(log).toEqual([]);
  });

  it('offers flushing, and says when it is read-only', () => {
    const features = (disk: Disk) => {
      const driver = blockDriver(disk);
      driver.write(0x00, 4, 0);
      return driver.read(0x04, 4);
    };
    expect(features(testDisk(8).disk)).toBe((1 << 2) | (1 << 9));
    expect(features(testDisk(8, { readOnly: true }).disk)).toBe((1 << 2) | (1 << 5) | (1 << 9));
  });

  it('sends off a driver whose request has no status or no header', () => {
    const driver = blockDriver(testDisk(8).disk);
    driver.offer(0, { address: HEADER, length: 16 });
    expect(() => driver.notify(0)).toThrow(
      new BadDriver('block vq request', 'a request without room for the status'),
    );
    const other = blockDriver(testDisk(8).disk);
    other.offer(0, { address: HEADER, length: 15 }, { address: STATUS, length: 1, write: true });
    expect(() => other.notify(0)).toThrow(
      new BadDriver('block vq request', 'a request whose header is shorter than 16 bytes'),
    );
  });

  it('does a long queue in turns, so that others get theirs', () => {
    const { disk } = testDisk(4096);
    const driver = blockDriver(disk);
    driver.memory.write32(HEADER, 0);
    for (let i = 0; i < 8; i++) {
      driver.offer(
        0,
        { address: HEADER, length: 16 },
        { address: 0x80000, length: 0x80000 - 512, write: true },
        { address: STATUS, length: 1, write: true },
      );
    }
    driver.write(0x38, 2, 0);
    expect(work(driver.device)).toBe(true);
    expect(driver.used(0).length).toBe(3);
    while (work(driver.device));
    expect(driver.used(0).length).toBe(8);
  });
});

describe('The console', () => {
  function consoleDriver() {
    const input = new InputQueue();
    let said = '';
    const behaviour = createConsole(input, (bytes) => {
      said += decode(bytes);
    });
    return { driver: new Driver(behaviour, guestMemory()), input, said: () => said };
  }
  const room = (address: number, length: number) => ({ address, length, write: true });

  it('prints all buffers of a chain, in order', () => {
    const { driver, said } = consoleDriver();
    driver.start().memory.write(0x8000, encode('hello, world'));
    driver.offer(1, { address: 0x8000, length: 7 }, { address: 0x8007, length: 5 });
    driver.notify(1);
    expect(said()).toBe('hello, world');
    expect(driver.used(1)).toEqual([{ head: 0, written: 0 }]);
  });

  it('keeps what is typed until there is a buffer for it', () => {
    const { driver, input } = consoleDriver();
    input.push(encode('ls\n'));
    driver.start();
    work(driver.device);
    expect(driver.used(0)).toEqual([]);
    driver.offer(0, room(0x8000, 2));
    driver.notify(0);
    expect(driver.used(0)).toEqual([{ head: 0, written: 2 }]);
    driver.offer(0, room(0x8010, 64));
    driver.notify(0);
    expect(driver.used(0).at(-1)).toEqual({ head: 1, written: 1 });
    expect(decode(driver.memory.read(0x8000, 2)) + decode(driver.memory.read(0x8010, 1))).toBe('ls\n');
    expect(driver.interrupts).toBe(2);
  });

  it('keeps a buffer until something is typed', () => {
    const { driver, input } = consoleDriver();
    driver.start();
    driver.offer(0, room(0x8000, 64));
    driver.notify(0);
    expect(driver.used(0)).toEqual([]);
    input.push(encode('x'));
    work(driver.device);
    expect(driver.used(0)).toEqual([{ head: 0, written: 1 }]);
  });

  it('has a letter box that works before anything else does', () => {
    const { driver, said } = consoleDriver();
    driver.write(0x44, 4, 0x21);
    expect(said()).toBe('!');
    expect(() => driver.write(0x44, 1, 0x21)).toThrow('wrote 1 bytes at 8 of its configuration');
  });
});

describe('The entropy device', () => {
  const world = {
    now: () => 0,
    wallClock: () => ({ seconds: 0, nanoseconds: 0 }),
    entropy: (into: Uint8Array) => into.fill(0xa5),
    sleep: async () => {},
  };
  const entropyDriver = () => new Driver(createEntropy(world), guestMemory()).start();

  it('fills every buffer with the dice of its World', () => {
    const driver = entropyDriver();
    driver.offer(0, { address: 0x8000, length: 3, write: true }, { address: 0x8010, length: 2, write: true });
    driver.notify(0);
    expect([...driver.memory.read(0x8000, 4)]).toEqual([0xa5, 0xa5, 0xa5, 0]);
    expect([...driver.memory.read(0x8010, 3)]).toEqual([0xa5, 0xa5, 0]);
    expect(driver.used(0)).toEqual([{ head: 0, written: 5 }]);
  });

  it('asks the dice once for a request, in however many pieces', () => {
    let asked = 0;
    const counting = { ...world, entropy: (into: Uint8Array) => into.fill(++asked) };
    const driver = new Driver(createEntropy(counting), guestMemory()).start();
    driver.offer(
      0,
      ...Array.from({ length: 200 }, (_, n) => ({ address: 0x8000 + n, length: 1, write: true })),
    );
    driver.notify(0);
    expect(driver.used(0)).toEqual([{ head: 0, written: 200 }]);
    expect([...driver.memory.read(0x8000, 201)]).toEqual([...Array(200).fill(1), 0]);
  });

  it('does many requests in turns, and goes by their pieces if they have few bytes', () => {
    const driver = entropyDriver();
    const head = driver.offer(
      0,
      ...Array.from({ length: 200 }, (_, n) => ({ address: 0x8000 + n, length: 1, write: true })),
    );
    for (let more = 1; more < 40; more++) driver.offerHead(0, head);
    driver.write(0x38, 2, 0);
    expect(work(driver.device)).toBe(true);
    expect(driver.used(0).length).toBe(11);
    while (work(driver.device));
    expect(driver.used(0).length).toBe(40);
  });

  it('gives the greedy some, and says how much', () => {
    const driver = entropyDriver();
    driver.offer(0, { address: 0x20000, length: 0x20000, write: true });
    driver.notify(0);
    expect(driver.used(0)).toEqual([{ head: 0, written: 0x10000 }]);
  });

  it('sends off a driver that brings its own', () => {
    const driver = entropyDriver();
    driver.offer(0, { address: 0x8000, length: 4 });
    expect(() => driver.notify(0)).toThrow(
      'rng vq input: bad driver: a buffer for entropy that is not for writing',
    );
  });
});
