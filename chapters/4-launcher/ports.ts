/*
 * # Doors in the wall
 *
 * Long before a device was an address, it was a port: one of 65,536 doors in the processor's wall, with two
 * instructions, `in` and `out`, to put a byte through and to get one back. The doors of a PC were assigned in the
 * eighties, and nobody has dared to move one since. The keyboard is behind 0x60. The timer that beeps is behind
 * 0x42. Behind 0x70 a little battery remembers what day it is.
 *
 * Behind nearly all of ours is brick.
 */

import { GUEST_KERNEL_RING, ringOf } from '../1-preparation/rings.ts';
import { CONFIG_ADDRESS, type PciBus, readConfigPort, writeConfigPort } from './pci-bus.ts';
import type { GuestRegisters } from './guest-registers.ts';

/*
 * ## Which of them is for us
 *
 * Ring 1 may not touch a port, so each attempt is a trap 13 with error code 0, and the Host passes on every one of them
 * along with the first bytes of the instruction. It does not ask who it was. A process that tries is turned away right
 * here by the low bits of its `cs`: on a real PC it would have got a trap for that, and it shall have it.
 *
 * :::figure{#in-out caption="All of in and out in one byte: e4 to e7 and ec to ef. A prefix 66 makes wide ones 16 bits."}
 * ```text
 *       7  6  5  4   3         2   1     0
 *     +------------+---------+---+-----+------+
 *     | 1  1  1  0 | dx? imm | 1 | out | wide |
 *     +------------+---------+---+-----+------+
 * ```
 * :::
 *
 * What is not in it are `ins` and `outs`, which carry whole strings through a door. No Guest of lguest's ever said
 * them, and here they go back as a trap.
 *
 * And there are three strangers among those that come. `cli`, fa, is no port instruction at all. But Linux has a
 * stand-in for CMPXCHG8B, for processors without it, and in the first moments even others run that; it turns interrupts
 * off, and nobody had told it how a Guest does. So lguest learned to step over a `cli` in silence, and so do we.
 *
 * The second is `mov eax, cr4`, 0f 20 e0. In 2015 Linux began to keep a copy of that register, and until 4.8 the first
 * thing it does in C is to read the original, by an instruction for which lguest has no replacement. It knows
 * that this may fault; but whoever catches its faults gets up much later. By the look of it, lguest has not booted any
 * of these kernels since, on anything, and in two years nobody complained. We say 0, which is what it says to all who
 * ask it properly.
 *
 * And `mov eax, cr0`, 0f 20 c0, is said by a bzImage that wants to put its kernel somewhere at random, and first looks
 * whether there is a coprocessor. It is no secret: `smsw` tells it to anybody, in any ring.
 */

/** What became of an instruction that the Guest could not execute itself. */
export interface Emulated {
  /** Its length; undefined if it was not for us, and the Guest gets its trap back. */
  length: number | undefined;
  /** Why not, if that is worth a word. */
  complaint?: string;
}

const OPERAND_SIZE = 0x66;
const CLI = 0xfa;
const MOV_FROM_CR = [0x0f, 0x20];
/** The byte behind it without its lowest three bits, which are the register, and what we say. */
const CONTROL_REGISTERS = new Map([
  [0xc0, 0x8005_0033 | 0], // CR0: as SMSW has it
  [0xe0, 0], // CR4
]);

const EAX = 0;

/** Performs the port instruction at the Guest's eip (trap 13 with error code 0), or says that it is none. */
export function emulatePortAccess(code: Uint8Array, registers: GuestRegisters, bus: PciBus): Emulated {
  if (ringOf(registers.get('cs')) !== GUEST_KERNEL_RING) return { length: undefined };
  if (code[0] === CLI) return { length: 1 };
  if (code[0] === MOV_FROM_CR[0] && code[1] === MOV_FROM_CR[1]) {
    const value = CONTROL_REGISTERS.get(code[2]! & 0xf8);
    if (value === undefined) return { length: undefined };
    registers.setPart(code[2]! & 7, 4, value);
    return { length: 3 };
  }

  const prefix = code[0] === OPERAND_SIZE ? 1 : 0;
  const opcode = code[prefix]!;
  if ((opcode & 0xf4) !== 0xe4) return { length: undefined }; // e4-e7 and ec-ef
  const immediate = (opcode & 8) === 0;
  const port = immediate ? code[prefix + 1]! : registers.get('edx') & 0xffff;
  const width = (opcode & 1) === 0 ? 1 : prefix ? 2 : 4;
  const length = prefix + (immediate ? 2 : 1);

  if ((opcode & 2) === 0) {
    registers.setPart(EAX, width, readPort(port, width, bus));
    return { length };
  }
  const value = registers.getPart(EAX, width);
  if (!writePort(port, width, value, bus)) {
    const what = `0x${value.toString(16)} to port 0x${port.toString(16)}`;
    return {
      length: undefined,
      complaint: `wrote ${what} (${width} bytes), where no PCI register takes it`,
    };
  }
  return { length };
}

/*
 * ## What is behind the bricks
 *
 * A wire that nobody drives reads as all ones, on a real PC as here, and a kernel that finds 0xff where it looked
 * for an interrupt controller draws the right conclusion. Three doors need more than that.
 *
 * The PCI bus is behind 0xcf8 to 0xcff. The keyboard controller, at 0x64, must not look busy, since whoever has
 * something to say to it would wait until it does not. And 0x42 is the old timer: a kernel that wants to know how
 * fast its clock ticks reads it in a loop until the number wraps, and with all ones in it, Linux 4.12 read it
 * 200,008 times before it gave up, each time a full trip through Switcher, Host and Launcher. With zero, eight times.
 * Without that one line, a boot takes a fifth longer.
 */

const KEYBOARD_STATUS = 0x64;
const KEYBOARD_OUTPUT_FULL = 1;
const TIMER_CHANNEL_2 = 0x42;

function isPci(port: number): boolean {
  return port >= CONFIG_ADDRESS && port < CONFIG_ADDRESS + 8;
}

function readPort(port: number, width: number, bus: PciBus): number {
  if (isPci(port)) return readConfigPort(bus, port, width);
  if (port === KEYBOARD_STATUS) return KEYBOARD_OUTPUT_FULL;
  if (port === TIMER_CHANNEL_2) return 0;
  return 0xffffffff;
}

function writePort(port: number, width: number, value: number, bus: PciBus): boolean {
  return isPci(port) ? writeConfigPort(bus, port, width, value) : true;
}

/*
 * :::exercise{#port-e9 points=15 minutes=30}
 * A kernel that dies before it has found its console dies mute. The authors of Bochs, an emulator, felt for it and
 * cut one more door: whatever a kernel writes to port 0xe9, the person outside gets to read. Do the same for ours.
 *
 * What a Guest's kernel writes to that port is to reach `outside.warn` in whole lines, each with `guest: ` in front.
 * Only single bytes count; two or four at once fall on brick. A line ends at a newline (10), or after 120 characters of
 * the Guest's own, since there are Guests that never end one. (If the newline comes then, it ends an empty line, which
 * is said like any other.) What is no printable character of ASCII becomes a `?`, since there are Guests that would
 * like to paint on your terminal. When the Guest ends, the half line that is left is said as well, *before* anything
 * that we have to say about its end. And whoever reads the port gets 0xe9, which is how a kernel finds out that
 * somebody listens.
 * :::
 */
