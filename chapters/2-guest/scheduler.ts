/* # Taking turns */
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

/* ## Whose turn */

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

/* ## The switch */

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

/** Saves what a function must preserve on this stack, notes the stack pointer at `save`, and goes on where `load` was left. */
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
