/*
 * # Operands
 *
 * A register is a local. A byte of it is some bits of a local, and writing them means keeping the others, which is
 * why compilers since the Pentium Pro avoid AH as if it were haunted.
 */
import { CODE, EXPAND_DOWN, PRESENT, WRITABLE } from '../descriptors.ts';
import { FLAT, type Instruction } from '../instruction.ts';
import { ACCESS, BASE, EAX, type EBP, EDX, ESP, LIMIT, ZERO } from '../layout.ts';
import { type Draft, prepareGivingUp, giveUpIf, REGISTER, T0, WIDE_0 } from './draft.ts';
import {
  ADD,
  AND,
  GT_U,
  I32_LOAD,
  I32_LOAD16_U,
  I32_LOAD8_U,
  I32_STORE,
  I32_STORE16,
  I32_STORE8,
  I32_WRAP,
  I64_EXTEND_U,
  I64_OR,
  I64_SHL,
  I64_SHR_U,
  LT_U,
  OR,
  SHL,
  SHR_U,
  SUB,
  XOR,
} from './emitter.ts';
import { guessPage } from './guesses.ts';
import type { Access, Group } from './plan.ts';

/*
 * ## Registers
 *
 * Narrow registers have indices of their own, four times or twice that of the whole, so that AH is the neighbour of AL.
 */
/** AH among the registers of one byte, and DX among those of two. */
export const AH = EAX * 4 + 1;
export const DX = EDX * 2;

/** Pushes a register of 1, 2 or 4 bytes, zero-extended. */
export function getRegister(d: Draft, index: number, size: number): void {
  const { code } = d;
  if (size === 4) {
    code.get(REGISTER + index);
  } else if (size === 2) {
    code.get(REGISTER + (index >> 1));
    code.with(0xffff, AND);
  } else {
    code.get(REGISTER + (index >> 2));
    if (index & 1) code.with(8, SHR_U);
    code.with(0xff, AND);
  }
}

/** Pops a value into a register; what lies above its size is ignored. */
export function setRegister(d: Draft, index: number, size: number): void {
  const { code } = d;
  if (size === 4) {
    code.set(REGISTER + index);
    return;
  }
  const local = REGISTER + (size === 2 ? index >> 1 : index >> 2);
  const bits = size === 2 ? 0xffff : 0xff;
  const shift = size === 1 && index & 1 ? 8 : 0;
  code.with(bits, AND);
  if (shift > 0) code.with(shift, SHL);
  code.get(local);
  code.with(~(bits << shift), AND);
  code.op(OR);
  code.set(local);
}

/*
 * A number of 64 bits has its halves in two registers.
 */
/** Pushes two registers as one number. */
export function pushPair({ code }: Draft, high: number, low: number): void {
  code.get(REGISTER + high);
  code.op(I64_EXTEND_U);
  code.wide(32n);
  code.op(I64_SHL);
  code.get(REGISTER + low);
  code.op(I64_EXTEND_U);
  code.op(I64_OR);
}

/** Puts WIDE_0 into EDX and EAX. */
export function setPair({ code }: Draft): void {
  code.get(WIDE_0);
  code.op(I32_WRAP);
  code.set(REGISTER + EAX);
  code.get(WIDE_0);
  code.wide(32n);
  code.op(I64_SHR_U);
  code.op(I32_WRAP);
  code.set(REGISTER + EDX);
}

/*
 * ## Memory
 *
 * The fast path of `access.ts` once more. `entry ^ 1` is the distance to the page if the page is known, and odd if
 * it is not.
 */
/** Pushes base + index + displacement, plus `more`. */
export function pushOffset(d: Draft, i: Instruction, more: number): void {
  const { code } = d;
  const constant = (i.displacement + more) | 0;
  if (i.base === ZERO && i.index === ZERO) {
    code.const(constant);
    return;
  }
  if (i.base !== ZERO) code.get(REGISTER + i.base);
  if (i.index !== ZERO) {
    code.get(REGISTER + i.index);
    if (i.shift > 0) code.with(i.shift, SHL);
    if (i.base !== ZERO) code.op(ADD);
  }
  if (constant !== 0) code.with(constant, ADD);
}

/*
 * ## Reaching
 *
 * Before the first access of a group, the whole group is looked at, from its lowest byte to its highest. Behind that,
 * an access is one instruction.
 */
/** Makes sure that the memory operand may be touched; afterwards `load` and `store` cannot fail. */
export function reachOperand(d: Draft): Access {
  const access = d.plan.operands[d.position]!;
  if (!access.group.checked) {
    if (d.i.segment === FLAT) pushOffset(d, d.i, access.group.low - access.offset);
    else pushSegmented(d, d.i, access.size);
    checkGroup(d, access.group);
  }
  return access;
}

/** The same for the top of the stack (`offset` -4 for a push, 0 for a pop), or of the frame. */
export function reachStack(d: Draft, offset: number, register: typeof ESP | typeof EBP = ESP): Access {
  const access = d.plan.stacks[d.position]!;
  if (!access.group.checked) {
    d.code.get(REGISTER + register);
    const more = offset + access.group.low - access.offset;
    if (more !== 0) d.code.with(more, ADD);
    checkGroup(d, access.group);
  }
  return access;
}

/*
 * Here is the check itself. The exit is prepared first, since a way out must not cost anything later. Then the TLB
 * entry is loaded: shifted by ten instead of twelve, and with its last two bits cut off, the page number is four times
 * as large, and that is what an index of words wants to be.
 */
/** The linear address of the group's lowest byte is on the stack. */
export function checkGroup(d: Draft, group: Group): void {
  const { code } = d;
  code.set(T0);
  if (group.guess === -1) findPage(d, group);
  else guessPage(d, group, T0, () => findPage(d, group));
  code.get(T0);
  code.get(group.local);
  code.op(ADD);
  code.set(group.local);
  group.checked = true;
}

/** Sets the local of a group to how far its page is from its linear address in T0, or leaves. */
function findPage(d: Draft, group: Group): void {
  const { code } = d;
  const span = group.high - group.low;
  prepareGivingUp(d);
  code.get(T0);
  code.with(10, SHR_U);
  code.with(0x3f_fffc, AND);
  code.memory(I32_LOAD, group.writes ? d.writeTable : d.readTable);
  code.with(1, XOR);
  code.tee(group.local);
  if (group.count === 1 && (span === 2 || span === 4) && !d.careful) {
    // One word alone: known and aligned, in one test.
    code.get(T0);
    code.op(OR);
    code.with(span - 1, AND);
  } else {
    code.with(1, AND);
    if (span > 1) {
      code.get(T0);
      code.with(0xfff, AND);
      code.with(0x1000 - span, GT_U);
      code.op(OR);
    }
  }
  giveUpIf(d);
}

/*
 * ## Behind a doorman
 *
 * A C library keeps what belongs to one thread behind GS, and the word that guards each stack frame with it: hardly a
 * function that does not look there twice. So here are the doorman's questions, asked of the hidden half of the segment
 * register as it is now. Data that may be written, growing upwards, present, and long enough. Whatever else a segment
 * can be is the interpreter's business.
 */
const ORDINARY = PRESENT | WRITABLE;

/** Pushes the linear address of an operand in FS or GS. */
function pushSegmented(d: Draft, i: Instruction, size: number): void {
  const { code } = d;
  pushOffset(d, i, 0);
  code.set(T0);
  prepareGivingUp(d);
  pushWord(d, ACCESS + i.segment);
  code.with(ORDINARY | CODE | EXPAND_DOWN, AND);
  code.with(ORDINARY, XOR);
  code.get(T0);
  pushWord(d, LIMIT + i.segment);
  code.with(size - 1, SUB);
  code.op(GT_U);
  code.op(OR);
  pushWord(d, LIMIT + i.segment);
  code.with(size - 1, LT_U);
  code.op(OR);
  giveUpIf(d);
  code.get(T0);
  pushWord(d, BASE + i.segment);
  code.op(ADD);
}

/** Pushes a word of the layout. */
export function pushWord({ code }: Draft, word: number): void {
  code.const(0);
  code.memory(I32_LOAD, word * 4);
}

/*
 * From then on the pointer in the group's local is good, and how far from it an access lies goes into the instruction
 * for nothing.
 */
/** The instruction of WebAssembly that loads `size` bytes, zero-extended; and the one that stores them. */
export function loadOf(size: number): number {
  return size === 4 ? I32_LOAD : size === 2 ? I32_LOAD16_U : I32_LOAD8_U;
}

export function storeOf(size: number): number {
  return size === 4 ? I32_STORE : size === 2 ? I32_STORE16 : I32_STORE8;
}

/** Pushes what is there, zero-extended. */
export function load(d: Draft, { group, offset, size }: Access): void {
  d.code.get(group.local);
  d.code.memory(loadOf(size), offset - group.low);
}

/** Pops a value and, below it, the pointer that `beginStore` pushed. */
export function store(d: Draft, { group, offset, size }: Access): void {
  d.code.memory(storeOf(size), offset - group.low);
}

export function beginStore(d: Draft, { group }: Access): void {
  d.code.get(group.local);
}

/*
 * ## Either
 *
 * Most instructions do not care whether their operand is a register or in memory, and whoever writes them need not care
 * either.
 */
/** Pushes the register-or-memory operand. */
export function getOperand(d: Draft, i: Instruction): void {
  if (i.isMemory) load(d, reachOperand(d));
  else getRegister(d, i.rm, i.size);
}

/** Writes what `value` pushes to the register-or-memory operand. */
export function setOperand(d: Draft, i: Instruction, value: () => void): void {
  if (i.isMemory) {
    const access = reachOperand(d);
    beginStore(d, access);
    value();
    store(d, access);
  } else {
    value();
    setRegister(d, i.rm, i.size);
  }
}
