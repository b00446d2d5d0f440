/*
 * # Bits
 *
 * WebAssembly can count zeros at either end of a number, which is what BSF and BSR do, but for their opinion on zero
 * itself.
 */
import { pushBit, setCarryAndOverflow } from './lower-shift.ts';
import type { Execute, Instruction } from '../instruction.ts';
import { scanForward, scanReverse, testBitInRegister } from '../bits.ts';
import { canonicalize } from './flag-values.ts';
import { type Draft, FLAG_B, T1, T2, T3 } from './draft.ts';
import { AND, CLZ, CTZ, OR, SELECT, SHL, SHR_U, SUB, XOR } from './emitter.ts';
import { setLogic } from './combine.ts';
import { isWide, type Lowering, lowering, REG, RM } from './lowering.ts';
import { getOperand, getRegister, setRegister } from './operands.ts';

function scan(forward: boolean): Lowering['lower'] {
  return (d, i) => {
    const { code } = d;
    getOperand(d, i);
    code.set(T1);
    if (forward) {
      code.get(T1);
      code.op(CTZ);
    } else {
      code.const(31);
      code.get(T1);
      code.op(CLZ);
      code.op(SUB);
    }
    getRegister(d, i.reg, 4);
    code.get(T1);
    code.op(SELECT);
    setRegister(d, i.reg, 4);
    if (!d.needed) return;
    code.get(T1);
    setLogic(d, 4);
    code.set(T1);
  };
}

/*
 * ## One bit
 *
 * BT copies a bit into the carry and leaves the other flags as they are. (The manual says so of the zero flag and calls the others
 * undefined.) So this is one of the few places where flags are made in full: somebody wants the carry, and somebody else may want the rest.
 */
/** BT, BTS, BTR and BTC of a 32-bit register. */
function testBit(d: Draft, i: Instruction): void {
  const { code } = d;
  const push = () => {
    if (i.reg < 0) code.const(i.immediate & 31);
    else getRegister(d, i.reg, 4);
  };
  if (d.needed) {
    canonicalize(d);
    getRegister(d, i.rm, 4);
    push();
    code.op(SHR_U);
    code.with(1, AND);
    code.set(T1);
    // OF stays: T2 ^ T3 is what it was.
    pushBit(d, FLAG_B, 31);
    code.set(T2);
    pushBit(d, FLAG_B, 30);
    code.set(T3);
    setCarryAndOverflow(d, T1);
  }
  if (i.operation === 0) return;
  getRegister(d, i.rm, 4);
  code.const(1);
  push();
  code.op(SHL);
  if (i.operation === 2) code.with(-1, XOR);
  code.op(i.operation === 1 ? OR : i.operation === 2 ? AND : XOR);
  setRegister(d, i.rm, 4);
}

/*
 * The forms with the bit string in memory, in which bit 1,000,000 means a byte 125,000 further on, stay with the interpreter. They are rare.
 */
export const bitLowerings: [Execute, Lowering][] = [
  [
    scanForward,
    lowering(scan(true), { operand: 'load', flags: 'sets', writes: REG, reads: RM, fits: isWide }),
  ],
  [
    scanReverse,
    lowering(scan(false), { operand: 'load', flags: 'sets', writes: REG, reads: RM, fits: isWide }),
  ],
  [testBitInRegister, lowering(testBit, { flags: 'changes', writes: RM, reads: REG, fits: isWide })],
];
