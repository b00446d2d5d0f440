/*
 * # Compare and exchange
 *
 * Two processors want the same lock. Each reads that it is free, each writes that it is taken, and both go in. To
 * prevent that takes an instruction that reads and writes as one, and the 486 brought two. With one processor there is
 * nobody to race against but an interrupt handler, and interrupts come *between* instructions; so these are as atomic
 * here as they need to be, LOCK or no LOCK.
 */
import { probeWrite, readForWrite32, write32 } from './access.ts';
import { setZero } from './eflags.ts';
import { ADD, add32, CMP, narrow, subtract32 } from './flags.ts';
import { addressForWrite, type Instruction } from './instruction.ts';
import { EAX, EBX, ECX, EDX } from './layout.ts';
import { readOperandForWrite, readRegister, writeOperand, writeRegister } from './operands.ts';
import type { Processor } from './processor.ts';

/** XADD: the sum to the destination, the old destination to the register. */
export function exchangeAndAdd(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const old = readOperandForWrite(cpu, i);
  const added = readRegister(cpu, i.reg, i.size);
  const sum = i.size === 4 ? add32(words, old, added) : narrow(words, ADD, old, added, 32 - i.size * 8);
  if (i.isMemory) writeOperand(cpu, i, sum);
  writeRegister(cpu, i.reg, i.size, old);
  if (!i.isMemory) writeOperand(cpu, i, sum);
}

/*
 * If EAX holds what the memory holds, the memory gets the new value; if not, EAX gets what it holds. Either way
 * there is a write: it was easier to build, and it means that a failing compare on a read-only page is a page
 * fault too.
 */
/** CMPXCHG: the destination is written in either case, by the register or by what it held. */
export function compareAndExchange(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const old = readOperandForWrite(cpu, i);
  const expected = readRegister(cpu, EAX, i.size);
  if (i.size === 4) subtract32(words, expected, old);
  else narrow(words, CMP, expected, old, 32 - i.size * 8);
  if (old === expected) {
    writeOperand(cpu, i, readRegister(cpu, i.reg, i.size));
  } else {
    writeOperand(cpu, i, old);
    writeRegister(cpu, EAX, i.size, old);
  }
}

/*
 * Eight bytes at once, from the Pentium on. Kernels use it to change page table entries of PAE; we offer it
 * because a compiler asked.
 */
/** CMPXCHG8B: the same with EDX:EAX and ECX:EBX, on eight bytes of memory. */
export function compareAndExchange8Bytes(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 8);
  probeWrite(cpu, address, 8, 8);
  const low = readForWrite32(cpu, address);
  const high = readForWrite32(cpu, (address + 4) | 0);
  const equal = low === words[EAX] && high === words[EDX];
  write32(cpu, address, equal ? words[EBX]! : low);
  write32(cpu, (address + 4) | 0, equal ? words[ECX]! : high);
  if (!equal) {
    words[EAX] = low;
    words[EDX] = high;
  }
  setZero(words, equal);
}
