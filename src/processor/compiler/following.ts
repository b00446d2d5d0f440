/*
 * # Following a register
 *
 * Most instructions leave something in a register that has nothing to do with what was there. Six do not: they move it
 * on by so much, or give it to another, and so whoever knew where it pointed still does. These six are most of what a
 * compiler does with pointers. (What PUSH and POP do to ESP is seen to where the stack is.)
 */
import {
  addImmediateToRegister,
  decrementRegister,
  incrementRegister,
  subtractImmediateToRegister,
} from '../arithmetic.ts';
import type { Instruction } from '../instruction.ts';
import { ZERO } from '../layout.ts';
import { loadEffectiveAddress, moveRegisterToRegister } from '../move.ts';
import type { Planner } from './plan.ts';

/** Notes by how much an instruction has moved a register, or from which it was copied; false if it did neither. */
export function follow(p: Planner, i: Instruction): boolean {
  switch (i.execute) {
    case addImmediateToRegister:
      return move(p, i.rm, i.rm, i.immediate);
    case subtractImmediateToRegister:
      return move(p, i.rm, i.rm, -i.immediate);
    case incrementRegister:
      return move(p, i.rm, i.rm, 1);
    case decrementRegister:
      return move(p, i.rm, i.rm, -1);
    case moveRegisterToRegister:
      return move(p, i.rm, i.reg, 0);
    case loadEffectiveAddress:
      return i.index === ZERO && move(p, i.reg, i.base, i.displacement);
    default:
      return false;
  }
}

function move(p: Planner, to: number, from: number, by: number): boolean {
  p.values[to] = p.values[from]!;
  p.offsets[to] = (p.offsets[from]! + by) | 0;
  return true;
}
