/*
 * # Sixteen bytes
 *
 * The record that you have seen is comfortable. It has a name for everything, and takes a hundred and fifty bytes, in a
 * language where every number takes eight. A Linux that boots decodes a hundred and fifty-four thousand instructions.
 * That is twenty-three megabytes, and a core of the processor that this is written on has one megabyte of cache to
 * itself.
 *
 * Does it matter? A profile of the run loop said so, to the byte: half of its time was spent on *one* instruction of
 * the real machine, the first that touches the record of the next instruction of ours. It had been decoded long ago,
 * and was far away by now. Of what such a kernel executes while it boots, most code comes by a few dozen times, each
 * time after everything else has.
 *
 * So instructions are kept packed, and one is unpacked when it is its turn, into a record that is always the same one,
 * and always near:
 *
 * ```text
 *           31    26 25    20 19 18 17   14 13   10 9                  0
 *          +--------+--------+-----+-------+-------+--------------------+
 *   word 0 |  reg   |   rm   |shift| index | base  | number of execute  |
 *          +--------+--------+-----+-------+-------+--------------------+
 *   word 1 | memory, segment, narrow, repeat | operation | size | length|
 *          +---------------------------------+-----------+------+-------+
 *   word 2 | displacement                                               |
 *   word 3 | immediate                                                  |
 *          +------------------------------------------------------------+
 * ```
 *
 * Four of these lie in one line of the cache. Unpacking costs a few dozen moves and shifts, each time. A small loop
 * takes two thirds longer for it, if it is left to the interpreter, which small loops are not; a boot takes a twentieth
 * less. (Later somebody came who can read them as they lie, [the sprinter](#the-sprinter), and since then hardly any
 * are unpacked.)
 */
import type { Execute, Instruction } from './instruction.ts';
import { DECODED_WORDS } from './layout.ts';

/** Words of a packed instruction. */
export const PACKED = 4;
/** The most instructions that are kept decoded. */
export const MOST_DECODED = DECODED_WORDS / PACKED;

/*
 * A function cannot be put into sixteen bytes. It gets a number when somebody first asks for it.
 */
const gallery: Execute[] = [];
const numbers = new Map<Execute, number>();

/** The number of a function of the gallery, the same for as long as this process runs. */
export function numberOf(execute: Execute): number {
  let number = numbers.get(execute);
  if (number === undefined) {
    number = gallery.push(execute) - 1;
    numbers.set(execute, number);
  }
  return number;
}

/*
 * ## In and out
 *
 * All of word 1 but its two ends is the *manner*: four bytes wide, not repeated, flat. Most instructions behave like
 * the one before them, so the manner is only unpacked when it is another. And EIP is not kept at all. An instruction
 * stands where the one before it ended.
 */
const NARROW = 1 << 26;
const MANNER = 0x7fff_fff0;
/** In word 0: the number of what executes the instruction, and where the others begin. */
export const NUMBER = 0x3ff;
export const BASE_SHIFT = 10;
export const INDEX_SHIFT = 14;
export const SCALE_SHIFT = 18;
export const RM_SHIFT = 20;
export const REG_SHIFT = 26;
/** In word 1: the size of its operands in bytes. */
export const SIZE_SHIFT = 4;
/** In word 1: which of its family it is, and the bits that has once it is moved down. */
export const OPERATION_SHIFT = 8;
export const OPERATION = 0xffff;
/** In word 1: 0 if an operand in memory is in a flat segment, by a 32-bit address. */
export const MANNER_OF_MEMORY = NARROW | (15 << 27);

/*
 * Nobody checks that the fields are wide enough. A register, even counted in bytes, is never above 15, an instruction
 * never longer than 15 bytes, and where there is room for a thousand functions the gallery has some two hundred and
 * eighty.
 */
/** Writes an instruction into four words of `code`. */
export function pack(code: Int32Array, at: number, i: Instruction): void {
  code[at] =
    numberOf(i.execute) |
    (i.base << BASE_SHIFT) |
    (i.index << INDEX_SHIFT) |
    (i.shift << SCALE_SHIFT) |
    (i.rm << RM_SHIFT) |
    (i.reg << REG_SHIFT);
  code[at + 1] =
    (i.next - i.eip) |
    (i.size << SIZE_SHIFT) |
    (i.operation << OPERATION_SHIFT) |
    (i.repeat << 24) |
    (i.addressMask === -1 ? 0 : NARROW) |
    ((i.segment + 1) << 27) |
    (i.isMemory << 31);
  code[at + 2] = i.displacement;
  code[at + 3] = i.immediate;
}

/**
 * Reads an instruction that stands where `i` ended into `i`. Answers with what executes it, which is not written there.
 */
export function unpack(code: Int32Array, at: number, i: Instruction): Execute {
  const first = code[at]!;
  const second = code[at + 1]!;
  i.eip = i.next;
  i.next = (i.next + (second & 15)) | 0;
  i.reg = first >> REG_SHIFT;
  i.rm = (first >> RM_SHIFT) & 0x3f;
  i.base = (first >> BASE_SHIFT) & 15;
  i.index = (first >> INDEX_SHIFT) & 15;
  i.shift = (first >> SCALE_SHIFT) & 3;
  i.displacement = code[at + 2]!;
  i.immediate = code[at + 3]!;
  i.isMemory = (second >>> 31) as 0 | 1;
  if ((second & MANNER) !== i.manner) unpackManner(second & MANNER, i);
  return gallery[first & NUMBER]!;
}

function unpackManner(manner: number, i: Instruction): void {
  i.manner = manner;
  i.size = (manner >> SIZE_SHIFT) & 15;
  i.operation = (manner >> OPERATION_SHIFT) & OPERATION;
  i.repeat = (manner >> 24) & 3;
  i.addressMask = manner & NARROW ? 0xffff : -1;
  i.segment = (manner >> 27) - 1;
}

/*
 * Who wants only one thing of an instruction need not unpack it.
 */
/** What executes a packed instruction. */
export function executeOf(code: Int32Array, at: number): Execute {
  return gallery[code[at]! & NUMBER]!;
}

/** The length of a packed instruction in bytes. */
export function lengthOf(code: Int32Array, at: number): number {
  return code[at + 1]! & 15;
}

/** The constant of a packed instruction. */
export function immediateOf(code: Int32Array, at: number): number {
  return code[at + 3]!;
}
