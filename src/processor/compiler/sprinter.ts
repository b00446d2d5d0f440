/*
 * # The sprinter
 *
 * Most of a boot is code that is done a few dozen times and never again. That is too rarely for it to be compiled, and
 * it comes to ten million instructions. They are left to the interpreter, who needs time to get going: he is
 * JavaScript, and for its first second a JavaScript engine is busy finding out what our two hundred and eighty
 * functions might be for.
 *
 * Now look at *what* he does. One instruction in seven loads a word. One in eleven moves a register to a register.
 * Pushes and pops, a test, a jump if it came out zero: a hundred kinds of instructions are nineteen in twenty of all,
 * in their plain form and with their operand on a page that the TLB knows. For these there is a second interpreter,
 * written in WebAssembly, in one function. He needs no time to get going, since WebAssembly is compiled before it runs.
 * And he can do nothing else.
 *
 * So they run a relay. The sprinter begins each block and goes as far as he can. At the first thing that is the least
 * bit odd, he stops *in front of* it and says how much is left. The interpreter does that one instruction, and hands
 * back. All that is difficult is still done in one place only: faults, devices, the walking of page tables, stores to
 * what is code. The sprinter has never heard of any of it, which is how one gets to be a sprinter.
 *
 * Thanks to him a Linux reaches its shell an eighth sooner; of those ten million instructions half a million are left
 * to the interpreter. And what is done quickly need not be compiled so soon: the compiler has four times the patience
 * that it had before he came.
 */
import { DECODED, READ_TABLE, WRITE_TABLE } from '../layout.ts';
import { NUMBER, numberOf, PACKED } from '../packed.ts';
import type { Processor } from '../processor.ts';
import { ADD, AND, BLOCK, BR_TABLE, Emitter, END, I32_LOAD, LOOP, SHL, SUB } from './emitter.ts';
import { beginModule, endModule, writeBody } from './module.ts';
import { arithmeticSteps } from './sprint-arithmetic.ts';
import { jumpSteps } from './sprint-jumps.ts';
import { moveSteps } from './sprint-moves.ts';
import { shiftSteps } from './sprint-shifts.ts';
import { AT, FIRST, LEFT, LOCALS, READ, WRITE, word } from './sprint-operands.ts';

/**
 * Does instructions, as long as they are of the easy kind. EIP must be where their block ends.
 *
 * @param at    where the first of them is, packed: an address in the machine's memory, in bytes
 * @param count how many there are in a row, at least 1
 * @returns how many are left, of which the first is not of that kind
 */
export type Sprinter = (at: number, count: number) => number;

/** The address of the packed instruction at `at` of a processor's code, as the sprinter wants it. */
export function byteAddress(at: number): number {
  return (DECODED + at) * 4;
}

/*
 * ## One for each machine
 *
 * A module is compiled once, and gets a memory for each machine. It has eleven kilobytes, and there are browsers that
 * refuse as much on the thread that draws the page. Then the interpreter walks alone, as he did before.
 */
let compiled: WebAssembly.Module | undefined;

/** The sprinter of a processor; `undefined` if the engine below will not have him. */
export function createSprinter(cpu: Processor): Sprinter | undefined {
  try {
    compiled ??= new WebAssembly.Module(sprinterModule());
    const { exports } = new WebAssembly.Instance(compiled, { m: { m: cpu.memory } });
    return exports['0'] as Sprinter;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/*
 * A switch of worlds has a HLT in it, an INT and an IRET, which stand alone in their blocks. To ask him about those and
 * hear *no* would cost a tenth of all the switches there can be in a second. So one look at the number first: his own
 * are asked for here, before anything has been decoded, and so they are low.
 */
const steps = [...moveSteps, ...jumpSteps, ...arithmeticSteps, ...shiftSteps];
const numbers = steps.map(([execute]) => numberOf(execute));
const last = Math.max(...numbers);

/** Whether he might do the packed instruction at `at` of a processor's code. */
export function isEasy(code: Int32Array, at: number): boolean {
  return (code[at]! & NUMBER) <= last;
}

function sprinterModule(): Uint8Array {
  const code = new Emitter();
  const began = beginModule(code, 1, 'sprinter');
  writeBody(code, { i32: LOCALS, i64: 0, more: 0 }, () => writeSprint(code));
  return endModule(code, began);
}

/*
 * ## A hundred blocks
 *
 * WebAssembly has no jump to a place. It has `br_table`: leave so many of the blocks that you are in, and the number
 * comes from a table. So we open a block for each kind of instruction, one inside the other, and put the code for each
 * kind behind the end of its block.
 *
 * ```text
 * block                                 to leave all of it, with what is not for us
 *   loop
 *     block                             done
 *       block block block ... block     as many as there are kinds
 *         br_table                      by the number of the instruction
 *       end    mov, registers           whoever leaves one block comes out here
 *              br done
 *       end    mov, one byte            and whoever leaves two, here
 *              br done
 *       ...
 *     end      next instruction, and back to the loop
 *   end
 * end
 * ```
 *
 * To people it looks like a staircase for giants. A compiler makes one indirect jump of it.
 */
function writeSprint(code: Emitter): void {
  const giveUp = code.open(BLOCK);
  const s = { code, giveUp };
  prepareTable(code, READ, READ_TABLE);
  prepareTable(code, WRITE, WRITE_TABLE);
  const next = code.open(LOOP);
  const done = code.open(BLOCK);
  for (const _ of steps) code.open(BLOCK);
  dispatch(code, giveUp);
  for (const [, step] of steps) {
    code.end();
    step(s);
    code.branch(done);
  }
  code.end();
  code.get(AT);
  code.with(PACKED * 4, ADD);
  code.set(AT);
  code.get(LEFT);
  code.with(1, SUB);
  code.tee(LEFT);
  code.branchIf(next);
  code.end();
  code.end();
  code.get(LEFT);
  code.op(END);
}

/** Which TLB table this ring looks through, as an address. */
function prepareTable(code: Emitter, local: number, index: number): void {
  word(code, index);
  code.with(2, SHL);
  code.set(local);
}

/*
 * The numbers in the table are those under which `packed.ts` knows the functions of the gallery. Whoever else has a
 * number, or gets one later, is not for us.
 */
function dispatch(code: Emitter, giveUp: number): void {
  const elsewhere = code.depth - giveUp;
  code.get(AT);
  code.memory(I32_LOAD, 0);
  code.tee(FIRST);
  code.with(NUMBER, AND);
  code.op(BR_TABLE);
  code.unsigned(last + 1);
  for (let number = 0; number <= last; number++) {
    const kind = numbers.indexOf(number);
    code.unsigned(kind < 0 ? elsewhere : kind);
  }
  code.unsigned(elsewhere);
}
