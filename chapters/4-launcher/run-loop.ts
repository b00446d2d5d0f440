/*
 * # The long wait
 *
 * You read from a file and get twelve bytes. They say: *your Guest has executed `out dx, al`, and I will not let
 * it.* You do what a computer would have done, and read again.
 *
 * That is all a launcher does between a Guest's first breath and its last, some forty-five thousand times during a boot
 * of Linux. Nearly all of that is talk: before it has a driver for its console, it says each letter by eight writes to
 * a port. The rest of this chapter is what to do about those twelve bytes. This file is about the read.
 */

import { LHREQ_TRAP } from '../1-preparation/abi.ts';
import { EAGAIN, ENOENT, ERESTART, ERESTARTSYS } from '../1-preparation/errno.ts';
import { GENERAL_PROTECTION, PAGE_FAULT } from '../1-preparation/traps.ts';
import type { World } from '../1-preparation/world.ts';
import type { GuestWindow, LguestDevice } from '../5-host/dev-lguest.ts';
import { autopsy } from './autopsy.ts';
import { viewOf } from './elf.ts';
import { GuestRegisters } from './guest-registers.ts';
import { emulateMemoryAccess } from './mmio.ts';
import type { Link } from './link.ts';
import { hex32, LauncherError, type Outside } from './outside.ts';
import type { PciBus } from './pci-bus.ts';
import { type Emulated, emulatePortAccess } from './ports.ts';
import { BadDriver } from './virtqueue.ts';

/*
 * ## Five answers to one read
 *
 * :::figure{#pending caption="struct lguest_pending, twelve bytes: why the Guest cannot go on."}
 * ```text
 *      0      1                                    8              12
 *     +------+------------------------------------+----------------+
 *     | trap | seven bytes of code, from eip on   | address        |
 *     +------+------------------------------------+----------------+
 *       13     ed 90 ...   in eax, dx               (not for 13)
 *       14     88 02 ...   mov [edx], al            where it pointed
 * ```
 * :::
 *
 * Besides these twelve bytes, a read can come back with four small numbers. The Guest sleeps, because it said HALT.
 * Its slice is over, some four milliseconds, and somebody else may want to run. It wants to be restarted.
 * It is dead.
 */

/** A Guest that is loaded, and what it lives with. */
export interface Running {
  device: LguestDevice;
  memory: GuestWindow;
  bus: PciBus;
  /** The cables of its network cards. */
  links: readonly Link[];
  /** The kernel's file, for its symbols. */
  image: Uint8Array;
  world: World;
  outside: Outside;
  /** Says that the Guest has done something stupid. */
  complain: (what: string) => void;
  signal: AbortSignal | undefined;
}

export interface Ending {
  kind: 'power-off' | 'died' | 'restart' | 'failed' | 'aborted';
  reason: string;
  /** What the person at the keyboard should see. */
  lines: string[];
}

const PENDING_SIZE = 12;
/** A reason is a message of at most 128 bytes and a few words around it. */
const LONGEST_REASON = 256;

/** Where reads come to, the seven bytes of code in it, and a view of it all. */
interface Mail {
  readonly bytes: Uint8Array;
  readonly code: Uint8Array;
  readonly view: DataView;
}

function createMail(): Mail {
  const bytes = new Uint8Array(LONGEST_REASON);
  return { bytes, code: bytes.subarray(1, 8), view: viewOf(bytes) };
}

/** Nanoseconds between two looks at the event loop. */
const LONGEST_HOLD = 4_000_000;

/*
 * ## The loop
 *
 * Who gets blamed is decided up here. A driver that broke the rules of virtio, and a kernel without a handler for a
 * trap that is plainly its own, end as dead Guests with a backtrace. Everything else that goes wrong is none of the
 * Guest's doing.
 */

/** Runs the Guest, slice by slice, to its end. */
export async function runGuest(guest: Running): Promise<Ending> {
  const registers = new GuestRegisters(guest.device);
  try {
    return await runLoop(guest, registers, createMail());
  } catch (error) {
    if (error instanceof BadDriver || error instanceof NoHandler)
      return dead(guest, registers, 'lantern', error.message);
    throw error;
  }
}

/*
 * Then the loop proper, and its order matters. First we wait for a slow reader of our output. Then come the
 * devices, so that whatever was typed since the last time is in the Guest's memory, with its interrupt pending,
 * *before* the Guest runs on. Then the read.
 *
 * `world.sleep(0)` is not a nap. JavaScript has one thread, and keys are pressed on it, too; whoever never lets go
 * of it never hears ^C. A Guest that does nothing but bother its devices never gets to the end of a turn, so we look
 * at the clock ourselves and let go after four milliseconds. It may have been more by then: one request for a megabyte
 * is one request. Whoever has held the thread for three turns lets go three times, and each time every other Guest has
 * one.
 */

async function runLoop(guest: Running, registers: GuestRegisters, mail: Mail): Promise<Ending> {
  const { device, bus, world, outside, complain, signal } = guest;
  let held = world.now();
  const letGo = async () => {
    let owed = world.now() - held;
    do {
      await world.sleep(0);
      owed -= LONGEST_HOLD;
    } while (owed >= LONGEST_HOLD);
    held = world.now();
  };
  const wait = async (news: Promise<void>) => {
    const began = world.now();
    await news;
    held += world.now() - began;
  };
  for (;;) {
    if (world.now() - held >= LONGEST_HOLD) await letGo();
    for (let drained = outside.outputDrained(); drained; drained = outside.outputDrained())
      await wait(drained);
    if (signal?.aborted) return { kind: 'aborted', reason: 'left alone', lines: [] };
    const busy = bus.work();
    const result = device.read(mail.bytes);
    switch (result) {
      case PENDING_SIZE:
        emulate(guest, registers, mail, complain);
        break;
      case -ERESTARTSYS:
        await letGo();
        break;
      case -EAGAIN:
        if (busy) await letGo();
        else await wait(wakeUpCall(guest));
        break;
      case -ERESTART:
        await letGo(); // now, while its memory is still its own
        return { kind: 'restart', reason: 'restart', lines: [] };
      case -ENOENT:
        return bury(guest, registers, mail.bytes);
      default:
        throw new LauncherError(`running the Guest failed: the Host says ${result}`);
    }
  }
}

/*
 * ## Sleeping together
 *
 * While pup waits for a key, no processor anywhere should be busy with it. It has halted, the Host knows when its
 * next alarm is due, and all we have to do is wait for whichever comes first: the alarm, a key, a frame, or the
 * person's patience running out.
 *
 * There is a race in every such function, and this is where it would be: a key that comes after `work` looked and
 * before `onArrival` is set would be lost until the next one. It cannot come. Between those two places there is no
 * `await`, and in JavaScript nothing happens to you behind your back unless you ask for it.
 */

/** Sleeps until the Host wants the Guest run again, somebody types, a frame comes, or nobody cares any longer. */
async function wakeUpCall({ device, links, outside, signal }: Running): Promise<void> {
  const bells = [outside.input, ...links];
  let aborted = () => {};
  await new Promise<void>((resolve, reject) => {
    aborted = resolve;
    for (const bell of bells) bell.onArrival = resolve;
    signal?.addEventListener('abort', aborted);
    device.poll().then(resolve, reject);
  });
  for (const bell of bells) bell.onArrival = () => {};
  signal?.removeEventListener('abort', aborted);
}

/*
 * ## Doing it for them
 *
 * Trap 13 is an instruction that ring 1 may not execute, trap 14 an address that is no memory. Either we can act it
 * out, step `eip` over it, and nobody will ever know; or we cannot, and then the Guest gets its trap back as if we
 * had never been there. `cli` in a process, a division of labour gone wrong, a stray pointer to four gigabytes: all
 * of that is the Guest's own business.
 *
 * And if it has nothing to handle that trap with, it is a dead Guest, and deserves a word about where.
 */

/** The Guest is to have its trap back, and has nothing to receive it with. It ends there. */
class NoHandler extends LauncherError {
  constructor(trap: number, eip: number) {
    super(`reinjecting trap ${trap} at ${hex32(eip)}: the Guest has no handler for it`);
  }
}

/** Does for the Guest what it tried to do, or gives it its trap back. */
function emulate(
  { device, bus }: Running,
  registers: GuestRegisters,
  { bytes, code, view }: Mail,
  complain: (what: string) => void,
): void {
  const trap = bytes[0]!;
  let done: Emulated;
  if (trap === GENERAL_PROTECTION) done = emulatePortAccess(code, registers, bus);
  else if (trap === PAGE_FAULT) done = emulateMemoryAccess(code, view.getUint32(8, true), registers, bus);
  else throw new LauncherError(`the Host sends trap ${trap}, which means nothing to us`);

  if (done.complaint) complain(done.complaint);
  if (done.length !== undefined) registers.set('eip', (registers.get('eip') + done.length) >>> 0);
  else if (device.write(Uint32Array.of(LHREQ_TRAP, trap)) < 0)
    throw new NoHandler(trap, registers.get('eip'));
}

/*
 * A kernel that touches nothing where nothing is will often do so in a loop. Ten times is news.
 */

const MOST_COMPLAINTS = 10;

/** A Guest may do the same stupid thing for ever, in one life or in many; nobody wants to read it for ever. */
export function limited(outside: Outside): (what: string) => void {
  let left = MOST_COMPLAINTS;
  return (what) => {
    if (left > 0) outside.warn(`lantern: the Guest ${what}`);
    if (--left === 0) outside.warn('lantern: the Guest goes on like that, and we stop mentioning it');
  };
}

/*
 * ## Two ways to say good-bye
 *
 * You would think that a machine that switches itself off and a machine that crashes could be told apart. In lguest
 * they could not: both are the hypercall SHUTDOWN, with a text, and both made the launcher print *CRASH* and exit
 * with 1. Millions of test scripts never happened because of this.
 *
 * The text is how we tell. Linux, on a power-off, says *Power down*, and so does pup. A panic says what the panic
 * was about. It is not pretty, but it is in the ABI, and it lets a shell script write `lantern ... && echo fine`.
 */

const POWER_OFF = 'CRASH: Power down';

function bury(guest: Running, registers: GuestRegisters, message: Uint8Array): Ending {
  const length = guest.device.read(message);
  const reason = length > 0 ? printable(message.subarray(0, length)) : 'died, and the Host does not say why';
  if (reason === POWER_OFF) return { kind: 'power-off', reason, lines: [] };
  return dead(guest, registers, 'lguest', reason);
}

/** @param accuser who found out: `lguest` is the Host, `lantern` is us */
function dead(guest: Running, registers: GuestRegisters, accuser: string, reason: string): Ending {
  const lines = [`${accuser}: ${reason}`, ...autopsy(guest.image, registers, guest.memory).map(harmless)];
  return { kind: 'died', reason, lines };
}

/*
 * The last words of a Guest go to your terminal, and the Guest chose them. A terminal will do all sorts of things
 * for whoever knows the right escape sequence: set the title, answer questions, in bad years type commands, and there
 * are letters that turn a line round, to be read from its end. So nothing gets through but one line of characters that
 * are harmless to look at. That goes for the names in a kernel's file, too.
 */

/** The text up to the NUL. */
function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const [beforeNul] = text.split('\0', 1);
  return harmless(beforeNul!.trimEnd());
}

function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
