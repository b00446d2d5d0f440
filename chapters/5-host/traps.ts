import { LGUEST_DATA_CR2, LGUEST_TRAP_ENTRY } from '../1-preparation/abi.ts';
import { PAGE_SIZE, pageOf } from '../1-preparation/paging.ts';
import {
  DEVICE_NOT_AVAILABLE,
  EXCEPTIONS,
  GENERAL_PROTECTION,
  PAGE_FAULT,
  pushesErrorCode,
  VECTORS,
} from '../1-preparation/traps.ts';
import { FRAME_EIP, FRAME_ERROR } from '../6-switcher/pages.ts';
import type { Trap } from '../6-switcher/switcher.ts';
import { hex, hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';
import { serveHypercalls } from './hypercalls.ts';
import { enterHandler, hasHandler, pushFrame } from './interrupts.ts';
import { demandPage, physicalAddress, physicalForLoad } from './page-tables.ts';

/** What a Guest tried that only its Launcher can do for it: `struct lguest_pending`. */
export interface Exit {
  /** 13: an instruction that the processor refused. 14: an access to a page of devices. */
  readonly trap: number;
  /** The first seven bytes of the instruction. */
  readonly instruction: Uint8Array;
  /** For trap 14 the guest-physical address, otherwise 0. */
  readonly address: number;
}

/**
 * Does what a trap asks for.
 *
 * @returns what the Launcher must do, or `undefined` when the Guest can go on
 * @throws GuestDied when nobody can help
 */
export function handleTrap(guest: Guest, trap: Trap): Exit | undefined {
  switch (trap) {
    case LGUEST_TRAP_ENTRY:
      serveHypercalls(guest);
      return undefined;
    case PAGE_FAULT:
      return pageFault(guest);
    case GENERAL_PROTECTION:
      if (guest.register(FRAME_ERROR) === 0) return exit(guest, GENERAL_PROTECTION, 0);
      return reflect(guest, trap);
    case DEVICE_NOT_AVAILABLE:
      return guest.taskSwitched ? reflect(guest, trap) : undefined;
    default:
      return isOurInterrupt(guest, trap) ? undefined : reflect(guest, trap);
  }
}

function isOurInterrupt(guest: Guest, trap: Trap): boolean {
  return trap >= EXCEPTIONS && trap < VECTORS && trap !== guest.syscallVector;
}

function pageFault(guest: Guest): Exit | undefined {
  guest.faultAddress = guest.ground.machine.registers.cr2;
  const verdict = demandPage(guest, guest.faultAddress, guest.register(FRAME_ERROR));
  if (verdict === 'filled') return undefined;
  if (verdict === 'device') return exit(guest, PAGE_FAULT, physicalForLoad(guest, guest.faultAddress));
  return reflect(guest, PAGE_FAULT);
}

const INSTRUCTION_BYTES = 7;

function exit(guest: Guest, trap: number, address: number): Exit {
  const instruction = new Uint8Array(INSTRUCTION_BYTES);
  const eip = guest.register(FRAME_EIP);
  const here = Math.min(INSTRUCTION_BYTES, pageOf(eip) + PAGE_SIZE - eip);
  instruction.set(guest.memory.read(physicalForLoad(guest, eip), here));
  const next = here < INSTRUCTION_BYTES ? physicalAddress(guest, (eip + here) >>> 0) : undefined;
  if (next !== undefined) instruction.set(guest.memory.read(next, INSTRUCTION_BYTES - here), here);
  return { trap, instruction, address };
}

function reflect(guest: Guest, trap: Trap): undefined {
  if (deliverTrap(guest, trap)) return;
  const detail = hex(trap === PAGE_FAULT ? guest.faultAddress : guest.register(FRAME_ERROR));
  const where = hex32(guest.register(FRAME_EIP));
  kill(`unhandled trap ${trap} at ${where} (${detail}): ${whyUnhandled(trap)}`);
}

function whyUnhandled(trap: Trap): string {
  if (trap >= VECTORS) return 'the Switcher could not load what the Guest left in its segment registers';
  return `the Guest has no gate for it`;
}

/** Sends the Guest to its own handler for `trap`, with the error code it trapped with. False if it has none. */
export function deliverTrap(guest: Guest, trap: Trap): boolean {
  if (trap >= VECTORS || !hasHandler(guest, trap)) return false;
  if (trap === PAGE_FAULT) guest.writeData(LGUEST_DATA_CR2, guest.faultAddress);
  pushFrame(guest, pushesErrorCode(trap) ? guest.register(FRAME_ERROR) : undefined);
  enterHandler(guest, trap);
  guest.ground.statistics.reflected++;
  return true;
}
