/*
 * # The same, without a word
 *
 * FNSAVE wipes what it has saved, and FRSTOR waits: if an error is pending that nobody has heard of yet, FRSTOR is
 * stopped by it. Both were thought through, for one program with one unit. Then came kernels that switch programs a
 * hundred times a second, save the numbers of one only to load them again a moment later, and find #MF in their own
 * hands for what a program did that is long dead.
 *
 * So in 1998 there was a second pair. FXSAVE wipes nothing, FXRSTOR waits for nothing. The registers have room to grow
 * in, sixteen bytes each, and behind them lies more room than anybody needed. (The year after, SSE moved in.)
 *
 * ```text
 *      +0            +4            +8            +12
 *    +------+------+------+------+-------------+------+------+
 *    | ctrl | stat | used |opcode| code offset |  CS  |      |  +0
 *    +------+------+------+------+-------------+------+------+
 *    | data offset |  seg |      |      for SSE, not ours    |  +16
 *    +-------------+------+------+---------------------------+
 *    | ST(0), ten bytes                 | six times zero     |  +32
 *    |  ...                                                  |
 *    | ST(7)                                                 |  +144
 *    +-------------------------------------------------------+
 *    | for SSE and for those who come after it               |  +160 to +512
 *    +-------------------------------------------------------+
 * ```
 *
 * *Used* is eight bits, one for each register, as the unit itself has them. Nobody makes up captions any more.
 */
import { probeWrite, readLinear, writeLinear } from './access.ts';
import { protectionFault } from './faults.ts';
import { addressForRead, addressForWrite, type Instruction } from './instruction.ts';
import {
  X87_CODE_OFFSET,
  X87_CODE_SELECTOR,
  X87_CONTROL,
  X87_DATA_OFFSET,
  X87_DATA_SELECTOR,
  X87_EXPONENT,
  X87_HIGH,
  X87_LOW,
  X87_OPCODE,
  X87_TAGS,
} from './layout.ts';
import type { Processor } from './processor.ts';
import { setControlWord, setStatusWord, statusWord } from './x87-environment.ts';
import { physical, requireX87, updateSummary } from './x87-registers.ts';

/** Bytes of the whole, all of which must be within the segment. */
const AREA_BYTES = 512;
/** Bytes of it that are ours. */
const OURS = 160;
/** Where ST(0) lies, and how far it is from there to the next. */
const REGISTERS = 32;
const STRIDE = 16;
/** Of the last instruction's opcode. */
const OPCODE_BITS = 0x7ff;

/*
 * The area lies at a multiple of sixteen. Otherwise there is #GP, whether or not anybody has asked for such things to
 * be noticed.
 */
function requireAligned(linear: number): number {
  if (linear % STRIDE !== 0) protectionFault();
  return linear;
}

/** FXSAVE: 160 of 512 bytes. The unit stays as it is. #GP(0) if they do not begin at a multiple of 16. */
export function fastSave(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  const { words } = cpu;
  const to = requireAligned(addressForWrite(cpu, i, AREA_BYTES));
  probeWrite(cpu, to, AREA_BYTES);
  const put = (at: number, value: number) => writeLinear(cpu, (to + at) | 0, 4, value);
  put(0, words[X87_CONTROL]! | (statusWord(words) << 16));
  put(4, words[X87_TAGS]! | (words[X87_OPCODE]! << 16));
  put(8, words[X87_CODE_OFFSET]!);
  put(12, words[X87_CODE_SELECTOR]!);
  put(16, words[X87_DATA_OFFSET]!);
  put(20, words[X87_DATA_SELECTOR]!);
  for (let n = 0; n < 8; n++) {
    const at = physical(words, n);
    const slot = REGISTERS + STRIDE * n;
    put(slot, words[X87_LOW + 2 * at]!);
    put(slot + 4, words[X87_HIGH + 2 * at]!);
    put(slot + 8, words[X87_EXPONENT + at]! & 0xffff);
    put(slot + 12, 0);
  }
}

/** FXRSTOR. An error that is pending now does not stop it, and one that it brings stops whoever comes next. */
export function fastRestore(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  const { words } = cpu;
  const from = requireAligned(addressForRead(cpu, i, AREA_BYTES));
  readLinear(cpu, (from + AREA_BYTES - 4) | 0, 4); // as FXSAVE: all of it is there, or nothing is done
  const image: number[] = [];
  for (let at = 0; at < OURS; at += 4) image.push(readLinear(cpu, (from + at) | 0, 4));
  // Nothing can fail any more.
  const [controlAndStatus, tagsAndOpcode, codeOffset, codeSelector, dataOffset, dataSelector] = image;
  setControlWord(words, controlAndStatus!);
  setStatusWord(words, controlAndStatus! >>> 16);
  words[X87_TAGS] = tagsAndOpcode! & 0xff;
  words[X87_OPCODE] = (tagsAndOpcode! >>> 16) & OPCODE_BITS;
  words[X87_CODE_OFFSET] = codeOffset!;
  words[X87_CODE_SELECTOR] = codeSelector! & 0xffff;
  words[X87_DATA_OFFSET] = dataOffset!;
  words[X87_DATA_SELECTOR] = dataSelector! & 0xffff;
  updateSummary(words);
  for (let n = 0; n < 8; n++) {
    const at = physical(words, n);
    const word = (REGISTERS + STRIDE * n) / 4;
    words[X87_LOW + 2 * at] = image[word]!;
    words[X87_HIGH + 2 * at] = image[word + 1]!;
    words[X87_EXPONENT + at] = image[word + 2]! & 0xffff;
  }
}
