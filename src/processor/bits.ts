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
export const SET = 1;
export const RESET = 2;

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

/*
 * And in memory there is.
 */
/** BT in memory. A number in a register reaches 2^31 bits, 256 MiB, to either side of the operand. */
export function testBitInMemory(cpu: Processor, i: Instruction): void {
  const number = numberOf(cpu, i);
  const value = readLinear(cpu, addressOfBit(cpu, i, number, false), i.size);
  setCarry(cpu.words, (value >>> (number & (i.size * 8 - 1))) & 1);
}

/** BTS, BTR and BTC in memory. */
export function changeBitInMemory(cpu: Processor, i: Instruction): void {
  const number = numberOf(cpu, i);
  const address = addressOfBit(cpu, i, number, true);
  const value = readForWrite(cpu, address, i.size);
  const shift = number & (i.size * 8 - 1);
  writeLinear(cpu, address, i.size, changed(i.operation, value, 1 << shift));
  setCarry(cpu.words, (value >>> shift) & 1);
}

function numberOf(cpu: Processor, i: Instruction): number {
  return i.reg < 0 ? i.immediate & (i.size * 8 - 1) : signed(readRegister(cpu, i.reg, i.size), i.size);
}

function addressOfBit(cpu: Processor, i: Instruction, number: number, write: boolean): number {
  const step = i.size === 4 ? (number >> 5) << 2 : (number >> 4) << 1;
  const offset = (offsetOf(cpu, i) + step) & i.addressMask;
  return i.segment === FLAT ? offset : linearAddress(cpu, i.segment, offset, i.size, write);
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
