/*
 * # Things that go wrong
 *
 * A fault is a processor changing its mind. It was in the middle of an instruction, it has found that it cannot
 * go on, and now it must look as if it had never begun. Then it calls for help through one of thirty-two doors,
 * and whoever answers may mend the matter and let the instruction be tried again. Demand paging is made of this,
 * and so are lguest's hypercalls' poor relations, the reflected traps.
 *
 * In our case the instruction is a JavaScript function, perhaps three calls deep in a page table walk, and *looking as
 * if it had never begun* is a discipline that the functions in the gallery keep: first everything that can fail, then
 * everything that changes. (Two or three change something first, and put it back.) The way out is `throw`. What is
 * thrown is always the same object. An `Error` would take a picture of the stack each time, and nobody here wants to
 * look at pictures.
 */
import type { Processor } from './processor.ts';

/*
 * The manual calls them by two letters and a #: number 6 is #UD, an undefined opcode, 11 is #NP, *not present*, 13 #GP,
 * *general protection*, and 14 #PF, a page fault. So do we.
 */
/** Exception vectors (Intel SDM vol. 3, 6.2). */
export const DIVIDE_ERROR = 0;
export const DEBUG = 1;
export const OVERFLOW = 4;
export const BOUND_RANGE = 5;
export const UNDEFINED_OPCODE = 6;
export const NO_COPROCESSOR = 7;
export const DOUBLE_FAULT = 8;
export const INVALID_TSS = 10;
export const NOT_PRESENT = 11;
export const STACK_FAULT = 12;
export const GENERAL_PROTECTION = 13;
export const PAGE_FAULT = 14;
export const COPROCESSOR_ERROR = 16;
export const ALIGNMENT_CHECK = 17;

/*
 * Some of them push a word that says more: which selector was to blame, or what was tried on which page. Zero is
 * a perfectly good error code, so *none* must be some other number.
 */
/** The error code of an exception that pushes none. */
export const NO_ERROR_CODE = -1;

/** What is thrown when an instruction cannot complete. There is one, for ever the same object. */
export class Fault {
  vector = 0;
  error = NO_ERROR_CODE;
}

/** The fault in flight. Shared by all processors: it lives from a throw to the next catch. */
export const fault = new Fault();

/**
 * Abandons the current instruction.
 *
 * @param vector exception vector, 0 to 31
 * @param error  error code to push, or `NO_ERROR_CODE`
 */
export function raise(vector: number, error: number = NO_ERROR_CODE): never {
  fault.vector = vector;
  fault.error = error;
  throw fault;
}

/** #GP with an error code of 0: forbidden, and no descriptor is to blame. */
export function protectionFault(): never {
  return raise(GENERAL_PROTECTION, 0);
}

/** #UD: no such instruction. */
export function undefinedOpcode(): never {
  return raise(UNDEFINED_OPCODE);
}

/*
 * ## Without a throw
 *
 * A throw costs the engine below one and a half microseconds, most of them for finding out who catches. For a page
 * fault that is cheap: somebody now walks two trees. But there are instructions whose whole life is to be refused. A
 * hypervisor's Guest that speaks to a device says OUT, eight times for each letter of its first messages, and a booting
 * Linux has six thousand letters to say before it has a better way. Nothing has happened yet when it is found out, and
 * nobody has been called who would have to be told. So IN and OUT leave a note and go home, and the run loop finds it
 * there.
 */
/** `Processor.stopAt` when the instruction in hand was refused: it has done nothing, and `fault` says why. */
export const REFUSED = -1;

/** Refuses the instruction in hand, which must be a block by itself, have done nothing yet, and return at once. */
export function refuse(cpu: Processor, vector: number, error: number): void {
  fault.vector = vector;
  fault.error = error;
  cpu.stopAt = REFUSED;
}
