/*
 * # Eighteen digits
 *
 * For the bank. Ten bytes hold eighteen decimal digits, two to a byte, and the tenth byte is for the sign, all
 * eight bits of it. Eighteen is what COBOL asked for. An extended number holds each of them exactly, which no
 * double could, and so an 8087 could do a bank's books in binary and give them back in decimal to the last cent.
 * There are compilers that did it. They are said to be in use.
 *
 * Here is the one place where `BigInt` divides in a load or a store. Nobody will be waiting.
 */
import { checkAlignment, probeWrite, read16, read32, write16, write32 } from './access.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import type { Processor } from './processor.ts';
import {
  beginX87,
  EARLY,
  INVALID,
  isEmpty,
  popStack,
  pushStack,
  rememberInstruction,
  settle,
  STACK_OVERFLOW,
  unmasked,
  writeStack,
} from './x87-registers.ts';
import { BIAS, normalise, Real, setIndefinite, setReal, setZeroReal } from './x87-real.ts';
import { roundTopInto } from './x87-store.ts';

const value = new Real();
const MOST = 10n ** 18n - 1n;
/** Eight decimal digits, as many as there are in four bytes. */
const EIGHT_DIGITS = 100_000_000n;

/** The number that `bytes` bytes of packed digits mean; a digit above 9 counts for what it is. */
function fromDigits(packed: number, bytes: number): number {
  let number = 0;
  for (let place = 0, weight = 1; place < bytes * 2; place++, weight *= 10) {
    number += ((packed >>> (place * 4)) & 15) * weight;
  }
  return number;
}

function toDigits(number: number, bytes: number): number {
  let packed = 0;
  for (let place = 0, left = number; place < bytes * 2; place++, left = Math.floor(left / 10)) {
    packed |= (left % 10) << (place * 4);
  }
  return packed;
}

/*
 * What a digit above 9 means is undefined, the manual says. To the processor we asked it means what it says, so
 * that `0x0f` in the last place is fifteen.
 */
/** FBLD: eighteen digits and a sign. */
export function pushDecimal(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  const address = addressForRead(cpu, i, 10);
  checkAlignment(cpu, address, 8);
  const low = fromDigits(read32(cpu, address), 4);
  const middle = fromDigits(read32(cpu, (address + 4) | 0), 4);
  const top = read16(cpu, (address + 8) | 0);
  rememberInstruction(cpu, i);
  const magnitude =
    (BigInt(fromDigits(top & 0xff, 1)) * EIGHT_DIGITS + BigInt(middle)) * EIGHT_DIGITS + BigInt(low);
  const sign = (top >>> 15) & 1;
  if (magnitude === 0n) {
    setZeroReal(value, sign);
  } else {
    setReal(
      value,
      sign,
      BIAS + 63,
      Number(BigInt.asIntN(32, magnitude >> 32n)),
      Number(BigInt.asIntN(32, magnitude)),
    );
    normalise(value);
  }
  const flags = isEmpty(words, 7) ? 0 : STACK_OVERFLOW;
  if (flags !== 0) setIndefinite(value);
  if (settle(words, flags) & EARLY) return;
  pushStack(words);
  writeStack(words, 0, value);
}

/** FBSTP. A number of more than eighteen digits becomes ten bytes that mean nothing. */
export function storeAsDecimal(cpu: Processor, i: Instruction): void {
  const words = cpu.words;
  beginX87(cpu);
  let flags = roundTopInto(words, value);
  const magnitude = (BigInt(value.high >>> 0) << 32n) | BigInt(value.low >>> 0);
  if ((flags & INVALID) === 0 && magnitude > MOST) flags = INVALID;
  if ((unmasked(words, flags) & EARLY) === 0) {
    const address = addressForWrite(cpu, i, 10);
    probeWrite(cpu, address, 10, 8);
    if (flags & INVALID) {
      write32(cpu, address, 0);
      write32(cpu, (address + 4) | 0, 0xc000_0000 | 0);
      write16(cpu, (address + 8) | 0, 0xffff);
    } else {
      write32(cpu, address, toDigits(Number(magnitude % EIGHT_DIGITS), 4));
      write32(cpu, (address + 4) | 0, toDigits(Number((magnitude / EIGHT_DIGITS) % EIGHT_DIGITS), 4));
      const top = toDigits(Number(magnitude / EIGHT_DIGITS / EIGHT_DIGITS), 1);
      write16(cpu, (address + 8) | 0, (value.sign << 15) | top);
    }
  }
  rememberInstruction(cpu, i);
  if ((settle(words, flags) & EARLY) === 0) popStack(words);
}
