/*
 * # Reading over a shoulder
 *
 * The registers of a device have addresses, and the Guest's kernel uses them as it uses any address: it maps a page
 * there, and moves a number. There is no instruction that says *this is for a device*. The processor walks the
 * tables that the Host made, finds nothing, and the fault ends up here, with an address and up to seven bytes of
 * code.
 *
 * From those we must find out what it meant to do. You are about to write a disassembler. A small one: of the
 * thousand-odd things an i386 can say, compilers say about six when they talk to a register.
 */

import type { GuestRegisters } from './guest-registers.ts';
import { hex32 } from './outside.ts';
import type { PciBus } from './pci-bus.ts';
import type { Emulated } from './ports.ts';
import { readRegister, writeRegister } from './virtio-registers.ts';

/*
 * ## What a device wants to know
 *
 * How wide, in which direction, and what is the other end. And for us: how long was the instruction, for its end is
 * where the Guest goes on.
 */

/** A load or store, as far as a device is concerned. */
interface Access {
  /** Bytes of the instruction. */
  length: number;
  /** Bytes on the bus. */
  width: 1 | 2 | 4;
  /** Where a load ends up, as register number and width; undefined for a store. */
  into?: { register: number; width: 1 | 2 | 4; signed: boolean };
  /** What a store stores. */
  from?: { register: number } | { immediate: number };
}

/*
 * ## Acting it out
 *
 * An address that belongs to no device, or an instruction beyond our vocabulary, goes back to the Guest as trap 14
 * with a remark to whoever is watching. The commonest case of the second is a clever compiler that wants to add to
 * a register in place. Linux forbids that to itself with the word `volatile` and so does pup by being simple.
 */

/** Performs the load or store at the Guest's eip, which touched `address` (trap 14), or says why not. */
export function emulateMemoryAccess(
  code: Uint8Array,
  address: number,
  registers: GuestRegisters,
  bus: PciBus,
): Emulated {
  const found = bus.at(address);
  if (!found) return { length: undefined, complaint: `touched ${hex32(address)}, where no device is` };
  const access = decode(code);
  if (!access) {
    const bytes = Array.from(code, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return {
      length: undefined,
      complaint: `touched ${hex32(address)} with an instruction too clever for us: ${bytes}`,
    };
  }

  const { length, width, into, from } = access;
  const offset = address - found.base;
  if (from) {
    const value = 'immediate' in from ? from.immediate : registers.getPart(from.register, width);
    writeRegister(found.device, offset, width, value);
  } else if (into) {
    const value = readRegister(found.device, offset, width);
    const unused = 32 - 8 * width;
    registers.setPart(into.register, into.width, into.signed ? (value << unused) >> unused : value);
  }
  return { length };
}

/*
 * ## Six things to say
 *
 * | Bytes | Means |
 * | --- | --- |
 * | 88, 89 | `mov [memory], register` |
 * | 8a, 8b | `mov register, [memory]` |
 * | a0, a1 | `mov eax, [address]`, an old short form |
 * | a2, a3 | `mov [address], eax` |
 * | c6, c7 | `mov [memory], constant` |
 * | 0f b6, b7, be, bf | widen a byte or a word on the way |
 *
 * The lowest bit of nearly every opcode says *byte* or *wide*, and a prefix of 66 makes wide mean sixteen bits. The
 * 8086 had its eight-bit ancestors to thank for the first half, and the 386 had the 286 to thank for the second.
 */

const EAX = 0;

/**
 * Takes apart the moves between memory and a register or constant (Intel SDM vol. 2, MOV, MOVZX, MOVSX).
 *
 * @param code as many bytes of the instruction as the Host has sent
 * @returns undefined for other instructions, and for those that go on behind the last byte of `code`
 */
export function decode(code: Uint8Array): Access | undefined {
  const start = prefixes(code);
  const large = code.subarray(0, start).includes(OPERAND_SIZE) ? 2 : 4;
  const opcode = code[start];
  const width = opcode !== undefined && opcode & 1 ? large : 1;
  switch (opcode) {
    case 0x88:
    case 0x89:
      return withModrm(code, start + 1, 0, (register) => ({ width, from: { register } }));
    case 0x8a:
    case 0x8b:
      return withModrm(code, start + 1, 0, (register) => ({
        width,
        into: { register, width, signed: false },
      }));
    case 0xa0:
    case 0xa1:
      return complete(code, start + 5, { width, into: { register: EAX, width, signed: false } });
    case 0xa2:
    case 0xa3:
      return complete(code, start + 5, { width, from: { register: EAX } });
    case 0xc6:
    case 0xc7:
      return storeImmediate(code, start + 1, width);
    case 0x0f:
      return widening(code, start + 1, large);
    default:
      return undefined;
  }
}

/*
 * A segment prefix changes where the access goes. But it has gone there already: the processor did the sum before
 * it faulted, and we have the result. So it only makes the instruction longer.
 */

const OPERAND_SIZE = 0x66;
const SEGMENTS = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];

/** How many prefixes there are that change nothing for us but the length and the operand size. */
function prefixes(code: Uint8Array): number {
  let at = 0;
  while (code[at] === OPERAND_SIZE || SEGMENTS.includes(code[at]!)) at++;
  return at;
}

function complete(code: Uint8Array, length: number, access: Omit<Access, 'length'>): Access | undefined {
  return length <= code.length ? { length, ...access } : undefined;
}

/*
 * ## ModRM, SIB and the two exceptions
 *
 * After the opcode comes a byte with three fields, and since we do not care *where* the access went, only its
 * length, we get away with a third of the truth.
 *
 * :::figure{#modrm caption="ModRM. Mode is 0: no displacement, 1: a byte of it, 2: four bytes, 3: no memory at all."}
 * ```text
 *       7  6   5     3   2    0
 *     +------+---------+-------+
 *     | mode | register|  base |   base 4: one more byte, SIB, comes behind
 *     +------+---------+-------+   mode 0, base 5: no register, four bytes
 * ```
 * :::
 *
 * Base 4 would be `esp`, and base 5 with mode 0 would be `[ebp]` alone; both codes were taken away from those registers
 * to mean something else, and SIB repeats the second trick one byte later. lguest took the displacement of `[disp32]`
 * for two bytes, as on an 8086, and had not heard of SIB at all. Nobody found out in the two years and a half that were
 * left to it, because the one client it had was Linux, whose accessors compile to `mov (%eax), %edx` and little else.
 * The day a different compiler had come along, its Guest would have resumed in the middle of an instruction.
 */

/** Measures ModRM, SIB and displacement, `immediate` bytes behind them, and lets `make` have the register. */
function withModrm(
  code: Uint8Array,
  at: number,
  immediate: number,
  make: (register: number, end: number) => Omit<Access, 'length'> | undefined,
): Access | undefined {
  const modrm = code[at];
  if (modrm === undefined) return undefined;
  const mode = modrm >> 6;
  const base = modrm & 7;
  if (mode === 3) return undefined; // two registers: memory was never in it
  let end = at + 1;
  let displacement = mode === 1 ? 1 : mode === 2 ? 4 : 0;
  if (base === 4) {
    const sib = code[end++];
    if (sib === undefined) return undefined;
    if (mode === 0 && (sib & 7) === 5) displacement = 4;
  } else if (mode === 0 && base === 5) displacement = 4;
  end += displacement;
  if (end + immediate > code.length) return undefined;
  const access = make((modrm >> 3) & 7, end);
  return access && { length: end + immediate, ...access };
}

/*
 * The constant comes last, behind the displacement. Here seven bytes run out: `mov dword [0xd0000038], 1` is ten
 * long, and what the Host did not send we do not guess at. Load the constant into a register first; everybody else
 * does.
 */

function storeImmediate(code: Uint8Array, at: number, width: 1 | 2 | 4): Access | undefined {
  return withModrm(code, at, width, (extension, end) => {
    if (extension !== 0) return undefined;
    let immediate = 0;
    for (let index = 0; index < width; index++) immediate |= code[end + index]! << (8 * index);
    return { width, from: { immediate: immediate >>> 0 } };
  });
}

/*
 * And two instructions that C programmers cause without knowing: every read of a byte into an `int` is one of these.
 */

/** 0f b6, b7: movzx; 0f be, bf: movsx. */
function widening(code: Uint8Array, at: number, large: 2 | 4): Access | undefined {
  const opcode = code[at];
  if (opcode === undefined || (opcode & 0xf6) !== 0xb6) return undefined;
  const width = opcode & 1 ? 2 : 1;
  const signed = (opcode & 8) !== 0;
  return withModrm(code, at + 1, 0, (register) => ({ width, into: { register, width: large, signed } }));
}
