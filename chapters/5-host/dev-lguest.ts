/*
 * # /dev/lguest
 *
 * It does not look like much: a file among files. You open it, write five words, and read. While your program sits in
 * that read, a computer exists.
 *
 * That was the neatest idea in lguest, and it cost nothing: the Guest lives *inside a system call of the Launcher's*.
 * When the Launcher is not running, neither is the Guest. When somebody presses ^C, the Launcher dies and takes the
 * Guest along, its memory is freed, its page tables go, all by the kernel's own tidying up. A hypervisor with no
 * scheduler, no priorities and no management tool, as each of those was there already and was called Linux. You could
 * stop a Guest with `kill -STOP`.
 */
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
import { GuestDied } from './death.ts';
import { Frames, HOST_BYTES } from './frames.ts';
import { FRAMES_OF_A_NEWBORN, type Ground, Guest } from './guest.ts';
import { waiting } from './interrupts.ts';
import { registerOffset } from './registers.ts';
import { run } from './run.ts';
import { createStatistics, type Statistics } from './statistics.ts';
import { deliverTrap, type Exit } from './traps.ts';
import { type GuestWindow, Windows } from './windows.ts';
import { watched, type Witness } from './witness.ts';

export type { GuestWindow } from './windows.ts';

/** The hypervisor of one machine. */
export interface Host {
  /** Opens /dev/lguest: one open file is one Guest. */
  open(): LguestDevice;
  readonly statistics: Statistics;
}

/*
 * ## What you can do with it
 *
 * Six things, and the Launcher of the previous chapter did five of them; the sixth, `retired`, is for whoever measures.
 * It calls `mmap` once, for the Guest's memory; `write` to begin it and to raise interrupts; `read` to run it; `poll`
 * when it sleeps; `close` when it is over. The one liberty we take is that a read comes back after some milliseconds
 * even if nothing has happened. Linux could take the processor away from a Launcher at any time; JavaScript cannot, and
 * so ours hands it back.
 */

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
   * @returns bytes put into `into` (12: a `struct lguest_pending`; 4: the register asked for; after death: the reason),
   * or -ENOENT: dead, read again for the reason; -ERESTART: wants a reboot; -EAGAIN: sleeps, await `poll`;
   * -ERESTARTSYS: its turn is over, let others have theirs and read again; -EBADF: closed; -EFAULT: `into` is too
   * short; -EINVAL: not initialised
   */
  read(into: Uint8Array): number;
  /** Resolves when a sleeping Guest should be run again; at once for one that does not sleep. */
  poll(): Promise<void>;
  /** Instructions that the Guest has had so far. */
  retired(): number;
  close(): void;
}

/*
 * ## Bringing up the Host
 *
 * Somebody hands us a machine that has just been switched on, and a `World`. We divide the RAM (the lowest 32 MiB are
 * ours, the rest is for Guests), let the Switcher take the processor from its power-on state into ours, and are ready.
 * The machine has halted, in ring 0, on page tables that map three pages. It will never again be that peaceful.
 */

/**
 * Brings up the Host on a machine that has just been switched on.
 *
 * @param witness is told of everything, and changes nothing
 * @throws Error when the machine has too little RAM for a Host and any Guest
 */
export function createHost(machine: Machine, world: World, witness?: Witness): Host {
  if (machine.ram.size <= HOST_BYTES) {
    throw new Error(`the machine has ${machine.ram.size} bytes of RAM, the Host alone needs ${HOST_BYTES}`);
  }
  const frames = new Frames(machine.ram);
  const windows = new Windows(machine.ram);
  const statistics = createStatistics();
  const door = powerOn(machine, () => frames.allocate()!);
  const switcher = witness ? watched(door, witness) : door;
  const ground = { machine, world, frames, switcher, statistics, witness };
  return { open: () => openFile(ground, windows), statistics };
}

/*
 * ## An open file
 *
 * Nine things to remember about each. Note the death: it outlives the Guest. A Launcher that reads from the dead is
 * first told ENOENT, and then, as often as it likes, why.
 */
function openFile(ground: Ground, windows: Windows): LguestDevice {
  const file: OpenFile = { ground, windows, closed: false, watch: 0, wake: () => {} };
  return {
    mmap: (bytes) => mmap(file, bytes),
    write: (words) => write(file, words),
    read: (into) => read(file, into),
    poll: () => poll(file),
    retired: () => file.guest?.retired ?? 0,
    close: () => close(file),
  };
}

interface OpenFile {
  readonly ground: Ground;
  readonly windows: Windows;
  window?: GuestWindow;
  guest?: Guest;
  death?: Death;
  /** Offset in the register frame of the register that was asked for; the next read fetches it. */
  asked?: number | undefined;
  closed: boolean;
  /** Number of the last one to wait in `poll`. Whoever waited before has gone home. */
  watch: number;
  /** Ends the sleep of whoever waits in `poll`. */
  wake: () => void;
}

/** How a Guest ended. */
interface Death {
  readonly reason: string;
  readonly restart: boolean;
  /** Whether the Launcher has seen -ENOENT. */
  told: boolean;
}

function mmap(file: OpenFile, bytes: number): GuestWindow {
  if (file.closed) throw new Error('/dev/lguest: cannot map memory of a closed file');
  if (file.window !== undefined) throw new Error('/dev/lguest: this Guest has its memory already');
  file.window = file.windows.open(bytes);
  return file.window;
}

/*
 * ## Writing
 *
 * The order of these lines is the whole life of a Guest. Before INITIALIZE nothing else makes sense; after death
 * nothing does, but for one: looking at the registers of a corpse. lguest refused even that. We allow it, because a
 * Launcher that can do so can say *where* a kernel died, with names and lines, and that is most of the help anybody
 * ever wanted.
 */
function write(file: OpenFile, words: Uint32Array): number {
  if (file.closed) return -EBADF;
  if (words.length === 0) return -EINVAL;
  if (words[0] === LHREQ_INITIALIZE) return initialize(file, words);
  const { guest } = file;
  if (guest === undefined) return -EINVAL;
  if (words[0] === LHREQ_GETREG) return askForRegister(file, words);
  if (file.death !== undefined) return -ENOENT;
  if (words[0] === LHREQ_SETREG) return setRegister(guest, words);
  if (words[0] === LHREQ_IRQ) return raiseInterrupt(file, guest, words);
  if (words[0] === LHREQ_TRAP) return injectTrap(file, guest, words);
  return -EINVAL;
}

/*
 * INITIALIZE is the birth: where the memory begins, at which page it ends and at which the devices do, and the address
 * of the first instruction. That is all a hypervisor needs to know about a computer. (What a write returns is lguest's
 * arithmetic: 16 for these five words, 8 and 12 for the registers, 0 for the rest.)
 */
function initialize(file: OpenFile, words: Uint32Array): number {
  if (file.guest !== undefined) return -EBUSY;
  if (words.length < 5) return -EFAULT;
  const [, base, pfnLimit, start, deviceLimit] = [...words] as [number, number, number, number, number];
  if (!isMapped(file, base, pfnLimit)) return -EFAULT;
  if (file.ground.frames.available < FRAMES_OF_A_NEWBORN) return -ENOMEM;
  file.guest = new Guest(file.ground, { base, pfnLimit, start, deviceLimit });
  return 16;
}

function isMapped({ window }: OpenFile, base: number, pages: number): boolean {
  if (window === undefined || base % PAGE_SIZE !== 0) return false;
  return base >= window.base && base + pages * PAGE_SIZE <= window.base + window.size;
}

/*
 * The others are one-liners with manners. A register is *asked for* by a write and then read, since reading is what a
 * read is for. An interrupt is a bit, and a nudge for whoever sleeps. And TRAP hands back to the Guest what its
 * Launcher could make no sense of: *you wanted that instruction, you take the fault*.
 */
function askForRegister(file: OpenFile, words: Uint32Array): number {
  if (words.length < 2) return -EFAULT;
  const at = registerOffset(words[1]!);
  if (at === undefined) return -ENOENT;
  file.asked = at.offset;
  return 8;
}

function setRegister(guest: Guest, words: Uint32Array): number {
  if (words.length < 3) return -EFAULT;
  const at = registerOffset(words[1]!);
  if (at === undefined || !at.settable) return -ENOENT;
  guest.setRegister(at.offset, words[2]!);
  return 12;
}

function raiseInterrupt(file: OpenFile, guest: Guest, words: Uint32Array): number {
  if (words.length < 2) return -EFAULT;
  if (words[1]! >= LGUEST_IRQS) return -EINVAL;
  guest.raised |= 1 << words[1]!;
  file.wake();
  return 0;
}

function injectTrap(file: OpenFile, guest: Guest, words: Uint32Array): number {
  if (words.length < 2) return -EFAULT;
  return mortal(file, () => (deliverTrap(guest, words[1]!) ? 0 : -EINVAL)) ?? 0;
}

/*
 * ## Reading
 *
 * Down this hole lies everything that follows in the chapter: `run` goes into the Guest and comes out with an errand
 * for the Launcher, or with a number that says there is none.
 */
function read(file: OpenFile, into: Uint8Array): number {
  if (file.closed) return -EBADF;
  const { guest } = file;
  if (guest === undefined) return -EINVAL;
  if (file.asked !== undefined) return answer(file, guest, into);
  if (file.death !== undefined) return report(file.death, into);
  file.ground.witness?.called(guest);
  const outcome = live(file, guest);
  if (outcome === undefined) return report(file.death!, into);
  file.ground.witness?.returns(guest, outcome);
  return typeof outcome === 'number' ? outcome : copyExit(outcome, into);
}

/** Runs the Guest, unless it dies of it. */
function live(file: OpenFile, guest: Guest): Exit | number | undefined {
  return mortal(file, () => run(guest));
}

function answer(file: OpenFile, guest: Guest, into: Uint8Array): number {
  if (into.length < 4) return -EFAULT;
  putWord(into, 0, guest.register(file.asked!));
  file.asked = undefined;
  return 4;
}

/** Size of a `struct lguest_pending`: the trap, seven bytes of instruction, an address. */
const PENDING_SIZE = 12;

function copyExit(exit: Exit, into: Uint8Array): number {
  if (into.length < PENDING_SIZE) return -EFAULT;
  into[0] = exit.trap;
  for (let byte = 0; byte < exit.instruction.length; byte++) into[1 + byte] = exit.instruction[byte]!;
  putWord(into, 8, exit.address);
  return PENDING_SIZE;
}

function putWord(into: Uint8Array, at: number, word: number): void {
  for (let byte = 0; byte < 4; byte++) into[at + byte] = word >>> (8 * byte);
}

/*
 * ## Mortality
 *
 * Anything a Guest asks for may be its last wish. Deep down in the page tables somebody finds an entry that points at
 * the moon, and there is no way on: the Guest must die, at once, from the middle of whatever was being done for it.
 *
 * lguest wrote the reason into the Guest and carried on regardless until the run loop noticed, which meant that every
 * function had to do something harmless with a Guest that was already dead. We throw. `GuestDied` is the one exception
 * that a Guest can cause, and this is the one place that catches it.
 */
function mortal<T>(file: OpenFile, act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof GuestDied)) throw error;
    file.death = { reason: error.message, restart: error.restart, told: false };
    file.ground.witness?.dies(file.guest!, error.message);
    return undefined;
  }
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

/*
 * ## Sleeping, and an end
 *
 * A Guest that has nothing to do says HALT, and then there is nothing for us to do either: no instruction runs until
 * its clock rings or a device calls. Two promises race for that. Whoever wins, we look again, since the line that rang
 * may be one that the Guest has blocked.
 *
 * A Launcher may stop waiting for reasons of its own, when a key is pressed, and come back to wait again. Nobody tells
 * the first wait. It looks up when its clock rings, sees that another has taken the watch, and goes home.
 */
async function poll(file: OpenFile): Promise<void> {
  const { world } = file.ground;
  if (!sleeps(file)) return world.sleep(0);
  const watch = ++file.watch;
  while (watch === file.watch && sleeps(file)) {
    const interrupt = new Promise<void>((resolve) => {
      file.wake = resolve;
    });
    const due = file.guest?.clockDue;
    const clock = due === undefined ? [] : [world.sleep(Math.max(0, due - world.now()))];
    await Promise.race([interrupt, ...clock]);
  }
}

function sleeps({ guest, death, closed }: OpenFile): boolean {
  if (closed || guest === undefined || death !== undefined || !guest.halted) return false;
  checkClock(guest);
  return waiting(guest) === 0;
}

function close(file: OpenFile): void {
  if (file.closed) return;
  file.closed = true;
  file.guest?.close();
  if (file.window !== undefined) bury(file, file.window);
  file.wake();
}

function bury({ ground, windows }: OpenFile, window: GuestWindow): void {
  ground.witness?.closes(window.base);
  windows.close(window);
}
