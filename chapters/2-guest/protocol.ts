/*
 * # What kernel and programs agree on
 *
 * A kernel and its programs are compiled apart and meet as strangers. All they have in common is this file: which
 * number means which wish, and what a structure looks like on both sides of the door. Once somebody has written a
 * program against it, it can never change. That is the difference between a function and a system call.
 */
import type { Inline, u32, u8 } from './language.ts';

/** System calls by number: in eax; arguments in ebx, ecx, edx; the answer in eax, an error as its negative. */
export const SYS_EXIT = 0;
export const SYS_FORK = 1;
export const SYS_EXEC = 2;
export const SYS_WAIT = 3;
export const SYS_READ = 4;
export const SYS_WRITE = 5;
export const SYS_OPEN = 6;
export const SYS_CLOSE = 7;
export const SYS_DUPLICATE = 8;
export const SYS_PIPE = 9;
export const SYS_KILL = 10;
export const SYS_PROCESS_ID = 11;
export const SYS_GROW = 12;
export const SYS_SLEEP = 13;
export const SYS_YIELD = 14;
export const SYS_UPTIME = 15;
export const SYS_PROCESS_INFORMATION = 16;
export const SYS_MEMORY_INFORMATION = 17;
export const SYS_SHUTDOWN = 18;
export const SYS_SET_GROUP = 19;
export const SYS_FOREGROUND = 20;
export const SYS_CATCH_INTERRUPT = 21;
export const SYSTEM_CALLS = 22;

/*
 * ## Errors, by the numbers Unix gave them
 *
 * There was no reason not to keep 2 for a file that does not exist.
 */

export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const E2BIG = 7;
export const ENOEXEC = 8;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const ENODEV = 19;
export const EISDIR = 21;
export const EINVAL = 22;
export const EMFILE = 24;
export const ENOSPC = 28;
export const EPIPE = 32;
export const ENOSYS = 38;

/*
 * ## Flags and structures
 *
 * A structure in this list is read by two compilers' worth of code, the kernel's and each program's. Both are
 * tangled from the same interface, which is more than most systems can say of their headers.
 */

/** How a file is opened. */
export const OPEN_READ = 1;
export const OPEN_WRITE = 2;

/** The argument of `SYS_SHUTDOWN`. */
export const SHUTDOWN_POWER_OFF = 0;
export const SHUTDOWN_PANIC = 1;

/** What reading a directory gives, one after the other. */
export interface DirectoryEntry {
  size: u32;
  isDirectory: boolean;
  isDevice: boolean;
  name: Inline<u8, 52>;
}

/** One process, as `ps` sees it. Times in ticks of 10 ms. */
export interface ProcessInformation {
  id: u32;
  parent: u32;
  state: u32;
  ticks: u32;
  pages: u32;
  name: Inline<u8, 32>;
}

/** Memory, in bytes. */
export interface MemoryInformation {
  total: u32;
  free: u32;
}
