/*
 * # How a block can end
 *
 * Decoding has cut the program at its jumps. What matters to a compiler is how many ways lead out, and whether they
 * are known: one for a JMP, two for a condition, any number for a RET. There is a ninth way to end, and it is the
 * commonest in a kernel: with an instruction that is none of our business, `iret` or `mov cr3`. Those are done by the
 * interpreter, who knows how.
 */
import type { Execute, Instruction } from '../instruction.ts';
import {
  call,
  callIndirect,
  conditionalJumps,
  jump,
  jumpIndirect,
  loopOrJump,
  returnAnyStack,
  returnNear,
} from '../jumps.ts';
import { lowerings } from './table.ts';

/** What the last instruction of a block does; 'interpreted' is one that is not compiled. */
export type End =
  | 'falls'
  | 'jump'
  | 'branch'
  | 'loop'
  | 'call'
  | 'return'
  | 'indirect'
  | 'indirect call'
  | 'interpreted';

const ends = new Map<Execute, End>([
  [jump, 'jump'],
  [loopOrJump, 'loop'],
  [call, 'call'],
  [returnNear, 'return'],
  [returnAnyStack, 'return'],
  [jumpIndirect, 'indirect'],
  [callIndirect, 'indirect call'],
]);
for (const jump of conditionalJumps) ends.set(jump, 'branch');

/** By the last instruction of a block. Only the forms that flat 32-bit code uses are compiled. */
export function endOf(last: Instruction): End {
  const end = ends.get(last.execute);
  if (end === undefined) return lowerings.get(last.execute)?.fits(last) ? 'falls' : 'interpreted';
  if (end === 'loop') return last.addressMask === -1 ? end : 'interpreted';
  if (end === 'jump' || end === 'branch' || end === 'call') return end;
  if (last.size !== 4) return 'interpreted';
  return last.isMemory && !isPlainMemory(last) ? 'interpreted' : end;
}

/** A memory operand in a flat segment, with 32-bit addresses. */
export function isPlainMemory(i: Instruction): boolean {
  return i.segment < 0 && i.addressMask === -1;
}
