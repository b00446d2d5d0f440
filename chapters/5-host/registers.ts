/*
 * # The names of the registers
 *
 * The Launcher has to look at a Guest's registers, and now and then to change one: whoever plays a device answers `in
 * al, 0x64` by putting a number into eax and moving eip on. But which register is number 24? (eax. Number 0 is ebx.)
 *
 * Linux has had an order for this since debuggers were written, `struct pt_regs`, and lguest made its Launchers use it.
 * Ours have another order in the frame, since the Switcher pushes them so. This file is the dictionary.
 *
 * The last column is a matter of trust. The seven general registers may be set, and where the Guest is and where its
 * stack is. Segments and flags may only be read, for those are the two things by which a Launcher could make the
 * Switcher stumble.
 */
import {
  FRAME_CS,
  FRAME_DS,
  FRAME_EAX,
  FRAME_EBP,
  FRAME_EBX,
  FRAME_ECX,
  FRAME_EDI,
  FRAME_EDX,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_ES,
  FRAME_ESI,
  FRAME_ESP,
  FRAME_FS,
  FRAME_GS,
  FRAME_SS,
} from '../6-switcher/pages.ts';

/** A register as the Launcher may see it. */
export interface RegisterAccess {
  /** Its place in the register frame. */
  readonly offset: number;
  readonly settable: boolean;
}

/** Finds the register at `offset` of `struct pt_regs`, which is how a Launcher names it. */
export function registerOffset(offset: number): RegisterAccess | undefined {
  return REGISTERS[offset];
}

const REGISTERS: Readonly<Record<number, RegisterAccess>> = {
  0: { offset: FRAME_EBX, settable: true },
  4: { offset: FRAME_ECX, settable: true },
  8: { offset: FRAME_EDX, settable: true },
  12: { offset: FRAME_ESI, settable: true },
  16: { offset: FRAME_EDI, settable: true },
  20: { offset: FRAME_EBP, settable: true },
  24: { offset: FRAME_EAX, settable: true },
  28: { offset: FRAME_DS, settable: false },
  32: { offset: FRAME_ES, settable: false },
  36: { offset: FRAME_FS, settable: false },
  40: { offset: FRAME_GS, settable: false },
  48: { offset: FRAME_EIP, settable: true },
  52: { offset: FRAME_CS, settable: false },
  56: { offset: FRAME_EFLAGS, settable: false },
  60: { offset: FRAME_ESP, settable: true },
  64: { offset: FRAME_SS, settable: false },
};
