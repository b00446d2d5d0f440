import type { Form } from '../../src/assembler/form.ts';
import { opcodeOf } from './opcode.ts';
import { segmentOf, type Trial } from './stage.ts';

const CF = 0x1;
const PF = 0x4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const OF = 0x800;
const ALL = CF | PF | AF | ZF | SF | OF;

/** What the manual leaves undefined after an instruction. */
interface Undefined {
  /** Intel SDM vol. 2: the instruction whose section says so, and in which part of it. */
  source: string;
  names: RegExp;
  when?(form: Form): boolean;
  flags(counted: Counted): number;
  /** Whether the result as well is undefined; then only the fault, if any, is compared. */
  result?(counted: Counted): boolean;
  /** Bytes behind the top of the stack that may be anything. */
  aboveTop?: readonly number[];
  /**
   * Several accesses and checks, in no order that is the same on all processors. If one of them faults, then which
   * of several that must, and what has been stored before, are not compared.
   */
  anyOrder?: boolean;
  /** After a fault the registers are not compared, or nothing is. */
  afterFault?: 'no registers' | 'nothing';
  /** Results in ST(0) and ST(1) may be off in the last place, and C1 with them. */
  approximate?: boolean;
}

/** What it may depend on. */
interface Counted {
  name: string;
  /** Operand size in bits. */
  bits: number;
  /** The count of a shift, with its upper three bits cut off as the processor does it. */
  count: number;
}

/** The one table of what is not compared. */
const TABLE: Undefined[] = [
  { source: 'AND, OR, XOR, TEST: Flags Affected', names: /^(and|or|xor|test)$/, flags: () => AF },
  { source: 'MUL, IMUL: Flags Affected', names: /^i?mul$/, flags: () => SF | ZF | AF | PF },
  { source: 'DIV, IDIV: Flags Affected', names: /^i?div$/, flags: () => ALL },
  { source: 'DAA, DAS: Flags Affected', names: /^da[as]$/, flags: () => OF },
  { source: 'AAA, AAS: Flags Affected', names: /^aa[as]$/, flags: () => OF | SF | ZF | PF },
  { source: 'AAM, AAD: Flags Affected', names: /^aa[md]$/, flags: () => OF | AF | CF },
  { source: 'BT, BTC, BTR, BTS: Flags Affected', names: /^bt[crs]?$/, flags: () => OF | SF | AF | PF },
  {
    source: 'BSF, BSR: Flags Affected',
    names: /^bs[fr]$/,
    flags: () => ALL & ~ZF,
  },
  {
    source: 'SAL, SAR, SHL, SHR: Flags Affected',
    names: /^(sal|sar|shl|shr)$/,
    flags: ({ name, count, bits }) =>
      count === 0 ? 0 : AF | (count !== 1 ? OF : 0) | (count >= bits && name !== 'sar' ? CF : 0),
  },
  {
    source: 'RCL, RCR, ROL, ROR: Flags Affected',
    names: /^(rcl|rcr|rol|ror)$/,
    flags: ({ count }) => (count > 1 ? OF : 0),
  },
  {
    source: 'SHLD, SHRD: Flags Affected, and Description for counts beyond the operand size',
    names: /^sh[lr]d$/,
    flags: ({ count, bits }) => (count === 0 ? 0 : count > bits ? ALL : AF | (count !== 1 ? OF : 0)),
    result: ({ count, bits }) => count > bits,
  },
  {
    source: 'BSWAP: Description, 16-bit registers',
    names: /^bswap$/,
    flags: () => 0,
    result: ({ bits }) => bits === 16,
  },
  {
    source: 'PUSH, POP: Description, segment registers: four bytes, or two of which the others are untouched',
    names: /^(push|pop)$/,
    when: (form) => / [cdefgs]s$/.test(form.text),
    flags: () => 0,
    aboveTop: [2, 3],
    afterFault: 'nothing',
  },
  {
    source: 'vol. 1, 8.3.10: transcendental instructions are right to one unit in the last place',
    names: /^(f2xm1|fyl2x|fyl2xp1|fptan|fpatan|fsin|fcos|fsincos)$/,
    flags: () => 0,
    approximate: true,
  },
  {
    source: 'FLD, FBLD, FSTP, FBSTP: Operation: eighty bits are two accesses',
    names: /^fb?(ld|stp)$/,
    flags: () => 0,
    anyOrder: true,
  },
  { source: 'POPA: Operation', names: /^popa/, flags: () => 0, anyOrder: true, afterFault: 'no registers' },
  {
    source: 'FLDENV, FRSTOR, FSAVE, FXSAVE, FXRSTOR, IRET, RET, CALL, PUSHA, ENTER: Operation',
    names: /^(iret|retf|call|pusha|enter|bound|l[defgs]s|jmp|fldenv|frstor|fnstenv|fnsave|fxsave|fxrstor)/,
    flags: () => 0,
    anyOrder: true,
  },
];

/** What of an outcome the manual leaves open. */
export interface LeftOpen {
  flags: number;
  result: boolean;
  aboveTop: readonly number[];
  anyOrder: boolean;
  approximate: boolean;
  afterFault: Undefined['afterFault'];
}

const NOTHING: LeftOpen = {
  flags: 0,
  result: false,
  aboveTop: [],
  anyOrder: false,
  approximate: false,
  afterFault: undefined,
};

/**
 * What is not to be compared after a trial of `form`.
 *
 * @param length bytes of the instruction
 */
export function undefinedAfter(form: Form | undefined, trial: Trial, length: number): LeftOpen {
  if (trial.openFlags !== undefined) return { ...NOTHING, flags: trial.openFlags };
  const row = form && TABLE.find(({ names, when }) => names.test(form.mnemonic) && (when?.(form) ?? true));
  if (row === undefined) return NOTHING;
  const counted = { name: form!.mnemonic, bits: bitsOf(form!, trial), count: countOf(form!, trial, length) };
  const { aboveTop = [], anyOrder = false, approximate = false, afterFault } = row;
  return {
    flags: row.flags(counted),
    result: row.result?.(counted) ?? false,
    aboveTop,
    anyOrder,
    approximate,
    afterFault,
  };
}

function bitsOf(form: Form, trial: Trial): number {
  if (/ (r\/m8|r8|al)\b/.test(form.text)) return 8;
  const big = segmentOf(trial.selectors[1]!)?.big ?? true;
  return big !== opcodeOf(trial.code).prefixes.includes(0x66) ? 32 : 16;
}

function countOf(form: Form, trial: Trial, length: number): number {
  const last = form.patterns.at(-1)?.name;
  if (last === '1') return 1;
  if (last === 'cl') return trial.registers[1]! & 31;
  return last === 'imm8' ? trial.code[length - 1]! & 31 : 0;
}
