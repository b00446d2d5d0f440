/*
 * # Conditions
 *
 * `cmp eax, ebx` and `jl` are two instructions that were always one. When the operands of a comparison are known, a
 * condition on its flags is a comparison again, and no flag is ever made: sixteen conditions, and ten of them are one
 * instruction of WebAssembly each.
 */
import { canonicalize, pushCarry, pushResult } from './flag-values.ts';
import { type Draft, FLAG_A, FLAG_B, T2 } from './draft.ts';
import {
  AND,
  EQ,
  EQZ,
  GE_S,
  GE_U,
  GT_S,
  GT_U,
  LE_S,
  LE_U,
  LT_S,
  LT_U,
  NE,
  OR,
  SHL,
  SHR_S,
  SHR_U,
  XOR,
} from './emitter.ts';
import { CANONICAL, DYNAMIC, isSubtraction, LOGIC, shiftOfKind } from './kinds.ts';

/** Pushes 1 if condition `number` holds, else 0: SETcc stores just that. */
export function pushCondition(d: Draft, number: number): void {
  const { code } = d;
  if (isSubtraction(d.kind) && pushComparison(d, number)) return;
  if (d.kind !== LOGIC || !pushLogic(d, number)) {
    if (!pushOfResult(d, number)) {
      canonicalize(d);
      pushCanonical(d, number >> 1);
      if (number & 1) code.op(EQZ);
    }
  }
}

/*
 * ## A comparison again
 *
 * What is left out of the table is O, S and P: overflow, sign and parity belong to the difference, and nobody who
 * compares two numbers wants to hear of it. Signed comparisons of bytes need a shift first, or 0x80 would be greater
 * than 0x7f.
 */
/** Comparisons of two operands, by condition. */
const COMPARISONS: Record<number, [number, boolean]> = {
  2: [LT_U, false],
  3: [GE_U, false],
  4: [EQ, false],
  5: [NE, false],
  6: [LE_U, false],
  7: [GT_U, false],
  12: [LT_S, true],
  13: [GE_S, true],
  14: [LE_S, true],
  15: [GT_S, true],
};

function pushComparison(d: Draft, number: number): boolean {
  const comparison = COMPARISONS[number];
  if (!comparison) return false;
  const { code } = d;
  const [operation, signed] = comparison;
  const shift = signed ? shiftOfKind(d.kind) : 0;
  for (const local of [FLAG_A, FLAG_B]) {
    code.get(local);
    if (shift > 0) code.with(shift, SHL);
  }
  code.op(operation);
  return true;
}

/*
 * ## After AND, OR, XOR and TEST
 *
 * These leave neither carry nor overflow, and so the questions collapse. *Below* is never true, *less* is the sign, and
 * *less or equal* is a comparison with 0. `test eax, eax` with `jle` behind it is one WebAssembly instruction, and a
 * good part of all the `if`s that compilers write are one of these.
 */
/** Without carries: B is never, L is S. */
const LOGICAL: Record<number, number> = { 8: LT_S, 9: GE_S, 12: LT_S, 13: GE_S, 14: LE_S, 15: GT_S };

function pushLogic(d: Draft, number: number): boolean {
  const { code } = d;
  if (number < 4) {
    code.const(number & 1);
    return true;
  }
  if (number < 8) {
    code.get(FLAG_A);
    if (number & 1) code.with(0, NE);
    else code.op(EQZ);
    return true;
  }
  const operation = LOGICAL[number];
  if (operation === undefined) return false;
  code.get(FLAG_A);
  code.with(0, operation);
  return true;
}

/*
 * ## After anything else
 *
 * Zero and sign can be read off the result, whatever the operation was, and the carry can be had without the rest.
 */
/** Conditions that need nothing but the result: Z, S, and sometimes B. */
function pushOfResult(d: Draft, number: number): boolean {
  const { code } = d;
  const family = number >> 1;
  if (family === 2 || family === 4) {
    if (family === 4 && d.kind === CANONICAL) return false;
    pushResult(d);
    code.with(0, family === 2 ? (number & 1 ? NE : EQ) : number & 1 ? GE_S : LT_S);
    return true;
  }
  if (family === 1 && d.kind !== DYNAMIC) {
    pushCarry(d);
    if (number & 1) code.op(EQZ);
    return true;
  }
  return false;
}

/*
 * ## By the book
 *
 * And then there is the long way, with result and carries as `flags.ts` keeps them. The conditions come in pairs, the
 * odd number being the opposite of the even one, and in the order in which Intel numbered them: O, B, Z, BE, S, P, L,
 * LE.
 */
/** The conditions on result and carries, in pairs. */
function pushCanonical(d: Draft, family: number): void {
  const { code } = d;
  switch (family) {
    case 0:
      pushOverflow(d);
      code.with(31, SHR_U);
      break;
    case 1:
      code.get(FLAG_B);
      code.with(31, SHR_U);
      break;
    case 2:
      code.get(FLAG_A);
      code.op(EQZ);
      break;
    case 3:
      code.get(FLAG_B);
      code.with(31, SHR_U);
      code.get(FLAG_A);
      code.op(EQZ);
      code.op(OR);
      break;
    case 4:
      pushSign(d);
      code.with(31, SHR_U);
      break;
    case 5:
      pushParity(d);
      break;
    default:
      pushSign(d);
      pushOverflow(d);
      code.op(XOR);
      code.with(31, SHR_U);
      if (family === 7) {
        code.get(FLAG_A);
        code.op(EQZ);
        code.op(OR);
      }
  }
}

/*
 * Three flags have to be put together from the two words, and `flags.ts` tells why they can be. The parity of a byte is
 * done with a sixteen-bit table, 0x9669, in a register: fold the byte to four bits, and shift the table by them.
 */
/** SF in bit 31. */
function pushSign({ code }: Draft): void {
  code.get(FLAG_A);
  code.get(FLAG_B);
  code.with(31, SHL);
  code.op(XOR);
}

/** OF in bit 31. */
function pushOverflow({ code }: Draft): void {
  code.get(FLAG_B);
  code.get(FLAG_B);
  code.with(1, SHL);
  code.op(XOR);
}

function pushParity({ code }: Draft): void {
  code.const(0x9669);
  code.get(FLAG_A);
  code.get(FLAG_B);
  code.with(8, SHR_S);
  code.op(XOR);
  code.tee(T2);
  code.get(T2);
  code.with(4, SHR_U);
  code.op(XOR);
  code.with(15, AND);
  code.op(SHR_U);
  code.with(1, AND);
}
