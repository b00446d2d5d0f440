/*
 * # Taking turns
 *
 * Two programs print alternate lines on your screen. One processor. Somewhere between the lines there is a moment
 * when the machine stops being the one and starts being the other, and we are about to walk right through it.
 *
 * While it lives, a process gives up the processor for one of two reasons: its time is over (`giveWay`), or there is
 * nothing for it to do until something happens (`sleepOn`). *What* has to happen is expressed in the simplest way
 * imaginable, by an address. Whoever wants a line from the terminal sleeps on the address of the line buffer; whoever
 * fills it calls `wake` with the same address. Nothing is stored at the two ends but that number. Unix has done it like
 * this since the early seventies, and calls it a wait channel.
 */
import { setIdleAlarm, setTick } from './clock.ts';
import { beginBatch, endBatch } from './hypercalls.ts';
import type { u32 } from './language.ts';
import { addressOf, array, naked, offsetOf } from './language.ts';
import { setKernelStack, sleepUntilInterrupt, usePageDirectory } from './paravirt.ts';
import type { Process } from './process.ts';
import { PROCESSES, RUNNABLE, RUNNING, SLEEPING, cpu, processes, stackTop } from './process.ts';

/** Gives up the processor, and comes back when it is this process's turn again. */
export function giveWay(): void {
  cpu.process.state = RUNNABLE;
  schedule();
}

/*
 * The classic bug with this is the lost wake-up: you look, nothing is there; it arrives, and the bell rings for
 * nobody; you go to sleep, for good. Between looking and sleeping an interrupt must not be able to come. In this
 * kernel it cannot, since interrupts are off until the processor is handed over. Every `sleepOn` in these chapters
 * stands in a loop that looks again.
 */

/** Waits until somebody calls `wake` with the same `channel`, which is the address of what is waited for. */
export function sleepOn(channel: u32): void {
  cpu.process.channel = channel;
  cpu.process.state = SLEEPING;
  schedule();
  cpu.process.channel = 0;
}

/** Wakes all who sleep on `channel`. They look again at what they waited for, since it may be gone already. */
export function wake(channel: u32): void {
  for (let i: u32 = 0; i < PROCESSES; i++) {
    if (processes[i].state === SLEEPING && processes[i].channel === channel) processes[i].state = RUNNABLE;
  }
}

/*
 * ## Whose turn
 *
 * Round robin, the fairest and dullest of all policies: the next one in the table. Linux went through about five
 * ingenious schedulers on its way to a better one.
 *
 * If nobody wants to run there is no idle process to run instead. Whoever was last simply stays, on its own stack
 * with its own page tables, and waits for an interrupt on behalf of everybody. It may itself be the one who is
 * woken. It may also be dead: a zombie makes a fine night watchman. Under a Host this saves two changes of page
 * tables each time you wait for a key.
 */

let lastIndex: u32 = 0;

/** The next process that wants to run, counting from the one that ran last; null if all are asleep. */
function pick(): Process | null {
  for (let i: u32 = 1; i <= PROCESSES; i++) {
    const index: u32 = (lastIndex + i) % PROCESSES;
    if (processes[index].state === RUNNABLE) {
      lastIndex = index;
      return processes[index];
    }
  }
  return null;
}

/** Finds somebody to run and runs it. Whoever calls this has said in its own state why it stops. */
export function schedule(): void {
  cpu.reschedule = false;
  let next: Process | null = pick();
  if (next === null) {
    do {
      setIdleAlarm();
      sleepUntilInterrupt();
      next = pick();
    } while (next === null);
    setTick();
    cpu.reschedule = false;
  }
  next.state = RUNNING;
  if (next !== cpu.process) switchTo(next);
}

/*
 * ## The switch
 *
 * Here it is. Two things must change in the world at large before the stacks can: where traps from ring 3 are to
 * land, and whose page tables count. Both may wait for the end of a batch, and the batch is one trap to the Host.
 * Real hardware would do it in two instructions.
 *
 * The first time there is nobody to come from: `cpu.process` is still the zero that it began as, whatever its type
 * says.
 */

/** Where the boot stack's position is saved when it is left for ever. */
const abandoned = array<u32>(1);

const STACK_POINTER = offsetOf<Process>('stackPointer');

function switchTo(next: Process): void {
  const previous: Process = cpu.process;
  cpu.process = next;
  beginBatch();
  setKernelStack(stackTop(next));
  usePageDirectory(next.directory);
  endBatch();
  const save: u32 = addressOf(previous) === 0 ? addressOf(abandoned) : addressOf(previous) + STACK_POINTER;
  switchStacks(save, next.stackPointer);
}

/*
 * And this is the moment itself. It looks like a function, and what makes it strange is that it *returns somewhere
 * else*. It is called on one stack and returns on another, from a call that the other process made some time ago,
 * perhaps seconds, when it was where you are now. Four registers are saved, for they are what a compiled function
 * expects to find again. The others it does not count on; and `eip` is on the stack already, pushed by the call.
 *
 * "You are not expected to understand this", says the most famous comment in Unix, at this very point of the sixth
 * edition. Its authors explained later that they meant it as in *this won't be on the exam*.
 */

/**
 * Saves what a function must preserve on this stack, notes the stack pointer at `save`, and goes on where `load` was
 * left.
 */
const switchStacks = naked<(save: u32, load: u32) => void>`
  mov eax, [esp + 4]
  mov edx, [esp + 8]
  push ebp
  push ebx
  push esi
  push edi
  mov [eax], esp
  mov esp, edx
  pop edi
  pop esi
  pop ebx
  pop ebp
  ret
`;
