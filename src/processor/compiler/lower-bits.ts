/*
 * # Bits
 *
 * WebAssembly can count zeros at either end of a number, which is what BSF and BSR do, but for their opinion on zero
 * itself.
 */
import { pushBit, setCarryAndOverflow } from './lower-rotate.ts';
import { type Execute, FLAT, type Instruction } from '../instruction.ts';
import { changeBitInMemory, RESET, scanForward, scanReverse, SET, TEST_ONLY } from '../bits.ts';
import { testBitInMemory, testBitInRegister } from '../bits.ts';
import { canonicalize } from './flag-values.ts';
import { type Draft, FLAG_B, T1, T2, T3 } from './draft.ts';
import { ADD, AND, CLZ, CTZ, OR, SELECT, SHL, SHR_S, SHR_U, SUB, XOR } from './emitter.ts';
import { setLogic } from './combine.ts';
import { isWide, type Lowering, lowering, REG, RM } from './lowering.ts';
import { beginStore, checkGroup, getOperand, getRegister, load, pushOffset } from './operands.ts';
import { reachOperand, setRegister, store } from './operands.ts';
import type { Access } from './plan.ts';

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
 * BT copies a bit into the carry and leaves the other flags as they are. (The manual says so of the zero flag and calls
 * the others undefined.) So this is one of the few places where flags are made in full: somebody wants the carry, and
 * somebody else may want the rest.
 */
/** BT, BTS, BTR and BTC of 32 bits. */
function testBit(d: Draft, i: Instruction): void {
  const { code } = d;
  const access = i.isMemory ? reachBit(d, i) : undefined;
  const value = access ? () => load(d, access) : () => getRegister(d, i.rm, 4);
  const number = i.reg < 0 ? () => code.const(i.immediate & 31) : () => getRegister(d, i.reg, 4);
  if (d.needed) {
    canonicalize(d);
    value();
    number();
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
  if (i.operation === TEST_ONLY) return;
  if (access) beginStore(d, access);
  value();
  code.const(1);
  number();
  code.op(SHL);
  if (i.operation === RESET) code.with(-1, XOR);
  code.op(i.operation === SET ? OR : i.operation === RESET ? AND : XOR);
  if (access) store(d, access);
  else setRegister(d, i.rm, 4);
}

/*
 * A number in the instruction stays within its 32 bits. One in a register does not: bit 1,000,000 is in a word 125,000
 * bytes further on, and bit -1 in the word before. So nobody can know beforehand on which page that will be, and such
 * an access is looked up by itself.
 */
/** Makes sure that the word with the bit may be touched. */
function reachBit(d: Draft, i: Instruction): Access {
  if (!isString(i)) return reachOperand(d);
  const { code } = d;
  const access = d.plan.operands[d.position]!;
  pushOffset(d, i, 0);
  getRegister(d, i.reg, 4);
  code.with(5, SHR_S);
  code.with(2, SHL);
  code.op(ADD);
  checkGroup(d, access.group);
  return access;
}

/** Bits counted from a place in memory, further than to the end of a word. */
function isString(i: Instruction): boolean {
  return i.isMemory === 1 && i.reg >= 0;
}

/** A bit string behind FS or GS is nobody's favourite. */
function fits(i: Instruction): boolean {
  return i.size === 4 && (i.segment === FLAT || !isString(i));
}

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
  [
    testBitInMemory,
    lowering(testBit, { operand: 'load', flags: 'changes', reads: REG, fits, apart: isString }),
  ],
  [
    changeBitInMemory,
    lowering(testBit, { operand: 'store', flags: 'changes', reads: REG, fits, apart: isString }),
  ],
];
