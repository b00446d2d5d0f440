import { probeWrite, readForWrite32, write32 } from './access.ts';
import { ADD, add32, CMP, narrow, setZero, subtract32 } from './flags.ts';
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

/** CMPXCHG8B: the same with EDX:EAX and ECX:EBX, on eight bytes of memory. */
export function compareAndExchange8Bytes(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  const address = addressForWrite(cpu, i, 8);
  probeWrite(cpu, address, 8);
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
