/*
 * # Opcodes of the system
 *
 * The last table is the one that a hypervisor cares about. Half of these are forbidden to a guest kernel in ring 1, and
 * of the other half some are worse, for they answer and do not say that they should not have. A paravirtual kernel
 * avoids all that could betray it; what happens when it forgets is chapter 5.
 *
 * Three kinds of behaviour have a name here: `plain` ones, those `ending` a block because afterwards the world
 * may look different, and the `lonely` ones. An instruction is lonely if somebody outside can watch it or if it
 * looks at the clock. Retired instructions are counted by the block, so it needs a block to itself for the count
 * to be exact.
 */
import * as control from './control.ts';
import { fetch8, modrm, type Decode, type Decoder } from './decoder.ts';
import { undefinedOpcode } from './faults.ts';
import type { Execute } from './instruction.ts';
import { GDT_BASE, IDT_BASE, LDTR, TR } from './layout.ts';
import * as ports from './ports.ts';
import { popFlags, pushFlags } from './return.ts';
import * as system from './system.ts';

export function systemOpcodes(table: Decode[]): void {
  flagOpcodes(table);
  portOpcodes(table);
  descriptorOpcodes(table);
  controlOpcodes(table);
}

/** An opcode without operands. */
function plain(execute: Execute): Decode {
  return () => execute;
}

/** An opcode without operands, behind which everything may be different. */
function ending(execute: Execute): Decode {
  return (d) => {
    d.ends = true;
    return execute;
  };
}

/** One that is seen from outside, or looks at the clock: the count must be exact when it runs. */
function lonely(execute: Execute): Decode {
  return (d) => {
    d.alone = true;
    return execute;
  };
}

/*
 * PUSHF and POPF first. If POPF has changed more than arithmetic does, the block is left behind it, for interrupts may
 * be welcome now, or every step be watched.
 */
function flagOpcodes(table: Decode[]): void {
  table[0x9c] = (d) => {
    d.i.size = d.size;
    return pushFlags;
  };
  table[0x9d] = (d) => {
    d.i.size = d.size;
    return popFlags;
  };
  table[0x9e] = plain(system.storeAhToFlags);
  table[0x9f] = plain(system.loadFlagsToAh);
  for (const [opcode, carry] of [
    [0xf8, 0],
    [0xf9, 1],
    [0xf5, 2],
  ] as const) {
    table[opcode] = (d) => {
      d.i.operation = carry;
      return system.changeCarry;
    };
  }
  table[0xfa] = ending(control.clearInterruptFlag);
  table[0xfb] = ending(control.setInterruptFlag);
  table[0xfc] = plain(control.clearDirection);
  table[0xfd] = plain(control.setDirection);
  table[0xd6] = plain(system.setAlFromCarry);
}

/*
 * Eight opcodes, three bits of meaning: in or out, byte or more, number in the instruction or in DX.
 */
function portOpcodes(table: Decode[]): void {
  for (const opcode of [0xe4, 0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee, 0xef]) {
    table[opcode] = (d) => {
      d.alone = true;
      d.i.size = opcode & 1 ? d.size : 1;
      d.i.immediate = opcode < 0xe8 ? fetch8(d) : -1;
      return opcode & 2 ? ports.output : ports.input;
    };
  }
}

/*
 * Group 6 and group 7 came with the 286: everything that loads or stores a table.
 */
function descriptorOpcodes(table: Decode[]): void {
  table[0x63] = (d) => {
    modrm(d, 2);
    return system.adjustRequestedPrivilege;
  };
  table[0x62] = (d) => {
    modrm(d, d.size);
    return d.i.isMemory ? system.bound : undefinedOpcode;
  };
  table[0x102] = (d) => {
    modrm(d, 2, d.size);
    return largeSource(d, system.loadAccessRights);
  };
  table[0x103] = (d) => {
    modrm(d, 2, d.size);
    return largeSource(d, system.loadSegmentLimit);
  };
  table[0x100] = (d) => {
    // The stores widen to a register; everything else here is 16 bits.
    modrm(d, 2);
    if (d.reg < 2 && !d.i.isMemory && d.size === 4) {
      d.i.size = 4;
      d.i.rm = d.rm;
    }
    return groupSix(d);
  };
  table[0x101] = (d) => {
    modrm(d, 2);
    return groupSeven(d);
  };
}

/** LAR and LSL read a 16-bit selector and write a register of the operand size. */
function largeSource(d: Decoder, execute: Execute): Execute {
  d.i.operation = d.size;
  return execute;
}

/** 0F 00: SLDT, STR, LLDT, LTR, VERR, VERW. */
function groupSix(d: Decoder): Execute {
  switch (d.reg) {
    case 0:
    case 1:
      d.i.operation = d.reg === 0 ? LDTR : TR;
      return system.storeSystemSelector;
    case 2:
      return system.loadLocalTable;
    case 3:
      return system.loadTask;
    case 4:
    case 5:
      d.i.operation = d.reg - 4;
      return system.verify;
    default:
      return undefinedOpcode;
  }
}

/*
 * And this half is for the tables themselves, with INVLPG as a tenant since the 486.
 */
/** 0F 01: SGDT, SIDT, LGDT, LIDT, SMSW, LMSW, INVLPG. */
function groupSeven(d: Decoder): Execute {
  const i = d.i;
  switch (d.reg) {
    case 0:
    case 1:
    case 2:
    case 3:
      if (!i.isMemory) return undefinedOpcode;
      i.size = d.size;
      i.operation = d.reg & 1 ? IDT_BASE : GDT_BASE;
      return d.reg < 2 ? system.storeTable : system.loadTable;
    case 4:
      if (!i.isMemory && d.size === 4) {
        i.size = 4;
        i.rm = d.rm;
      }
      return control.storeMachineStatus;
    case 6:
      d.ends = true;
      return control.loadMachineStatus;
    case 7:
      if (!i.isMemory) return undefinedOpcode;
      d.ends = true;
      return control.invalidate;
    default:
      return undefinedOpcode;
  }
}

/*
 * MOV to and from CR and DR has a ModRM byte that always means registers, whatever its mode bits pretend.
 */
function controlOpcodes(table: Decode[]): void {
  table[0x106] = plain(control.clearTaskSwitched);
  table[0x108] = plain(control.flushCaches);
  table[0x109] = plain(control.flushCaches);
  for (const opcode of [0x120, 0x121, 0x122, 0x123]) {
    table[opcode] = (d) => {
      // ModRM always means registers here, whatever its mode bits say.
      const byte = fetch8(d);
      d.i.operation = (byte >> 3) & 7;
      d.i.rm = byte & 7;
      d.ends = true;
      if (opcode & 1) return opcode === 0x121 ? control.readDebug : control.writeDebug;
      if (![0, 2, 3, 4].includes(d.i.operation)) return undefinedOpcode;
      return opcode === 0x120 ? control.readControl : control.writeControl;
    };
  }
  table[0x130] = plain(control.modelSpecific);
  table[0x132] = plain(control.modelSpecific);
  table[0x131] = lonely(control.readTimeStamp);
  table[0x1a2] = plain(control.identify);
  table[0xf4] = lonely(control.halt);
}
