import { describe, expect, it } from 'vitest';
import { createConsole } from '../../chapters/4-launcher/console.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { work } from '../../chapters/4-launcher/virtio-device.ts';
import { BadDriver } from '../../chapters/4-launcher/virtqueue.ts';
import { consoleDriver, Driver, OUTPUT } from './driver.ts';
import { guestMemory } from './guest-memory.ts';

describe('A virtio device', () => {
  it('comes up step by step and offers VERSION_1', () => {
    const driver = consoleDriver();
    driver.write(0x14, 1, 1);
    driver.write(0x14, 1, 3);
    driver.write(0x00, 4, 0);
    expect(driver.read(0x04, 4)).toBe(1 << 2);
    driver.write(0x00, 4, 1);
    expect(driver.read(0x04, 4)).toBe(1);
    driver.write(0x00, 4, 2);
    expect(driver.read(0x04, 4)).toBe(0);
    expect(driver.read(0x12, 2)).toBe(2);
    expect(driver.read(0x18, 2)).toBe(256);
    driver.write(0x16, 2, 2);
    expect(driver.read(0x18, 2)).toBe(0);
  });

  it('forgets everything at a reset, and comes up again', () => {
    const said: string[] = [];
    const driver = consoleDriver((bytes) => said.push(new TextDecoder().decode(bytes))).start();
    driver.memory.write(0x8000, new TextEncoder().encode('ab'));
    driver.offer(OUTPUT, { address: 0x8000, length: 1 });
    driver.notify(OUTPUT);
    driver.write(0x14, 1, 0);
    expect(driver.read(0x14, 1)).toBe(0);
    expect(driver.read(0x1c, 2)).toBe(0);
    driver.memory.write(0x10000, new Uint8Array(0x8000).fill(0));
    driver.start();
    driver.offer(OUTPUT, { address: 0x8001, length: 1 });
    driver.notify(OUTPUT);
    expect(said).toEqual(['a', 'b']);
  });

  it('has at a reset no interrupt any longer, and queues of their full length', () => {
    const driver = consoleDriver();
    driver.negotiate();
    driver.openQueue(OUTPUT, 4);
    driver.write(0x14, 1, 15);
    driver.offer(OUTPUT, { address: 0x8000, length: 1 });
    driver.notify(OUTPUT);
    expect(driver.interrupts).toBe(1);
    driver.write(0x14, 1, 0);
    expect(driver.read(0x3a, 1)).toBe(0);
    driver.write(0x16, 2, OUTPUT);
    expect(driver.read(0x18, 2)).toBe(256);
  });

  it('raises its interrupt once for what it used, and the driver reads ISR to clear it', () => {
    const driver = consoleDriver().start();
    driver.offer(OUTPUT, { address: 0x8000, length: 1 });
    driver.offer(OUTPUT, { address: 0x8000, length: 1 });
    driver.notify(OUTPUT);
    expect(driver.interrupts).toBe(1);
    expect(driver.read(0x3a, 1)).toBe(1);
    expect(driver.read(0x3a, 1)).toBe(0);
  });

  it('keeps quiet if the driver wants no interrupts', () => {
    const driver = consoleDriver().start();
    driver.memory.write16(driver.ring(OUTPUT).available, 1);
    driver.offer(OUTPUT, { address: 0x8000, length: 1 });
    driver.notify(OUTPUT);
    expect(driver.used(OUTPUT).length).toBe(1);
    expect(driver.interrupts).toBe(0);
  });

  it('looks at what was offered before DRIVER_OK without being told', () => {
    let said = 0;
    const driver = consoleDriver(() => said++);
    driver.negotiate();
    driver.openQueue(OUTPUT);
    driver.offer(OUTPUT, { address: 0x8000, length: 1 });
    driver.write(0x14, 1, 15);
    work(driver.device);
    expect(said).toBe(1);
  });

  it('does not look for a queue that was never enabled, which would lie at address 0', () => {
    const input = new InputQueue();
    const driver = new Driver(
      createConsole(input, () => {}),
      guestMemory(),
    );
    driver.negotiate();
    driver.memory.write16(2, 1);
    driver.write(0x14, 1, 15);
    input.push(Uint8Array.of(0x78));
    expect(work(driver.device)).toBe(false);
    expect([...driver.memory.read(0, 8)]).toEqual([0, 0, 1, 0, 0, 0, 0, 0]);
  });

  it('goes around the ring as often as it takes', () => {
    let said = 0;
    const driver = consoleDriver((bytes) => {
      said += bytes.length;
    }).start();
    for (let i = 0; i < 70_000; i++) {
      driver.offer(OUTPUT, { address: 0x8000, length: 1 });
      if (i % 100 === 99) driver.notify(OUTPUT);
    }
    expect(said).toBe(70_000);
  });

  it('works with a smaller queue', () => {
    let said = 0;
    const driver = consoleDriver(() => said++);
    driver.negotiate();
    driver.openQueue(OUTPUT, 4);
    driver.write(0x14, 1, 15);
    for (let i = 0; i < 10; i++) {
      driver.describe(OUTPUT, i % 4, { address: 0x8000, length: 1 }, 0, 0);
      driver.offerHead(OUTPUT, i % 4, 4);
      driver.notify(OUTPUT);
    }
    expect(said).toBe(10);
    const { used } = driver.ring(OUTPUT);
    expect(driver.memory.read16(used + 2)).toBe(10);
    expect([...driver.memory.read(used + 4 + 8 * 4, 8 * 6)]).toEqual(new Array(8 * 6).fill(0));
  });
});

describe('A driver that breaks the rules of start-up', () => {
  const fresh = () => consoleDriver();
  const acknowledged = () => {
    const driver = fresh();
    driver.write(0x14, 1, 1);
    return driver;
  };
  const driving = () => {
    const driver = acknowledged();
    driver.write(0x14, 1, 3);
    return driver;
  };
  const unread = () => {
    const driver = driving();
    driver.write(0x08, 4, 1);
    driver.write(0x0c, 4, 1);
    driver.write(0x14, 1, 11);
    return driver;
  };
  const negotiated = () => {
    const driver = fresh();
    driver.negotiate();
    return driver;
  };
  const started = () => fresh().start();
  const reset = (...steps: number[]) => {
    const driver = started();
    for (const status of [0, ...steps]) driver.write(0x14, 1, status);
    return driver;
  };
  const half = () => {
    const driver = negotiated();
    driver.openQueue(OUTPUT);
    return driver;
  };

  it.each<[string, () => Driver, (driver: Driver) => void, string]>([
    ['skips ACKNOWLEDGE', fresh, (d) => d.write(0x14, 1, 2), 'status went from 0x0 to 0x2, but 0x1 is next'],
    [
      'takes two steps at once',
      fresh,
      (d) => d.write(0x14, 1, 3),
      'status went from 0x0 to 0x3, but 0x1 is next',
    ],
    [
      'takes a step back',
      driving,
      (d) => d.write(0x14, 1, 1),
      'status went from 0x3 to 0x1, but 0xb is next',
    ],
    [
      'sets a bit that is none',
      driving,
      (d) => d.write(0x14, 1, 0x13),
      'status went from 0x3 to 0x13, but 0xb is next',
    ],
    [
      'skips FEATURES_OK',
      driving,
      (d) => d.write(0x14, 1, 7),
      'status went from 0x3 to 0x7, but 0xb is next',
    ],
    [
      'starts twice',
      started,
      (d) => d.write(0x14, 1, 15),
      'status went from 0xf to 0xf, but 0 is all that is left',
    ],
    ['fails', driving, (d) => d.write(0x14, 1, 0x83), 'gave up on the device (status 0x83)'],
    [
      'does not read FEATURES_OK back',
      unread,
      (d) => d.write(0x14, 1, 15),
      'set DRIVER_OK before FEATURES_OK was set and read back',
    ],
    [
      'does not read it back again after a reset',
      () => reset(1, 3),
      (d) => d.write(0x20, 4, 0),
      'wrote queue_desc_lo before FEATURES_OK was set and read back',
    ],
    [
      'relies on what it accepted before a reset',
      () => reset(1, 3),
      (d) => d.write(0x14, 1, 11),
      'did not accept VERSION_1, and this is no legacy device',
    ],
    [
      'sets up queues before that',
      unread,
      (d) => d.write(0x20, 4, 0),
      'wrote queue_desc_lo before FEATURES_OK was set and read back',
    ],
    [
      'enables queues before that',
      unread,
      (d) => d.write(0x1c, 2, 1),
      'enabled a queue before FEATURES_OK was set and read back',
    ],
    [
      'reads features too early',
      acknowledged,
      (d) => d.read(0x04, 4),
      'read device_feature before setting DRIVER',
    ],
    [
      'writes features too early',
      acknowledged,
      (d) => d.write(0x0c, 4, 0),
      'wrote guest_feature before setting DRIVER',
    ],
    [
      'writes features too late',
      negotiated,
      (d) => d.write(0x0c, 4, 1),
      'wrote guest_feature after setting FEATURES_OK',
    ],
    [
      'accepts what was not offered',
      driving,
      (d) => d.write(0x0c, 4, 0x80000001),
      'accepted features that were not offered: 0x80000001 of word 0',
    ],
    [
      'selects features there are none of',
      driving,
      (d) => d.write(0x08, 4, 2),
      'guest_feature_select is 2; there are only 64 features',
    ],
    [
      'is from the old days',
      driving,
      (d) => d.write(0x14, 1, 11),
      'did not accept VERSION_1, and this is no legacy device',
    ],
    [
      'reads the configuration too early',
      acknowledged,
      (d) => d.read(0x3c, 4),
      'read its configuration before setting DRIVER',
    ],
    [
      'reads beyond the configuration',
      driving,
      (d) => d.read(0x46, 4),
      'read 4 bytes at 10 of its configuration, which has 12',
    ],
    [
      'writes the configuration',
      driving,
      (d) => d.write(0x3c, 4, 1),
      'wrote 4 bytes at 0 of its configuration',
    ],
    ['reads msix_config', driving, (d) => d.read(0x10, 2), 'read msix_config'],
    [
      'writes msix_config',
      driving,
      (d) => d.write(0x10, 2, 1),
      'wrote 1 to msix_config, which is not for writing',
    ],
    ['writes ISR', driving, (d) => d.write(0x3a, 1, 1), 'wrote 1 to isr, which is not for writing'],
    ['reads the padding', driving, (d) => d.read(0x3b, 1), 'read 1 bytes at 0x3b, where no register begins'],
    ['uses the wrong width', driving, (d) => d.read(0x14, 4), 'read 4 bytes of device_status, which has 1'],
    [
      'stores half a register',
      driving,
      (d) => d.write(0x02, 2, 0),
      'wrote 2 bytes at 0x2, where no register begins',
    ],
    [
      'makes a queue too long',
      negotiated,
      (d) => d.write(0x18, 2, 512),
      'queue_size is 512, not a power of two up to 256',
    ],
    [
      'makes a queue of three',
      negotiated,
      (d) => d.write(0x18, 2, 3),
      'queue_size is 3, not a power of two up to 256',
    ],
    [
      'makes a queue of none',
      negotiated,
      (d) => d.write(0x18, 2, 0),
      'queue_size is 0, not a power of two up to 256',
    ],
    [
      'changes an enabled queue',
      half,
      (d) => d.write(0x20, 4, 0),
      'wrote queue_desc_lo of queue 1, which is enabled already',
    ],
    ['disables a queue', half, (d) => d.write(0x1c, 2, 0), 'queue_enable is 0; only 1 can be written'],
    [
      'enables a queue late',
      half,
      (d) => {
        d.write(0x14, 1, 15);
        d.write(0x16, 2, 0);
        d.write(0x1c, 2, 1);
      },
      'enabled a queue after setting DRIVER_OK',
    ],
    [
      'sets up a queue that is not there',
      negotiated,
      (d) => {
        d.write(0x16, 2, 7);
        d.write(0x20, 4, 0);
      },
      'wrote queue_desc_lo of queue 7 of 2',
    ],
    ['notifies too early', half, (d) => d.write(0x38, 2, 1), 'notified queue 1 before setting DRIVER_OK'],
    ['notifies a queue that is not there', started, (d) => d.write(0x38, 2, 2), 'notified queue 2 of 2'],
    [
      'notifies a queue it did not enable',
      half,
      (d) => {
        d.write(0x14, 1, 15);
        d.write(0x38, 2, 0);
      },
      'notified queue 0, which it never enabled',
    ],
    [
      'aligns the descriptors badly',
      negotiated,
      (d) => {
        d.write(0x20, 4, 8);
        d.write(0x1c, 2, 1);
      },
      'descriptor table at 0x00000008 is not aligned to 16 bytes',
    ],
    [
      'aligns the available ring badly',
      negotiated,
      (d) => {
        d.write(0x28, 4, 1);
        d.write(0x1c, 2, 1);
      },
      'available ring at 0x00000001 is not aligned to 2 bytes',
    ],
    [
      'aligns the used ring badly',
      negotiated,
      (d) => {
        d.write(0x30, 4, 2);
        d.write(0x1c, 2, 1);
      },
      'used ring at 0x00000002 is not aligned to 4 bytes',
    ],
    [
      'puts a ring beyond its memory',
      negotiated,
      (d) => {
        d.write(0x20, 4, 0xff010);
        d.write(0x1c, 2, 1);
      },
      "descriptor table at 0x000ff010, 4096 bytes, leaves the Guest's 0x00100000 of memory",
    ],
    [
      'has room for all of its available ring but the last two bytes',
      negotiated,
      (d) => {
        d.write(0x28, 4, 0xffdfc);
        d.write(0x1c, 2, 1);
      },
      "available ring at 0x000ffdfc, 518 bytes, leaves the Guest's 0x00100000 of memory",
    ],
    [
      'puts a ring beyond everything',
      negotiated,
      (d) => {
        d.write(0x34, 4, 1);
        d.write(0x1c, 2, 1);
      },
      'used ring at 0x00000001_00000000 is beyond 4 GiB',
    ],
    [
      'asks for no notifications on its side',
      negotiated,
      (d) => {
        d.memory.write16(0, 1);
        d.write(0x1c, 2, 1);
      },
      'used.flags is 1 before the device was asked to use anything',
    ],
  ])('%s', (_, make, act, message) => {
    const driver = make();
    expect(() => act(driver)).toThrow(BadDriver);
    expect(() => act(make())).toThrow(message);
    expect(() => act(make())).toThrow(/^console( vq (input|output))?: bad driver: /);
  });
});
