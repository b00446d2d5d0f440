import { createHost, type GuestWindow, type LguestDevice } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';

const MEGABYTE = 1 << 20;

const machine = createMachine({ ramBytes: 64 * MEGABYTE });
const host = createHost(machine, createDeterministicWorld(machine));
let open: LguestDevice[] = [];

/** Memory of Guests, zeroed, on one machine with a Host. What was handed out before is taken back. */
function guestMemories(...megabytes: number[]): GuestWindow[] {
  for (const device of open) device.close();
  open = megabytes.map(() => host.open());
  return open.map((device, index) => device.mmap(megabytes[index]! * MEGABYTE));
}

export function guestMemory(megabytes = 1): GuestWindow {
  return guestMemories(megabytes)[0]!;
}

const WATCHED = 0x5a;

/** The memory of a Guest between two others, and a way to tell whether those still are as they were. */
export function neighbours(): { memory: GuestWindow; clear(): void; untouched(): boolean } {
  const [below, memory, above] = guestMemories(1, 1, 1) as [GuestWindow, GuestWindow, GuestWindow];
  const others = [below, above];
  const expected = Buffer.alloc(MEGABYTE, WATCHED);
  for (const other of others) other.write(0, expected);
  return {
    memory,
    clear: () => memory.write(0, new Uint8Array(memory.size).fill(0)),
    untouched: () => others.every((other) => expected.equals(other.bytes)),
  };
}
