/*
 * # Life, and how it ends
 *
 * There is one way to make a process, and it is to split one. `fork` comes back twice, once in the parent with the
 * number of the child and once in the child with 0, and everything else about the two is the same. It is a bizarre
 * interface when you see it for the first time. It has outlived all its more reasonable replacements.
 */
import { createDirectory, destroyAddressSpace, shareAddressSpace } from './address-space.ts';
import { EAGAIN, ECHILD, EINTR, ENOMEM, ESRCH } from './protocol.ts';
import { closeAll, shareFiles } from './files.ts';
import type { i32, u32 } from './language.ts';
import { addressOf, sizeOf, store32 } from './language.ts';
import { freePages } from './pages.ts';
import { panic } from './panic.ts';
import type { Process } from './process.ts';
import {
  PROCESSES,
  RUNNABLE,
  SLEEPING,
  UNUSED,
  ZOMBIE,
  claimProcess,
  cpu,
  findProcess,
  processes,
  stackTop,
} from './process.ts';
import { schedule, sleepOn, wake } from './scheduler.ts';
import { copyBytes } from './text.ts';
import { returnFromTrap } from './trap-return.ts';
import type { TrapFrame } from './traps.ts';
import { frameBelow } from './traps.ts';

/*
 * What can go wrong goes wrong before anybody can see it: the child's slot stays `UNUSED` until the last line, so
 * a fork that runs out of memory half-way has only pages to give back.
 *
 * A few pages must be left over. From now on parent and child share everything, and the first thing that the parent
 * does is to write: on its stack, then somewhere in its data. Each of these costs a copy. A shell that starts one
 * program too many should be told so, and not be found dead on its next line.
 */

const ROOM_TO_COPY = 4;

/** Makes a second process like the current one. Returns the child's number; in the child the call returns 0. */
export function forkProcess(): i32 {
  const parent: Process = cpu.process;
  const child: Process | null = claimProcess();
  if (child === null) return -EAGAIN;
  child.directory = createDirectory();
  if (child.directory === 0) return -ENOMEM;
  if (!shareAddressSpace(parent.directory, child.directory) || freePages() < ROOM_TO_COPY) {
    destroyAddressSpace(child.directory);
    return -ENOMEM;
  }
  child.parent = parent;
  child.group = parent.group;
  child.imageStart = parent.imageStart;
  child.heapEnd = parent.heapEnd;
  copyBytes(addressOf(child.name), addressOf(parent.name), 32);
  shareFiles(parent, child);
  copyFrame(child);
  child.state = RUNNABLE;
  return child.id as i32;
}

/*
 * ## A past for the newborn
 *
 * The child has never run. `switchStacks` wants to return into a call that it made earlier, and so we forge one.
 * On top of its kernel stack goes a copy of the parent's trap frame, with 0 in `eax`: that is the whole of "comes
 * back twice". Below it, five words as if it had once called `switchStacks`: four registers nobody will miss and a
 * return address, `returnFromTrap`.
 *
 * :::figure{#forged-stack caption="The kernel stack of a process that has never run. Everything on it is a lie, and all of it will be believed, from the bottom up."}
 * ```text
 *   stackTop ->  +--------------------------+
 *                | ss esp eflags cs eip     |   what iret will take: the parent's
 *                | error, vector            |
 *                | eax = 0, seven others    |   what popad will take
 *                | ds es fs gs              |
 *      frame ->  +--------------------------+
 *                | returnFromTrap           |   where ret will go
 *                | ebp ebx esi edi: zeros   |
 *  stackPointer  +--------------------------+   where switchStacks will begin
 * ```
 * :::
 */

/** Gives `child` a kernel stack on which it seems to have trapped just as the current process did, and got 0. */
function copyFrame(child: Process): void {
  const frame: TrapFrame = frameBelow(stackTop(child));
  copyBytes(addressOf(frame), addressOf(frameBelow(stackTop(cpu.process))), sizeOf<TrapFrame>());
  frame.eax = 0;
  setFirstReturn(child, frame);
}

/** When `switchStacks` first comes to `process`, it pops four registers and returns to `returnFromTrap`. */
export function setFirstReturn(process: Process, frame: TrapFrame): void {
  process.stackPointer = addressOf(frame) - 20;
  for (let i: u32 = 0; i < 4; i++) store32(process.stackPointer + i * 4, 0);
  store32(process.stackPointer + 16, addressOf(returnFromTrap));
}

/*
 * ## The end
 *
 * A process that ends cannot clean up after itself entirely. It is standing on its kernel stack; its page
 * directory is in use; and its parent may want to know how it went. So it closes its files, hands its children to
 * process 1, and stays as a *zombie*, which is the technical term, until somebody has asked.
 *
 * Process 1 has no parent and must not end. If it does, this was it.
 */

/** Ends the current process. Its memory stays until the parent has asked how it went. Never returns. */
export function endProcess(status: i32): void {
  const process: Process = cpu.process;
  if (process.id === 1) panic('the first process has ended');
  closeAll(process);
  for (let i: u32 = 0; i < PROCESSES; i++) {
    if (processes[i].state !== UNUSED && processes[i].parent === process) {
      processes[i].parent = findProcess(1);
      if (processes[i].state === ZOMBIE) wake(addressOf(findProcess(1)));
    }
  }
  process.status = status;
  process.state = ZOMBIE;
  wake(addressOf(process.parent));
  schedule();
}

/*
 * Asking is called `wait`. It looks through the table for a child that has ended, and sleeps on the parent's own
 * address if there are only living ones. In `bury`, memory is finally given back, by a process that stands on other
 * tables. The dead one could not have done it: it was standing on them.
 */

/**
 * Waits for a child to end and buries it: the one with number `id`, or any if that is 0. Returns its number and leaves
 * its status in `status`. With `poll`, 0 if no child has ended yet.
 */
export function waitForChild(id: u32, status: u32, poll: boolean): i32 {
  while (true) {
    let children: u32 = 0;
    for (let i: u32 = 0; i < PROCESSES; i++) {
      const child = processes[i];
      if (child.state === UNUSED || child.parent !== cpu.process) continue;
      if (id !== 0 && child.id !== id) continue;
      children++;
      if (child.state === ZOMBIE) return bury(child, status);
    }
    if (children === 0) return -ECHILD;
    if (poll) return 0;
    if (cpu.process.killed) return -EINTR;
    sleepOn(addressOf(cpu.process));
  }
}

function bury(child: Process, status: u32): i32 {
  store32(status, child.status);
  destroyAddressSpace(child.directory);
  child.state = UNUSED;
  child.parent = null;
  return child.id as i32;
}

/*
 * ## At someone else's wish
 *
 * Nobody kills a process. One can only leave it a note, and wake it so that it reads it. Wherever it waits, it waits in
 * a loop that looks for that note. (Or for the disk, or dice, which will be done in a moment; then it reads the note.)
 * It dies of its own hand, at the door to ring 3, with everything in order.
 */

/** Marks a process for death. It dies on its way back to ring 3, wherever it is now. */
export function kill(process: Process, status: i32): void {
  process.killed = true;
  process.killStatus = status;
  if (process.state === SLEEPING) process.state = RUNNABLE;
}

/** Kills the process with number `id`, which may not be the first. */
export function killById(id: u32, status: i32): i32 {
  const process: Process | null = findProcess(id);
  if (process === null || id === 1) return -ESRCH;
  kill(process, status);
  return 0;
}
