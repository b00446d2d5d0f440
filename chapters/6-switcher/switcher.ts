/*
 * # The one way in and out
 *
 * Everything the Host knows of this chapter is what you see next. It says *go*, it names a Guest and a number of
 * instructions, and it gets a number back: which trap brought the processor home.
 */
import { assemble } from '../../src/assembler/index.ts';
import type { Machine } from '../../src/processor/machine.ts';
import { FIRST_EXTERNAL_VECTOR, LGUEST_CS } from '../1-preparation/abi.ts';
import { directoryOffset, PAGE_SIZE, PRESENT, tableOffset, WRITABLE } from '../1-preparation/paging.ts';
import { EFLAGS_ALWAYS, VECTORS } from '../1-preparation/traps.ts';
import { FRAME, FRAME_CS, FRAME_EFLAGS, FRAME_EIP, FRAME_TRAP, NUMBERS, REGISTER_PAGE } from './pages.ts';
import {
  ANOTHER_GUEST,
  OTHER_SEGMENTS,
  OTHER_TABLES,
  STATE_CHANGED,
  STATE_CR0,
  STATE_CR3,
  STATE_END,
  STATE_GDT_POINTER,
  STATE_PAGE,
} from './pages.ts';
import { STATE_START, SWITCHER_ADDRESS, SWITCHER_TEXT } from './pages.ts';
import { createStatePage, type StatePage } from './state.ts';
import { switcherText } from './text.ts';

/** What brought the processor back: a vector (0 to 255), or `SWITCHER_FAULT`. */
export type Trap = number;

/** The one way in and out. */
export interface Switcher {
  /** Runs `passenger` until it traps, or for `limit` instructions: then the trap is `PREEMPTED`. */
  switchTo(passenger: Passenger, limit: number): Trap;
  /** Goes home: the processor no longer stands on the page tables of any passenger. */
  disembark(): void;
  /** Maps text, a new register page and the state page into `table`, the last page table of an address space. */
  map(table: number, registerPage: number): void;
  /** A state page in which every trap leads to the Host. */
  createState(): StatePage;
}

/** The interrupt by which the Host takes the processor back. */
export const PREEMPTED: Trap = FIRST_EXTERNAL_VECTOR;

/** The Switcher itself faulted, loading what the Guest left it. */
export const SWITCHER_FAULT = 256;

/*
 * And of a Guest, the Switcher knows five things. It does not care what they mean.
 */

/** Who travels: what the Switcher must know of a Guest. */
export interface Passenger {
  /** Physical address of the page that holds its register frame, at `FRAME`. */
  readonly registerPage: number;
  readonly state: StatePage;
  /** Physical address of the page directory it runs on. */
  directory: number;
  /** The processor may remember translations that its tables no longer make. Cleared by `switchTo`. */
  translationsStale: boolean;
  /** CR0.TS: the next floating point instruction traps. */
  taskSwitched: boolean;
}

/*
 * ## The journey
 *
 * `switchTo` packs what has changed, lets the machine run, and reads off the frame what happened. The interesting part
 * is the middle.
 *
 * How do you take a processor away from a program that does not want to give it back? As every operating system does,
 * by an interrupt. The Guest runs with the real IF set, and cannot clear it. When its instructions are used up, we
 * raise the machine's interrupt line and let it run on. Between two instructions the processor looks at the line, goes
 * through gate 32 into the stub, and halts. That the limit ran out *inside* the Switcher is possible, too; then IF is
 * clear, the halt comes first, for another reason, and the line is lowered again as if nothing had been.
 */
function createJourney(machine: Machine, statePage: number, host: Passenger): Switcher['switchTo'] {
  const { ram, registers, interrupt } = machine;
  const pack = createPacking(machine, statePage, host);

  return (passenger, limit) => {
    const changed = pack(passenger);
    let stop = machine.run(limit);
    if (stop === 'limit') {
      interrupt.raise(PREEMPTED);
      stop = machine.run(PATIENCE);
      interrupt.lower();
    }
    if (stop !== 'halted') throw new Error(`the processor did not come back to the Switcher: ${stop}`);

    if (changed) ram.write32(statePage + STATE_CHANGED, 0);
    if (registers.esp !== REGISTER_PAGE + FRAME) return SWITCHER_FAULT;
    return ram.read32(passenger.registerPage + FRAME + FRAME_TRAP);
  };
}

/** Instructions within which an interrupt must have been taken: one with its shadow, and the way out. */
const PATIENCE = 1000;

/*
 * ## What goes into the luggage
 *
 * Four questions, and mostly four times no. Is it somebody else than last time? Are there translations that the
 * processor must forget? Has the Guest changed its mind about floating point? If any is true, the Switcher takes its
 * detour and loads CR3 and CR0. And is there anything new on the state page? Then a segment may not be what it was, and
 * the detour is shorter.
 *
 * That second question is where this Switcher beats its ancestor. A page fault that is settled by *adding* an entry
 * makes nothing stale, because the processor never remembers that something was not there. Only whoever takes away must
 * say so.
 */
function createPacking(
  machine: Machine,
  statePage: number,
  host: Passenger,
): (passenger: Passenger) => boolean {
  const { ram } = machine;
  let aboard = host;
  let { taskSwitched } = host;

  return (passenger) => {
    const { state } = passenger;
    const another = passenger !== aboard;
    if (another) state.changedFrom = STATE_START;
    if (another) state.changedTo = STATE_END;
    const redrawn = state.changedFrom < state.changedTo;
    if (redrawn) copyState(machine, statePage, state);
    if (!another && !passenger.translationsStale && passenger.taskSwitched === taskSwitched) {
      if (redrawn) ram.write32(statePage + STATE_CHANGED, OTHER_SEGMENTS);
      return redrawn;
    }

    aboard = passenger;
    taskSwitched = passenger.taskSwitched;
    passenger.translationsStale = false;
    ram.write32(statePage + STATE_CHANGED, another ? ANOTHER_GUEST : OTHER_TABLES);
    ram.write32(statePage + STATE_CR3, passenger.directory);
    ram.write32(statePage + STATE_CR0, taskSwitched ? HOST_CR0 | CR0_TASK_SWITCHED : HOST_CR0);
    return true;
  };
}

function copyState(machine: Machine, statePage: number, state: StatePage): void {
  const { bytes, changedFrom, changedTo } = state;
  const changed = new Uint8Array(bytes.buffer, changedFrom, changedTo - changedFrom);
  machine.ram.write(statePage + changedFrom, changed);
  state.changedFrom = STATE_END;
  state.changedTo = 0;
}

/*
 * CR0 is the processor's mood. Ours is: protected, paging, and *no writing to read-only pages, whoever you are*.
 * Without that bit, ring 1 could write into the text of the Switcher, and this book would be shorter.
 *
 * The other three are as a Linux has them, since a Guest cannot set them for itself: errors of the floating-point unit,
 * the x87, are exceptions and no wires; the instruction that waits for it minds TS as all of its own do; and a program
 * that asks to be told of crooked addresses is told. The last two were missing here until somebody ran a Debian on it,
 * and one of its programs asked.
 */
const CR0_PROTECTION = 1 << 0;
const CR0_MONITOR_COPROCESSOR = 1 << 1;
const CR0_TASK_SWITCHED = 1 << 3;
const CR0_NUMERIC_ERROR = 1 << 5;
const CR0_WRITE_PROTECT = 1 << 16;
const CR0_ALIGNMENT_MASK = 1 << 18;
const CR0_PAGING = 1 << 31;
const AS_LINUX_HAS_IT = CR0_MONITOR_COPROCESSOR | CR0_NUMERIC_ERROR | CR0_ALIGNMENT_MASK;
const HOST_CR0 = (CR0_PROTECTION | CR0_WRITE_PROTECT | CR0_PAGING | AS_LINUX_HAS_IT) >>> 0;

/*
 * ## Power
 *
 * Four frames: the text, the state page, and for the Host's own world a directory and a register page. (Two more go to
 * that directory's tables.) The text is assembled here, with the addresses filled in that were not known before, and
 * the machine set on its first instruction. It must come back halted. If it does not, there is no machine, and nothing
 * to be done but to say so.
 */

/**
 * Takes a machine at power-on and leaves it halted in the Switcher, ready to travel.
 *
 * @param machine  as it was switched on: nothing has run yet
 * @param allocate gives the physical address of a zeroed frame
 */
export function powerOn(machine: Machine, allocate: () => number): Switcher {
  const [text, statePage, hostDirectory, hostPage] = [allocate(), allocate(), allocate(), allocate()];
  const symbols = { GDT_POINTER: statePage + STATE_GDT_POINTER, HOST_CR3: hostDirectory, HOST_CR0 };
  const file = 'chapters/6-switcher/text.ts (as assembled)';
  const { bytes, labels } = assemble(switcherText(), { file, origin: SWITCHER_TEXT, symbols });
  if (bytes.length > PAGE_SIZE) throw new Error(`the Switcher has ${bytes.length} bytes, more than a page`);
  machine.ram.write(text, bytes);

  const stubs = Uint32Array.from({ length: VECTORS }, (_, vector) => labels.get(`trap_${vector}`)!);
  const createState = () => createStatePage(stubs);
  const map = createMapper(machine, text, statePage);
  const host = createHome(hostPage, hostDirectory, createState());
  buildHome(machine, host, labels.get('home')!, text, statePage, map, allocate);

  copyState(machine, statePage, host.state);
  machine.registers.eip = text + labels.get('power_on')! - SWITCHER_TEXT;
  if (machine.run(PATIENCE) !== 'halted') throw new Error('the Switcher did not come up: no halt');

  const switchTo = createJourney(machine, statePage, host);
  return { switchTo, disembark, map, createState };

  function disembark(): void {
    host.translationsStale = true; // even from home to home: its stack must be found again
    switchTo(host, PATIENCE);
  }
}

/*
 * ## Three entries
 *
 * The rights in these three lines are the walls of the whole building. Only the middle one is writable, and what it
 * shows is the Guest's own.
 *
 * A register page is zeros, and so are the registers that will be loaded from it, which suits everybody but the
 * floating-point unit. To that, a control word of zero means *trap at every rounding*, and tags of zero that eight
 * numbers are there. A newborn should find it as FNINIT leaves it: nothing there, and no complaints.
 */
/**
 * What FNINIT puts into the control word and the tags (Intel SDM vol. 1, 8.1.10); they are words 0 and 2 of the image.
 */
const FNINIT_CONTROL = 0x37f;
const FNINIT_TAGS = 0xffff;

function createMapper(machine: Machine, text: number, statePage: number): Switcher['map'] {
  const { ram } = machine;
  return (table, registerPage) => {
    ram.write32(table + tableOffset(SWITCHER_TEXT), text | PRESENT);
    ram.write32(table + tableOffset(REGISTER_PAGE), registerPage | PRESENT | WRITABLE);
    ram.write32(table + tableOffset(STATE_PAGE), statePage | PRESENT);
    ram.write32(registerPage + NUMBERS, FNINIT_CONTROL);
    ram.write32(registerPage + NUMBERS + 8, FNINIT_TAGS);
  };
}

/*
 * ## A world for nobody
 *
 * And the Host's own address space, in which there are the Switcher and one page more: the text again, at its physical
 * address, for the one instruction in which paging is on and eip has not heard of it yet. Here the state page may be
 * written, since `ltr` marks the task as busy in its descriptor. In a Guest's world, no instruction does that.
 */
function createHome(registerPage: number, directory: number, state: StatePage): Passenger {
  return { registerPage, state, directory, translationsStale: false, taskSwitched: false };
}

function buildHome(
  { ram }: Machine,
  host: Passenger,
  home: number,
  text: number,
  statePage: number,
  map: Switcher['map'],
  allocate: () => number,
): void {
  const [high, low] = [allocate(), allocate()];
  map(high, host.registerPage);
  ram.write32(high + tableOffset(STATE_PAGE), statePage | PRESENT | WRITABLE);
  ram.write32(low + tableOffset(text), text | PRESENT);
  ram.write32(host.directory + directoryOffset(SWITCHER_ADDRESS), high | PRESENT | WRITABLE);
  ram.write32(host.directory + directoryOffset(text), low | PRESENT | WRITABLE);

  ram.write32(host.registerPage + FRAME + FRAME_EIP, home);
  ram.write32(host.registerPage + FRAME + FRAME_CS, LGUEST_CS);
  ram.write32(host.registerPage + FRAME + FRAME_EFLAGS, EFLAGS_ALWAYS);
}

/*
 * You have touched the bottom. Under this there is a processor, and it lies in an appendix. Nothing is hidden from you
 * any more: you can follow a key from your finger through the Launcher's queue, the Host's bit, this door and the
 * kernel's handler to the letter on the screen, and name each hand that it passes through. There is a draught from
 * somewhere. One more room, and it has a window.
 */
