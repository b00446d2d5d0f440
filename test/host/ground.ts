import {
  LGUEST_DATA_HCALL_STATUS,
  LGUEST_DATA_KERNEL_ADDRESS,
  LGUEST_DATA_SYSCALL_VEC,
} from '../../chapters/1-preparation/abi.ts';
import { Frames } from '../../chapters/5-host/frames.ts';
import { type Ground, Guest } from '../../chapters/5-host/guest.ts';
import { createStatistics } from '../../chapters/5-host/statistics.ts';
import { type GuestWindow, Windows } from '../../chapters/5-host/windows.ts';
import { powerOn } from '../../chapters/6-switcher/switcher.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';
import { DATA, DIRECTORY, identityMap, KERNEL_ADDRESS, MESSAGE, MIB, TABLE } from './harness.ts';

/** Frames that remember each one they ever gave. */
export class WatchedFrames extends Frames {
  readonly given = new Set<number>();

  override allocate(): number | undefined {
    const frame = super.allocate();
    if (frame !== undefined) this.given.add(frame);
    return frame;
  }
}

/** A Host laid open: what `createHost` builds, with its parts in reach. */
export interface OpenGround extends Ground {
  readonly frames: WatchedFrames;
  readonly windows: Windows;
}

export function createGround(megabytes: number): OpenGround {
  const machine = createMachine({ ramBytes: megabytes * MIB });
  const frames = new WatchedFrames(machine.ram);
  const switcher = powerOn(machine, () => frames.allocate()!);
  return {
    machine,
    world: createDeterministicWorld(machine),
    frames,
    switcher,
    statistics: createStatistics(),
    windows: new Windows(machine.ram),
  };
}

/** A Guest with `code` at `at`, its `lguest_data` filled in and an identity map ready. */
export function createGuest(
  ground: OpenGround,
  bytes: number,
  code: Uint8Array,
  at: number,
): { guest: Guest; window: GuestWindow } {
  const window = ground.windows.open(bytes);
  window.write(at, code);
  window.write(DATA + LGUEST_DATA_HCALL_STATUS, new Uint8Array(64).fill(0xff));
  window.write32(DATA + LGUEST_DATA_KERNEL_ADDRESS, KERNEL_ADDRESS);
  window.write32(DATA + LGUEST_DATA_SYSCALL_VEC, 0x80);
  window.write(MESSAGE, new TextEncoder().encode('done'));
  identityMap(window, DIRECTORY, TABLE);
  const pfnLimit = window.size / 4096;
  return {
    guest: new Guest(ground, { base: window.base, pfnLimit, deviceLimit: pfnLimit, start: at }),
    window,
  };
}

const PAGE = 4096;

/** Pages that differ between RAM and `before`, by physical address. */
export function changedPages(ground: OpenGround, before: Uint8Array): number[] {
  const now = ground.machine.ram.view(0, ground.machine.ram.size);
  const changed: number[] = [];
  // Mostly there are none: a quarter of a megabyte is looked at first, and page by page only if it has changed.
  for (const [chunk, end] of differing(now, before, 0, before.length, 64 * PAGE))
    for (const [page] of differing(now, before, chunk, end, PAGE)) changed.push(page);
  return changed;
}

/** Pieces of `size` bytes that differ, from `from` to below `to`: where each begins and ends. */
function* differing(one: Uint8Array, other: Uint8Array, from: number, to: number, size: number) {
  for (let at = from; at < to; at += size) {
    const end = Math.min(at + size, to);
    if (Buffer.compare(one.subarray(at, end), other.subarray(at, end)) !== 0) yield [at, end] as const;
  }
}
