/*
 * # How a block can end
 *
 * Decoding has cut the program at its jumps. What matters to a compiler is how many ways lead out, and whether they are
 * known: one for a JMP, two for a condition, any number for a RET. There are two more ways to end. One is a REP, which
 * may have to stop halfway when the budget ends; unless it is short, the interpreter does it for us, and we
 * go on behind it. The other is the commonest in a kernel: an instruction that is none of our business, `iret` or `mov
 * cr3`. Then it is out, and the interpreter, who knows how, goes on by itself.
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
import { INS, stringRepeated } from '../strings.ts';
import { isReachable } from './lowering.ts';
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
  | 'repeats'
  | 'interpreted';

const ends = new Map<Execute, End>([
  [jump, 'jump'],
  [loopOrJump, 'loop'],
  [call, 'call'],
  [returnNear, 'return'],
  [returnAnyStack, 'return'],
  [jumpIndirect, 'indirect'],
  [callIndirect, 'indirect call'],
  [stringRepeated, 'repeats'],
]);
for (const jump of conditionalJumps) ends.set(jump, 'branch');

/** By the last instruction of a block. Only the forms that flat 32-bit code uses are compiled. */
export function endOf(last: Instruction): End {
  const end = ends.get(last.execute);
  if (end === undefined) return lowerings.get(last.execute)?.fits(last) ? 'falls' : 'interpreted';
  if (end === 'loop') return last.addressMask === -1 ? end : 'interpreted';
  if (end === 'jump' || end === 'branch' || end === 'call') return end;
  if (end === 'repeats') return last.operation < INS ? end : 'interpreted';
  if (last.size !== 4) return 'interpreted';
  return last.isMemory && !isReachable(last) ? 'interpreted' : end;
}
