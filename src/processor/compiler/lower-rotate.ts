/*
 * # Rotates
 *
 * A rotate loses nothing, and touches two flags only. That makes it dearer than a shift: whoever sets two flags has to
 * know what the other four are.
 */
import type { Instruction } from '../instruction.ts';
import { RCL, ROL, ROR } from '../shifts.ts';
import { type Draft, FLAG_B, T0, T1, T2, T3 } from './draft.ts';
import { AND, OR, ROTL, SHL, SHR_U, XOR } from './emitter.ts';
import { canonicalize, pushCarry } from './flag-values.ts';
import type { Flags } from './lowering.ts';
import { getOperand, reachOperand, setOperand } from './operands.ts';

/** What a rotate does with flags; those through the carry read it, whoever wants the rest. */
export function flagsOfRotate({ operation }: Instruction): Flags {
  return operation > ROR ? 'uses' : 'changes';
}

/** ROL, ROR, RCL and RCR by a constant. */
export function rotate(d: Draft, i: Instruction): void {
  if (i.isMemory) reachOperand(d);
  if (i.immediate === 0) return;
  if (i.operation > ROR) rotateThroughCarry(d, i);
  else rotateAlone(d, i);
}

/*
 * ## By itself
 *
 * WebAssembly rotates 32 bits as an i386 does. A byte is rotated with two shifts, for what leaves at one end of it
 * must not wander off into the bits above.
 */
function rotateAlone(d: Draft, i: Instruction): void {
  const { code } = d;
  const bits = i.size * 8;
  const count = i.immediate % bits;
  const left = i.operation === ROL ? count : (bits - count) % bits;
  setOperand(d, i, () => {
    getOperand(d, i);
    if (bits === 32) {
      code.with(left, ROTL);
    } else if (left > 0) {
      code.tee(T1);
      code.with(left, SHL);
      code.get(T1);
      code.with(bits - left, SHR_U);
      code.op(OR);
    }
    if (!d.needed) return;
    code.set(T1);
    canonicalize(d);
    pushBit(d, T1, bits - 1);
    code.set(T2);
    pushBit(d, T1, i.operation === ROL ? 0 : bits - 2);
    code.set(T3);
    setCarryAndOverflow(d, i.operation === ROL ? T3 : T2);
    code.get(T1);
  });
}

/*
 * ## Through the carry
 *
 * RCL and RCR turn a wheel of one more bit than the operand has. Seen from the operand, it is three pieces put side by
 * side: what has moved on, the old carry, and what has come around. So `rcr eax, 1` is EAX shifted to the right with
 * the carry in bit 31, and the bit that was at the bottom is the next carry: the way to halve a number that is longer
 * than a register, from the top word down.
 */
function rotateThroughCarry(d: Draft, i: Instruction): void {
  const { code } = d;
  const bits = i.size * 8;
  const count = i.immediate % (bits + 1);
  if (count === 0) return;
  const isLeft = i.operation === RCL;
  if (d.needed) canonicalize(d);
  pushCarry(d);
  code.set(T2);
  setOperand(d, i, () => {
    getOperand(d, i);
    code.tee(T1);
    code.with(count, isLeft ? SHL : SHR_U);
    code.get(T2);
    code.with(isLeft ? count - 1 : bits - count, SHL);
    code.op(OR);
    if (count > 1) {
      code.get(T1);
      code.with(bits + 1 - count, isLeft ? SHR_U : SHL);
      code.op(OR);
    }
    if (!d.needed) return;
    code.set(T0);
    pushBit(d, T1, isLeft ? bits - count : count - 1);
    code.set(T1);
    pushBit(d, T0, bits - 1);
    code.set(T2);
    if (isLeft) code.get(T1);
    else pushBit(d, T0, bits - 2);
    code.set(T3);
    setCarryAndOverflow(d, T1);
    code.get(T0);
  });
}

/*
 * ## Two flags
 */
export function pushBit({ code }: Draft, local: number, bit: number): void {
  code.get(local);
  if (bit > 0) code.with(bit, SHR_U);
  code.with(1, AND);
}

/** CF from a local, OF = T2 ^ T3; the others stay. The flags are canonical. */
export function setCarryAndOverflow({ code }: Draft, carry: number): void {
  code.get(FLAG_B);
  code.with(0x3fff_ffff, AND);
  code.get(carry);
  code.with(31, SHL);
  code.op(OR);
  code.get(carry);
  code.get(T2);
  code.op(XOR);
  code.get(T3);
  code.op(XOR);
  code.with(30, SHL);
  code.op(OR);
  code.set(FLAG_B);
}
