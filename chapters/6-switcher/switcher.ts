import { assemble } from '../../src/assembler/index.ts';
import type { Machine } from '../../src/processor/machine.ts';
import { FIRST_EXTERNAL_VECTOR, LGUEST_CS } from '../1-preparation/abi.ts';
import { directoryOffset, PAGE_SIZE, PRESENT, tableOffset, WRITABLE } from '../1-preparation/paging.ts';
import { EFLAGS_ALWAYS, VECTORS } from '../1-preparation/traps.ts';
import {
  FRAME,
  FRAME_CS,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_TRAP,
  REGISTER_PAGE,
  STATE_CHANGED,
} from './pages.ts';
import {
  STATE_CR0,
  STATE_CR3,
  STATE_END,
  STATE_GDT_POINTER,
  STATE_PAGE,
  STATE_START,
  SWITCHER_ADDRESS,
  SWITCHER_TEXT,
} from './pages.ts';
import { StatePage } from './state.ts';
import { switcherText } from './text.ts';

/** What brought the processor back: a vector (0 to 255), or `SWITCHER_FAULT`. */
export type Trap = number;

/** The Switcher itself faulted, loading what the Guest left it. */
export const SWITCHER_FAULT = 256;

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

/** The one way in and out. */
export interface Switcher {
  /** Runs `passenger` until it traps, or for `limit` instructions: then the trap is `PREEMPTED`. */
  switchTo(passenger: Passenger, limit: number): Trap;
  /** Makes sure that the processor no longer stands on the page tables of `passenger`. */
  disembark(passenger: Passenger): void;
  /** Maps text, register page and state page into `table`, the last page table of an address space. */
  map(table: number, registerPage: number): void;
  /** A state page in which every trap leads to the Host. */
  createState(): StatePage;
}

/** The interrupt by which the Host takes the processor back. */
export const PREEMPTED: Trap = FIRST_EXTERNAL_VECTOR;

/** Instructions after which an interrupt must have been taken: one with its shadow, and the way out. */
const PATIENCE = 1000;

const CR0_PROTECTION = 1 << 0;
const CR0_TASK_SWITCHED = 1 << 3;
const CR0_NUMERIC_ERROR = 1 << 5;
const CR0_WRITE_PROTECT = 1 << 16;
const CR0_PAGING = 1 << 31;
const HOST_CR0 = (CR0_PROTECTION | CR0_NUMERIC_ERROR | CR0_WRITE_PROTECT | CR0_PAGING) >>> 0;

/**
 * Takes a machine at power-on and leaves it halted in the Switcher, ready to travel.
 *
 * @param machine  as it was switched on: nothing has run yet
 * @param allocate gives the physical address of a zeroed frame
 */
export function powerOn(machine: Machine, allocate: () => number): Switcher {
  const { ram, registers, interrupt } = machine;
  const text = allocate();
  const statePage = allocate();
  const hostDirectory = allocate();
  const hostPage = allocate();

  const { bytes, labels } = assemble(switcherText(), {
    origin: SWITCHER_TEXT,
    symbols: { GDT_POINTER: statePage + STATE_GDT_POINTER, HOST_CR3: hostDirectory, HOST_CR0 },
  });
  if (bytes.length > PAGE_SIZE) throw new Error(`the Switcher has ${bytes.length} bytes, more than a page`);
  ram.write(text, bytes);
  const addressOf = (label: string) => labels.get(label)!;

  const stubs = Uint32Array.from({ length: VECTORS }, (_, vector) => addressOf(`trap_${vector}`));
  let aboard: Passenger = {
    registerPage: hostPage,
    state: new StatePage(stubs),
    directory: hostDirectory,
    translationsStale: false,
    taskSwitched: false,
  };
  let taskSwitched = false;
  const host = aboard;
  buildHome();
  copyState(host.state);

  registers.eip = text + addressOf('power_on') - SWITCHER_TEXT;
  if (machine.run(PATIENCE) !== 'halted')
    throw new Error('the Switcher did not come up: the processor is not halted');

  return { switchTo, disembark, map, createState: () => new StatePage(stubs) };

  function switchTo(passenger: Passenger, limit: number): Trap {
    const changed =
      passenger !== aboard || passenger.translationsStale || passenger.taskSwitched !== taskSwitched;
    if (changed) announce(passenger);
    if (passenger.state.changedFrom < passenger.state.changedTo) copyState(passenger.state);

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
  }

  function announce(passenger: Passenger): void {
    if (passenger !== aboard) {
      passenger.state.changedFrom = STATE_START;
      passenger.state.changedTo = STATE_END;
    }
    copyState(passenger.state);
    ram.write32(statePage + STATE_CHANGED, 1);
    ram.write32(statePage + STATE_CR3, passenger.directory);
    ram.write32(statePage + STATE_CR0, passenger.taskSwitched ? HOST_CR0 | CR0_TASK_SWITCHED : HOST_CR0);
    aboard = passenger;
    taskSwitched = passenger.taskSwitched;
    passenger.translationsStale = false;
  }

  function copyState(state: StatePage): void {
    const { changedFrom, changedTo } = state;
    ram.write(statePage + changedFrom, state.bytes.subarray(changedFrom, changedTo));
    state.changedFrom = STATE_END;
    state.changedTo = 0;
  }

  function disembark(passenger: Passenger): void {
    if (passenger !== aboard) return;
    switchTo(host, PATIENCE);
  }

  function map(table: number, registerPage: number): void {
    ram.write32(table + tableOffset(SWITCHER_TEXT), text | PRESENT);
    ram.write32(table + tableOffset(REGISTER_PAGE), registerPage | PRESENT | WRITABLE);
    ram.write32(table + tableOffset(STATE_PAGE), statePage | PRESENT);
  }

  function buildHome(): void {
    const table = allocate();
    map(table, hostPage);
    ram.write32(table + tableOffset(STATE_PAGE), statePage | PRESENT | WRITABLE);
    ram.write32(hostDirectory + directoryOffset(SWITCHER_ADDRESS), table | PRESENT | WRITABLE);

    const low = allocate();
    ram.write32(low + tableOffset(text), text | PRESENT);
    ram.write32(hostDirectory + directoryOffset(text), low | PRESENT | WRITABLE);

    ram.write32(hostPage + FRAME + FRAME_EIP, addressOf('home'));
    ram.write32(hostPage + FRAME + FRAME_CS, LGUEST_CS);
    ram.write32(hostPage + FRAME + FRAME_EFLAGS, EFLAGS_ALWAYS);
  }
}
