/*
 * # Products
 *
 * WebAssembly has numbers of 64 bits, so the four multiplications by 16 bits that the interpreter needs are one here.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { EAX } from '../layout.ts';
import * as multiply from '../multiply.ts';
import { type Draft, FLAG_A, FLAG_B, REGISTER, T1, WIDE_0 } from './draft.ts';
import { EXTEND16_S, EXTEND8_S, GT_U, I64_EXTEND_S, I64_EXTEND_U, I64_MUL } from './emitter.ts';
import { MUL, NE, SHL, SHR_U } from './emitter.ts';
import { CANONICAL, KIND_IMUL, KIND_MUL } from './kinds.ts';
import { type Lowering, lowering, REG, RM, USES_EAX, USES_EDX } from './lowering.ts';
import { DX, getOperand, getRegister, setPair, setRegister } from './operands.ts';

/*
 * ## Whole words
 *
 * The flags of a product are carry and overflow, *the upper half is worth looking at*, and nearly nobody does. So the
 * factors are left behind, as everywhere, and the product is made in 64 bits only if both halves are wanted.
 */
function intoAccumulator(signed: boolean): Lowering['lower'] {
  return (d, i) => {
    const { code } = d;
    const extend = signed ? I64_EXTEND_S : I64_EXTEND_U;
    getOperand(d, i);
    code.set(T1);
    if (d.needed) setFactors(d, signed ? KIND_IMUL : KIND_MUL, EAX);
    getRegister(d, EAX, 4);
    code.op(extend);
    code.get(T1);
    code.op(extend);
    code.op(I64_MUL);
    code.set(WIDE_0);
    setPair(d);
  };
}

/** Leaves the factors, one of them in T1, to whoever wants the flags. */
function setFactors(d: Draft, kind: number, register: number): void {
  d.code.get(REGISTER + register);
  d.code.set(FLAG_A);
  d.code.get(T1);
  d.code.set(FLAG_B);
  d.kind = kind;
}

/*
 * The forms with two and three operands keep the lower half alone, and for that half it is all the same whether there
 * are signs.
 */
function intoRegister(d: Draft, i: Instruction): void {
  if (i.size === 2) {
    intoRegisterNarrow(d, i, () => {
      getRegister(d, i.reg, 2);
      pushSigned(d, 2);
    });
    return;
  }
  getOperand(d, i);
  d.code.set(T1);
  if (d.needed) setFactors(d, KIND_IMUL, i.reg);
  getRegister(d, i.reg, 4);
  d.code.get(T1);
  d.code.op(MUL);
  setRegister(d, i.reg, 4);
}

function byImmediate(d: Draft, i: Instruction): void {
  const { code } = d;
  if (i.size === 2) {
    intoRegisterNarrow(d, i, () => code.const((i.immediate << 16) >> 16));
    return;
  }
  getOperand(d, i);
  if (d.needed) {
    code.tee(FLAG_A);
    code.const(i.immediate);
    code.set(FLAG_B);
    d.kind = KIND_IMUL;
  }
  code.with(i.immediate, MUL);
  setRegister(d, i.reg, 4);
}

/*
 * ## Less room
 *
 * Factors of a byte or two have a product that fits into 32 bits with ease. There is no kind for what they leave
 * behind: result and carries are made on the spot, if anybody wants them.
 */
/** MUL and IMUL of AL or AX. */
function intoAccumulatorNarrow(signed: boolean): Lowering['lower'] {
  return (d, i) => {
    const { code } = d;
    getOperand(d, i);
    if (signed) pushSigned(d, i.size);
    getRegister(d, EAX, i.size);
    if (signed) pushSigned(d, i.size);
    code.op(MUL);
    code.set(T1);
    code.get(T1);
    setRegister(d, EAX, 2);
    if (i.size === 2) {
      code.get(T1);
      code.with(16, SHR_U);
      setRegister(d, DX, 2);
    }
    if (d.needed) noteNarrow(d, i.size, signed);
  };
}

function intoRegisterNarrow(d: Draft, i: Instruction, factor: () => void): void {
  const { code } = d;
  getOperand(d, i);
  pushSigned(d, 2);
  factor();
  code.op(MUL);
  code.tee(T1);
  setRegister(d, i.reg, 2);
  if (d.needed) noteNarrow(d, 2, true);
}

function pushSigned({ code }: Draft, size: number): void {
  code.op(size === 1 ? EXTEND8_S : EXTEND16_S);
}

/** The flags of a product in T1: carry and overflow say whether its lower half is not all of it. */
function noteNarrow(d: Draft, size: number, signed: boolean): void {
  const { code } = d;
  code.get(T1);
  pushSigned(d, size);
  code.set(FLAG_A);
  code.get(T1);
  if (signed) code.get(FLAG_A);
  else code.with(size === 1 ? 0xff : 0xffff, GT_U);
  if (signed) code.op(NE);
  code.with(31, SHL);
  code.set(FLAG_B);
  d.kind = CANONICAL;
}

/*
 * ## By name
 */
const both = USES_EAX | USES_EDX;
const multiplies = { operand: 'load', flags: 'sets', writes: both, reads: RM } as const;
const intoReg = { operand: 'load', flags: 'sets', writes: REG, reads: RM } as const;

export const multiplyLowerings: [Execute, Lowering][] = [
  [multiply.multiply32, lowering(intoAccumulator(false), multiplies)],
  [multiply.multiplySigned32, lowering(intoAccumulator(true), multiplies)],
  [multiply.multiplyNarrow, lowering(intoAccumulatorNarrow(false), multiplies)],
  [multiply.multiplySignedNarrow, lowering(intoAccumulatorNarrow(true), multiplies)],
  [multiply.multiplyToRegister, lowering(intoRegister, intoReg)],
  [multiply.multiplyByImmediate, lowering(byImmediate, intoReg)],
];
