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
 * For a long time our silicon had only the first pair. Then somebody ran a program under Linux that divided by zero and
 * was killed before it heard of it, and from there on every `awk` died of it, too, with a *floating point exception*
 * before it had added anything. It seems that nobody had tried such a kernel on a processor so old.
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
import { checkAlignment, probeWrite, read32, write32 } from './access.ts';
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
/** Words of it that are ours. */
const OURS = 40;
/** Where ST(0) lies, and how far it is from there to the next: in words. */
const REGISTERS = 8;
const STRIDE = 4;
/** Of the last instruction's opcode. */
const OPCODE_BITS = 0x7ff;

/** What is on its way out or in. */
const image = new Int32Array(OURS);

/*
 * The area lies at a multiple of sixteen. Otherwise there is #GP, whether or not anybody has asked for such things to
 * be noticed. To whoever has asked, an address that is not even a multiple of four is #AC first.
 */
function requireAligned(cpu: Processor, linear: number): number {
  checkAlignment(cpu, linear, 4);
  if ((linear & 15) !== 0) protectionFault();
  return linear;
}

/** FXSAVE: 160 of 512 bytes. The unit stays as it is. #GP(0) if they do not begin at a multiple of 16. */
export function fastSave(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  const to = requireAligned(cpu, addressForWrite(cpu, i, AREA_BYTES));
  probeWrite(cpu, to, AREA_BYTES, 16);
  takePicture(cpu.words);
  for (let word = 0; word < OURS; word++) write32(cpu, (to + word * 4) | 0, image[word]!);
}

function takePicture(words: Int32Array): void {
  image[0] = words[X87_CONTROL]! | (statusWord(words) << 16);
  image[1] = words[X87_TAGS]! | (words[X87_OPCODE]! << 16);
  image[2] = words[X87_CODE_OFFSET]!;
  image[3] = words[X87_CODE_SELECTOR]!;
  image[4] = words[X87_DATA_OFFSET]!;
  image[5] = words[X87_DATA_SELECTOR]!;
  image[6] = 0; // where SSE has its control word: what was here last came with somebody else's FXRSTOR
  image[7] = 0;
  for (let n = 0; n < 8; n++) {
    const at = physical(words, n);
    const slot = REGISTERS + STRIDE * n;
    image[slot] = words[X87_LOW + 2 * at]!;
    image[slot + 1] = words[X87_HIGH + 2 * at]!;
    image[slot + 2] = words[X87_EXPONENT + at]! & 0xffff;
    image[slot + 3] = 0;
  }
}

/** FXRSTOR. An error that is pending now does not stop it, and one that it brings stops whoever comes next. */
export function fastRestore(cpu: Processor, i: Instruction): void {
  requireX87(cpu);
  const from = requireAligned(cpu, addressForRead(cpu, i, AREA_BYTES));
  read32(cpu, (from + AREA_BYTES - 4) | 0); // as FXSAVE: all of it is there, or nothing is done
  for (let word = 0; word < OURS; word++) image[word] = read32(cpu, (from + word * 4) | 0);
  developPicture(cpu.words);
}

function developPicture(words: Int32Array): void {
  setControlWord(words, image[0]!);
  setStatusWord(words, image[0]! >>> 16);
  words[X87_TAGS] = image[1]! & 0xff;
  words[X87_OPCODE] = (image[1]! >>> 16) & OPCODE_BITS;
  words[X87_CODE_OFFSET] = image[2]!;
  words[X87_CODE_SELECTOR] = image[3]! & 0xffff;
  words[X87_DATA_OFFSET] = image[4]!;
  words[X87_DATA_SELECTOR] = image[5]! & 0xffff;
  updateSummary(words);
  for (let n = 0; n < 8; n++) {
    const at = physical(words, n);
    const slot = REGISTERS + STRIDE * n;
    words[X87_LOW + 2 * at] = image[slot]!;
    words[X87_HIGH + 2 * at] = image[slot + 1]!;
    words[X87_EXPONENT + at] = image[slot + 2]! & 0xffff;
  }
}
