/*
 * # Opcodes of the stack
 *
 * Sixteen opcodes of one byte, `50` to `5f`, push and pop the eight registers. Kernels are full of them. A page of
 * machine code that begins with `55` is a function: PUSH EBP.
 *
 * PUSH and POP have a fast form each for 32-bit operands on a flat stack, and slow ones for every other case there
 * could be.
 */
import {
  fetch16,
  fetch8,
  fetchImmediate,
  fetchSigned8,
  hasFlatStack,
  modrm,
  type Decode,
  type Decoder,
} from './decoder.ts';
import { undefinedOpcode } from './faults.ts';
import type { Execute } from './instruction.ts';
import { CS, DS, ES, FS, GS, SS } from './layout.ts';
import { registerIndex } from './operands.ts';
import * as stack from './stack.ts';

export function stackOpcodes(table: Decode[]): void {
  pushesAndPops(table);
  frames(table);
  segmentPushes(table);
}

function pushesAndPops(table: Decode[]): void {
  for (let register = 0; register < 8; register++) {
    table[0x50 + register] = (d) => {
      d.i.size = d.size;
      d.i.rm = registerIndex(register, d.size);
      return d.size === 4 && hasFlatStack(d) ? stack.pushRegister : stack.pushOperand;
    };
    table[0x58 + register] = (d) => {
      d.i.size = d.size;
      d.i.rm = registerIndex(register, d.size);
      return d.size === 4 && hasFlatStack(d) ? stack.popRegister : stack.popOperand;
    };
  }
  for (const opcode of [0x68, 0x6a]) {
    table[opcode] = (d) => {
      d.i.size = d.size;
      d.i.immediate = opcode === 0x68 ? fetchImmediate(d, d.size) : fetchSigned8(d);
      return d.size === 4 && hasFlatStack(d) ? stack.pushImmediate : stack.pushConstant;
    };
  }
  table[0x8f] = (d) => {
    modrm(d, d.size);
    return d.reg === 0 ? stack.popOperand : undefinedOpcode;
  };
}

/*
 * Whole handfuls: PUSHA and POPA of 1982 take all eight registers, ENTER and LEAVE build a procedure's frame and tear
 * it down. LEAVE alone has survived the compilers.
 */
function frames(table: Decode[]): void {
  table[0x60] = ofOperandSize(stack.pushAll);
  table[0x61] = ofOperandSize(stack.popAll);
  table[0xc8] = (d) => {
    d.i.size = d.size;
    d.i.immediate = fetch16(d);
    d.i.operation = fetch8(d) & 31;
    return stack.enter;
  };
  table[0xc9] = (d) => {
    d.i.size = d.size;
    return d.size === 4 && hasFlatStack(d) ? stack.leave : stack.leaveAnyStack;
  };
}

function ofOperandSize(execute: Execute): Decode {
  return (d) => {
    d.i.size = d.size;
    return execute;
  };
}

/*
 * There was a `pop cs` on the 8086, opcode `0f`. It moved the program out from under itself and was of no use to
 * anybody. On the 286 the byte became the door to all the others.
 */
function segmentPushes(table: Decode[]): void {
  const segments: [number, number][] = [
    [0x06, ES],
    [0x0e, CS],
    [0x16, SS],
    [0x1e, DS],
    [0x1a0, FS],
    [0x1a8, GS],
  ];
  for (const [opcode, segment] of segments) {
    table[opcode] = (d) => {
      d.i.size = d.size;
      d.i.operation = segment;
      return stack.pushSegment;
    };
    // The POP is the opcode behind the PUSH. There is none for CS: 0F went on to greater things.
    if (segment === CS) continue;
    table[opcode + 1] = (d) => {
      d.i.size = d.size;
      d.i.operation = segment;
      d.ends = segment === SS;
      return stack.popSegment;
    };
  }
}

/** PUSH of a memory operand: number 6 of group FF. */
export function pushGroup(d: Decoder): Execute {
  return d.size === 4 && hasFlatStack(d) && d.i.isMemory ? stack.pushMemory : stack.pushOperand;
}
