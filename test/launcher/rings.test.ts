import { describe, expect, it } from 'vitest';
import { BadDriver } from '../../chapters/4-launcher/virtqueue.ts';
import { consoleDriver, type Driver, OUTPUT } from './driver.ts';

describe('A driver that breaks the rules of the rings', () => {
  const good = { address: 0x8000, length: 16 };

  it.each<[string, (driver: Driver) => void, string]>([
    [
      'runs ahead of the queue',
      (d) => d.memory.write16(d.ring(1).available + 2, 257),
      'avail.idx is 257, 257 ahead of us, in a queue of 256',
    ],
    ['offers a head that is none', (d) => d.offerHead(1, 256), 'descriptor 256 of a table of 256'],
    [
      'links out of the table',
      (d) => {
        d.describe(1, 0, good, 1, 300);
        d.offerHead(1, 0);
      },
      'descriptor 300 of a table of 256',
    ],
    [
      'ties a loop',
      (d) => {
        d.describe(1, 0, good, 1, 1);
        d.describe(1, 1, good, 1, 0);
        d.offerHead(1, 0);
      },
      'the chain from descriptor 0 never ends',
    ],
    [
      'points beyond its memory',
      (d) => d.offer(1, { address: 0xffff8, length: 9 }),
      'descriptor 0 has 9 bytes at 0x000ffff8, memory ends at 0x00100000',
    ],
    [
      'wraps around the address space',
      (d) => d.offer(1, { address: 0xfffffff0, length: 0x20 }),
      'descriptor 0 has 32 bytes at 0xfffffff0, memory ends at 0x00100000',
    ],
    [
      'points above 4 GiB',
      (d) => {
        d.describe(1, 0, good, 0, 0);
        d.memory.write32(d.ring(1).descriptors + 4, 1);
        d.offerHead(1, 0);
      },
      'descriptor 0 has 16 bytes at 0x00000001_00008000, memory ends at 0x00100000',
    ],
    [
      'makes a request of more than 16 MiB',
      (d) => d.offer(1, ...new Array(16).fill({ address: 0, length: 0x100000 }), { address: 0, length: 1 }),
      'the chain from descriptor 0 has more than 16777216 bytes',
    ],
    [
      'uses an indirect table',
      (d) => {
        d.describe(1, 0, good, 4, 0);
        d.offerHead(1, 0);
      },
      'descriptor 0 is indirect, which was never agreed on',
    ],
    [
      'mixes up the order',
      (d) => d.offer(1, { ...good, write: true }, good),
      'descriptor 1 is for reading, but comes behind one for writing',
    ],
    [
      'sets odd flags',
      (d) => {
        d.memory.write16(d.ring(1).available, 2);
        d.offer(1, good);
      },
      'avail.flags is 2; only bit 0 has a meaning',
    ],
    [
      'offers output to be written',
      (d) => d.offer(1, { ...good, write: true }),
      'a buffer of output that is not for reading',
    ],
  ])('%s', (_, act, message) => {
    const driver = consoleDriver().start();
    act(driver);
    expect(() => driver.notify(1)).toThrow(new BadDriver('console vq output', message));
  });

  it('runs ahead of a queue that it has made shorter', () => {
    const driver = consoleDriver();
    driver.negotiate();
    driver.openQueue(OUTPUT, 4);
    driver.write(0x14, 1, 15);
    driver.memory.write16(driver.ring(OUTPUT).available + 2, 5);
    expect(() => driver.notify(OUTPUT)).toThrow('avail.idx is 5, 5 ahead of us, in a queue of 4');
  });
});
