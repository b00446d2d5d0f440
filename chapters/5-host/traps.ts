/*
 * # What now?
 *
 * The Switcher has come out and says: *13*. Or *14*, or *31*. What the Host does with that is a table, and it fits on
 * half a page, for most of what goes wrong in a Guest is none of our business. A division by zero in some process is
 * between the process and its kernel.
 *
 * Five traps are different. By 31 the Guest means us. By 14 it may mean us, without knowing. 13 with nothing in its
 * error code is an instruction that ring 1 may not do, `out` to a device for instance, and goes to the Launcher, who
 * plays the device. 7 comes when a Guest has said LHCALL_TS: whoever next touches the floating-point registers shall
 * trap, so that its kernel need save them only for those who use them. (Without TS nobody gets here but an `int 7`. As
 * in lguest it is stepped over, and no handler hears of it.) And 32 and up is our own interrupt, by which we took the
 * processor away, and whose work is done by now.
 *
 * ::figure[How far down five trips go. Above the broken line is the Guest's machine code; below the Switcher there is only TypeScript. The first trip never comes by here: that is what a trap gate is for.]{#trips}
 */
import { LGUEST_DATA_CR2, LGUEST_TRAP_ENTRY } from '../1-preparation/abi.ts';
import { FAULT_PRESENT, FAULT_USER, PAGE_SIZE, pageOf } from '../1-preparation/paging.ts';
import {
  DEVICE_NOT_AVAILABLE,
  EXCEPTIONS,
  GENERAL_PROTECTION,
  PAGE_FAULT,
  pushesErrorCode,
  VECTORS,
} from '../1-preparation/traps.ts';
import {
  FRAME,
  FRAME_CS,
  FRAME_EIP,
  FRAME_ERROR,
  REGISTER_PAGE,
  SWITCHER_ADDRESS,
} from '../6-switcher/pages.ts';
import type { Trap } from '../6-switcher/switcher.ts';
import { hex, hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';
import { serveHypercalls } from './hypercalls.ts';
import { enterHandler, hasHandler, pushFrame } from './interrupts.ts';
import { demandPage, physicalAddress, physicalForLoad, walkTables } from './page-tables.ts';

/*
 * ## Seven bytes for the Launcher
 *
 * When the Launcher must do an instruction in the Guest's place, it needs to see it. lguest used to decode ports in the
 * Host; from 4.0 on the Host passed seven bytes and an address, and let somebody with fewer privileges do the decoding.
 * An excellent idea that came eight years late: of all the code in a hypervisor, an instruction decoder is what you
 * want least in ring 0.
 *
 * Each Guest has one such note, which is written over the next time. Its Launcher has long answered by then, and a
 * Linux that boots writes some forty-five thousand of them.
 */
/** What a Guest tried that only its Launcher can do for it: `struct lguest_pending`. */
export interface Exit {
  /** 13: an instruction that the processor refused. 14: an access to a page of devices. */
  trap: number;
  /** The first seven bytes of the instruction. */
  readonly instruction: Uint8Array;
  /** For trap 14 the guest-physical address, otherwise 0. */
  address: number;
}

/*
 * ## The table
 *
 * First what the Guest asks for, then what it has stumbled over. Whatever returns `undefined` goes straight back in,
 * and the Launcher never learns that there was anything.
 */
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

/*
 * ## Whose fault?
 *
 * The longest story of this chapter is behind `demandPage`, and it has three possible endings. The shadow had a hole,
 * now mended, and the Guest never learns of it. Or the address belongs to a device. Or the fault is real: this would
 * not have worked on a real processor either, and the Guest's own handler must hear of it.
 *
 * CR2, the register with the address, is read here, right after the trap, since the next fault of anybody overwrites
 * it.
 */
function pageFault(guest: Guest): Exit | undefined {
  guest.faultAddress = guest.ground.machine.registers.cr2;
  const verdict = demandPage(guest, guest.faultAddress, guest.register(FRAME_ERROR));
  if (verdict === 'filled') return undefined;
  guest.setRegister(FRAME_ERROR, errorInItsOwnEyes(guest)); // the Launcher may have it reflected, too
  if (verdict === 'device') return exit(guest, PAGE_FAULT, physicalForLoad(guest, guest.faultAddress));
  return reflect(guest, PAGE_FAULT);
}

/*
 * One bit of the error code needs a word. The processor says whether there was a page at all, or one that forbade what
 * was tried. But it looked at *our* tables, and a shadow with a hole in it says *no page* where the Guest has one,
 * read-only. lguest passed that on.
 *
 * For ten years nobody minded. Then Linux 4.12 came with a test that it runs once at boot: write to a read-only page,
 * and see that this fails. The page stood in a part of its memory where *no page* means *somebody else has mapped it in
 * the meantime*. The kernel looked into its own tables, found the page mapped, concluded that all was well now, and
 * tried again. And again. A page of devices is such a page, too, if the Launcher has no use for what was tried there
 * and gives the fault back.
 */
/** The error code of a page fault as the Guest's own tables explain it: bit 0 says whether they have a page there. */
function errorInItsOwnEyes(guest: Guest): number {
  const error = guest.register(FRAME_ERROR);
  if (guest.faultAddress >= SWITCHER_ADDRESS) return error; // none of its own up there
  const mapped = walkTables(guest, guest.faultAddress) !== undefined;
  return mapped ? error | FAULT_PRESENT : error & ~FAULT_PRESENT;
}

/*
 * An instruction may be fifteen bytes long and may lie across two pages, of which the second may be absent, or a
 * device. We follow it as far as it goes and leave zeros for the rest. The address comes from the Guest's eip, so it
 * goes through the Guest's tables.
 */
function exit(guest: Guest, trap: number, address: number): Exit | undefined {
  const { memory, pending } = guest;
  const { instruction } = pending;
  pending.trap = trap;
  pending.address = address;
  const eip = guest.register(FRAME_EIP);
  const code = physicalAddress(guest, eip);
  const here = Math.min(instruction.length, pageOf(eip) + PAGE_SIZE - eip);
  if (code === undefined || !memory.holds(code, here)) return missesCode(guest, eip);
  memory.copy(code, here, instruction, 0);
  if (here === instruction.length) return pending;
  instruction.fill(0, here);
  const next = physicalAddress(guest, (eip + here) >>> 0);
  const rest = instruction.length - here;
  if (next !== undefined && memory.holds(next, rest)) memory.copy(next, rest, instruction, here);
  return pending;
}

/*
 * And it may be that the Guest's tables do not know the page of an instruction that has just been executed, or that it
 * is no memory: somebody has jumped into a device. A kernel's pages are entered once for all processes, *here*; a Linux
 * enters some of its own in each process's directory only when that process first comes by and faults. With us it does
 * not fault, until now. So it gets the fault that it would have had, mends its tables, and tries again.
 */
function missesCode(guest: Guest, eip: number): undefined {
  guest.faultAddress = eip;
  guest.setRegister(FRAME_ERROR, (guest.register(FRAME_CS) & 3) === 3 ? FAULT_USER : 0);
  guest.setRegister(FRAME_ERROR, errorInItsOwnEyes(guest));
  return reflect(guest, PAGE_FAULT);
}

/*
 * ## Sent back
 *
 * Reflecting a trap is doing by hand what the processor would have done: a frame on the kernel's stack, and off to the
 * handler. If there is no handler, this is where the Guest's road ends. On a real machine it would have been a double
 * fault, then a triple fault, then the boot screen. We can do better than the real machine and say which trap it was.
 *
 * Trap 256 does not exist. The Switcher reports it when it fell over something the Guest had left in cs or ss, and
 * nobody has a gate for that.
 */
function reflect(guest: Guest, trap: Trap): undefined {
  if (deliverTrap(guest, trap)) return;
  const detail = hex(trap === PAGE_FAULT ? guest.faultAddress : errorCode(guest, trap));
  const where = hex32(guest.register(FRAME_EIP));
  kill(`unhandled trap ${trap} at ${where} (${detail}): ${whyUnhandled(trap)}`);
}

/**
 * The error code of `trap`, which the Switcher's own faults have pushed where its stack happened to be: the selector
 * that was refused.
 */
function errorCode(guest: Guest, trap: Trap): number {
  const astray = trap < VECTORS ? 0 : guest.ground.machine.registers.esp - (REGISTER_PAGE + FRAME);
  return guest.ground.machine.ram.read32(guest.frame + FRAME_ERROR + astray); // which may be below the frame
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
  guest.ground.witness?.reflects(guest, trap);
  return true;
}
