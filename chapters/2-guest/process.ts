/*
 * # A process
 *
 * What is a process, when it is not running? Thirteen words, three flags, a name, what it has open, and a stack. The
 * Host thinks of you along the same lines.
 *
 * There is room for sixty-four. A fixed table where others have lists: nothing can be lost from it, `ps` is a
 * loop, and a program that forks for ever runs into a wall instead of the whole of memory.
 */
import type { OpenFile } from './files.ts';
import type { i32, Inline, Pointer, u32, u8 } from './language.ts';
import { addressOf, array, sizeOf, struct } from './language.ts';

/** How many processes there can be, and open files in each. */
export const PROCESSES = 64;
export const FILES_PER_PROCESS = 16;

/** States of a process. */
export const UNUSED = 0;
export const SLEEPING = 1;
export const RUNNABLE = 2;
export const RUNNING = 3;
export const ZOMBIE = 4;

/** Everything the kernel knows about a running program. */
export interface Process {
  state: u32;
  id: u32;
  group: u32;
  parent: Process | null;
  directory: u32;
  stackPointer: u32;
  imageStart: u32;
  heapEnd: u32;
  channel: u32;
  wakeTime: u32;
  ticks: u32;
  status: i32;
  killStatus: i32;
  killed: boolean;
  catchesInterrupt: boolean;
  interrupted: boolean;
  name: Inline<u8, 32>;
  files: Inline<Pointer<OpenFile | null>, 16>;
}

/*
 * What the kernel notes about the processor is even less: who is on it, and whether to change that.
 */

/** All of them. A free slot is one whose state is `UNUSED`. */
export const processes = array<Process>(PROCESSES);

/** The processor, as far as the kernel keeps notes on it. */
export interface Processor {
  process: Process;
  reschedule: boolean;
  ticks: u32;
}

export const cpu = struct<Processor>();

/*
 * ## Two pages of stack for each
 *
 * Each process has a second stack that it does not know of. When it traps, the processor switches to it before
 * pushing anything, so the kernel never has to trust the stack pointer of a program. (Set it to zero and try.
 * `hostile.test.ts` does.) Eight kilobytes are plenty as long as nobody recurses, and nobody in this kernel does.
 *
 * They lie in the linear map, one behind the other. lguest insisted: when it pushed a frame for you it translated the
 * stack pointer once and then wrote downwards in *physical* memory. Our Host asks again at every page.
 */

const KERNEL_STACK_SIZE = 8192;
const kernelStacks = array<u8>(PROCESSES * KERNEL_STACK_SIZE, 4096);

/** Where the kernel stack of `process` begins: its highest address. */
export function stackTop(process: Process): u32 {
  const index: u32 = (addressOf(process) - addressOf(processes)) / sizeOf<Process>();
  return addressOf(kernelStacks) + (index + 1) * KERNEL_STACK_SIZE;
}

/*
 * ## Where new ones come from
 *
 * Numbers are never used twice. After two thousand million processes they will look like errors; see you then. Slots
 * are, all the time, so what the next one would not write itself, and would be hurt by, is wiped here, where it moves
 * in.
 */

let nextId: u32 = 1;

/** A free slot with a number of its own, or null. It is nobody's until its state says otherwise. */
export function claimProcess(): Process | null {
  for (let i: u32 = 0; i < PROCESSES; i++) {
    const process = processes[i];
    if (process.state !== UNUSED) continue;
    process.id = nextId;
    nextId++;
    process.ticks = 0;
    process.killed = false;
    process.catchesInterrupt = false;
    process.interrupted = false;
    return process;
  }
  return null;
}

/** The process with number `id`, or null. */
export function findProcess(id: u32): Process | null {
  for (let i: u32 = 0; i < PROCESSES; i++) {
    if (processes[i].state !== UNUSED && processes[i].id === id) return processes[i];
  }
  return null;
}
