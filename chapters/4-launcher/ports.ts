import { type PciBus, CONFIG_ADDRESS } from './pci-bus.ts';
import type { GuestRegisters } from './guest-registers.ts';

/** What became of an instruction that the Guest could not execute itself. */
export interface Emulated {
  /** Its length; undefined if it was not for us, and the Guest gets its trap back. */
  length: number | undefined;
  /** Why not, if that is worth a word. */
  complaint?: string;
}

const OPERAND_SIZE = 0x66;
const CLI = 0xfa;

const EAX = 0;

/** Performs the port instruction at the Guest's eip (trap 13 with error code 0), or says that it is none. */
export function emulatePortAccess(code: Uint8Array, registers: GuestRegisters, bus: PciBus): Emulated {
  if ((registers.get('cs') & 3) !== 1) return { length: undefined };
  if (code[0] === CLI) return { length: 1 };

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

const KEYBOARD_STATUS = 0x64;
const KEYBOARD_OUTPUT_FULL = 1;
const TIMER_CHANNEL_2 = 0x42;

function isPci(port: number): boolean {
  return port >= CONFIG_ADDRESS && port < CONFIG_ADDRESS + 8;
}

function readPort(port: number, width: number, bus: PciBus): number {
  if (isPci(port)) return bus.readPort(port, width);
  if (port === KEYBOARD_STATUS) return KEYBOARD_OUTPUT_FULL;
  if (port === TIMER_CHANNEL_2) return 0;
  return 0xffffffff;
}

function writePort(port: number, width: number, value: number, bus: PciBus): boolean {
  return isPci(port) ? bus.writePort(port, width, value) : true;
}
