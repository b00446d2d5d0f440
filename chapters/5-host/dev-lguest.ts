import type { Machine } from '../../src/processor/machine.ts';
import {
  LGUEST_IRQS,
  LHREQ_GETREG,
  LHREQ_INITIALIZE,
  LHREQ_IRQ,
  LHREQ_SETREG,
  LHREQ_TRAP,
} from '../1-preparation/abi.ts';
import { EBADF, EBUSY, EFAULT, EINVAL, ENOENT, ENOMEM, ERESTART } from '../1-preparation/errno.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';
import type { World } from '../1-preparation/world.ts';
import { powerOn } from '../6-switcher/switcher.ts';
import { checkClock } from './clock.ts';
import { Frames, HOST_BYTES } from './frames.ts';
import { FRAMES_OF_A_NEWBORN, type Ground, Guest, GuestDied } from './guest.ts';
import { waiting } from './interrupts.ts';
import { registerOffset } from './registers.ts';
import { run } from './run.ts';
import { createStatistics, type Statistics } from './statistics.ts';
import { deliverTrap, type Exit } from './traps.ts';
import { type GuestWindow, Windows } from './windows.ts';

export type { GuestWindow } from './windows.ts';


/** The hypervisor of one machine. */
export interface Host {
  /** Opens /dev/lguest: one open file is one Guest. */
  open(): LguestDevice;
  readonly statistics: Statistics;
}

/** One open /dev/lguest. */
export interface LguestDevice {
  /**
   * Takes a piece of the machine's RAM as the Guest's physical memory: zeroed, whole pages.
   *
   * @throws Error when there is not enough, or the Guest has its memory already
   */
  mmap(bytes: number): GuestWindow;
  /** One request, `LHREQ_*` first. Returns bytes consumed as lguest counts them, or a negative errno. */
  write(words: Uint32Array): number;
  /**
   * Runs the Guest.
   *
   * @returns bytes put into `into` (12: a `struct lguest_pending`; 4: the register asked for; after death: the reason), or
   * -ENOENT: dead, read again for the reason; -ERESTART: wants a reboot; -EAGAIN: sleeps, await `poll`;
   * -ERESTARTSYS: the slice is over, let others have a turn and read again; -EINVAL: not initialised
   */
  read(into: Uint8Array): number;
  /** Resolves when a sleeping Guest should be run again; at once for one that does not sleep. */
  poll(): Promise<void>;
  close(): void;
}

/**
 * Brings up the Host on a machine that has just been switched on.
 *
 * @throws Error when the machine has too little RAM for a Host and any Guest
 */
export function createHost(machine: Machine, world: World): Host {
  if (machine.ram.size <= HOST_BYTES) {
    throw new Error(`the machine has ${machine.ram.size} bytes of RAM, the Host alone needs ${HOST_BYTES}`);
  }
  const frames = new Frames(machine.ram);
  const windows = new Windows(machine.ram);
  const statistics = createStatistics();
  const switcher = powerOn(machine, () => frames.allocate()!);
  const ground = { machine, world, frames, switcher, statistics };
  return { open: () => new OpenFile(ground, windows), statistics };
}

class OpenFile implements LguestDevice {
  readonly #ground: Ground;
  readonly #windows: Windows;
  #window: GuestWindow | undefined;
  #guest: Guest | undefined;
  #death: Death | undefined;
  /** The register that the next read returns instead of running the Guest. */
  #asked: number | undefined;
  #closed = false;
  #wake = () => {};

  constructor(ground: Ground, windows: Windows) {
    this.#ground = ground;
    this.#windows = windows;
  }

  mmap(bytes: number): GuestWindow {
    if (this.#closed) throw new Error('/dev/lguest: cannot map memory of a closed file');
    if (this.#window !== undefined) throw new Error('/dev/lguest: this Guest has its memory already');
    this.#window = this.#windows.open(bytes);
    return this.#window;
  }

  write(words: Uint32Array): number {
    if (this.#closed) return -EBADF;
    if (words.length === 0) return -EINVAL;
    if (words[0] === LHREQ_INITIALIZE) return this.#initialize(words);
    if (this.#guest === undefined) return -EINVAL;
    if (words[0] === LHREQ_GETREG) return this.#getRegister(words);
    if (this.#death !== undefined) return -ENOENT;
    if (words[0] === LHREQ_SETREG) return this.#setRegister(words);
    if (words[0] === LHREQ_IRQ) return this.#interrupt(words);
    if (words[0] === LHREQ_TRAP) return this.#trap(words);
    return -EINVAL;
  }

  #initialize(words: Uint32Array): number {
    if (this.#guest !== undefined) return -EBUSY;
    if (words.length < 5) return -EFAULT;
    const [, base, pfnLimit, start, deviceLimit] = words as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    if (!this.#isMapped(base, pfnLimit)) return -EFAULT;
    if (this.#ground.frames.available < FRAMES_OF_A_NEWBORN) return -ENOMEM;
    this.#guest = new Guest(this.#ground, { base, pfnLimit, start, deviceLimit });
    return 16;
  }

  #isMapped(base: number, pages: number): boolean {
    const window = this.#window;
    if (window === undefined || base % PAGE_SIZE !== 0) return false;
    return base >= window.base && base + pages * PAGE_SIZE <= window.base + window.size;
  }

  #getRegister(words: Uint32Array): number {
    if (words.length < 2) return -EFAULT;
    const at = registerOffset(words[1]!);
    if (at === undefined) return -ENOENT;
    this.#asked = at.offset;
    return 8;
  }

  #setRegister(words: Uint32Array): number {
    if (words.length < 3) return -EFAULT;
    const at = registerOffset(words[1]!);
    if (at === undefined || !at.settable) return -ENOENT;
    this.#guest!.setRegister(at.offset, words[2]!);
    return 12;
  }

  #interrupt(words: Uint32Array): number {
    if (words.length < 2) return -EFAULT;
    if (words[1]! >= LGUEST_IRQS) return -EINVAL;
    this.#guest!.raised |= 1 << words[1]!;
    this.#wake();
    return 0;
  }

  #trap(words: Uint32Array): number {
    if (words.length < 2) return -EFAULT;
    const guest = this.#guest!;
    return this.#mortal(() => (deliverTrap(guest, words[1]!) ? 0 : -EINVAL)) ?? 0;
  }

  read(into: Uint8Array): number {
    if (this.#closed) return -EBADF;
    if (this.#guest === undefined) return -EINVAL;
    if (this.#asked !== undefined) return this.#answer(into);
    if (this.#death !== undefined) return report(this.#death, into);
    const guest = this.#guest;
    const outcome = this.#mortal(() => run(guest));
    if (outcome === undefined) return report(this.#death!, into);
    return typeof outcome === 'number' ? outcome : copyExit(outcome, into);
  }

  #answer(into: Uint8Array): number {
    if (into.length < 4) return -EFAULT;
    const value = this.#guest!.register(this.#asked!);
    new DataView(into.buffer, into.byteOffset).setUint32(0, value, true);
    this.#asked = undefined;
    return 4;
  }

  /** Does something that a Guest may die of, and gives `undefined` if it did. */
  #mortal<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof GuestDied)) throw error;
      this.#death = { reason: error.message, restart: error.restart, told: false };
      return undefined;
    }
  }

  async poll(): Promise<void> {
    const { world } = this.#ground;
    if (!this.#sleeps()) return world.sleep(0);
    while (this.#sleeps()) {
      const interrupt = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const due = this.#guest?.clockDue;
      const others = due === undefined ? [] : [world.sleep(Math.max(0, due - world.now()))];
      await Promise.race([interrupt, ...others]);
    }
  }

  #sleeps(): boolean {
    const guest = this.#guest;
    if (this.#closed || guest === undefined || this.#death !== undefined || !guest.halted) return false;
    checkClock(guest);
    return waiting(guest) === 0;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#guest?.close();
    if (this.#window !== undefined) this.#windows.close(this.#window);
    this.#wake();
  }
}

/** How a Guest ended. */
interface Death {
  readonly reason: string;
  readonly restart: boolean;
  /** Whether the Launcher has seen -ENOENT. */
  told: boolean;
}

function report(death: Death, into: Uint8Array): number {
  if (death.restart) return -ERESTART;
  if (!death.told) {
    death.told = true;
    return -ENOENT;
  }
  const text = `${death.reason}\0`;
  const length = Math.min(text.length, into.length);
  for (let i = 0; i < length; i++) into[i] = text.charCodeAt(i);
  return length;
}

const PENDING_SIZE = 12;

function copyExit(exit: Exit, into: Uint8Array): number {
  if (into.length < PENDING_SIZE) return -EFAULT;
  into[0] = exit.trap;
  into.set(exit.instruction, 1);
  new DataView(into.buffer, into.byteOffset).setUint32(8, exit.address, true);
  return PENDING_SIZE;
}
