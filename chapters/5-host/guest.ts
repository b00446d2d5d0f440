import type { Machine, Ram } from '../../src/processor/machine.ts';
import { KERNEL_CS, KERNEL_DS, SYSCALL_VECTOR, X86_EFLAGS_IF } from '../1-preparation/abi.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';
import { EFLAGS_ALWAYS, VECTORS } from '../1-preparation/traps.ts';
import type { World } from '../1-preparation/world.ts';
import {
  FRAME,
  FRAME_CS,
  FRAME_DS,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_ES,
  FRAME_SS,
} from '../6-switcher/pages.ts';
import type { StatePage } from '../6-switcher/state.ts';
import type { Passenger, Switcher } from '../6-switcher/switcher.ts';
import type { Frames } from './frames.ts';
import { setFirstSegments } from './segments.ts';
import { createShadows, type Shadows } from './shadows.ts';
import type { Statistics } from './statistics.ts';

/** What every Guest of one machine shares. */
export interface Ground {
  readonly machine: Machine;
  readonly world: World;
  readonly frames: Frames;
  readonly switcher: Switcher;
  readonly statistics: Statistics;
}

/** What the Launcher says when it starts a Guest. Page numbers are guest-physical, limits exclusive. */
export interface Beginning {
  /** Where the Guest's physical 0 is in the machine's RAM. */
  base: number;
  /** First page that is not memory. */
  pfnLimit: number;
  /** First page behind the devices. */
  deviceLimit: number;
  /** The first instruction. */
  start: number;
}

/** The end of a Guest, on its way to the run loop. */
export class GuestDied extends Error {
  /** The Guest asked to be started again. */
  readonly restart: boolean;

  constructor(reason: string, restart = false) {
    super(reason);
    this.restart = restart;
  }
}

/** One Guest: all that the Host knows of it. */
export class Guest implements Passenger {
  readonly ground: Ground;
  readonly base: number;
  readonly pfnLimit: number;
  readonly deviceLimit: number;

  /** The register frame and its page, as physical addresses. */
  readonly registerPage: number;
  readonly frame: number;
  readonly state: StatePage;
  directory = 0;
  translationsStale = false;
  taskSwitched = false;

  /** Guest-physical address of its `struct lguest_data`; `undefined` before LGUEST_INIT. */
  data: number | undefined;
  /** The ring slot that comes next. */
  cursor = 0;

  readonly shadows: Shadows;
  /** Before the first NEW_PGTABLE: virtual addresses are physical ones. */
  linear = true;
  /** From here up, all its page tables are the same. */
  kernelAddress = 0;

  /** Its gates, two words each, as it set them. */
  readonly gates = new Uint32Array(VECTORS * 2);
  syscallVector = SYSCALL_VECTOR;
  /** Virtual address of the one iret before which no frame may be pushed. */
  noirqIret = 0;

  /** The stack for entries from ring 3, and how many of its pages must always be there. */
  stackSegment = 0;
  stackTop = 0;
  stackPages = 0;

  /** IRQs raised and not yet delivered: bit n is IRQ n. */
  raised = 0;
  halted = false;
  /** When the clock event is due, in the World's nanoseconds. */
  clockDue: number | undefined;

  /** Address of the last page fault. */
  faultAddress = 0;

  readonly #ram: Ram;
  readonly #frames: Set<number> = new Set();

  /** Needs `FRAMES_OF_A_NEWBORN` frames of the Host. */
  constructor(ground: Ground, beginning: Beginning) {
    this.ground = ground;
    this.#ram = ground.machine.ram;
    this.base = beginning.base;
    this.pfnLimit = beginning.pfnLimit;
    this.deviceLimit = beginning.deviceLimit;
    this.state = ground.switcher.createState();
    this.registerPage = this.#firstFrame();
    this.frame = this.registerPage + FRAME;
    this.shadows = createShadows(this, this.#firstFrame(), this.#firstFrame());
    setFirstSegments(this);
    this.#setFirstRegisters(beginning.start);
  }

  #setFirstRegisters(start: number): void {
    this.setRegister(FRAME_EIP, start);
    this.setRegister(FRAME_CS, KERNEL_CS);
    for (const at of [FRAME_DS, FRAME_ES, FRAME_SS]) this.setRegister(at, KERNEL_DS);
    this.setRegister(FRAME_EFLAGS, X86_EFLAGS_IF | EFLAGS_ALWAYS);
  }

  /** A word of the register frame, by its `FRAME_` offset. */
  register(at: number): number {
    return this.#ram.read32(this.frame + at);
  }

  setRegister(at: number, value: number): void {
    this.#ram.write32(this.frame + at, value);
  }

  /** A word of its memory, at a guest-physical address. */
  read32(address: number): number {
    if (!this.holds(address, 4)) this.kill(`bad read address ${hex(address)} len 4: ${this.#memory()}`);
    return this.#ram.read32(this.base + address);
  }

  write32(address: number, value: number): void {
    if (!this.holds(address, 4)) this.kill(`bad write address ${hex(address)} len 4: ${this.#memory()}`);
    this.#ram.write32(this.base + address, value);
  }

  read8(address: number): number {
    if (!this.holds(address, 1)) this.kill(`bad read address ${hex(address)} len 1: ${this.#memory()}`);
    return this.#ram.read8(this.base + address);
  }

  write8(address: number, value: number): void {
    if (!this.holds(address, 1)) this.kill(`bad write address ${hex(address)} len 1: ${this.#memory()}`);
    this.#ram.write8(this.base + address, value);
  }

  /** A copy of `length` bytes of its memory. */
  read(address: number, length: number): Uint8Array {
    if (!this.holds(address, length)) {
      this.kill(`bad read address ${hex(address)} len ${length}: ${this.#memory()}`);
    }
    return this.#ram.read(this.base + address, length);
  }

  /** Bytes of memory it has. */
  get memorySize(): number {
    return this.pfnLimit * PAGE_SIZE;
  }

  /** Whether `length` bytes at a guest-physical address are all memory. */
  holds(address: number, length: number): boolean {
    return address >= 0 && address + length <= this.memorySize;
  }

  /** A word of its `struct lguest_data`, by offset. Only after LGUEST_INIT. */
  readData(offset: number): number {
    return this.read32(this.data! + offset);
  }

  writeData(offset: number, value: number): void {
    this.write32(this.data! + offset, value);
  }

  /** Ends the Guest. Nothing after the call happens. */
  kill(reason: string): never {
    throw new GuestDied(reason);
  }

  /** A zeroed frame of the Host's for this Guest, or `undefined` when it has had its share. */
  allocateFrame(): number | undefined {
    if (this.#frames.size >= MOST_FRAMES) return undefined;
    const frame = this.ground.frames.allocate();
    if (frame !== undefined) this.#frames.add(frame);
    return frame;
  }

  releaseFrame(frame: number): void {
    this.#frames.delete(frame);
    this.ground.frames.release(frame);
  }

  /** The Host's frames that serve this Guest, by physical address: register page, directories, page tables. */
  get frames(): ReadonlySet<number> {
    return this.#frames;
  }

  /** Gives back everything the Host keeps for it. */
  close(): void {
    this.ground.switcher.disembark(this);
    for (const frame of this.#frames) this.ground.frames.release(frame);
    this.#frames.clear();
  }

  #firstFrame(): number {
    const frame = this.allocateFrame();
    if (frame === undefined) throw new Error('a Guest was begun without room for its first frames');
    return frame;
  }

  #memory(): string {
    return `the Guest has ${hex(this.memorySize)} bytes`;
  }
}

/** Register page, one directory, the Switcher's table. */
export const FRAMES_OF_A_NEWBORN = 3;

/** What one Guest may have of the Host's frames: twice what one address space can need, a quarter of all. */
const MOST_FRAMES = 2048;

/** As errors show numbers: at least one digit, lower case, unsigned. */
export function hex(value: number): string {
  return `0x${(value >= 0 ? value : value >>> 0).toString(16)}`;
}

/** As errors show addresses and entries: eight digits. */
export function hex32(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`;
}
