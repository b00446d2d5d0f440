import type { GuestRegisters } from './guest-registers.ts';
import { hex } from './outside.ts';
import type { PciBus } from './pci-bus.ts';
import type { Emulated } from './ports.ts';
import { readRegister, writeRegister } from './virtio-registers.ts';

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

/** Performs the load or store at the Guest's eip, which touched `address` (trap 14), or says why not. */
export function emulateMemoryAccess(
  code: Uint8Array,
  address: number,
  registers: GuestRegisters,
  bus: PciBus,
): Emulated {
  const found = bus.at(address);
  if (!found) return { length: undefined, complaint: `touched ${hex(address)}, where no device is` };
  const access = decode(code);
  if (!access) {
    const bytes = Array.from(code, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return {
      length: undefined,
      complaint: `touched ${hex(address)} with an instruction too clever for us: ${bytes}`,
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

function storeImmediate(code: Uint8Array, at: number, width: 1 | 2 | 4): Access | undefined {
  return withModrm(code, at, width, (extension, end) => {
    if (extension !== 0) return undefined;
    let immediate = 0;
    for (let index = 0; index < width; index++) immediate |= code[end + index]! << (8 * index);
    return { width, from: { immediate: immediate >>> 0 } };
  });
}

/** 0f b6, b7: movzx; 0f be, bf: movsx. */
function widening(code: Uint8Array, at: number, large: 2 | 4): Access | undefined {
  const opcode = code[at];
  if (opcode === undefined || (opcode & 0xf6) !== 0xb6) return undefined;
  const width = opcode & 1 ? 2 : 1;
  const signed = (opcode & 8) !== 0;
  return withModrm(code, at + 1, 0, (register) => ({ width, into: { register, width: large, signed } }));
}
