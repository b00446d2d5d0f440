/*
 * # Single bits
 *
 * `bt [table], eax` has a secret. EAX is not cut to 31: it is a signed number of bits counted from the operand,
 * and the bit may lie a quarter of a gigabyte away to either side. The address that is read is not the one in
 * the instruction. Emulators get this wrong first, and kernels use it everywhere, for the maps of free pages and
 * of pending signals.
 */
import { readForWrite, readLinear, writeLinear } from './access.ts';
import { logic, setCarry } from './flags.ts';
import { FLAT, type Instruction, offsetOf } from './instruction.ts';
import { readOperand, readRegister, signed, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';
import { linearAddress } from './segments.ts';

/** BT, BTS, BTR, BTC, by the number in the opcode. */
export const TEST_ONLY = 0;
const SET = 1;
const RESET = 2;

function changed(operation: number, value: number, bit: number): number {
  if (operation === SET) return value | bit;
  return operation === RESET ? value & ~bit : value ^ bit;
}

/*
 * In a register there is nowhere else to go, so there the number *is* cut.
 */
/** Bit tests in a register: the number counts modulo the operand size. */
export function testBitInRegister(cpu: Processor, i: Instruction): void {
  const number = i.reg < 0 ? i.immediate : readRegister(cpu, i.reg, i.size);
  const shift = number & (i.size * 8 - 1);
  const value = readRegister(cpu, i.rm, i.size);
  if (i.operation !== TEST_ONLY) writeRegister(cpu, i.rm, i.size, changed(i.operation, value, 1 << shift));
  setCarry(cpu.words, (value >>> shift) & 1);
}

/** Bit tests in memory. A number in a register reaches 2 GiB of bits to either side of the operand. */
export function testBitInMemory(cpu: Processor, i: Instruction): void {
  const size = i.size;
  const number = i.reg < 0 ? i.immediate & (size * 8 - 1) : signed(readRegister(cpu, i.reg, size), size);
  const shift = number & (size * 8 - 1);
  const offset = (offsetOf(cpu, i) + (size === 4 ? (number >> 5) << 2 : (number >> 4) << 1)) & i.addressMask;
  const write = i.operation !== TEST_ONLY;
  const address = i.segment === FLAT ? offset : linearAddress(cpu, i.segment, offset, size, write);
  const value = write ? readForWrite(cpu, address, size) : readLinear(cpu, address, size);
  if (write) writeLinear(cpu, address, size, changed(i.operation, value, 1 << shift));
  setCarry(cpu.words, (value >>> shift) & 1);
}

/*
 * BSF and BSR look for the lowest and the highest one. If there is none they set ZF and leave the destination as
 * it was. Intel's books called it undefined for thirty years and its chips did it all the same.
 */
/** BSF: the lowest one. A source of 0 sets ZF and leaves the destination alone. */
export function scanForward(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  logic(cpu.words, value);
  if (value !== 0) writeRegister(cpu, i.reg, i.size, 31 - Math.clz32(value & -value));
}

/** BSR: the highest. */
export function scanReverse(cpu: Processor, i: Instruction): void {
  const value = readOperand(cpu, i);
  logic(cpu.words, value);
  if (value !== 0) writeRegister(cpu, i.reg, i.size, 31 - Math.clz32(value));
}
