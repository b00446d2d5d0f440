/*
 * # The table
 *
 * An instruction is known by the function that executes it. So this table needs no opcodes: it maps functions of the
 * gallery to functions that write WebAssembly. Whatever is not in it is left to the function itself, and so an
 * instruction can be added to the silicon, and will be right on both engines, without a word in this room.
 */
import type { Execute } from '../instruction.ts';
import { arithmeticLowerings } from './grid.ts';
import { bitLowerings } from './lower-bits.ts';
import { divideLowerings } from './lower-divide.ts';
import { exchangeLowerings } from './lower-exchange.ts';
import { flagLowerings } from './lower-flags.ts';
import { floatLowerings } from './lower-float.ts';
import { moveLowerings } from './lower-move.ts';
import { multiplyLowerings } from './lower-multiply.ts';
import { shiftLowerings } from './lower-shift.ts';
import { stackLowerings } from './lower-stack.ts';
import { stringLowerings } from './lower-strings.ts';
import type { Lowering } from './lowering.ts';

export const lowerings: ReadonlyMap<Execute, Lowering> = new Map<Execute, Lowering>([
  ...moveLowerings,
  ...arithmeticLowerings,
  ...shiftLowerings,
  ...bitLowerings,
  ...multiplyLowerings,
  ...divideLowerings,
  ...stackLowerings,
  ...flagLowerings,
  ...exchangeLowerings,
  ...stringLowerings,
  ...floatLowerings,
]);
