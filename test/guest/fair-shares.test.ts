import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
