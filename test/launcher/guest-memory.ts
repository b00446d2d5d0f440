import { createHost, type GuestWindow } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';

const MEGABYTE = 1 << 20;

/** Memory for Guests, on a machine with a Host. */
function guestMemories(...megabytes: number[]): GuestWindow[] {
  const all = megabytes.reduce((sum, one) => sum + one, 0);
  const machine = createMachine({ ramBytes: (32 + all) * MEGABYTE });
  const host = createHost(machine, createDeterministicWorld(machine));
  return megabytes.map((one) => host.open().mmap(one * MEGABYTE));
}

export function guestMemory(megabytes = 1): GuestWindow {
  return guestMemories(megabytes)[0]!;
}

const WATCHED = 0x5a;

/** The memory of a Guest between two others, and a way to tell whether those still are as they were. */
export function neighbours(): { memory: GuestWindow; clear(): void; untouched(): boolean } {
  const [below, memory, above] = guestMemories(1, 1, 1) as [GuestWindow, GuestWindow, GuestWindow];
  const others = [below, above];
  for (const other of others) other.fill(0, other.size, WATCHED);
  const expected = Buffer.alloc(MEGABYTE, WATCHED);
  return {
    memory,
    clear: () => memory.fill(0, memory.size, 0),
    untouched: () => others.every((other) => expected.equals(other.bytes)),
  };
}
