/*
 * # Another's registers
 *
 * To act out `in eax, dx` you must know what is in somebody else's `dx`, and change his `eax` while he is not
 * looking. The Host keeps the registers of a stopped Guest in a page of its own, where the Switcher left them. We
 * may ask for them one by one.
 *
 * The numbering is odd: `ebx` first, `eax` seventh. It is the order in which they come to lie on Linux's stack when
 * a process calls it, frozen into its `struct pt_regs` since the early nineties because every debugger on earth
 * knows it. lguest borrowed it. Between 40 and 48 there is a hole, where a kernel keeps the number of the system
 * call that is going on. Ours never asks.
 */

import { LHREQ_GETREG, LHREQ_SETREG } from '../1-preparation/abi.ts';
import type { LguestDevice } from '../5-host/dev-lguest.ts';
import { LauncherError } from './outside.ts';

/** Offsets into Linux's `struct pt_regs`, by which /dev/lguest names registers. */
const OFFSETS = {
  ebx: 0,
  ecx: 4,
  edx: 8,
  esi: 12,
  edi: 16,
  ebp: 20,
  eax: 24,
  ds: 28,
  es: 32,
  fs: 36,
  gs: 40,
  eip: 48,
  cs: 52,
  eflags: 56,
  esp: 60,
  ss: 64,
} as const;

export type RegisterName = keyof typeof OFFSETS;
/** In the order in which instructions number them. */
export const GENERAL: readonly RegisterName[] = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];

/*
 * ## Two trips for one number
 *
 * A request goes in by `write`, and the `read` that follows is no journey: it fetches the answer. For that one read,
 * the file that runs a computer is just a file.
 *
 * What cannot be set are the segment registers and the flags: with those, a launcher could put its Guest into ring
 * 0. The Host does not trust us that far, and it is right.
 */

/** The Guest's registers, one request at a time. */
export class GuestRegisters {
  readonly #device: LguestDevice;
  readonly #question = Uint32Array.of(LHREQ_GETREG, 0);
  readonly #answer = new Uint32Array(1);
  readonly #answerBytes = new Uint8Array(this.#answer.buffer);
  readonly #order = Uint32Array.of(LHREQ_SETREG, 0, 0);

  constructor(device: LguestDevice) {
    this.#device = device;
  }

  get(name: RegisterName): number {
    this.#question[1] = OFFSETS[name];
    if (this.#device.write(this.#question) < 0 || this.#device.read(this.#answerBytes) !== 4)
      throw new LauncherError(`the Host keeps ${name} to itself`);
    return this.#answer[0]!;
  }

  /** Only the eight general registers and eip can be set. */
  set(name: RegisterName, value: number): void {
    this.#order[1] = OFFSETS[name];
    this.#order[2] = value;
    if (this.#device.write(this.#order) < 0) throw new LauncherError(`the Host does not let us set ${name}`);
  }

  /** Register `index` of an instruction of `width` bytes: 4 to 7 are ah, ch, dh, bh if that is 1. */
  getPart(index: number, width: number): number {
    if (width === 1) return (this.get(GENERAL[index & 3]!) >>> (index & 4 ? 8 : 0)) & 0xff;
    const value = this.get(GENERAL[index]!);
    return width === 2 ? value & 0xffff : value;
  }

  /** Sets those bytes and leaves the others. */
  setPart(index: number, width: number, value: number): void {
    const name = GENERAL[width === 1 ? index & 3 : index]!;
    const shift = width === 1 && index & 4 ? 8 : 0;
    const mask = width === 4 ? 0xffffffff : ((1 << (8 * width)) - 1) << shift;
    const old = width === 4 ? 0 : this.get(name);
    this.set(name, ((old & ~mask) | ((value << shift) & mask)) >>> 0);
  }
}
