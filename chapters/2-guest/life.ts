/* # Life, and how it ends */
import { createDirectory, destroyAddressSpace, shareAddressSpace } from './address-space.ts';
import { EAGAIN, ECHILD, EINTR, ENOMEM, ESRCH } from './protocol.ts';
import { closeAll, shareFiles } from './files.ts';
import type { i32, u32 } from './language.ts';
import { addressOf, sizeOf, store32 } from './language.ts';
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

/** Makes a second process like the current one. Returns the child's number; in the child the call returns 0. */
export function forkProcess(): i32 {
  const parent: Process = cpu.process;
  const child: Process | null = claimProcess();
  if (child === null) return -EAGAIN;
  child.directory = createDirectory();
  if (child.directory === 0) return -ENOMEM;
  if (!shareAddressSpace(parent.directory, child.directory)) {
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

/* ## A past for the newborn */

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

/* ## The end */

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

/**
 * Waits for a child to end and buries it: the one with number `id`, or any if that is 0. Returns its number and leaves its status in `status`.
 * With `poll`, 0 if no child has ended yet.
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

/* ## At someone else's wish */

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
