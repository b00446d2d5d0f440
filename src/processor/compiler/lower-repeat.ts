/*
 * # A few times over
 *
 * REP MOVS copies megabytes, and the interpreter does it a page at a time. What programs really copy with it are names,
 * and structures of five words. In a Linux that packed a file and sorted a list, it ran 1.2 million times, one time in
 * six with nothing left to do at all, and two times in three for fewer than seventeen elements. Whoever copies what he
 * does not know the size of does the words first, and then the bytes that are left over, of which there are usually
 * none. To ask the interpreter each time costs as much as a hundred instructions. Not asking took six parts in a
 * hundred off the whole.
 *
 * So there is a short way for short ones: no more than sixty-four, forward, and all of it on one page at either end.
 * Anything else goes the long way.
 */
import { FLAT, type Instruction } from '../instruction.ts';
import { DIRECTION } from '../flags.ts';
import { EAX, ECX, EDI, ESI, SYSTEM_FLAGS } from '../layout.ts';
import { MOVS, STOS } from '../strings.ts';
import {
  BUDGET_LEFT,
  type Draft,
  KIND,
  prepareKind,
  REGISTER,
  stepRepeated,
  T0,
  T1,
  T2,
  T3,
} from './draft.ts';
import { ADD, AND, BLOCK, GT_S, GT_U, I32_LOAD, IF, LOOP, NE, OR, SHL, SHR_U, SUB, XOR } from './emitter.ts';
import { CANONICAL, DYNAMIC } from './kinds.ts';
import type { Node } from './node.ts';
import { loadOf, storeOf } from './operands.ts';

/** From here on `step` is quicker, with the whole of a page in one piece. */
const FEW = 64;

const SOURCE = T1;
const DESTINATION = T2;
const SIZE = T3;

/*
 * ## Two ways
 *
 * The two are blocks of WebAssembly, one in the other. Whoever finds that it will not do leaves the inner one, and
 * behind it stands the call to the interpreter. Nothing may be changed until all questions have been asked.
 *
 * Flags are the only trouble. A move leaves them as they were, but the interpreter wants them settled before it begins:
 * so what is in the flag locals afterwards depends on the way that was taken, and stands in a local itself. If the code
 * behind must know it exactly, there is only the long way.
 */
/** A REP at the end of a block: done here if it is short and memory is where it was, else by the interpreter. */
export function emitRepeat(d: Draft, node: Node): void {
  const { code, i } = d;
  if (!isMove(i) || node.edges[0]!.to?.flagsWanted) {
    stepRepeated(d);
    return;
  }
  prepareKind(d);
  const done = code.open(BLOCK);
  const slow = code.open(BLOCK);
  leaveUnlessFew(d, slow);
  code.get(REGISTER + ECX);
  code.with(Math.log2(i.size), SHL);
  code.set(SIZE);
  if (i.operation === MOVS) reach(d, ESI, SOURCE, d.readTable, slow);
  reach(d, EDI, DESTINATION, d.writeTable, slow);
  code.get(SIZE);
  code.open(IF);
  account(d);
  moveAll(d, i);
  code.end();
  code.branch(done);
  code.end();
  stepRepeated(d);
  code.const(CANONICAL);
  code.set(KIND);
  code.end();
  d.kind = DYNAMIC;
}

function isMove({ operation, segment, addressMask }: Instruction): boolean {
  return (operation === MOVS || operation === STOS) && segment === FLAT && addressMask === -1;
}

/*
 * ## The questions
 *
 * Few? Enough budget left for each to count as an instruction? Forward? Then the pages: the TLB entry, as in every
 * access, and whether the last byte is on the same page as the first.
 */
function leaveUnlessFew({ code }: Draft, slow: number): void {
  code.get(REGISTER + ECX);
  code.with(FEW, GT_U);
  code.get(REGISTER + ECX);
  code.get(BUDGET_LEFT);
  code.op(GT_S);
  code.op(OR);
  code.const(0);
  code.memory(I32_LOAD, SYSTEM_FLAGS * 4);
  code.with(DIRECTION, AND);
  code.op(OR);
  code.branchIf(slow);
}

/** Puts the address in memory of what a register points to into a local, if all of it is on one page that is known. */
function reach({ code }: Draft, register: number, local: number, table: number, slow: number): void {
  code.get(REGISTER + register);
  code.with(10, SHR_U);
  code.with(0x3f_fffc, AND);
  code.memory(I32_LOAD, table);
  code.with(1, XOR);
  code.tee(T0);
  code.with(1, AND);
  code.get(REGISTER + register);
  code.with(0xfff, AND);
  code.get(SIZE);
  code.op(ADD);
  code.with(0x1000, GT_U);
  code.op(OR);
  code.branchIf(slow);
  code.get(REGISTER + register);
  code.get(T0);
  code.op(ADD);
  code.set(local);
}

/*
 * ## Moving
 *
 * First the registers, for what they will be is known. Then one element after the other, and not all at once with
 * `memory.copy`, which would be quicker to write. A program may copy from where it has just written, to fill memory
 * with a pattern. That is not an error, it is a trick from 1978, and it is in the manual that it works.
 */
/** Sets the registers to what they will be, and pays for all rounds but the one that the block has paid for. */
function account({ code, i }: Draft): void {
  code.get(BUDGET_LEFT);
  code.get(REGISTER + ECX);
  code.op(SUB);
  code.with(1, ADD);
  code.set(BUDGET_LEFT);
  code.const(0);
  code.set(REGISTER + ECX);
  for (const register of i.operation === MOVS ? [ESI, EDI] : [EDI]) add(code, REGISTER + register, SIZE);
}

function add(code: Draft['code'], local: number, amount: number): void {
  code.get(local);
  code.get(amount);
  code.op(ADD);
  code.set(local);
}

function moveAll({ code }: Draft, { operation, size }: Instruction): void {
  const end = SIZE;
  add(code, end, DESTINATION);
  const loop = code.open(LOOP);
  code.get(DESTINATION);
  if (operation === MOVS) {
    code.get(SOURCE);
    code.memory(loadOf(size), 0);
    code.get(SOURCE);
    code.with(size, ADD);
    code.set(SOURCE);
  } else {
    code.get(REGISTER + EAX);
  }
  code.memory(storeOf(size), 0);
  code.get(DESTINATION);
  code.with(size, ADD);
  code.tee(DESTINATION);
  code.get(end);
  code.op(NE);
  code.branchIf(loop);
  code.end();
}
