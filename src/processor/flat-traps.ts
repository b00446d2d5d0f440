/*
 * # The beaten track
 *
 * The last two files were full of doormen. Is the gate there, is it wide, may you knock; is the code segment code, is
 * it present, whose is it; the stack likewise; and if one of them shakes his head there is a fault with a number. You
 * could read them as a list of everything that a kernel's author can do wrong.
 *
 * Then look at what a kernel's author does. There are four segments that count in nearly every system since the middle
 * of the nineties, code and data for the kernel, code and data for the programs, and all four begin at 0 and end at
 * 4 GiB. Eight bytes each, and *the same* eight bytes, but for what they are and for two bits that name the ring:
 *
 * ```text
 *   0x00cf9b00 0000ffff   code, for ring 0       0x00cffb00 0000ffff   code, for ring 3
 *   0x00cf9300 0000ffff   data, for ring 0       0x00cff300 0000ffff   data, for ring 3
 * ```
 *
 * What do the doormen say to these? One may work it out once, with the manual on one's knees: they are present, they
 * are of the right kind, nothing is beyond their limit, they were used before and need no mark. All that is left to ask
 * is the ring. So before anybody is asked anything, we look whether what lies in the table is one of these, by
 * comparing two words. If it is, the way through a gate is a few loads, and five stores side by side. If it is anything
 * else, were it only in a bit that means nothing, we have seen nothing and done nothing, and you take the long way
 * through the two files before this one.
 *
 * That is a bargain with one danger: now there are two ways, and they must come to the same. A test sends a thousand
 * random travellers down both. (It uses that bit which means nothing, to turn them away from this one.)
 *
 * A world switch is one way in and one way out. With these two functions there are half as many again in a second.
 */
import { DPL, FLAT_CODE, FLAT_DATA, FLAT_LOW, TSS_32, TYPE } from './descriptors.ts';
import { readFlags } from './eflags.ts';
import { DEBUG, NO_ERROR_CODE } from './faults.ts';
import { INTERRUPT, NESTED_TASK, RESUME, TRAP, VIRTUAL_8086 } from './flags.ts';
import { FROM_FAULT, FROM_PROGRAM } from './interrupts.ts';
import { ACCESS, BASE, CPL, CS, DS, EIP, ES, ESP, FS, GDT_BASE, GDT_LIMIT, GS } from './layout.ts';
import { IDT_BASE, IDT_LIMIT, LIMIT, READ_TABLE, SELECTOR, SS, SYSTEM_FLAGS, TR } from './layout.ts';
import { READ_SUPERVISOR, WRITE_SUPERVISOR, WRITE_USER } from './layout.ts';
import { MODE_CODE_32, MODE_FLAT_CODE, MODE_FLAT_STACK } from './processor.ts';
import { type Processor, setPrivilege, updateAttention } from './processor.ts';
import { hideFromOuter, loadFlags } from './return.ts';

/*
 * Whoever turns back must have left no trace, and to read a table can leave one: the walk to its page marks entries as
 * accessed, or faults. So we read only what the TLB has at hand, two words at a time. After a load of CR3 it has
 * nothing, and the first trap goes the long way and learns.
 */
/** The modes in which the segments in use are flat, and BASE and LIMIT need not be written again. */
const FLAT = MODE_FLAT_STACK | MODE_FLAT_CODE | MODE_CODE_32;

/** Where in `words` two aligned words of a table are; 0 if the TLB does not know. */
function pairAt(words: Int32Array, linear: number): number {
  const entry = words[READ_SUPERVISOR + (linear >>> 12)]!;
  return ((entry ^ 1) | linear) & 3 || (linear & 0xfff) > 0xff8 ? 0 : (linear + entry) >>> 2;
}

/** The ring of a selector in the GDT, if it names a flat segment of this kind that has been used before; else -1. */
function ringOfFlat(words: Int32Array, selector: number, kind: number): number {
  if (selector < 8 || selector & 4 || (selector | 7) > words[GDT_LIMIT]!) return -1;
  const at = pairAt(words, (words[GDT_BASE]! + (selector & 0xfff8)) | 0);
  const isFlat = at > 0 && words[at] === FLAT_LOW && (words[at + 1]! & ~(DPL << 8)) === kind;
  return isFlat ? (words[at + 1]! >>> 13) & 3 : -1;
}

function accessOfFlat(kind: number, ring: number): number {
  return ((kind >>> 8) & 0xf0ff) | (ring << 5);
}

/*
 * ## In
 *
 * The frame lies in one piece, on one page, at a multiple of four, and the TLB knows the page as one that may be
 * written. Then no store of it can fail, and there is nothing to be probed before and nothing to be undone. Is it not
 * so? The long way knows what to do about that.
 */
/** Enters a handler as `enterHandler` does, if all is flat; false, with nothing changed, if it may not be. */
export function enterFlat(cpu: Processor, vector: number, error: number, source: number): boolean {
  const words = cpu.words;
  if ((cpu.mode & FLAT) !== FLAT || cpu.repeating || vector * 8 + 7 > words[IDT_LIMIT]!) return false;
  const level = words[CPL]!;
  const gate = pairAt(words, (words[IDT_BASE]! + vector * 8) | 0);
  const low = words[gate]!;
  const high = words[gate + 1]!;
  if (gate === 0 || (high & 0x9e00) !== 0x8e00) return false;
  if (source === FROM_PROGRAM && ((high >>> 13) & 3) < level) return false;
  const selector = low >>> 16;
  const inner = ringOfFlat(words, selector, FLAT_CODE);
  if (inner < 0 || inner > level) return false;

  let top = words[ESP]!;
  let stack = 0;
  if (inner < level) {
    const offset = 4 + inner * 8;
    if ((words[ACCESS + TR]! & TYPE & ~2) !== TSS_32 || offset + 5 > words[LIMIT + TR]! >>> 0) return false;
    const at = pairAt(words, (words[BASE + TR]! + offset) | 0);
    if (at === 0) return false;
    top = words[at]!;
    stack = words[at + 1]! & 0xffff;
    if ((stack & 3) !== inner || ringOfFlat(words, stack, FLAT_DATA) !== inner) return false;
  }
  const size = (inner < level ? 20 : 12) + (error === NO_ERROR_CODE ? 0 : 4);
  const bottom = (top - size) | 0;
  const entry = words[(inner === 3 ? WRITE_USER : WRITE_SUPERVISOR) + (bottom >>> 12)]!;
  if (((entry ^ 1) | bottom) & 3 || (bottom & 0xfff) + size > 0x1000) return false;

  let at = (bottom + entry) >>> 2;
  if (error !== NO_ERROR_CODE) words[at++] = error;
  words[at] = words[EIP]!;
  words[at + 1] = words[SELECTOR + CS]!;
  words[at + 2] = readFlags(words) | (source === FROM_FAULT && vector !== DEBUG ? RESUME : 0);
  if (inner < level) {
    words[at + 3] = words[ESP]!;
    words[at + 4] = words[SELECTOR + SS]!;
    words[SELECTOR + SS] = stack;
    words[ACCESS + SS] = accessOfFlat(FLAT_DATA, inner);
    setPrivilege(cpu, inner);
  }
  words[ESP] = bottom;
  words[SELECTOR + CS] = (selector & ~3) | inner;
  words[ACCESS + CS] = accessOfFlat(FLAT_CODE, inner);
  words[EIP] = (high & ~0xffff) | (low & 0xffff);
  words[SYSTEM_FLAGS]! &= ~(TRAP | NESTED_TASK | (high & 0x100 ? 0 : INTERRUPT));
  cpu.delivered = true;
  updateAttention(cpu);
  return true;
}

/*
 * ## And out
 *
 * The same in a mirror. Only the pockets have to be turned out as ever: what the kernel has left in DS may be anything.
 */
/** Returns as a 32-bit IRET does, if all is flat; false, with nothing changed, if it may not be. */
export function returnFlat(cpu: Processor): boolean {
  const words = cpu.words;
  const level = words[CPL]!;
  const top = words[ESP]!;
  const entry = words[words[READ_TABLE]! + (top >>> 12)]!;
  if ((cpu.mode & FLAT) !== FLAT || ((entry ^ 1) | top) & 3 || (top & 0xfff) > 0x1000 - 20) return false;
  const at = (top + entry) >>> 2;
  const eip = words[at]!;
  const selector = words[at + 1]! & 0xffff;
  const image = words[at + 2]!;
  const target = selector & 3;
  if (image & VIRTUAL_8086 || target < level) return false;
  if (ringOfFlat(words, selector, FLAT_CODE) !== target) return false;
  if (target === level) words[ESP] = top + 12;
  else {
    const stack = words[at + 4]! & 0xffff;
    if ((stack & 3) !== target || ringOfFlat(words, stack, FLAT_DATA) !== target) return false;
    words[ESP] = words[at + 3]!;
    words[SELECTOR + SS] = stack;
    words[ACCESS + SS] = accessOfFlat(FLAT_DATA, target);
    setPrivilege(cpu, target);
    hideFromOuter(cpu, ES, target);
    hideFromOuter(cpu, DS, target);
    hideFromOuter(cpu, FS, target);
    hideFromOuter(cpu, GS, target);
  }
  words[SELECTOR + CS] = selector;
  words[ACCESS + CS] = accessOfFlat(FLAT_CODE, target);
  words[EIP] = eip;
  loadFlags(cpu, image, 4, level);
  return true;
}
