import type { Form } from '../../src/assembler/form.ts';
import { formOf, opcodeOf } from './opcode.ts';
import { segmentOf, type Trial, type Vendor } from './stage.ts';
import { FNSAVE_BYTES } from './x87.ts';

const CF = 0x1;
const PF = 0x4;
const AF = 0x10;
const ZF = 0x40;
const SF = 0x80;
const OF = 0x800;
const RF = 0x1_0000;
const ALL = CF | PF | AF | ZF | SF | OF;

/** What the manual leaves undefined after an instruction, or what others than Intel do otherwise. */
interface Undefined {
  /** Intel SDM vol. 2: the instruction whose section says so, and in which part of it. */
  source: string;
  /** Whose processor, if not everybody's. */
  vendor?: Vendor;
  names: RegExp;
  when?(form: Form, trial: Trial): boolean;
  flags?(counted: Counted): number;
  /** Whether the result as well is undefined; then only the fault, if any, is compared. */
  result?(counted: Counted): boolean;
  /** Whether EIP is open. */
  place?: boolean;
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
    result: ({ bits }) => bits === 16,
  },
  {
    source: 'PUSH, POP: Description, segment registers: four bytes, or two of which the others are untouched',
    names: /^(push|pop)$/,
    when: (form) => / [cdefgs]s$/.test(form.text),
    aboveTop: [2, 3],
    afterFault: 'nothing',
  },
  {
    source: 'vol. 1, 8.3.10: transcendental instructions are right to one unit in the last place',
    names: /^(f2xm1|fyl2x|fyl2xp1|fptan|fpatan|fsin|fcos|fsincos)$/,
    approximate: true,
  },
  {
    source: 'FLD, FBLD, FSTP, FBSTP: Operation: eighty bits are two accesses',
    names: /^fb?(ld|stp)$/,
    anyOrder: true,
  },
  { source: 'POPA: Operation', names: /^popa/, anyOrder: true, afterFault: 'no registers' },
  {
    source: 'FLDENV, FRSTOR, FSAVE, FXSAVE, FXRSTOR, IRET, RET, CALL, PUSHA, ENTER: Operation',
    names: /^(iret|retf|call|pusha|enter|bound|l[defgs]s|jmp|fldenv|frstor|fnstenv|fnsave|fxsave|fxrstor)/,
    anyOrder: true,
  },
  {
    source: 'CMPS: of two bad addresses AMD names the other one',
    vendor: 'AMD',
    names: /^cmps/,
    anyOrder: true,
  },
  {
    source: 'BOUND: AMD reads both bounds before it looks at one of them',
    vendor: 'AMD',
    names: /^bound/,
    afterFault: 'nothing',
  },
  {
    source: 'vol. 1, 8.7: an exception is told before the operand is stored. AMD tries the address first',
    vendor: 'AMD',
    names: /^f(st|stp|ist|istp|bstp)$/,
    afterFault: 'nothing',
  },
  {
    source:
      'FSCALE, FPREM: a denormal that stays what it is. With AMD it underflows again, if that is not masked',
    vendor: 'AMD',
    names: /^f(scale|prem1?)$/,
    when: (_, { x87 }) => x87 !== undefined && (x87[0]! & UNDERFLOW_MASK) === 0 && isDenormal(x87),
    result: () => true,
  },
  {
    source:
      'vol. 3, 6.4.4, INT1: EIP is behind it. A virtual machine on AMD delivers it as a fault, in front',
    vendor: 'AMD',
    names: /^int1$/,
    place: true,
  },
];

/** Of the x87's control word: underflow is not told. */
const UNDERFLOW_MASK = 0x10;

/** Whether ST(0), the first of the registers that FNSAVE stores, has the lowest exponent there is. */
function isDenormal(x87: Uint8Array): boolean {
  const [low, high] = x87.subarray(FNSAVE_BYTES - 80 + 8);
  return (low! | (high! & 0x7f)) === 0;
}

/** What of an outcome the manual leaves open. */
export interface LeftOpen {
  flags: number;
  result: boolean;
  place: boolean;
  aboveTop: readonly number[];
  anyOrder: boolean;
  approximate: boolean;
  afterFault: Undefined['afterFault'];
}

const NOTHING: LeftOpen = {
  flags: 0,
  result: false,
  place: false,
  aboveTop: [],
  anyOrder: false,
  approximate: false,
  afterFault: undefined,
};

/**
 * What is not to be compared after a trial of `form`.
 *
 * @param length bytes of the instruction
 * @param vendor who made the real processor
 */
export function undefinedAfter(
  form: Form | undefined,
  trial: Trial,
  length: number,
  vendor: Vendor,
): LeftOpen {
  const midst = openInTheMidst(trial, length, vendor);
  if (trial.openFlags !== undefined) return { ...NOTHING, flags: trial.openFlags | midst };
  if (form === undefined) return { ...NOTHING, flags: midst };
  const counted = { name: form.mnemonic, bits: bitsOf(form, trial), count: countOf(form, trial, length) };
  return TABLE.filter(
    (row) =>
      (row.vendor ?? vendor) === vendor && row.names.test(form.mnemonic) && (row.when?.(form, trial) ?? true),
  ).reduce<LeftOpen>(
    (all, row) => ({
      flags: all.flags | (row.flags?.(counted) ?? 0),
      result: all.result || (row.result?.(counted) ?? false),
      place: all.place || (row.place ?? false),
      aboveTop: [...all.aboveTop, ...(row.aboveTop ?? [])],
      anyOrder: all.anyOrder || (row.anyOrder ?? false),
      approximate: all.approximate || (row.approximate ?? false),
      afterFault: all.afterFault ?? row.afterFault,
    }),
    { ...NOTHING, flags: midst },
  );
}

/**
 * Flags that are open if a string instruction has been left in its midst, by a fault or a single step. With Intel RF is
 * set then, and the flags of CMPS and SCAS are as they were before (SDM vol. 2, REP); with AMD RF is not, and they are
 * those of the last round.
 */
function openInTheMidst({ code }: Trial, length: number, vendor: Vendor): number {
  if (vendor === 'Intel' || length < 0 || length >= code.length) return 0;
  return /^(cmps|scas|movs|stos|lods)/.test(formOf(code.subarray(length))?.mnemonic ?? '') ? ALL | RF : 0;
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
