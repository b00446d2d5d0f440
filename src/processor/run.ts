/*
 * # The run
 *
 * *Fetch, decode, execute*, says every schoolbook, and draws a circle. The circle is here. Fetch and decode have
 * become `nextBlock`, and execute is one line: `unpack` says who, and he does it.
 *
 * The rest is about stopping. `run` promises to retire exactly as many instructions as it was given, not one
 * more. The Host of chapter 5 lives on that: its guests' clocks are made of it, and a run can be repeated, bit
 * for bit, if whatever came from outside comes again at the same count.
 */
import { type Block, eipAt, NO_BLOCK, nextBlock } from './blocks.ts';
import { type Compiler, enterRegion, mayEnter } from './compiler/compiler.ts';
import { EVERYTHING_FLAT, noteHeat } from './compiler/making.ts';
import { byteAddress, isEasy } from './compiler/sprinter.ts';
import { fault, REFUSED } from './faults.ts';
import { Instruction } from './instruction.ts';
import { deliverFault, singleStep, takeInterrupt } from './interrupts.ts';
import { EIP } from './layout.ts';
import { PACKED, unpack } from './packed.ts';
import { ATTEND_INTERRUPT, ATTEND_TIRED, ATTEND_TRAP, type Processor, SHADOW_MOV_SS } from './processor.ts';
import { SHADOW_NONE, updateAttention } from './processor.ts';

/** Why `run` returned: HLT in ring 0, all instructions retired, or a triple fault. */
export type Stop = 'halted' | 'limit' | 'shutdown';

/*
 * An instruction that faults has not retired, and a trap handler may begin with an instruction that faults. So there
 * are programs that do nothing but fall down stairs: trap after trap, with not one instruction done. A real processor
 * can be kept busy for ever by one gate of an IDT, eight bytes. Ours gives up the slice after 64 steps, says 'limit',
 * and lets its owner decide how much more of that to watch.
 */
/** The most instructions of one slice: `remaining` must stay a small integer. */
const LONGEST_SLICE = 0x3fff_ffff;
/** Traps in a row without one instruction retired: a program that only falls down stairs gives its slice back. */
const MOST_FRUITLESS = 64;

/** The instruction that is being executed. */
const IN_HAND = new Instruction();

/** Retires at most `limit` instructions; fewer if they get nowhere, or are [dear](#dear-instructions). */
export function run(cpu: Processor, limit: number): Stop {
  const end = cpu.retiredAtEnd - cpu.remaining + Math.max(0, limit);
  if (cpu.effort > 0) {
    cpu.effort = 0;
    updateAttention(cpu);
  }
  while (true) {
    const retired = cpu.retiredAtEnd - cpu.remaining;
    const slice = Math.min(end - retired, LONGEST_SLICE);
    cpu.remaining = slice;
    cpu.retiredAtEnd = retired + slice;
    const stop = runSlice(cpu);
    if (stop !== 'limit' || cpu.remaining > 0 || cpu.retiredAtEnd >= end) return stop;
  }
}

/*
 * ## The circle
 *
 * In words: while there is budget, find the block, do its instructions, subtract. `EIP` is written *before* the block
 * is executed, and set to what lies behind it: only a jump that is taken has to write it again. If the block was left
 * early, because the budget ended or something changed, it is set right from the last instruction that was done. If one
 * of them throws, or is refused, it is set to that one, and the instructions before it have retired.
 *
 * A block that is hot may have been compiled, together with what lies around it. Then the loop hands over, and gets
 * back a note: where it stopped, and whether that is in the middle of a block. If so, it goes on from there, at
 * `start`, as if it had come by itself.
 *
 * And there may be [a sprinter](#the-sprinter). He does what is easy, and comes back with how many instructions he has
 * left; the loop does the first of them, and lets him run again.
 *
 * `position` counts from 1 for the instruction in hand, so 0 means that nothing had begun: a fault in finding
 * the block, say, whose EIP is right already.
 */
function runSlice(cpu: Processor): Stop {
  const { words, compiler, code } = cpu;
  const i = IN_HAND;
  let block = cpu.asleepIn ?? NO_BLOCK;
  let start = 0;
  let position = 0;
  let fruitless = 0;
  let fruitlessAt = -1;
  while (true) {
    try {
      while (cpu.remaining > 0) {
        position = 0;
        if (cpu.attention === 0) {
          block = nextBlock(cpu, block);
          start = 0;
          if (compiler !== undefined) {
            const { region } = block;
            if (region !== undefined && mayEnter(compiler, region)) {
              const exit = enterRegion(compiler, region);
              block = exit.isTired ? NO_BLOCK : exit.block;
              if (!exit.resumes) continue;
              start = exit.position;
              position = start;
            } else {
              block.heat += block.pace;
              if (block.heat >= block.due) noteHeat(compiler, block);
            }
          }
          words[EIP] = block.end;
          i.next = eipAt(cpu, block, start);
          cpu.stopAt = Math.min(block.length, start + cpu.remaining);
          do {
            if (compiler !== undefined) position = sprint(cpu, compiler, block, position);
            if (position === cpu.stopAt) break;
            unpack(code, block.at + position++ * PACKED, i)(cpu, i);
          } while (position < cpu.stopAt);
          if (cpu.stopAt === REFUSED) break;
          cpu.remaining -= position - start;
          if (position < block.length) words[EIP] = i.next;
          continue;
        }
        cpu.asleepIn = cpu.halted ? block : undefined;
        block = NO_BLOCK;
        if (cpu.halted && !wakesUp(cpu)) return 'halted';
        if (!attend(cpu)) return 'limit';
      }
      if (cpu.stopAt !== REFUSED) return cpu.halted && !wakesUp(cpu) ? 'halted' : 'limit';
    } catch (error) {
      if (error !== fault) throw error;
    }
    if (position > 0) {
      words[EIP] = i.eip;
      cpu.remaining -= position - 1 - start;
    }
    if (!takeFault(cpu)) return 'shutdown';
    fruitless = cpu.remaining === fruitlessAt ? fruitless + 1 : 0;
    fruitlessAt = cpu.remaining;
    if (fruitless >= MOST_FRUITLESS) return 'limit';
  }
}

/*
 * The sprinter is only for code and data in flat segments, where an offset is an address. Where he has stopped, the
 * next instruction is found by counting.
 */
/** Lets the sprinter go as far as he can, and answers with the position that he has come to. */
function sprint(cpu: Processor, { sprinter }: Compiler, block: Block, position: number): number {
  const at = block.at + position * PACKED;
  if (sprinter === undefined || block.mode !== EVERYTHING_FLAT || !isEasy(cpu.code, at)) return position;
  const { stopAt } = cpu;
  const reached = stopAt - sprinter(byteAddress(at), stopAt - position);
  if (reached < block.length) IN_HAND.next = eipAt(cpu, block, reached);
  return reached;
}

/*
 * A fault ends whatever stood between two instructions: the processor is awake, and the shadow of a MOV to SS is gone.
 * An interrupt that has waited in that shadow comes in the handler's first moment, if the gate left IF as it was.
 */
/** Enters the handler of the fault in flight; false if there is nobody left to ask. */
function takeFault(cpu: Processor): boolean {
  cpu.halted = false;
  cpu.stopAt = 0;
  cpu.shadow = SHADOW_NONE;
  updateAttention(cpu);
  return deliverFault(cpu);
}

/*
 * ## When something wants attention
 *
 * An interrupt, a single step, a shadow: then caution replaces speed and instructions are done one at a time.
 */
/** Takes an interrupt, or else runs one instruction by itself. False if it is time to look at a clock. */
function attend(cpu: Processor): boolean {
  const attention = cpu.attention;
  if (attention & ATTEND_TIRED) return false;
  const shadow = cpu.shadow;
  if (attention & ATTEND_INTERRUPT && shadow === SHADOW_NONE) {
    takeInterrupt(cpu);
    return true;
  }
  const i = IN_HAND;
  const { at, eip } = nextBlock(cpu, NO_BLOCK);
  i.next = eip;
  const execute = unpack(cpu.code, at, i);
  cpu.words[EIP] = i.next;
  cpu.stopAt = 1;
  cpu.shadow = SHADOW_NONE;
  cpu.delivered = false;
  try {
    execute(cpu, i);
    if (cpu.stopAt === REFUSED) throw fault;
  } catch (error) {
    cpu.words[EIP] = eip;
    throw error;
  }
  cpu.remaining--;
  endAlone(cpu, attention, shadow);
  return true;
}

/*
 * The trap flag works by being looked at *before* the instruction and acted upon *after* it. So the POPF that
 * sets it is not stepped, the one behind it is; and the POPF that clears it still is. A debugger's whole *step*
 * command is this function.
 */
/**
 * After an instruction that ran alone: its shadow ends, and with TF set it is time for #DB.
 *
 * @param attention what there was to attend to when it began
 * @param shadow    the shadow in which it ran
 */
function endAlone(cpu: Processor, attention: number, shadow: number): void {
  if (cpu.shadow === shadow) cpu.shadow = SHADOW_NONE;
  updateAttention(cpu);
  if (attention & ATTEND_TRAP && !cpu.delivered && cpu.shadow !== SHADOW_MOV_SS) {
    cpu.halted = false;
    singleStep(cpu);
  }
}

/*
 * HLT sleeps until an interrupt. Nothing can happen to this processor while `run` is not running, so it does not
 * sleep: it returns, and whoever calls it again is the event that it was waiting for. The Switcher's way out of
 * a guest is just that.
 */
/** Ends a HLT; true if an interrupt is there to end it, so that the program need not stop at all. */
function wakesUp(cpu: Processor): boolean {
  cpu.halted = false;
  updateAttention(cpu);
  return (cpu.attention & ATTEND_INTERRUPT) !== 0;
}
