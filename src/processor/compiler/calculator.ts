/*
 * # The calculator
 *
 * For a long time this room had nothing to say about the x87. Its instructions were done by asking: everything is put
 * where the interpreter looks for it, the interpreter is called, and everything is fetched back. A kernel does not
 * compute with fractions, and so nobody minded. Then somebody started a Python. A loop of additions and multiplications
 * took five hundred times as long as on a real processor; and of the five hundred, the arithmetic was perhaps eighty.
 *
 * Now that loop takes twenty. The operations have been written down once more, in WebAssembly, where a significand is
 * one number and not two halves of one. But not all of `x87-*.ts` was written again. Nearly always a number is neither
 * infinite, nor denormal, nor not a number; the result is rounded to nearest; nobody wants to hear of exceptions; and
 * in the registers there is what the program believes to be there. That, and only that, is done here. In all other
 * cases the calculator *refuses*. It has changed nothing then, says so, and the compiled code is left just in front of
 * that instruction, as it is for a page that is not where it was. The interpreter knows all about denormals.
 *
 * Why not with the doubles that WebAssembly has? They are eleven bits too short. There are emulators that use them all
 * the same, and most programs do not notice. We have promised the last bit.
 *
 * ## A task
 *
 * What the calculator is told of an instruction goes into one number. Which of its operations it is, whether the unit
 * shall remember this instruction, as it does all that compute, whether there is an operand in memory, and in which
 * segment; and the eleven bits of opcode, three of which name a register and three an operation.
 *
 * ```text
 *   31        16 15  14  13   11 10              0
 *  +------------+---+---+-------+-----------------+
 *  | operation  |rem|mem|segment| opcode          |
 *  +------------+---+---+-------+-----------------+
 * ```
 */
import { CR0, CS, SELECTOR } from '../layout.ts';
import {
  X87_CODE_OFFSET,
  X87_CODE_SELECTOR,
  X87_DATA_OFFSET,
  X87_DATA_SELECTOR,
  X87_OPCODE,
} from '../layout.ts';
import { CR0_EM, CR0_TS } from '../processor.ts';
import { ERROR_SUMMARY } from '../x87-registers.ts';
import {
  beginLength,
  CALL_INDIRECT,
  Emitter,
  END,
  endLength,
  I32_CONST,
  TYPE_I32,
  UNREACHABLE,
} from './emitter.ts';
import { DONE, REFUSED, status } from './float-places.ts';
import {
  and,
  define,
  type Definition,
  type Formula,
  give,
  load,
  or,
  setWord,
  shl,
  shr,
  when,
  word,
  write,
} from './formula.ts';
import {
  ANY_FUNCTION,
  AT_LEAST,
  CODE,
  ELEMENTS,
  EXPORTS,
  FUNCTION_TYPE,
  FUNCTIONS,
  importFrom,
  KIND_FUNCTION,
  MAGIC,
  MEMORY,
  name,
  section,
  TABLES,
  TYPES,
} from './module.ts';

export const OPERATION_SHIFT = 16;
/** The unit is to remember this instruction. */
export const REMEMBERED = 0x8000;
/** There is an operand in memory. */
export const IN_MEMORY = 0x4000;
export const SEGMENT_SHIFT = 11;
const OPCODE = 0x7ff;

/*
 * ## The front desk
 *
 * All calls from outside go to one function, which asks what `beginX87` asks, and afterwards remembers what
 * `rememberInstruction` does. In between the operation is called, by its number in a table.
 */
/**
 * calculate(eip, task, pointer, offset): DONE or REFUSED. `pointer` is where in our memory the operand is; to
 * operations on registers it is a number that they want to know. `offset` is what a program would call its address.
 */
const calculate = define('iiii', '', (eip, task, pointer, offset) => [
  when(or(and(word(CR0), CR0_EM | CR0_TS), and(status, ERROR_SUMMARY)), give(REFUSED)),
  when(callOperation(task, pointer), give(REFUSED)),
  when(
    and(task, REMEMBERED),
    setWord(X87_OPCODE, and(task, OPCODE)),
    setWord(X87_CODE_OFFSET, eip),
    setWord(X87_CODE_SELECTOR, word(SELECTOR + CS)),
    when(
      and(task, IN_MEMORY),
      setWord(X87_DATA_OFFSET, offset),
      setWord(X87_DATA_SELECTOR, load(shl(and(shr(task, SEGMENT_SHIFT), 7), 2), SELECTOR * 4)),
    ),
  ),
  give(DONE),
]);

/** Calls the operation of a task, with the task and the pointer. */
function callOperation(task: Formula, pointer: Formula): Formula {
  return (out) => {
    task(out);
    pointer(out);
    write(out, shr(task, OPERATION_SHIFT));
    out.op(CALL_INDIRECT);
    out.unsigned(OPERATION_TYPE);
    out.unsigned(0);
  };
}

/** The type of operations is the first in the module, since they are. */
const OPERATION_TYPE = 0;

/*
 * ## A module of its own
 *
 * It has some fifty functions and not quite ten kilobytes, is made when a machine first compiles an instruction of the
 * x87, and lasts. Compiled once, it serves every machine in the process, each with an instance that sees its own
 * memory.
 *
 * Operations come first, and are in the table. Then `calculate`, which is exported; and then whatever is called by
 * these.
 */
/** The calculator: `operations` by number, and all `helpers` that they call. */
export function calculatorModule(
  operations: readonly Definition[],
  helpers: readonly Definition[],
): Uint8Array {
  const out = new Emitter();
  const all = [...operations, calculate, ...helpers];
  for (const [index, definition] of all.entries()) definition.index = index;
  for (const byte of MAGIC) out.op(byte);
  writeTypes(out, all);
  importFrom(out, [MEMORY]);
  section(out, FUNCTIONS, () => {
    out.unsigned(all.length);
    for (const definition of all) out.unsigned(signatures(all).indexOf(signature(definition)));
  });
  section(out, TABLES, () => {
    for (const byte of [1, ANY_FUNCTION, AT_LEAST]) out.op(byte);
    out.unsigned(operations.length);
  });
  section(out, EXPORTS, () => {
    out.unsigned(1);
    name(out, 'calculate');
    out.op(KIND_FUNCTION);
    out.unsigned(calculate.index);
  });
  section(out, ELEMENTS, () => {
    for (const byte of [1, 0, I32_CONST, 0, END]) out.op(byte);
    out.unsigned(operations.length);
    for (const { index } of operations) out.unsigned(index);
  });
  section(out, CODE, () => {
    out.unsigned(all.length);
    for (const definition of all) writeFunction(out, definition);
  });
  return out.bytes.slice(0, out.length);
}

/*
 * ## Types and bodies
 *
 * A type is what a function takes. (All give the same, a number of 32 bits.) Each is written down once.
 */
function signature({ parameters }: Definition): string {
  return parameters.join();
}

function signatures(all: readonly Definition[]): string[] {
  return [...new Set(all.map(signature))];
}

function writeTypes(out: Emitter, all: readonly Definition[]): void {
  const types = signatures(all);
  section(out, TYPES, () => {
    out.unsigned(types.length);
    for (const type of types) {
      const parameters = type.split(',').map(Number);
      for (const byte of [FUNCTION_TYPE, parameters.length, ...parameters, 1, TYPE_I32]) out.op(byte);
    }
  });
}

/** A body always gives something before it ends, which WebAssembly cannot see. */
function writeFunction(out: Emitter, { locals, body }: Definition): void {
  const began = beginLength(out);
  out.unsigned(locals.length);
  for (const type of locals) {
    out.unsigned(1);
    out.op(type);
  }
  out.depth = 0;
  for (const statement of body) statement(out);
  out.op(UNREACHABLE);
  out.op(END);
  endLength(out, began);
}
