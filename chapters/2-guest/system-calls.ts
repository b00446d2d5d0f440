/* # The one door */
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
