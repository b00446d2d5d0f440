/*
 * # What the bytes mean
 *
 * 512 opcodes, of which 256 live behind the prefix `0F` because the first 256 were full by 1982. For each there
 * is a function that reads the rest of the instruction and answers with the function that will execute it. Seven
 * files fill the array, a family each, and an eighth at the far end of this appendix. Whatever is left after that is no
 * instruction, and *that* is something one can execute too: it raises #UD.
 */
import { fetch8, startsBig, type Decode, type Decoder } from './decoder.ts';
import { undefinedOpcode } from './faults.ts';
import { REPEAT_EQUAL, REPEAT_NOT_EQUAL } from './instruction.ts';
import { CS, DS, ES, FS, GS, SS } from './layout.ts';
import { arithmeticOpcodes } from './opcodes-arithmetic.ts';
import { bitOpcodes } from './opcodes-bits.ts';
import { gridOpcodes } from './opcodes-grid.ts';
import { moveOpcodes } from './opcodes-move.ts';
import { stackOpcodes } from './opcodes-stack.ts';
import { systemOpcodes } from './opcodes-system.ts';
import { transferOpcodes } from './opcodes-transfer.ts';
import { x87Opcodes } from './opcodes-x87.ts';

/** Opcodes of one byte at 0 to 0xff, those behind 0F at 0x100 to 0x1ff. */
const opcodes: Decode[] = buildTable();

function buildTable(): Decode[] {
  const table: Decode[] = new Array(0x200).fill(undefinedInstruction);
  gridOpcodes(table);
  arithmeticOpcodes(table);
  bitOpcodes(table);
  moveOpcodes(table);
  stackOpcodes(table);
  transferOpcodes(table);
  systemOpcodes(table);
  x87Opcodes(table);
  return table;
}

function undefinedInstruction(d: Decoder) {
  d.ends = true;
  return undefinedOpcode;
}

/*
 * Prefixes first, in any order and any number. LOCK is the only one with an opinion: it may stand before eighteen
 * instructions that change memory, and before anything else it is #UD. It does nothing here. There is one processor,
 * and it has never been interrupted in the middle of an instruction in its life.
 */
/** Decodes one instruction, prefixes first. */
export function decodeInstruction(d: Decoder): void {
  let opcode = fetch8(d);
  while (isPrefix(d, opcode)) opcode = fetch8(d);
  if (opcode === 0x0f) opcode = 0x100 | fetch8(d);
  const execute = opcodes[opcode]!(d);
  const legal = !d.lock || (d.lockable && d.i.isMemory === 1);
  d.i.execute = legal ? execute : undefinedInstruction(d);
}

/** Takes note of a prefix. Of several of a kind the last one counts. */
function isPrefix(d: Decoder, byte: number): boolean {
  const big = startsBig(d);
  switch (byte) {
    case 0x26:
      d.override = ES;
      return true;
    case 0x2e:
      d.override = CS;
      return true;
    case 0x36:
      d.override = SS;
      return true;
    case 0x3e:
      d.override = DS;
      return true;
    case 0x64:
      d.override = FS;
      return true;
    case 0x65:
      d.override = GS;
      return true;
    case 0x66:
      d.size = big ? 2 : 4;
      return true;
    case 0x67:
      d.wideAddress = !big;
      return true;
    case 0xf0:
      d.lock = true;
      return true;
    case 0xf2:
      d.repeat = REPEAT_NOT_EQUAL;
      return true;
    case 0xf3:
      d.repeat = REPEAT_EQUAL;
      return true;
    default:
      return false;
  }
}
