/*
 * # Opcodes that go elsewhere
 *
 * Whatever may go elsewhere ends a block. That is the meaning of `d.ends`, and of the word *block*.
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
import * as far from './far.ts';
import { undefinedOpcode } from './faults.ts';
import type { Execute } from './instruction.ts';
import * as interrupts from './interrupts.ts';
import * as jumps from './jumps.ts';
import { incrementGroup } from './opcodes-arithmetic.ts';
import { pushGroup } from './opcodes-stack.ts';
import * as returns from './return.ts';

export function transferOpcodes(table: Decode[]): void {
  relativeJumps(table);
  callsAndReturns(table);
  farTransfers(table);
  interruptOpcodes(table);
  table[0xff] = (d) => {
    modrm(d, d.size);
    return groupFive(d);
  };
}

/** Reads a displacement, and turns it into the target, cut to 16 bits if operands are. */
function target(d: Decoder, displacementSize: number): void {
  const i = d.i;
  i.size = d.size;
  d.ends = true;
  let displacement: number;
  if (displacementSize === 1) displacement = fetchSigned8(d);
  else displacement = fetchImmediate(d, d.size);
  const to = (i.next + displacement) | 0;
  i.immediate = d.size === 4 ? to : to & 0xffff;
}

/*
 * A jump's distance counts from behind it. As the next instruction's address is known when the jump is decoded, so is
 * the target, and the addition is done once for all times that the jump is taken.
 */
function relativeJumps(table: Decode[]): void {
  for (let condition = 0; condition < 16; condition++) {
    table[0x70 + condition] = (d) => {
      target(d, 1);
      return jumps.conditionalJumps[condition]!;
    };
    table[0x180 + condition] = (d) => {
      target(d, 4);
      return jumps.conditionalJumps[condition]!;
    };
  }
  for (let operation = 0; operation < 4; operation++) {
    table[0xe0 + operation] = (d) => {
      target(d, 1);
      d.i.operation = operation;
      d.i.addressMask = d.wideAddress ? -1 : 0xffff;
      return jumps.loopOrJump;
    };
  }
  table[0xe9] = (d) => {
    target(d, 4);
    return jumps.jump;
  };
  table[0xeb] = (d) => {
    target(d, 1);
    return jumps.jump;
  };
}

/*
 * CALL pushes and jumps, RET pops and jumps. Everything else that people say about them is a habit.
 */
function callsAndReturns(table: Decode[]): void {
  table[0xe8] = (d) => {
    target(d, 4);
    return d.size === 4 && hasFlatStack(d) ? jumps.call : jumps.callAnyStack;
  };
  table[0xc2] = (d) => {
    d.ends = true;
    d.i.size = d.size;
    d.i.immediate = fetch16(d);
    return jumps.returnAnyStack;
  };
  table[0xc3] = (d) => {
    d.ends = true;
    d.i.size = d.size;
    return d.size === 4 && hasFlatStack(d) ? jumps.returnNear : jumps.returnAnyStack;
  };
}

function farTransfers(table: Decode[]): void {
  for (const opcode of [0x9a, 0xea]) {
    table[opcode] = (d) => {
      d.ends = true;
      d.i.size = d.size;
      d.i.immediate = fetchImmediate(d, d.size);
      d.i.operation = fetch16(d);
      return opcode === 0x9a ? far.farCall : far.farJump;
    };
  }
  for (const opcode of [0xca, 0xcb]) {
    table[opcode] = (d) => {
      d.ends = true;
      d.i.size = d.size;
      d.i.immediate = opcode === 0xca ? fetch16(d) : 0;
      return returns.farReturn;
    };
  }
}

/*
 * INT3 has one byte, because a debugger writes it over your program and must not overwrite more than the
 * shortest instruction.
 */
function interruptOpcodes(table: Decode[]): void {
  table[0xcc] = (d) => {
    d.ends = true;
    d.i.immediate = 3;
    return interrupts.interrupt;
  };
  table[0xcd] = (d) => {
    d.ends = true;
    d.i.immediate = fetch8(d);
    return interrupts.interrupt;
  };
  table[0xce] = (d) => {
    d.ends = true;
    return interrupts.interruptOnOverflow;
  };
  table[0xf1] = (d) => {
    d.ends = true;
    return interrupts.interruptOne;
  };
  table[0xcf] = (d) => {
    d.ends = true;
    d.i.size = d.size;
    return returns.interruptReturn;
  };
}

/*
 * Group 5 is where opcodes went that had no place left: seven instructions told apart by three bits of ModRM.
 */
/** FF: INC, DEC, CALL, far CALL, JMP, far JMP, PUSH. */
function groupFive(d: Decoder): Execute {
  if (d.reg < 2) return incrementGroup(d);
  if (d.reg === 6) return pushGroup(d);
  d.ends = true;
  switch (d.reg) {
    case 2:
      return jumps.callIndirect;
    case 3:
      return d.i.isMemory ? far.farCallIndirect : undefinedOpcode;
    case 4:
      return jumps.jumpIndirect;
    case 5:
      return d.i.isMemory ? far.farJumpIndirect : undefinedOpcode;
    default:
      return undefinedOpcode;
  }
}
