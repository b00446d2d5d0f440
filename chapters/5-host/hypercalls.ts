/*
 * # What a Guest may ask
 *
 * Fifteen things, and it is all said in five words: a number and four arguments, the last of which nobody uses any
 * more. In the Guest's eyes this is a privileged instruction that happens to be spelled `int 0x1f`.
 */
import {
  LGUEST_DATA_HCALL_STATUS,
  LGUEST_DATA_HCALLS,
  LGUEST_DATA_KERNEL_ADDRESS,
  LGUEST_DATA_NOIRQ_IRET,
  LGUEST_DATA_RESERVE_MEM,
  LGUEST_DATA_SIZE,
  LGUEST_DATA_SYSCALL_VEC,
  LGUEST_DATA_TSC_KHZ,
  LGUEST_SHUTDOWN_RESTART,
  LHCALL_FLUSH_ASYNC,
  LHCALL_FLUSH_TLB,
  LHCALL_HALT,
  LHCALL_LGUEST_INIT,
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_LOAD_TLS,
  LHCALL_NEW_PGTABLE,
  LHCALL_RING_SIZE,
  LHCALL_SEND_INTERRUPTS,
  LHCALL_SET_CLOCKEVENT,
  LHCALL_SET_PGD,
  LHCALL_SET_PTE,
  LHCALL_SET_STACK,
  LHCALL_SHUTDOWN,
  LHCALL_SLOT_FREE,
  LHCALL_SLOT_SIZE,
  LHCALL_TS,
  SYSCALL_VECTOR,
} from '../1-preparation/abi.ts';
import {
  FRAME_EAX,
  FRAME_EBX,
  FRAME_ECX,
  FRAME_EDX,
  FRAME_EIP,
  RESERVE_MEM,
  SWITCHER_ADDRESS,
} from '../6-switcher/pages.ts';
import { setClockEvent, tellTime } from './clock.ts';
import { GuestDied, hex, hex32, kill } from './death.ts';
import type { Guest } from './guest.ts';
import { loadIdtEntry } from './gates.ts';
import { loadGdtEntry, loadTls } from './segments.ts';
import { flush, setPageDirectoryEntry, setPageTableEntry } from './page-changes.ts';
import { dropEverything, newPageTable } from './shadows.ts';
import { setStack } from './stack.ts';

/*
 * ## In the order in which they were meant
 *
 * A Guest that has sixty notes in the ring and now knocks in person wants the notes read first. So the ring is emptied
 * before the call is served. Get this wrong, and a kernel that has queued *forget this page* and then says *halt*
 * sleeps on a page that is not there.
 */
/**
 * Serves `int 0x1F`: what waits in the ring first, then the call itself.
 *
 * @throws GuestDied when the Guest asks for the impossible, or for its end
 */
export function serveHypercalls(guest: Guest): void {
  const number = guest.register(FRAME_EAX);
  if (guest.data === undefined) {
    beforeInit(guest, number);
    return;
  }
  emptyRing(guest);
  serve(guest, number, guest.register(FRAME_EBX), guest.register(FRAME_ECX), guest.register(FRAME_EDX));
}

/*
 * ## Introductions
 *
 * The first call of all must be LGUEST_INIT. Before it we do not know where the shared words are, and could not even
 * deliver a trap.
 *
 * What follows is an exchange of cards. The Guest says where its page is, which vector its processes use for system
 * calls, which instruction must never be interrupted, and from where up its kernel lives. The Host says what time it is
 * and that the top four megabytes are taken. The frequency of the time stamp counter we leave at 0, which means *do not
 * trust it*. It counts instructions here, and an instruction takes as long as it takes.
 */
function beforeInit(guest: Guest, number: number): void {
  if (number !== LHCALL_LGUEST_INIT) {
    kill(`hypercall ${number} before INIT: from ${hex32(guest.register(FRAME_EIP))}`);
  }
  guest.ground.statistics.hypercalls[number]!++;
  guest.ground.witness?.asks(guest, number, guest.register(FRAME_EBX), 0, 0);
  initialize(guest, guest.register(FRAME_EBX));
}

function initialize(guest: Guest, data: number): void {
  if (!guest.memory.holds(data, LGUEST_DATA_SIZE)) {
    kill(`bad guest page ${hex(data)}: lguest_data would end behind ${hex(guest.memory.size)}`);
  }
  guest.data = data;
  guest.writeData(LGUEST_DATA_TSC_KHZ, 0);
  checkSyscallVector(guest.readData(LGUEST_DATA_SYSCALL_VEC));
  guest.noirqIret = guest.readData(LGUEST_DATA_NOIRQ_IRET);
  tellTime(guest);

  guest.kernelAddress = guest.readData(LGUEST_DATA_KERNEL_ADDRESS);
  guest.writeData(LGUEST_DATA_RESERVE_MEM, RESERVE_MEM);
  if (guest.kernelAddress >= SWITCHER_ADDRESS) {
    kill(`bad kernel address ${hex32(guest.kernelAddress)}: expected below ${hex32(SWITCHER_ADDRESS)}`);
  }
  dropEverything(guest);
}

function checkSyscallVector(vector: number): void {
  if (vector !== SYSCALL_VECTOR) {
    kill(`bad syscall vector ${hex(vector)}: expected ${hex(SYSCALL_VECTOR)}`);
  }
}

/*
 * ## The ring
 *
 * At most sixty-four in one go, and a cursor that only we move. Each of these numbers comes out of memory that the
 * Guest can write, so none is used for anything but what `serve` would do with it anyway. A hostile ring can ask for
 * sixty-four hypercalls. So can a hostile loop.
 */
function emptyRing(guest: Guest): void {
  for (let served = 0; served < LHCALL_RING_SIZE; served++) {
    const status = guest.data! + LGUEST_DATA_HCALL_STATUS + guest.cursor;
    if (guest.memory.read8(status) === LHCALL_SLOT_FREE) return;
    const slot = guest.data! + LGUEST_DATA_HCALLS + guest.cursor * LHCALL_SLOT_SIZE;
    guest.cursor = (guest.cursor + 1) % LHCALL_RING_SIZE;
    serve(
      guest,
      guest.memory.read32(slot),
      guest.memory.read32(slot + 4),
      guest.memory.read32(slot + 8),
      guest.memory.read32(slot + 12),
    );
    guest.memory.write8(status, LHCALL_SLOT_FREE);
  }
}

/*
 * ## The menu
 *
 * `serve` is the dispatcher, and below it is the whole interface. Two of the entries do nothing. What FLUSH_ASYNC wants
 * has been done by the time it is served, and SEND_INTERRUPTS wants the run loop to look for interrupts, which it does
 * on every round: for both, coming here was the point.
 *
 * Look for what is missing. There is no hypercall for *read a byte*, none for *draw a pixel* or *what is my name*. Once
 * it has introduced itself, all that a Guest finds out by hypercall is the time, and that only by setting a gate
 * ([why](#hearsay)). Otherwise it can only tell.
 */
function serve(guest: Guest, number: number, first: number, second: number, third: number): void {
  const call = CALLS.get(number);
  if (call === undefined) {
    kill(`Bad hypercall ${number}: from ${hex32(guest.register(FRAME_EIP))}`);
  }
  guest.ground.statistics.hypercalls[number]!++;
  guest.ground.witness?.asks(guest, number, first, second, third);
  call(guest, first, second, third);
}

type Call = (guest: Guest, first: number, second: number, third: number) => void;

const CALLS: ReadonlyMap<number, Call> = new Map<number, Call>([
  [LHCALL_FLUSH_ASYNC, () => {}], // coming here was all it wanted
  [LHCALL_LGUEST_INIT, secondInit],
  [LHCALL_SHUTDOWN, shutDown],
  [LHCALL_NEW_PGTABLE, newPageTable],
  [LHCALL_FLUSH_TLB, (guest, everything) => flush(guest, everything !== 0)],
  [LHCALL_LOAD_IDT_ENTRY, prepareTrap],
  [LHCALL_SET_STACK, setStack],
  [LHCALL_TS, setTaskSwitched],
  [LHCALL_SET_CLOCKEVENT, setClockEvent],
  [LHCALL_HALT, halt],
  [LHCALL_SET_PTE, setPageTableEntry],
  [LHCALL_SET_PGD, setPageDirectoryEntry],
  [LHCALL_LOAD_TLS, loadTls],
  [LHCALL_LOAD_GDT_ENTRY, loadGdtEntry],
  [LHCALL_SEND_INTERRUPTS, () => {}], // the run loop looks for interrupts on every way in
]);

/*
 * The small ones are served on the spot.
 */
function secondInit(guest: Guest, data: number): void {
  kill(`already have lguest_data: at ${hex(guest.data!)}, now asked for ${hex(data)}`);
}

/** LHCALL_LOAD_IDT_ENTRY, when a kernel [is about to ask for the time](#hearsay). */
function prepareTrap(guest: Guest, vector: number, low: number, high: number): void {
  tellTime(guest);
  loadIdtEntry(guest, vector, low, high);
}

function setTaskSwitched(guest: Guest, value: number): void {
  guest.taskSwitched = value !== 0;
}

function halt(guest: Guest): void {
  guest.halted = true;
}

/*
 * ## Last words
 *
 * And one that does not return. A clean power-off and a kernel panic arrive by the same call, with a text, and the text
 * becomes the reason of the death. Telling the two apart is left to whoever reads it, as you did in the Launcher.
 *
 * The 128 bytes must all be memory, even if the message has four. That is how it was; a Guest that keeps its last words
 * at the very end of memory dies of a different reason from the one it meant to give.
 *
 * But who wants to be started again need not say why. Linux has no text for a plain `reboot`: it takes the address of
 * nothing, 0, for one in its kernel, subtracts 0xc0000000, and tells us to look at 0x40000000. lguest looked, killed
 * the Guest for it, and then, as it was a restart, forgot about that and started it again. We do not look.
 */
const MESSAGE_SIZE = 128;

/** LHCALL_SHUTDOWN: the Guest's last words, at guest-physical `message`, unless it wants to be started again. */
function shutDown(guest: Guest, message: number, kind: number): never {
  if (kind === LGUEST_SHUTDOWN_RESTART) throw new GuestDied('restart', true);
  const bytes = new Uint8Array(MESSAGE_SIZE);
  guest.memory.copy(message, MESSAGE_SIZE, bytes, 0);
  bytes[MESSAGE_SIZE - 1] = 0;
  return kill(`CRASH: ${String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)))}`);
}
