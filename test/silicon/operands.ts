import type { Plan } from './arrange.ts';
import { edgy } from './random.ts';
import { segmentOf } from './stage.ts';

const SS = 2;
const DS = 3;
const ESP = 4;
const EBP = 5;
const OVERRIDES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

/** Appends the prefixes, shuffled, the opcode, and operands as the form wants them. */
export function appendOperands(plan: Plan, wideAddress: boolean): void {
  const { random, form } = plan;
  const behind: number[] = [];
  if (form.hasModRM) appendModRM(plan, behind, wideAddress);
  else if (plan.override === undefined && random.chance(8)) overrideSegment(plan);
  appendTrailing(plan, behind, wideAddress);
  if (plan.operandAt !== undefined) plan.atOperand?.(plan.operandAt);
  const opcode = [...form.opcode];
  if (form.plus >= 0) opcode[opcode.length - 1]! += plan.register ?? random.below(8);
  for (let n = plan.prefixes.length; n > 0; n--) plan.code.push(...plan.prefixes.splice(random.below(n), 1));
  plan.code.push(...opcode, ...behind);
}

function overrideSegment(plan: Plan): number {
  const segment = plan.random.below(6);
  plan.prefixes.push(OVERRIDES[segment]!);
  plan.override = segment;
  return segment;
}

function appendModRM(plan: Plan, code: number[], wideAddress: boolean): void {
  const { random, form } = plan;
  const reg = form.digit >= 0 ? form.digit : random.below(8);
  const kind = form.patterns[form.rm]?.name ?? 'r';
  const memory = kind.startsWith('r/m')
    ? random.chance(55)
    : kind.startsWith('r')
      ? random.chance(2)
      : random.chance(97);
  if (!memory) {
    const rm = plan.register ?? random.below(8);
    code.push(0xc0 | (reg << 3) | rm);
    return;
  }
  if (random.chance(15)) overrideSegment(plan);
  if (wideAddress) address32(plan, code, reg);
  else address16(plan, code, reg);
}

/** Where the operand is to be: an offset in the segment, for a linear address or for the segment's own edge. */
function wantedOffset(plan: Plan, usual: number): { offset: number; base: number } {
  const { random } = plan;
  const segment = segmentOf(plan.selectors[plan.override ?? usual]!);
  if (segment === undefined) return { offset: plan.target(), base: 0 };
  const { base, limit, pages } = segment;
  const last = pages ? ((limit << 12) | 0xfff) >>> 0 : limit;
  const offset = random.chance(40) ? last + random.below(20) - 10 : plan.target() - base;
  return { offset: offset >>> 0, base };
}

function address32(plan: Plan, code: number[], reg: number): void {
  const { random, registers } = plan;
  const mode = random.below(3);
  const rm = random.below(8);
  const hasSib = rm === 4;
  const base = hasSib ? random.below(8) : rm;
  const index = hasSib ? random.below(8) : 4;
  const scale = random.below(4);
  const noBase = base === EBP && mode === 0;
  const usual = !noBase && (base === ESP || base === EBP) ? SS : DS;
  const { offset, base: segmentBase } = wantedOffset(plan, usual);
  const indexed = index === 4 ? 0 : registers[index]! << scale;
  let displacement = mode === 1 ? (random.word() << 24) >> 24 : 0;
  if (mode === 2 || noBase) {
    displacement = (offset - indexed - (noBase ? 0 : registers[base]!)) | 0;
  } else if (index !== base && !plan.pinned?.includes(base)) {
    registers[base] = offset - indexed - displacement;
  }
  code.push((mode << 6) | (reg << 3) | rm);
  if (hasSib) code.push((scale << 6) | (index << 3) | base);
  if (mode === 1) code.push(displacement & 0xff);
  else if (mode === 2 || noBase) appendNumber(code, displacement, 4);
  const reached =
    (noBase ? 0 : registers[base]!) + (index === 4 ? 0 : registers[index]! << scale) + displacement;
  plan.operandAt = (reached + segmentBase) >>> 0;
}

const BASE_16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX_16 = [6, 7, 6, 7, -1, -1, -1, -1];

function address16(plan: Plan, code: number[], reg: number): void {
  const { random, registers } = plan;
  const mode = random.below(3);
  const rm = random.below(8);
  const noBase = rm === 6 && mode === 0;
  const base = BASE_16[rm]!;
  const usual = !noBase && base === EBP ? SS : DS;
  const { offset, base: segmentBase } = wantedOffset(plan, usual);
  const indexed = INDEX_16[rm]! < 0 ? 0 : registers[INDEX_16[rm]!]!;
  let displacement = mode === 1 ? (random.word() << 24) >> 24 : 0;
  if (noBase) displacement = offset;
  else if (mode === 2) displacement = offset - indexed - registers[base]!;
  else if (!plan.pinned?.includes(base))
    registers[base] = (registers[base]! & ~0xffff) | ((offset - indexed - displacement) & 0xffff);
  code.push((mode << 6) | (reg << 3) | rm);
  if (mode === 1) code.push(displacement & 0xff);
  else if (mode === 2 || noBase) appendNumber(code, displacement, 2);
  const reached = ((noBase ? 0 : registers[base]! + indexed) + displacement) & 0xffff;
  plan.operandAt = (reached + segmentBase) >>> 0;
}

function appendTrailing(plan: Plan, code: number[], wideAddress: boolean): void {
  const { random, form } = plan;
  for (const { kind, bytes } of form.trailing) {
    if (kind === 'offset') {
      if (random.chance(15) && plan.override === undefined) overrideSegment(plan);
      const { offset, base } = wantedOffset(plan, DS);
      appendNumber(code, offset, wideAddress ? 4 : 2);
      plan.operandAt = (offset + base) >>> 0;
    } else if (kind === 'far') {
      appendNumber(code, plan.farPointer?.offset ?? random.word(), bytes);
      appendNumber(code, plan.farPointer?.selector ?? random.word(), 2);
    } else {
      appendNumber(code, plan.immediate ?? edgy(random), bytes);
      if (plan.immediate !== undefined) plan.immediate >>>= 8 * (bytes & 3);
    }
  }
}

export function appendNumber(code: number[], value: number, bytes: number): void {
  for (let n = 0; n < bytes; n++) code.push((value >>> (8 * n)) & 0xff);
}
