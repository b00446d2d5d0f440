/*
 * # The one door
 *
 * `int 0x80`. A number in `eax`, up to three arguments in `ebx`, `ecx` and `edx`, and the answer in `eax`; below
 * zero, it is an error. Linux used precisely this from 1991 until processors got a faster instruction, and on a
 * 32-bit Linux it works to this day.
 *
 * The trip from ring 3 to ring 1 and back goes through no hands but the silicon's. You can check the claim that the
 * Host has nothing to do with it. `syscall 10000` at the prompt counts some 140 instructions a call, all of them pup's
 * own, and `npm run bench` says how often the world was switched for it: some five times in a thousand calls, and all
 * of that is clocks: yours, and the Host looking at his.
 */
import { callClose, callDuplicate, callOpen, callPipe, callRead, callWrite } from './file-calls.ts';
import type { i32, u32 } from './language.ts';
import {
  callCatchInterrupt,
  callExec,
  callExit,
  callForeground,
  callFork,
  callGrow,
  callKill,
  callMemoryInformation,
  callProcessId,
  callProcessInformation,
  callSetGroup,
  callShutdown,
  callSleep,
  callUptime,
  callWait,
  callYield,
} from './process-calls.ts';
import { ENOSYS, SYSTEM_CALLS } from './protocol.ts';
import type { TrapFrame } from './traps.ts';

/*
 * Twenty-two of them. The number is an index into a table of functions, and what keeps a program from calling
 * *any* address in your memory is the one comparison below. (In 2010, on 64-bit Linux, that comparison turned out
 * to look at 32 of the 64 bits in a certain path. It had been fixed once already, in 2007.)
 */

/** A system call finds its arguments in the frame, in ebx, ecx and edx; what it returns goes to eax. */
export type SystemCall = (frame: TrapFrame) => i32;

/** In the order of the numbers in `protocol.ts`. */
const systemCalls: SystemCall[] = [
  callExit,
  callFork,
  callExec,
  callWait,
  callRead,
  callWrite,
  callOpen,
  callClose,
  callDuplicate,
  callPipe,
  callKill,
  callProcessId,
  callGrow,
  callSleep,
  callYield,
  callUptime,
  callProcessInformation,
  callMemoryInformation,
  callShutdown,
  callSetGroup,
  callForeground,
  callCatchInterrupt,
];

/** Does what the program asked for in eax. */
export function systemCall(frame: TrapFrame): u32 {
  if (frame.eax >= SYSTEM_CALLS) return -ENOSYS as u32;
  return systemCalls[frame.eax](frame) as u32;
}

/*
 * :::exercise{#chatterbox points=10 minutes=20}
 * Somebody in here talks too much. Find out who: give `ps` one more column, `CALLS`, before `NAME`, with the number of
 * system calls that each process has made since it was born. A process begins with 0, whatever its parent has said, and
 * whoever had its slot before. A call that ends in an error has been made, too.
 *
 * The number is counted in ring 1 and printed in ring 3, so it has to travel. Look how the others do it. When it works,
 * start `primes 900000000 &` and `syscall 5000000 &`, guess what `ps` will say about the two, and look. (`kill` ends
 * the first. It would go on till tomorrow.)
 * :::
 */
