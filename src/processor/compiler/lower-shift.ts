/*
 * # Shifts
 *
 * A shift leaves its operand and its count, and whoever wants the flags can work them out.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { ECX } from '../layout.ts';
import * as shifts from '../shifts.ts';
import { canonicalize } from './flag-values.ts';
import { type Draft, FLAG_A, FLAG_B, KIND, prepareKind, REGISTER, T1, T2, T3 } from './draft.ts';
import {
  AND,
  EXTEND16_S,
  EXTEND8_S,
  I32_WRAP,
  I64_EXTEND_U,
  I64_OR,
  I64_SHL,
  I64_SHR_U,
  IF,
  OR,
  SHL,
  SHR_S,
  SHR_U,
  SUB,
  XOR,
} from './emitter.ts';
import { CANONICAL, DYNAMIC, KIND_SAR, KIND_SHL, KIND_SHL_16, KIND_SHL_8 } from './kinds.ts';
import { KIND_SHR, KIND_SHR_16, KIND_SHR_8 } from './kinds.ts';
import { type Flags, isWide, type Lowering, lowering, REG, RM, USES_ECX } from './lowering.ts';
import { flagsOfRotate, rotate } from './lower-rotate.ts';
import { getOperand, getRegister, reachOperand, setOperand } from './operands.ts';

/*
 * The three plain shifts are three instructions of WebAssembly, and a byte is shifted like a word if one takes care
 * what stands above it: nothing, or for SAR its sign. What differs is where the last bit falls out, so each size has a
 * kind of its own.
 */
/** The operation of WebAssembly, and the kind of flags. */
function operationOf(row: number, size: number): [number, number] {
  if (row === shifts.SAR) return [SHR_S, KIND_SAR];
  if (row === shifts.SHR) return [SHR_U, size === 4 ? KIND_SHR : size === 2 ? KIND_SHR_16 : KIND_SHR_8];
  return [SHL, size === 4 ? KIND_SHL : size === 2 ? KIND_SHL_16 : KIND_SHL_8];
}

/** Pushes what is shifted: with its sign for SAR, else zero-extended. */
function getShifted(d: Draft, i: Instruction, operation: number): void {
  getOperand(d, i);
  if (operation === SHR_S && i.size < 4) d.code.op(i.size === 1 ? EXTEND8_S : EXTEND16_S);
}

function shiftBy(row: number | undefined): Lowering['lower'] {
  return (d, i) => {
    const { code } = d;
    const [operation, kind] = operationOf(row ?? i.operation, i.size);
    if (i.isMemory) reachOperand(d);
    if (i.immediate === 0) return;
    setOperand(d, i, () => {
      getShifted(d, i, operation);
      if (d.needed) {
        code.tee(FLAG_A);
        code.const(i.immediate);
        code.set(FLAG_B);
        d.kind = kind;
      }
      code.with(i.immediate, operation);
    });
  };
}

/** Any of the row by a constant. */
function shiftOrRotate(d: Draft, i: Instruction): void {
  if (i.operation > shifts.RCR) shiftBy(undefined)(d, i);
  else rotate(d, i);
}

/*
 * ## By CL
 *
 * A count of zero leaves the flags as they were, whatever they were: so what is in the flag locals afterwards is
 * known only when the program runs.
 */
function shiftByCl(d: Draft, i: Instruction): void {
  const { code } = d;
  const [operation, kind] = operationOf(i.operation, i.size);
  if (i.isMemory) reachOperand(d);
  setOperand(d, i, () => {
    getShifted(d, i, operation);
    if (d.needed) {
      code.set(T1);
      beginPassing(d);
      code.get(REGISTER + ECX);
      code.with(31, AND);
      code.tee(T2);
      code.open(IF);
      code.get(T1);
      code.set(FLAG_A);
      code.get(T2);
      code.set(FLAG_B);
      endPassing(d, kind);
      code.end();
      code.get(T1);
    }
    code.get(REGISTER + ECX);
    code.op(operation);
  });
}

/*
 * If the old flags and the new ones are of different kinds, there is one more thing to be known behind such a shift. It
 * is known while the program runs, in a local, and that is enough for an exit. It is not enough for a jump that wants
 * to compare something. If one comes, both are made canonical, on either way.
 */
/** Before the test whether there is anything to do: prepares the old flags. */
function beginPassing(d: Draft): void {
  if (d.wanted) canonicalize(d);
  else prepareKind(d);
}

/** Where there was something to do, and flags of this kind are in the locals. */
function endPassing(d: Draft, kind: number): void {
  d.kind = kind;
  if (d.wanted) {
    canonicalize(d);
  } else {
    d.code.const(kind);
    d.code.set(KIND);
    d.kind = DYNAMIC;
  }
}

/*
 * ## Two registers side by side
 *
 * SHLD and SHRD shift one register and fill it up from another: what long numbers are shifted with. WebAssembly does
 * not have it, but it has 64 bits. Put both into one number, shift that, and take the half that is wanted.
 */
/** SHLD and SHRD of 32 bits: both registers side by side. */
function shiftDouble(left: boolean): Lowering['lower'] {
  return (d, i) => {
    const { code } = d;
    if (i.isMemory) reachOperand(d);
    if (i.immediate >= 0 && (i.immediate & 31) === 0) return;
    setOperand(d, i, () => {
      getOperand(d, i);
      code.tee(T1);
      code.op(I64_EXTEND_U);
      if (left) pushWide(d, 32, I64_SHL);
      getRegister(d, i.reg, 4);
      code.op(I64_EXTEND_U);
      if (!left) pushWide(d, 32, I64_SHL);
      code.op(I64_OR);
      pushCount(d, i);
      code.op(I64_EXTEND_U);
      code.op(left ? I64_SHL : I64_SHR_U);
      if (left) pushWide(d, 32, I64_SHR_U);
      code.op(I32_WRAP);
      if (d.needed) noteDouble(d, i, left);
    });
  };
}

function pushWide({ code }: Draft, count: number, operation: number): void {
  code.const(count);
  code.op(I64_EXTEND_U);
  code.op(operation);
}

/** Pushes the count, which is CL if the constant is negative. */
function pushCount({ code }: Draft, { immediate }: Instruction): void {
  if (immediate >= 0) {
    code.const(immediate & 31);
    return;
  }
  code.get(REGISTER + ECX);
  code.with(31, AND);
}

/*
 * Carry is the last bit that fell out, and overflow is whether the sign has changed. There is no kind for this; it is
 * worked out on the spot, unless the count is in CL and turns out to be zero.
 */
/** The flags of SHLD or SHRD, whose result is on the stack and stays there; T1 is what was shifted. */
function noteDouble(d: Draft, i: Instruction, left: boolean): void {
  const { code } = d;
  if (i.immediate < 0) beginPassing(d);
  code.set(T3);
  if (i.immediate < 0) {
    pushCount(d, i);
    code.open(IF);
    setDoubleFlags(d, i, left);
    endPassing(d, CANONICAL);
    code.end();
  } else {
    setDoubleFlags(d, i, left);
    d.kind = CANONICAL;
  }
  code.get(T3);
}

function setDoubleFlags(d: Draft, i: Instruction, left: boolean): void {
  const { code } = d;
  code.get(T3);
  code.set(FLAG_A);
  code.get(T1);
  if (left) code.const(32);
  pushCount(d, i);
  if (left) code.op(SUB);
  else code.with(1, SUB);
  code.op(SHR_U);
  code.with(1, AND);
  code.tee(T2);
  code.with(31, SHL);
  code.get(T2);
  code.get(T1);
  code.get(T3);
  code.op(XOR);
  code.with(31, SHR_U);
  code.op(XOR);
  code.with(30, SHL);
  code.op(OR);
  code.set(FLAG_B);
}

/*
 * ## By name
 */
const isShift = (i: Instruction) => i.operation > shifts.RCR;
const wideShift = { operand: 'store', flags: 'sets', writes: RM } as const;
const byCount = { operand: 'store', flags: 'passes', writes: RM } as const;
const double = { ...byCount, flags: flagsOfDouble, reads: REG | USES_ECX, fits: isWide } as const;

export const shiftLowerings: [Execute, Lowering][] = [
  [shifts.shiftLeftRegister, lowering(shiftBy(4), wideShift)],
  [shifts.shiftRightRegister, lowering(shiftBy(shifts.SHR), wideShift)],
  [shifts.shiftArithmeticRegister, lowering(shiftBy(shifts.SAR), wideShift)],
  [
    shifts.shiftByImmediate,
    lowering(shiftOrRotate, {
      ...wideShift,
      flags: (i) => (i.immediate === 0 ? 'none' : isShift(i) ? 'sets' : flagsOfRotate(i)),
    }),
  ],
  [shifts.shiftByCl, lowering(shiftByCl, { ...byCount, reads: USES_ECX, fits: isShift })],
  [shifts.shiftLeftDouble, lowering(shiftDouble(true), double)],
  [shifts.shiftRightDouble, lowering(shiftDouble(false), double)],
];

function flagsOfDouble({ immediate }: Instruction): Flags {
  if (immediate < 0) return 'passes';
  return (immediate & 31) === 0 ? 'none' : 'sets';
}
