import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Onlooker } from '../../chapters/4-launcher/outside.ts';
import type { LguestDevice } from '../../chapters/5-host/dev-lguest.ts';
import { bootToPrompt, type Computer, createComputer } from './session.ts';

const folder = process.env.LANTERN_LINUX_DIR;

/** Instructions in a second of a deterministic World. */
const SECOND = 50_000_000;

/** A computer, and the Guests on it, in order. */
function createHouse(megabytes: number): Computer & { readonly guests: LguestDevice[] } {
  const computer = createComputer(megabytes);
  const guests: LguestDevice[] = [];
  const open = () => {
    const device = computer.host.open();
    guests.push(device);
    return device;
  };
  return { ...computer, host: { ...computer.host, open }, guests };
}

/** How many instructions each Guest gets while the machine does so many. */
async function shares({ machine, world, guests }: ReturnType<typeof createHouse>, instructions: number) {
  const before = guests.map((guest) => guest.retired());
  const end = machine.retired + instructions;
  while (machine.retired < end) await world.sleep(0);
  return guests.map((guest, index) => guest.retired() - before[index]!);
}

function expectEqual([first, second]: number[]): void {
  expect(first! + second!).toBeGreaterThan(SECOND * 0.95);
  expect(Math.abs(first! - second!) / (first! + second!)).toBeLessThan(0.05); // 10 % of a share
}

describe('two Guests on one processor', () => {
  it('have equal shares of it while both compute, and the whole of it when the other sleeps', async () => {
    const computer = createHouse(32);
    const first = await bootToPrompt({ megabytes: 16, computer });
    const second = await bootToPrompt({ megabytes: 16, computer });
    first.type('primes 900000000\n');
    await shares(computer, SECOND / 10);
    const [alone, asleep] = await shares(computer, SECOND);
    expect(asleep).toBeLessThan(alone! / 100);
    second.type('primes 900000000\n');
    await shares(computer, SECOND / 10);
    expectEqual(await shares(computer, SECOND));
    for (const session of [first, second]) session.type('\x03poweroff\n');
    expect(await Promise.all([first.ended, second.ended])).toMatchObject([{ code: 0 }, { code: 0 }]);
  });

  it('have them in time, too: who holds the thread for long stands back as often', async () => {
    const house = createHouse(32);
    const HELD = 40_000_000; // nanoseconds that the outside takes for each request
    let isSlow = false;
    let held = 0;
    const world = { ...house.world, now: () => house.world.now() + held };
    const onlooker: Onlooker = () => (_queue, _bytes, serve) => {
      if (isSlow) held += HELD;
      return serve();
    };
    const talker = await bootToPrompt({
      megabytes: 16,
      options: ['--rng'],
      computer: { ...house, world, onlooker },
    });
    const thinker = await bootToPrompt({ megabytes: 16, computer: { ...house, world } });
    talker.type('cat /dev/random\n');
    thinker.type('syscall 900000000\n');
    await shares(house, SECOND / 10);
    isSlow = true;
    const [talked, thought] = await shares(house, SECOND);
    isSlow = false;
    const second = SECOND / 1e9; // instructions in a nanosecond
    expect(held).toBeGreaterThan(10 * HELD);
    expect(thought! / second / (talked! / second + held + thought! / second)).toBeGreaterThan(0.4);
    for (const session of [talker, thinker]) session.type('\x03poweroff\n');
    expect(await Promise.all([talker.ended, thinker.ended])).toMatchObject([{ code: 0 }, { code: 0 }]);
  });

  it.skipIf(folder === undefined)('have them too if one is a Linux', async () => {
    const computer = createHouse(96);
    const pup = await bootToPrompt({ computer });
    const linux = await bootToPrompt({
      megabytes: 64,
      kernel: readFileSync(join(folder!, 'vmlinux')),
      initrd: readFileSync(join(folder!, 'initrd.gz')),
      kernelArguments: 'console=hvc0',
      prompt: '/ # ',
      computer,
    });
    pup.type('primes 900000000\n');
    linux.type('while true; do :; done\n');
    await shares(computer, SECOND / 2);
    expectEqual(await shares(computer, SECOND));
    linux.type('\x03poweroff -f\n');
    pup.type('\x03poweroff\n');
    expect(await Promise.all([pup.ended, linux.ended])).toMatchObject([{ code: 0 }, { code: 0 }]);
  });
});
