import { LHREQ_TRAP } from '../1-preparation/abi.ts';
import { EAGAIN, ENOENT, ERESTART, ERESTARTSYS } from '../1-preparation/errno.ts';
import type { World } from '../1-preparation/world.ts';
import type { GuestWindow, LguestDevice } from '../5-host/dev-lguest.ts';
import { autopsy } from './autopsy.ts';
import { viewOf } from './elf.ts';
import { GuestRegisters } from './guest-registers.ts';
import { emulateMemoryAccess } from './mmio.ts';
import { hex, LauncherError, type Outside } from './outside.ts';
import type { PciBus } from './pci-bus.ts';
import { type Emulated, emulatePortAccess } from './ports.ts';
import { BadDriver } from './virtqueue.ts';

/** A Guest that is loaded, and what it lives with. */
export interface Running {
  device: LguestDevice;
  memory: GuestWindow;
  bus: PciBus;
  /** The kernel's file, for its symbols. */
  image: Uint8Array;
  world: World;
  outside: Outside;
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
/** Between two looks at the event loop. */
const MOST_EXITS = 512;

/** Runs the Guest, slice by slice, to its end. */
export async function runGuest(guest: Running): Promise<Ending> {
  const registers = new GuestRegisters(guest.device);
  const message = new Uint8Array(LONGEST_REASON);
  try {
    return await runLoop(guest, registers, message);
  } catch (error) {
    if (error instanceof BadDriver || error instanceof NoHandler)
      return dead(guest, registers, 'lantern', error.message);
    throw error;
  }
}

async function runLoop(guest: Running, registers: GuestRegisters, message: Uint8Array): Promise<Ending> {
  const { device, bus, world, outside, signal } = guest;
  const complain = limited(outside);
  for (let exits = 1; ; exits++) {
    const drained = outside.outputDrained();
    if (drained) await drained;
    if (signal?.aborted) return { kind: 'aborted', reason: 'left alone', lines: [] };
    const busy = bus.work();
    const result = device.read(message);
    switch (result) {
      case PENDING_SIZE:
        emulate(guest, registers, message, complain);
        if (exits % MOST_EXITS === 0) await world.sleep(0);
        break;
      case -ERESTARTSYS:
        await world.sleep(0);
        break;
      case -EAGAIN:
        if (busy) await world.sleep(0);
        else await wakeUpCall(guest);
        break;
      case -ERESTART:
        return { kind: 'restart', reason: 'restart', lines: [] };
      case -ENOENT:
        return bury(guest, registers, message);
      default:
        throw new LauncherError(`running the Guest failed: the Host says ${result}`);
    }
  }
}

/** Sleeps until the Host wants the Guest run again, somebody types, or nobody cares any longer. */
async function wakeUpCall({ device, outside, signal }: Running): Promise<void> {
  let aborted = () => {};
  await new Promise<void>((resolve, reject) => {
    aborted = resolve;
    outside.input.onArrival = resolve;
    signal?.addEventListener('abort', aborted);
    device.poll().then(resolve, reject);
  });
  outside.input.onArrival = () => {};
  signal?.removeEventListener('abort', aborted);
}

const GENERAL_PROTECTION = 13;
const PAGE_FAULT = 14;

/** The Guest is to have its trap back, and has nothing to receive it with. It ends there. */
class NoHandler extends LauncherError {
  constructor(trap: number, eip: number) {
    super(`reinjecting trap ${trap} at ${hex(eip)}: the Guest has no handler for it`);
  }
}

/** Does for the Guest what it tried to do, or gives it its trap back. */
function emulate(
  { device, bus }: Running,
  registers: GuestRegisters,
  message: Uint8Array,
  complain: (what: string) => void,
): void {
  const trap = message[0]!;
  const code = message.subarray(1, 8);
  let done: Emulated;
  if (trap === GENERAL_PROTECTION) done = emulatePortAccess(code, registers, bus);
  else if (trap === PAGE_FAULT) done = emulateMemoryAccess(code, pendingAddress(message), registers, bus);
  else throw new LauncherError(`the Host sends trap ${trap}, which means nothing to us`);

  if (done.complaint) complain(done.complaint);
  if (done.length !== undefined) registers.set('eip', (registers.get('eip') + done.length) >>> 0);
  else if (device.write(Uint32Array.of(LHREQ_TRAP, trap)) < 0)
    throw new NoHandler(trap, registers.get('eip'));
}

function pendingAddress(message: Uint8Array): number {
  return viewOf(message).getUint32(8, true);
}

const MOST_COMPLAINTS = 10;

/** A Guest may do the same stupid thing for ever; nobody wants to read it for ever. */
function limited(outside: Outside): (what: string) => void {
  let left = MOST_COMPLAINTS;
  return (what) => {
    if (left > 0) outside.warn(`lantern: the Guest ${what}`);
    if (--left === 0) outside.warn('lantern: the Guest goes on like that, and we stop mentioning it');
  };
}

const POWER_OFF = 'CRASH: Power down';

function bury(guest: Running, registers: GuestRegisters, message: Uint8Array): Ending {
  const length = guest.device.read(message);
  const reason = length > 0 ? printable(message.subarray(0, length)) : 'died, and the Host does not say why';
  if (reason === POWER_OFF) return { kind: 'power-off', reason, lines: [] };
  return dead(guest, registers, 'lguest', reason);
}

/** @param accuser who found out: `lguest` is the Host, `lantern` is us */
function dead(guest: Running, registers: GuestRegisters, accuser: string, reason: string): Ending {
  const lines = [`${accuser}: ${reason}`, ...autopsy(guest.image, registers, guest.memory)];
  return { kind: 'died', reason, lines };
}

/** The text up to the NUL. It may hold what a hostile Guest wants our terminal to do, so it is stripped to letters. */
function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes);
  const [beforeNul] = text.split('\0', 1);
  return beforeNul!.trimEnd().replace(/\p{Cc}/gu, ' ');
}
