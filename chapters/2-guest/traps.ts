/*
 * # What went wrong
 *
 * Every interruption ends up in `trap`, with a frame that says who was disturbed at what. The frame lies on the
 * kernel stack of the process that was running, highest address first to be pushed, so that in memory it reads
 * backwards:
 */
import { FIRST_EXTERNAL_VECTOR, LGUEST_IRQS, SYSCALL_VECTOR } from '../1-preparation/abi.ts';
import { interrupt } from './interrupts.ts';
import type { u32 } from './language.ts';
import { addressOf, at, sizeOf } from './language.ts';
import { endProcess } from './life.ts';
import { pageFault } from './page-faults.ts';
import { panic } from './panic.ts';
import { interruptsOff, interruptsOn } from './paravirt.ts';
import { print, printHex } from './print.ts';
import { cpu } from './process.ts';
import { giveWay } from './scheduler.ts';
import { systemCall } from './system-calls.ts';

/** What a trap leaves on the kernel stack, lowest address first (76 bytes). From ring 1 the last two are missing. */
export interface TrapFrame {
  gs: u32;
  fs: u32;
  es: u32;
  ds: u32;
  edi: u32;
  esi: u32;
  ebp: u32;
  unused: u32;
  ebx: u32;
  edx: u32;
  ecx: u32;
  eax: u32;
  vector: u32;
  error: u32;
  eip: u32;
  cs: u32;
  eflags: u32;
  esp: u32;
  ss: u32;
}

/*
 * Two bits of the saved `cs` tell you whether to be angry with a program or worried about yourself. If you came
 * from ring 1, the last two words of the frame are not there at all: without a change of stack there was no need
 * to remember one.
 */

/** Whether the trap came from a program. */
export function fromUser(frame: TrapFrame): boolean {
  return (frame.cs & 3) === 3;
}

/*
 * Four ways to go. Look at the system call first: it came straight through a trap gate, so your interrupts are still
 * on, and the first thing to do is to turn them off. But for these few instructions, and for two doors that it opens
 * itself (one is below, the other is sleep), this kernel is never interrupted at its own work, which is the cheapest
 * way ever found to have no race conditions. It would be a poor choice with sixteen processors. We have one, and it is
 * imaginary.
 */

const PAGE_FAULT = 14;

/**
 * Every trap comes through here, from `enterTrap`. Interrupts are off, but for system calls: those turn them off first.
 */
export function trap(frame: TrapFrame): void {
  const vector: u32 = frame.vector;
  if (vector === SYSCALL_VECTOR) {
    interruptsOff();
    frame.eax = systemCall(frame);
  } else if (vector >= FIRST_EXTERNAL_VECTOR && vector < FIRST_EXTERNAL_VECTOR + LGUEST_IRQS) {
    interrupt(vector - FIRST_EXTERNAL_VECTOR, fromUser(frame));
  } else if (vector === PAGE_FAULT) {
    pageFault(frame);
  } else {
    exception(frame);
  }
  if (fromUser(frame)) beforeUser();
}

/*
 * ## The last stop before ring 3
 *
 * Before a program gets the processor back, three questions. Is there an interrupt that waited while you had them
 * off? Open the door for the length of two stores and let it in. Has the clock rung, so that somebody else should
 * have a turn? And has this process been killed, perhaps just now, by the ^C that came in through that door? A
 * process is never torn away from the middle of the kernel. It is only ever found dead here, on the doorstep,
 * where it holds nothing that anyone else needs.
 */

/** Interrupts that waited come in now; then whoever was killed goes, and whoever had its turn gives way. */
function beforeUser(): void {
  interruptsOn();
  interruptsOff();
  while (cpu.reschedule && !cpu.process.killed) {
    giveWay();
    interruptsOn();
    interruptsOff();
  }
  if (cpu.process.killed) endProcess(cpu.process.killStatus);
}

/*
 * ## Exceptions
 *
 * Twenty complaints with names. Some have been extinct for decades ("coprocessor overrun", 286 and 386 only), yet the
 * number is still taken. From ring 3 they all mean the same: the program has done something for which there is no
 * excuse, and it is ended with a line to say so. From ring 1 they mean that *you* have.
 */

const exceptionNames: string[] = [
  'division by zero',
  'debug trap',
  'non-maskable interrupt',
  'breakpoint',
  'overflow',
  'bound exceeded',
  'invalid instruction',
  'no floating point here',
  'double fault',
  'coprocessor overrun',
  'invalid task state',
  'segment not present',
  'stack fault',
  'general protection fault',
  'page fault',
  'reserved trap',
  'floating point error',
  'unaligned access',
  'machine check',
  'vector error',
];

/** An exception other than a page fault: the end of a program, or of everything. */
function exception(frame: TrapFrame): void {
  if (!fromUser(frame)) panic(exceptionNames[frame.vector]);
  print(at<string>(addressOf(cpu.process.name)));
  print(': ');
  print(exceptionNames[frame.vector]);
  print(' (eip ');
  printHex(frame.eip);
  print(')\n');
  endProcess(CRASHED);
}

/*
 * The helpers at the end are for the files to come. `frameBelow` deserves your attention: the frame of a process
 * that came from ring 3 is always at the same place, at the very top of its kernel stack. So to see what a
 * sleeping process was doing when it last had the processor, one needs no pointer, only its stack.
 */

/** The status of a process that did not end by its own will. */
export const CRASHED = 128;

/** The address of a trap frame on the stack that ends at `top`. */
export function frameBelow(top: u32): TrapFrame {
  return at<TrapFrame>(top - sizeOf<TrapFrame>());
}

/** A kernel panic that names the place: for faults of the kernel's own. */
export function kernelFault(what: string, address: u32, eip: u32): void {
  print('kernel: ');
  print(what);
  print(' at ');
  printHex(address);
  print(' (eip ');
  printHex(eip);
  print(')\n');
  panic(what);
}
