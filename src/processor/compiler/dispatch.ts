/*
 * # From one region to the next
 *
 * When a region ends with a jump to somewhere, that somewhere is often compiled too. To ask JavaScript for the way
 * would cost as much as forty instructions. So the one function that calls regions is in WebAssembly itself, and
 * looks into a table that it can read: where is the code for this EIP, for which ring and segments was it made, and
 * on which page was it found?
 */
import { BUDGET, CODE_KEY, EIP, JUMP_CACHE, JUMP_CACHE_ENTRIES, READ_TABLE } from '../layout.ts';
import {
  ADD,
  AND,
  CALL,
  CALL_INDIRECT,
  Emitter,
  END,
  GE_S,
  I32_LOAD,
  IF,
  LOOP,
  NE,
  OR,
  RETURN,
  SHL,
  SHR_U,
  UNREACHABLE,
  XOR,
} from './emitter.ts';
import { beginModule, endModule, IMPORT_STEP, writeBody } from './module.ts';

const SLOT = 0;
const LEFT = 1;
const NUMBER = 2;
const ADDRESS = 3;
const ENTRY = 4;

/*
 * ## The loop, in assembly
 *
 * Call the function in slot `SLOT`. If its answer is not negative, somebody must look into it: return. Otherwise EIP
 * says where to go on. Mix its bits into an index, and compare what stands there with three things: EIP, ring and
 * segments, and the TLB entry for the page of EIP, as it is *now*. The third comparison is the one that makes
 * everything safe. If the page has been unmapped, remapped, or lost from the TLB, its entry is another one or zero, and
 * the way leads back to those who can walk a page table.
 *
 * All three answers are put together with OR and tested once: two of them are nearly always the same, and a branch
 * costs more than a comparison.
 */
/**
 * A module of two functions. Number 0, `dispatch(slot, budget)`, runs regions until one of them wants something, and
 * returns the number of its exit. Number 1 is `step`, for regions to import.
 */
export function dispatcher(): Uint8Array {
  const code = new Emitter();
  const began = beginModule(code, 2, 'dispatcher');
  writeBody(code, { i32: 3, i64: 0, more: 0 }, () => writeDispatch(code));
  writeBody(code, { i32: 0, i64: 0, more: 0 }, () => writeStep(code));
  return endModule(code, began);
}

function writeDispatch(code: Emitter): void {
  const loop = code.open(LOOP);
  code.get(LEFT);
  code.get(SLOT);
  code.op(CALL_INDIRECT);
  code.unsigned(0);
  code.unsigned(0);
  code.tee(NUMBER);
  code.with(0, GE_S);
  leaveIf(code);
  word(code, EIP);
  code.tee(ADDRESS);
  code.get(ADDRESS);
  code.with(13, SHR_U);
  code.op(XOR);
  code.with(JUMP_CACHE_ENTRIES - 1, AND);
  code.with(4, SHL);
  code.tee(ENTRY);
  code.memory(I32_LOAD, JUMP_CACHE);
  code.get(ADDRESS);
  code.op(NE);
  code.get(ENTRY);
  code.memory(I32_LOAD, JUMP_CACHE + 4);
  word(code, CODE_KEY);
  code.op(NE);
  code.op(OR);
  code.get(ENTRY);
  code.memory(I32_LOAD, JUMP_CACHE + 8);
  word(code, READ_TABLE);
  code.get(ADDRESS);
  code.with(12, SHR_U);
  code.op(ADD);
  code.with(2, SHL);
  code.memory(I32_LOAD, 0);
  code.op(NE);
  code.op(OR);
  leaveIf(code);
  code.get(ENTRY);
  code.memory(I32_LOAD, JUMP_CACHE + 12);
  code.set(SLOT);
  word(code, BUDGET);
  code.set(LEFT);
  code.branch(loop);
  code.end();
  code.op(UNREACHABLE);
  code.op(END);
}

/*
 * Two phrases occur often enough to have names.
 */
function leaveIf(code: Emitter): void {
  code.open(IF);
  code.get(NUMBER);
  code.op(RETURN);
  code.end();
}

function word(code: Emitter, index: number): void {
  code.const(0);
  code.memory(I32_LOAD, index * 4);
}

/*
 * ## A porter
 *
 * The second function carries one number across a border and does nothing else. On the far side of the border is
 * `step`, which is JavaScript, and each module of regions wants to call it. Whoever calls a function of JavaScript's
 * needs a translator from one calling convention to the other, and V8 makes a new one for each module that wants one.
 * Between WebAssembly and WebAssembly there is no border. So the regions call the porter, and he has crossed once and
 * knows the way.
 */
function writeStep(code: Emitter): void {
  code.get(0);
  code.op(CALL);
  code.unsigned(IMPORT_STEP);
  code.op(END);
}
