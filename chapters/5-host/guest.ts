/*
 * # A Guest
 *
 * What is a computer, if you take the box away? Registers. Some tables that the processor consults. A flag that says
 * whether it may be disturbed, and a list of who would like to. What time it is.
 *
 * All of that is here, in three layers: the registers, what the Guest has told us since it was born, and what it was
 * born with. If you could write these fields to disk, with the memory, you could carry a running kernel to another
 * house. Keep the thought; chapter 7 wants it.
 */
import type { Machine, Ram } from '../../src/processor/machine.ts';
import { KERNEL_CS, KERNEL_DS, SYSCALL_VECTOR, X86_EFLAGS_IF } from '../1-preparation/abi.ts';
import { PAGE_SIZE } from '../1-preparation/paging.ts';
import { EFLAGS_ALWAYS, VECTORS } from '../1-preparation/traps.ts';
import type { World } from '../1-preparation/world.ts';
import {
  FRAME,
  FRAME_END,
  FRAME_CS,
  FRAME_DS,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_ES,
  FRAME_SS,
} from '../6-switcher/pages.ts';
import type { StatePage } from '../6-switcher/state.ts';
import type { Passenger, Switcher } from '../6-switcher/switcher.ts';
import { type Frames, Share } from './frames.ts';
import { GuestMemory } from './memory.ts';
import { setFirstSegments } from './segments.ts';
import { createShadows, type Shadows } from './shadows.ts';
import { createPace, newTurn, type Pace, type Turn } from './pace.ts';
import type { Statistics } from './statistics.ts';
import type { Exit } from './traps.ts';
import type { Witness } from './witness.ts';

/*
 * ## The ground they stand on
 *
 * Guests share a processor, a way into it, a supply of frames and a clock. They do not know. And a Guest begins with
 * four numbers, which are those that its Launcher wrote.
 */
/** What every Guest of one machine shares. */
export interface Ground {
  readonly machine: Machine;
  readonly world: World;
  readonly frames: Frames;
  readonly switcher: Switcher;
  readonly statistics: Statistics;
  readonly witness?: Witness | undefined;
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

/*
 * ## Eighteen words in a page
 *
 * A Guest that does not run is first of all a register frame. It lies where the Switcher pushed it, and twelve of the
 * words that we write there the Switcher will pop. (Four more, the segments, it loads if it is told to. The last two
 * are news of the trap, for us.) To change a Guest's eip is a store; to have it wake up in another ring, another store.
 *
 * Stores go through the machine's RAM, as everybody's do. For loads we keep a view of the eighteen words: they are
 * where they are for as long as the Guest lives, and while a Linux boots they are looked at hundreds of thousands of
 * times.
 */

/** The registers of somebody who does not run: a frame at the end of a page of the Host's. */
class RegisterFrame {
  /** The page, and the frame in it: physical addresses. */
  readonly registerPage: number;
  readonly frame: number;
  readonly #ram: Ram;
  readonly #words: Uint32Array;

  constructor(ram: Ram, registerPage: number) {
    this.#ram = ram;
    this.registerPage = registerPage;
    this.frame = registerPage + FRAME;
    const { buffer, byteOffset } = ram.view(this.frame, FRAME_END - FRAME);
    this.#words = new Uint32Array(buffer, byteOffset, (FRAME_END - FRAME) / 4);
  }

  /** A word of the frame, by its `FRAME_` offset. */
  register(at: number): number {
    return this.#words[at / 4]!;
  }

  setRegister(at: number, value: number): void {
    this.#ram.write32(this.frame + at, value);
  }
}

/*
 * ## What has been said
 *
 * A newborn has said nothing, so nearly every field here starts out blank, and nearly every one is filled in by a
 * hypercall. Read them as questions. Has it introduced itself? Does it have page tables at all by now? Where do its
 * traps go, and on which stack? Who wants to interrupt it, and does it sleep? Each group has a file of its own further
 * down.
 *
 * This is also the list of what you must not believe. A number in here has been looked at, or it will be, at the place
 * where it is used and not before: `stackTop` may be any thirty-two bits, and so may `noirqIret`.
 */
/** What has become of a Guest since it was born. */
class Biography extends RegisterFrame {
  /** Guest-physical address of its `struct lguest_data`; `undefined` before LGUEST_INIT. */
  data: number | undefined;
  /** The ring slot that comes next. */
  cursor = 0;

  /** Before the first NEW_PGTABLE: virtual addresses are physical ones. */
  linear = true;
  /** From here up, all its page tables are the same. */
  kernelAddress = 0;
  /** Address of the last page fault. */
  faultAddress = 0;

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
  /** And when to look whether it is, in instructions retired. */
  nextLook = 0;

  /** What it last tried that only its Launcher can do for it. */
  readonly pending: Exit = { trap: 0, instruction: new Uint8Array(7), address: 0 };

  /** Instructions it has had in all its turns, the Switcher's on its way included. */
  retired = 0;
}

/*
 * ## The whole of it
 *
 * In this book a class is for a thing with a life of its own, and nothing here has more of one. What a Guest is born
 * with never changes: its memory, its share of the Host's frames, its edition of the processor's tables. What moves are
 * its turn, its pace, and the fields that the Switcher asks for: on which directory does the processor walk for it, may
 * it remember what it saw there, and does floating point trap?
 *
 * Three frames are needed before it can say a word, and whoever opens the door counts them first. The Host would rather
 * refuse a Guest than drop one half-way down the stairs.
 */
/** Frames of the Host that a Guest needs before it has said a word. */
export const FRAMES_OF_A_NEWBORN = 3;

/** One Guest: all that the Host knows of it. */
export class Guest extends Biography implements Passenger {
  readonly ground: Ground;
  readonly memory: GuestMemory;
  readonly pfnLimit: number;
  readonly deviceLimit: number;
  readonly share: Share;

  readonly state: StatePage;
  readonly shadows: Shadows;
  directory = 0;
  translationsStale = false;
  taskSwitched = false;
  readonly pace: Pace;
  turn: Turn;

  /** Needs `FRAMES_OF_A_NEWBORN` frames of the Host. */
  constructor(ground: Ground, beginning: Beginning) {
    const { base, pfnLimit, deviceLimit } = beginning;
    const share = new Share(ground.frames);
    super(ground.machine.ram, firstFrame(share));
    this.share = share;
    this.ground = ground;
    this.pace = createPace();
    this.turn = newTurn(this.pace);
    this.memory = new GuestMemory(ground.machine.ram, base, pfnLimit * PAGE_SIZE);
    this.pfnLimit = pfnLimit;
    this.deviceLimit = deviceLimit;
    this.state = ground.switcher.createState();
    this.shadows = createShadows(this, firstFrame(share), firstFrame(share));
    setFirstSegments(this);
    setFirstRegisters(this, beginning.start);
  }

  /** A word of its `struct lguest_data`, by offset. Only after LGUEST_INIT. */
  readData(offset: number): number {
    return this.memory.read32(this.data! + offset);
  }

  writeData(offset: number, value: number): void {
    this.memory.write32(this.data! + offset, value);
  }

  /** Gives back everything the Host keeps for it. */
  close(): void {
    this.ground.switcher.disembark();
    this.share.releaseAll();
  }
}

/*
 * ## The first instruction
 *
 * A newborn Guest is in ring 1, with flat segments, all registers zero but two: eip, as the Launcher said, and EFLAGS,
 * which has one bit that has been 1 since the 8080 of 1974 and will tell nobody why, and the bit that lets interrupts
 * in. While the Guest runs, the second one is never clear, whatever it is told. esi is zero, too, and that is no
 * accident: it is where a Linux kernel expects the address of its boot parameters, and those are at 0.
 */
function firstFrame(share: Share): number {
  const frame = share.allocate();
  if (frame === undefined) throw new Error('a Guest was begun without room for its first frames');
  return frame;
}

function setFirstRegisters(guest: Guest, start: number): void {
  guest.setRegister(FRAME_EIP, start);
  guest.setRegister(FRAME_CS, KERNEL_CS);
  for (const at of [FRAME_DS, FRAME_ES, FRAME_SS]) guest.setRegister(at, KERNEL_DS);
  guest.setRegister(FRAME_EFLAGS, X86_EFLAGS_IF | EFLAGS_ALWAYS);
}
