/*
 * # Calling the kernel
 *
 * The door again, from the other side. One function holds the five instructions; two dozen others exist so that
 * nobody ever has to remember a number.
 */
import type { i32, u32 } from '../../language.ts';
import { addressOf, array, asm, sizeOf } from '../../language.ts';
import type { DirectoryEntry, MemoryInformation, ProcessInformation } from '../../protocol.ts';
import {
  SYS_CATCH_INTERRUPT,
  SYS_CLOSE,
  SYS_DUPLICATE,
  SYS_EXEC,
  SYS_EXIT,
  SYS_FOREGROUND,
  SYS_FORK,
  SYS_GROW,
  SYS_KILL,
  SYS_MEMORY_INFORMATION,
  SYS_OPEN,
  SYS_PIPE,
  SYS_PROCESS_ID,
  SYS_PROCESS_INFORMATION,
  SYS_READ,
  SYS_SET_GROUP,
  SYS_SHUTDOWN,
  SYS_SLEEP,
  SYS_UPTIME,
  SYS_WAIT,
  SYS_WRITE,
} from '../../protocol.ts';
import { flush } from './output.ts';

/** Traps into the kernel. The answer is what it left in eax: a negative one is an error. */
function call(number: u32, first: u32, second: u32, third: u32): i32 {
  return asm`
    mov eax, ${number}
    mov ebx, ${first}
    mov ecx, ${second}
    mov edx, ${third}
    int 0x80
  ` as i32;
}

/*
 * ## Processes
 *
 * `exit`, `fork` and `exec` flush what has been printed first. For `fork` it is a must. What is still in the
 * buffer would be copied along with everything else, and then printed twice, by two processes neither of which did
 * anything wrong. Every C programmer has met this one, usually before an audience.
 */

/** Ends the program. Never returns. */
export function exit(status: i32): void {
  flush();
  call(SYS_EXIT, status as u32, 0, 0);
}

/** Two where there was one: the child's number for the parent, 0 for the child. */
export function fork(): i32 {
  flush(); // or both would print it
  return call(SYS_FORK, 0, 0, 0);
}

/**
 * Becomes the program at `path`, called with the texts whose addresses stand in `words`, up to a 0. Returns only on an
 * error.
 */
export function exec(path: u32, words: u32[]): i32 {
  flush();
  return call(SYS_EXEC, path, addressOf(words), 0);
}

const childStatus = array<i32>(1);

/** Waits for child `id` (0: any) to end. Returns its number; `lastStatus` knows how it ended. */
export function wait(id: i32): i32 {
  return call(SYS_WAIT, id as u32, addressOf(childStatus), 0);
}

/** As `wait` for any child, but gives 0 at once if none has ended. */
export function waitNow(): i32 {
  return call(SYS_WAIT, 0, addressOf(childStatus), 1);
}

export function lastStatus(): i32 {
  return childStatus[0];
}

export function kill(id: i32): i32 {
  return call(SYS_KILL, id as u32, 0, 0);
}

export function processId(): i32 {
  return call(SYS_PROCESS_ID, 0, 0, 0);
}

/*
 * ## Files
 *
 * `write` is the one that does more than pass on its arguments. The kernel may take less than it was offered (a
 * disk does), and whoever ignores that writes half a file and reports success.
 */

/** Reads up to `count` bytes; how many there were, 0 at the end. */
export function read(place: i32, address: u32, count: u32): i32 {
  return call(SYS_READ, place as u32, address, count);
}

/** Writes `count` bytes, in as many calls as it takes. */
export function write(place: i32, address: u32, count: u32): i32 {
  let done: u32 = 0;
  while (done < count) {
    const result: i32 = call(SYS_WRITE, place as u32, address + done, count - done);
    if (result < 0) return result;
    done += result as u32;
  }
  return count as i32;
}

export function open(path: u32, access: u32): i32 {
  return call(SYS_OPEN, path, access, 0);
}

export function close(place: i32): i32 {
  return call(SYS_CLOSE, place as u32, 0, 0);
}

/** The same file once more, in the lowest free place. */
export function duplicate(place: i32): i32 {
  return call(SYS_DUPLICATE, place as u32, 0, 0);
}

/** Two places: out comes at the first what went in at the second. */
export function pipe(ends: i32[]): i32 {
  return call(SYS_PIPE, addressOf(ends), 0, 0);
}

/** The next entry of an open directory. False: there are no more. */
export function readEntry(place: i32, entry: DirectoryEntry): boolean {
  return read(place, addressOf(entry), sizeOf<DirectoryEntry>()) > 0;
}

/*
 * ## Memory, time, and the rest
 *
 * The remaining wishes, among them a rude one: `shutdown`. There are no users in this system, hence no one to ask
 * whether this user may.
 */

/** Moves the end of the heap by `bytes`; returns where it was, or an error. */
export function grow(bytes: u32): i32 {
  return call(SYS_GROW, bytes, 0, 0);
}

export function sleep(milliseconds: u32): void {
  call(SYS_SLEEP, milliseconds, 0, 0);
}

/** Milliseconds since the kernel started. */
export function uptime(): u32 {
  return call(SYS_UPTIME, 0, 0, 0) as u32;
}

/** Describes the process in `slot`: 1, or 0 if the slot is empty, or an error behind the last one. */
export function processInformation(slot: u32, report: ProcessInformation): i32 {
  return call(SYS_PROCESS_INFORMATION, slot, addressOf(report), 0);
}

export function memoryInformation(report: MemoryInformation): void {
  call(SYS_MEMORY_INFORMATION, addressOf(report), 0, 0);
}

export function shutdown(how: u32): void {
  flush();
  call(SYS_SHUTDOWN, how, 0, 0);
}

export function setGroup(id: i32, group: i32): void {
  call(SYS_SET_GROUP, id as u32, group as u32, 0);
}

/** Gives the terminal to a group of processes. */
export function foreground(group: i32): void {
  call(SYS_FOREGROUND, group as u32, 0, 0);
}

/** The group of processes that has the terminal. */
export function foregroundGroup(): i32 {
  return call(SYS_FOREGROUND, 0, 0, 0);
}

/** From now on ^C only interrupts reading. */
export function catchInterrupt(): void {
  call(SYS_CATCH_INTERRUPT, 0, 0, 0);
}

/*
 * And one thing that takes no kernel at all. `rdtsc` reads the processor's time stamp, and on this silicon a tick
 * of the stamp is an instruction. No clock in the world is more exact, or has less to do with time.
 */

/** How many instructions the processor has retired, modulo 2^32. It counts them for everybody, so it is a clock. */
export function instructionCount(): u32 {
  return asm`rdtsc`;
}
