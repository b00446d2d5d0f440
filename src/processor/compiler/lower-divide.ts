/*
 * # Quotients
 *
 * DIV and IDIV may fail on account of the numbers alone, by zero, or if the quotient is longer than its register.
 * Whatever would be #DE is left to the interpreter, who knows how to raise it.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { EAX, EDX } from '../layout.ts';
import { divide32, divideNarrow, divideSigned32 } from '../multiply.ts';
import { type Draft, giveUpIf, prepareGivingUp, T0, T1, T2, WIDE_0, WIDE_1 } from './draft.ts';
import {
  AND,
  DIV_S,
  DIV_U,
  ELSE,
  EQ,
  EQZ,
  GE_U,
  I32_WRAP,
  I64_DIV_U,
  I64_EXTEND_U,
  I64_REM_U,
  IF,
  NE,
  OR,
  REM_S,
  REM_U,
  SHL,
  SHR_S,
  SHR_U,
} from './emitter.ts';
import { isWide, lowering, RM, USES_EAX, USES_EDX, type Lowering } from './lowering.ts';
import { AH, DX, getOperand, getRegister, pushPair, setRegister } from './operands.ts';

/*
 * ## Without signs
 *
 * It takes the short way where the upper half of the dividend is nothing, which is nearly always.
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
  pushPair(d, EDX, EAX);
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
 * ## Less room
 *
 * A program that writes a number in decimal divides AX by ten in BL, finds the digit in AH, and goes on with AL. The
 * quotient fits if the upper half of the dividend is less than the divisor, in any size.
 */
/** DIV of AX by a byte, and of DX:AX by two. */
function divideUnsignedNarrow(d: Draft, i: Instruction): void {
  const { code } = d;
  const bits = i.size * 8;
  getOperand(d, i);
  code.set(T1);
  getRegister(d, EAX, 2);
  if (i.size === 2) {
    getRegister(d, DX, 2);
    code.with(16, SHL);
    code.op(OR);
  }
  code.set(T2);
  prepareGivingUp(d);
  code.get(T2);
  code.with(bits, SHR_U);
  code.get(T1);
  code.op(GE_U);
  giveUpIf(d);
  code.get(T2);
  code.get(T1);
  code.op(REM_U);
  code.set(T0);
  code.get(T2);
  code.get(T1);
  code.op(DIV_U);
  setRegister(d, EAX, i.size);
  code.get(T0);
  setRegister(d, i.size === 1 ? AH : DX, i.size);
}

/*
 * ## By name
 */
const divides = { operand: 'load', writes: USES_EAX | USES_EDX, reads: RM, faults: true } as const;

export const divideLowerings: [Execute, Lowering][] = [
  [divide32, lowering(divide, { ...divides, fits: isWide })],
  [divideSigned32, lowering(divideSigned, { ...divides, fits: isWide })],
  [divideNarrow, lowering(divideUnsignedNarrow, divides)],
];
