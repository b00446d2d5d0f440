/*
 * # System calls about processes
 *
 * What follows is the reception desk. Each function takes the arguments out of the frame, mistrusts them, and
 * calls somebody who does the work; you have met most of those already.
 */
import { entryFor } from './address-space.ts';
import { sleepFor, uptime } from './clock.ts';
import { execute } from './exec.ts';
import { bootInformation } from './boot.ts';
import type { i32, u32 } from './language.ts';
import { addressOf, array, load32, sizeOf, struct } from './language.ts';
import { PAGE_OFFSET_MASK, PAGE_SIZE, USER_STACK_LIMIT } from './layout.ts';
import { endProcess, forkProcess, killById, waitForChild } from './life.ts';
import { freePages } from './pages.ts';
import { panic, powerOff } from './panic.ts';
import type { Process } from './process.ts';
import { PROCESSES, UNUSED, cpu, findProcess, processes } from './process.ts';
import type { MemoryInformation, ProcessInformation } from './protocol.ts';
import { EFAULT, EINVAL, ENOMEM, ESRCH, SHUTDOWN_PANIC, SHUTDOWN_POWER_OFF } from './protocol.ts';
import { giveWay } from './scheduler.ts';
import { foregroundGroup, setForeground } from './terminal.ts';
import { copyBytes } from './text.ts';
import type { TrapFrame } from './traps.ts';
import { copyToUser } from './user-memory.ts';

/** exit(status) */
export function callExit(frame: TrapFrame): i32 {
  endProcess(frame.ebx as i32);
  return 0;
}

/** fork() */
export function callFork(_frame: TrapFrame): i32 {
  return forkProcess();
}

/** exec(path, words) */
export function callExec(frame: TrapFrame): i32 {
  return execute(frame, frame.ebx, frame.ecx);
}

const childStatus = array<u32>(1);

/** wait(number or 0, where to put the status or 0, whether only to look) */
export function callWait(frame: TrapFrame): i32 {
  const result: i32 = waitForChild(frame.ebx, addressOf(childStatus), frame.edx !== 0);
  if (result <= 0 || frame.ecx === 0) return result;
  return copyToUser(frame.ecx, addressOf(childStatus), 4) ? result : -EFAULT;
}

/** kill(number) */
export function callKill(frame: TrapFrame): i32 {
  return killById(frame.ebx, KILLED);
}

/** The status of a process that was killed. */
export const KILLED = 129;

/** processId() */
export function callProcessId(_frame: TrapFrame): i32 {
  return cpu.process.id as i32;
}

/*
 * ## Memory and time
 *
 * `grow` is Unix's `sbrk`: it moves the end of the heap, and that is *all* it does. No page is given out here. A
 * program that asks for a hundred megabytes on a machine with eight gets them, gladly, and finds out later. Every
 * large system works like this, airlines too.
 */

/** grow(bytes): moves the end of the heap, up or down; returns where it was. Pages come when they are touched. */
export function callGrow(frame: TrapFrame): i32 {
  const process: Process = cpu.process;
  const old: u32 = process.heapEnd;
  const end: u32 = old + frame.ebx;
  const wraps: boolean = (frame.ebx as i32) >= 0 ? end < old : end > old;
  if (wraps || end < process.imageStart || end > USER_STACK_LIMIT - PAGE_SIZE) return -ENOMEM;
  process.heapEnd = end;
  return old as i32;
}

/*
 * :::exercise{#give-back points=20 minutes=40}
 * A heap can grow, and its pages come when they are touched. It can shrink, too; and then its pages stay, mapped
 * and readable, until the program ends. Boot with 8 MB, let a program swell once, and everybody is short of memory
 * for as long as it lives.
 *
 * Give them back. When the heap shrinks, every page that lies behind its new end altogether is to be released, and
 * to be gone for the program as if it had never been there: whoever touches it dies, and if the heap grows again
 * it is full of zeros. A page of which a part is still in use stays. So does the memory of a child that shares the
 * page. And there is somebody else who believes that the page is still there. You know his number.
 * :::
 */

/** sleep(milliseconds) */
export function callSleep(frame: TrapFrame): i32 {
  sleepFor(frame.ebx);
  return 0;
}

/** yield() */
export function callYield(_frame: TrapFrame): i32 {
  giveWay();
  return 0;
}

/** uptime(): milliseconds since the kernel's clock started */
export function callUptime(_frame: TrapFrame): i32 {
  return uptime() as i32;
}

/*
 * ## Looking around
 *
 * For `ps` and `free`. A report is filled in by the kernel in a structure of its own and copied out, so that
 * nothing is visible but what was meant to be.
 */

const processReport = struct<ProcessInformation>();
const memoryReport = struct<MemoryInformation>();

/** processInformation(slot, where): 1 if there is a process in the slot, 0 if not, an error behind the last one */
export function callProcessInformation(frame: TrapFrame): i32 {
  if (frame.ebx >= PROCESSES) return -EINVAL;
  const process = processes[frame.ebx];
  if (process.state === UNUSED) return 0;
  processReport.id = process.id;
  processReport.parent = process.parent === null ? 0 : process.parent.id;
  processReport.state = process.state;
  processReport.ticks = process.ticks;
  processReport.pages = countUserPages(process);
  copyBytes(addressOf(processReport.name), addressOf(process.name), 32);
  return copyToUser(frame.ecx, addressOf(processReport), sizeOf<ProcessInformation>()) ? 1 : -EFAULT;
}

/*
 * How many pages does a process see? Walk its tables and count. The shared ones are counted for everybody who shares
 * them, so the numbers in `ps` add up to more than is in use. Real ones have that problem too.
 */

/** Pages that a process can see. */
function countUserPages(process: Process): u32 {
  let count: u32 = 0;
  for (let address: u32 = 0; address < USER_TABLES_END; address += TABLE_REACH) {
    const table: u32 = entryFor(process.directory, address, false) & ~PAGE_OFFSET_MASK;
    if (table === 0) continue;
    for (let i: u32 = 0; i < PAGE_SIZE; i += 4) count += load32(table + i) & 1;
  }
  return count;
}

const TABLE_REACH = 0x400000;
const USER_TABLES_END = 0xc0000000;

/** memoryInformation(where) */
export function callMemoryInformation(frame: TrapFrame): i32 {
  memoryReport.total = bootInformation.memory;
  memoryReport.free = freePages() * PAGE_SIZE;
  return copyToUser(frame.ebx, addressOf(memoryReport), sizeOf<MemoryInformation>()) ? 0 : -EFAULT;
}

/*
 * ## The terminal, and the end
 *
 * Processes come in *groups*, so that ^C can end all parts of a pipe and spare the shell. A shell founds a group
 * for each job and tells the terminal which one is in front.
 */

/** setGroup(number or 0 for oneself, group or 0 for a new one) */
export function callSetGroup(frame: TrapFrame): i32 {
  const process: Process | null = frame.ebx === 0 ? cpu.process : findProcess(frame.ebx);
  if (process === null || (process !== cpu.process && process.parent !== cpu.process)) return -ESRCH;
  process.group = frame.ecx === 0 ? process.id : frame.ecx;
  return 0;
}

/** foreground(group to give the terminal to, or 0 to ask): the group that has it */
export function callForeground(frame: TrapFrame): i32 {
  if (frame.ebx !== 0) setForeground(frame.ebx);
  return foregroundGroup() as i32;
}

/** catchInterrupt(): from now on ^C does not end this process, only its reading */
export function callCatchInterrupt(_frame: TrapFrame): i32 {
  cpu.process.catchesInterrupt = true;
  return 0;
}

/** shutdown(how) */
export function callShutdown(frame: TrapFrame): i32 {
  if (frame.ebx === SHUTDOWN_POWER_OFF) powerOff();
  if (frame.ebx === SHUTDOWN_PANIC) panic('on request');
  return -EINVAL;
}
