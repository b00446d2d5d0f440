/*
 * # Products and quotients
 *
 * WebAssembly has numbers of 64 bits, so the four multiplications by 16 bits that the interpreter needs are one
 * here. Division takes the short way where the upper half of the dividend is nothing, which is nearly always.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { EAX, EDX } from '../layout.ts';
import * as multiply from '../multiply.ts';
import {
  type Draft,
  FLAG_A,
  FLAG_B,
  giveUpIf,
  prepareGivingUp,
  REGISTER,
  T1,
  T2,
  WIDE_0,
  WIDE_1,
} from './draft.ts';
import {
  AND,
  DIV_S,
  DIV_U,
  ELSE,
  EQ,
  EQZ,
  GE_U,
  I32_WRAP,
  I64_CONST,
  I64_DIV_U,
  I64_EXTEND_S,
  I64_EXTEND_U,
  I64_MUL,
  I64_OR,
  I64_REM_U,
  I64_SHL,
  I64_SHR_U,
  IF,
  MUL,
  NE,
  OR,
  REM_S,
  REM_U,
  SHR_S,
} from './emitter.ts';
import { KIND_IMUL, KIND_MUL } from './kinds.ts';
import { isWide, type Lowering, lowering, REG, RM, USES_EAX, USES_EDX } from './lowering.ts';
import { getOperand, getRegister, setRegister } from './operands.ts';

/*
 * ## Products
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
    code.get(WIDE_0);
    code.op(I32_WRAP);
    setRegister(d, EAX, 4);
    code.get(WIDE_0);
    pushShift(d, I64_SHR_U);
    code.op(I32_WRAP);
    setRegister(d, EDX, 4);
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

function pushShift({ code }: Draft, operation: number): void {
  code.op(I64_CONST);
  code.signed(32);
  code.op(operation);
}

/*
 * The forms with two and three operands keep the lower half alone, and for that half it is all the same whether there
 * are signs.
 */
function intoRegister(d: Draft, i: Instruction): void {
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
 * ## Division
 *
 * Whatever would be #DE is left to the interpreter, who knows how to raise it.
 */
function divide(d: Draft, i: Instruction): void {
  const { code } = d;
  getOperand(d, i);
  code.set(T1);
  prepareGivingUp(d);
  getRegister(d, EDX, 4);
  code.get(T1);
  code.op(GE_U);
  giveUpIf(d);
  getRegister(d, EDX, 4);
  code.op(EQZ);
  code.open(IF);
  divideShort(d);
  code.op(ELSE);
  divideLong(d);
  code.end();
  code.get(T2);
  setRegister(d, EDX, 4);
}

/** EAX by T1; the remainder is left in T2. */
function divideShort(d: Draft): void {
  const { code } = d;
  getRegister(d, EAX, 4);
  code.get(T1);
  code.op(REM_U);
  code.set(T2);
  getRegister(d, EAX, 4);
  code.get(T1);
  code.op(DIV_U);
  setRegister(d, EAX, 4);
}

/*
 * With something in EDX it is a division of 64 bits by 32. The two halves are put side by side, and the engine below
 * has to do it the long way.
 */
function divideLong(d: Draft): void {
  const { code } = d;
  getRegister(d, EDX, 4);
  code.op(I64_EXTEND_U);
  pushShift(d, I64_SHL);
  getRegister(d, EAX, 4);
  code.op(I64_EXTEND_U);
  code.op(I64_OR);
  code.set(WIDE_0);
  code.get(T1);
  code.op(I64_EXTEND_U);
  code.set(WIDE_1);
  for (const operation of [I64_REM_U, I64_DIV_U]) {
    code.get(WIDE_0);
    code.get(WIDE_1);
    code.op(operation);
    code.op(I32_WRAP);
    if (operation === I64_REM_U) code.set(T2);
    else setRegister(d, EAX, 4);
  }
}

/*
 * ## With signs
 *
 * An IDIV comes right behind a CDQ, which has made EDX a copy of EAX's sign. If it is that, the division is one of 32
 * bits. If it is not, or if it cannot come out right, the interpreter may see to it.
 */
/** Compiled for dividends that fit into EAX; and -2³¹ by -1 does not fit into anything. */
function divideSigned(d: Draft, i: Instruction): void {
  const { code } = d;
  getOperand(d, i);
  code.set(T1);
  prepareGivingUp(d);
  getRegister(d, EAX, 4);
  code.with(31, SHR_S);
  getRegister(d, EDX, 4);
  code.op(NE);
  code.get(T1);
  code.op(EQZ);
  code.op(OR);
  getRegister(d, EAX, 4);
  code.with(-0x8000_0000, EQ);
  code.get(T1);
  code.with(-1, EQ);
  code.op(AND);
  code.op(OR);
  giveUpIf(d);
  getRegister(d, EAX, 4);
  code.get(T1);
  code.op(REM_S);
  setRegister(d, EDX, 4);
  getRegister(d, EAX, 4);
  code.get(T1);
  code.op(DIV_S);
  setRegister(d, EAX, 4);
}

/*
 * ## By name
 */
const both = USES_EAX | USES_EDX;
const multiplies = { operand: 'load', flags: 'sets', writes: both, reads: RM, fits: isWide } as const;
const divides = { operand: 'load', writes: both, reads: RM, faults: true, fits: isWide } as const;
const intoReg = { operand: 'load', flags: 'sets', writes: REG, reads: RM, fits: isWide } as const;

export const multiplyLowerings: [Execute, Lowering][] = [
  [multiply.multiply32, lowering(intoAccumulator(false), multiplies)],
  [multiply.multiplySigned32, lowering(intoAccumulator(true), multiplies)],
  [multiply.multiplyToRegister, lowering(intoRegister, intoReg)],
  [multiply.multiplyByImmediate, lowering(byImmediate, intoReg)],
  [multiply.divide32, lowering(divide, divides)],
  [multiply.divideSigned32, lowering(divideSigned, divides)],
];
