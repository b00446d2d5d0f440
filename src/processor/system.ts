/*
 * # Tables and questions
 *
 * This room has two kinds of instructions in it, those that set up the tables, for ring 0 only, and those with which
 * anybody may ask about them. And a drawer of leftovers.
 */
import { probeWrite, readLinear, writeLinear } from './access.ts';
import {
  CODE,
  CONFORMING,
  dplOf,
  findDescriptor,
  isNull,
  LDT,
  markDescriptor,
  MEMORY_SEGMENT,
} from './descriptors.ts';
import { PRESENT, READABLE, readDescriptor, TSS_16, TSS_32, TYPE, WRITABLE, limitOf } from './descriptors.ts';
import { BOUND_RANGE, GENERAL_PROTECTION, NOT_PRESENT, raise } from './faults.ts';
import { readFlags, setZero, writeArithmeticFlags } from './eflags.ts';
import { carryFlag, setCarry, OVERFLOW_FLAG } from './flags.ts';
import { requireRing0 } from './control.ts';
import { readFarPointer } from './far.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import { CPL, EAX, LDTR, SELECTOR, TR } from './layout.ts';
import { readOperand, readRegister, signed, writeOperand, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';
import { loadSegment, setNull, setSegment } from './segments.ts';

/*
 * ## GDTR, IDTR
 *
 * LGDT and LIDT load six bytes and believe them. SGDT and SIDT give them away to any ring that asks: a program
 * in ring 3 can find out where the kernel's tables are, and a program in a virtual machine can find out that it
 * is in one. In 2004 somebody called that *Red Pill*. It was one instruction.
 */
/** LGDT and LIDT: 16 bits of limit, 32 bits of base (24 with a 16-bit operand). `operation` says which. */
export function loadTable(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  const address = addressForRead(cpu, i, 6);
  const limit = readLinear(cpu, address, 2);
  const base = readLinear(cpu, (address + 2) | 0, 4);
  const words = cpu.words;
  words[i.operation] = i.size === 2 ? base & 0xff_ffff : base;
  words[i.operation + 1] = limit;
}

/** SGDT and SIDT: any ring may ask, which is one of the i386's famous leaks. */
export function storeTable(cpu: Processor, i: Instruction): void {
  const address = addressForWrite(cpu, i, 6);
  probeWrite(cpu, address, 6, 2);
  writeLinear(cpu, address, 2, cpu.words[i.operation + 1]!);
  writeLinear(cpu, (address + 2) | 0, 4, cpu.words[i.operation]!);
}

/*
 * LLDT and LTR load a selector of the GDT, with a hidden half like all others. A TSS is marked busy when it is
 * loaded, so that no two processors will ever use the same one, and no one will load it twice by mistake.
 */
/** LLDT: a null selector means that there is no local table. */
export function loadLocalTable(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  const selector = readOperand(cpu, i) & 0xffff;
  if (isNull(selector)) {
    setNull(cpu, LDTR, selector);
    return;
  }
  const blamed = selector & 0xfffc;
  if (selector & 4) raise(GENERAL_PROTECTION, blamed);
  const access = readDescriptor(cpu, selector);
  if ((access & (MEMORY_SEGMENT | TYPE)) !== LDT) raise(GENERAL_PROTECTION, blamed);
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  setSegment(cpu, LDTR, selector);
}

/** LTR: takes a TSS that is not busy, and marks it busy. */
export function loadTask(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  const selector = readOperand(cpu, i) & 0xffff;
  const blamed = selector & 0xfffc;
  if (isNull(selector) || selector & 4) raise(GENERAL_PROTECTION, blamed);
  const access = readDescriptor(cpu, selector);
  const type = access & (MEMORY_SEGMENT | TYPE);
  if (type !== TSS_32 && type !== TSS_16) raise(GENERAL_PROTECTION, blamed);
  if ((access & PRESENT) === 0) raise(NOT_PRESENT, blamed);
  markDescriptor(cpu, selector, 2);
  setSegment(cpu, TR, selector);
}

/** SLDT and STR: 16 bits to memory, zero-extended to a register. */
export function storeSystemSelector(cpu: Processor, i: Instruction): void {
  writeOperand(cpu, i, cpu.words[SELECTOR + i.operation]!);
}

/*
 * ## Four questions and a correction
 *
 * LAR, LSL, VERR and VERW never fault on what they are asked about. They set ZF if the answer is yes. ARPL
 * belongs to them: a kernel that is handed a selector by a program uses it to write the program's ring into the
 * RPL, so that it will not, by its own powers, open for the program what was closed to it.
 */
/** LAR: the access bytes of a segment that this ring may see, else ZF is clear. `operation` is the register's size. */
export function loadAccessRights(cpu: Processor, i: Instruction): void {
  const selector = readOperand(cpu, i) & 0xffff;
  const access = findDescriptor(cpu, selector);
  const visible = access >= 0 && isVisible(cpu, selector, access, LAR_TYPES);
  if (visible) writeRegister(cpu, i.reg, i.operation, cpu.descriptorHigh & 0xff_ff00);
  setZero(cpu.words, visible);
}

/** LSL: the limit likewise, in bytes. */
export function loadSegmentLimit(cpu: Processor, i: Instruction): void {
  const selector = readOperand(cpu, i) & 0xffff;
  const access = findDescriptor(cpu, selector);
  const visible = access >= 0 && isVisible(cpu, selector, access, LSL_TYPES);
  if (visible) writeRegister(cpu, i.reg, i.operation, limitOf(cpu.descriptorLow, cpu.descriptorHigh));
  setZero(cpu.words, visible);
}

/** System types, as bits, that LAR and LSL know (SDM vol. 2, tables of LAR and LSL). */
const LAR_TYPES = 0b0001_1010_0011_1110;
const LSL_TYPES = 0b0000_1010_0000_1110;

function isVisible(cpu: Processor, selector: number, access: number, systemTypes: number): boolean {
  if ((access & MEMORY_SEGMENT) === 0) {
    if (((systemTypes >> (access & TYPE)) & 1) === 0) return false;
  } else if ((access & (CODE | CONFORMING)) === (CODE | CONFORMING)) {
    return true;
  }
  return dplOf(access) >= Math.max(cpu.words[CPL]!, selector & 3);
}

/** VERR and VERW: may this ring read, or write, that segment? `operation` is 1 for write. */
export function verify(cpu: Processor, i: Instruction): void {
  const selector = readOperand(cpu, i) & 0xffff;
  const access = findDescriptor(cpu, selector);
  let fine = access >= 0 && (access & MEMORY_SEGMENT) !== 0 && isVisible(cpu, selector, access, 0);
  if (i.operation === 1) fine = fine && (access & (CODE | WRITABLE)) === WRITABLE;
  else fine = fine && (access & (CODE | READABLE)) !== CODE;
  setZero(cpu.words, fine);
}

/**
 * ARPL: raises the RPL of a selector to that of its caller. What needs no raising is not written, and may be read-only.
 */
export function adjustRequestedPrivilege(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  const level = readRegister(cpu, i.reg, 2) & 3;
  const raised = (value & 3) < level;
  if (raised) writeOperand(cpu, i, (value & ~3) | level);
  setZero(cpu.words, raised);
}

/*
 * ## What was left over
 *
 * A far pointer into two registers; an array bound checked in one instruction, which hardly any compiler used
 * because it was slower than two comparisons; and flags in and out of AH, for programs from CP/M.
 */
/** LDS, LES, LSS, LFS, LGS: a far pointer into a register and a segment register. */
export function loadFarPointer(cpu: Processor, i: Instruction): void {
  const { selector, offset } = readFarPointer(cpu, i);
  loadSegment(cpu, i.operation, selector);
  writeRegister(cpu, i.reg, i.size, offset);
}

/** BOUND: #BR unless the register is within the two bounds in memory. */
export function bound(cpu: Processor, i: Instruction): void {
  const size = i.size;
  const index = signed(readRegister(cpu, i.reg, size), size);
  // The lower bound decides first: if it fails, the upper one need not even be there.
  if (index < signed(readLinear(cpu, addressForRead(cpu, i, size), size), size)) raise(BOUND_RANGE);
  const address = addressForRead(cpu, i, 2 * size);
  if (index > signed(readLinear(cpu, (address + size) | 0, size), size)) raise(BOUND_RANGE);
}

/** LAHF and SAHF: the low byte of EFLAGS, to and from AH. */
export function loadFlagsToAh(cpu: Processor): void {
  cpu.bytes[EAX + 1] = readFlags(cpu.words);
}

export function storeAhToFlags(cpu: Processor): void {
  const overflow = readFlags(cpu.words) & OVERFLOW_FLAG;
  writeArithmeticFlags(cpu.words, cpu.bytes[EAX + 1]! | overflow);
}

/** CLC, STC and CMC, with the new carry in `operation`; 2 is the opposite of the old one. */
export function changeCarry(cpu: Processor, i: Instruction): void {
  setCarry(cpu.words, i.operation === 2 ? 1 - carryFlag(cpu.words) : i.operation);
}

/** SALC, which Intel never wrote down: AL becomes FF if CF, else 0. */
export function setAlFromCarry(cpu: Processor): void {
  cpu.bytes[EAX] = -carryFlag(cpu.words);
}
