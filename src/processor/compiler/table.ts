/*
 * # The table
 *
 * An instruction is known by the function that executes it. Whatever is not in this table is left to that function.
 */
import type { Execute } from '../instruction.ts';
import { arithmeticLowerings } from './lower-arithmetic.ts';
import { bitLowerings } from './lower-bits.ts';
import { moveLowerings } from './lower-move.ts';
import { multiplyLowerings } from './lower-multiply.ts';
import { shiftLowerings } from './lower-shift.ts';
import { stackLowerings } from './lower-stack.ts';
import type { Lowering } from './lowering.ts';

export const lowerings: ReadonlyMap<Execute, Lowering> = new Map<Execute, Lowering>([
  ...moveLowerings,
  ...arithmeticLowerings,
  ...shiftLowerings,
  ...bitLowerings,
  ...multiplyLowerings,
  ...stackLowerings,
]);
