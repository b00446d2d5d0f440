/*
 * # Opcodes of the x87
 *
 * In 1978 eight opcodes were set aside for a chip that did not exist yet, D8 to DF. The 8086 worked out the
 * address, read a word from there, threw it away, and went on; the chip beside it picked up address and data from
 * the bus as they went by. All that the other chip was told is in six bits: three of the opcode, three of the
 * ModRM byte's digit. If the operand is not in memory, the last three bits are free as well, and are a register,
 * or 512 chances to put an instruction.
 *
 * This is why the tables below are by opcode *and* digit, and why what looks like one instruction in the manual
 * lives in three places.
 */
import { arctangent } from './x87-arctangent.ts';
import * as arithmetic from './x87-arithmetic.ts';
import * as comparison from './x87-compare.ts';
import * as decimal from './x87-decimal.ts';
import * as environment from './x87-environment.ts';
import { fastRestore, fastSave } from './x87-fast-save.ts';
import * as load from './x87-load.ts';
import * as logarithm from './x87-logarithm.ts';
import { powerOfTwoMinusOne } from './x87-power.ts';
import * as remainder from './x87-remainder.ts';
import * as scale from './x87-scale.ts';
import * as store from './x87-store.ts';
import * as trigonometry from './x87-trigonometry.ts';
import { REPEAT_NONE } from './instruction.ts';
import { modrm, startsBig, type Decode, type Decoder } from './decoder.ts';
import { undefinedOpcode } from './faults.ts';
import type { Execute } from './instruction.ts';
import { DS, EBP, ESP, SS } from './layout.ts';
import { tire } from './processor.ts';

/** What executes an instruction, and what it should find in `Instruction.operation` and `size`. */
type Row = readonly [execute: Execute, operation?: number, size?: number];

export function x87Opcodes(table: Decode[]): void {
  for (let opcode = 0; opcode < 8; opcode++) {
    table[0xd8 + opcode] = (d) => decodeX87(d, opcode);
  }
  table[0x9b] = () => environment.waitForX87;
  table[0x1ae] = decodeGroup15;
}

/*
 * ## Decoding
 *
 * FNSTENV will want to know the opcode and the segment, so both are written into the record here, once. The
 * segment matters even where it is flat: the operand's address is computed without it, but a debugger wants to be
 * told.
 */
/** Everything is in ModRM. */
function decodeX87(d: Decoder, opcode: number): Execute {
  modrm(d, 4);
  const i = d.i;
  const row = d.mode === 3 ? registerRow(opcode, d.reg, d.rm) : MEMORY[opcode * 8 + d.reg];
  if (row === undefined) return undefinedOpcode;
  i.operation = row[1] ?? 0;
  i.size = row[2] ?? d.size;
  // What FNSTENV will say of it: eleven bits, the five that all have in common left out.
  i.immediate = (opcode << 8) | (d.mode << 6) | (d.reg << 3) | d.rm;
  i.reg = segmentOf(d);
  return row[0];
}

/** 0F AE: FXSAVE and FXRSTOR. The other digits, all registers, and whatever has a prefix in front, came later. */
function decodeGroup15(d: Decoder): Execute {
  const hasPrefix = d.repeat !== REPEAT_NONE || d.size !== (startsBig(d) ? 4 : 2);
  modrm(d, 4);
  if (!d.i.isMemory || d.reg > 1 || hasPrefix) return undefinedOpcode;
  return d.reg === 0 ? DEAR_SAVE : DEAR_RESTORE;
}

/** The segment of a memory operand; also where it is flat and nobody else wants to know. */
function segmentOf(d: Decoder): number {
  if (d.override >= 0) return d.override;
  return d.i.base === ESP || d.i.base === EBP ? SS : DS;
}

/*
 * Some of what follows takes so long that the run loop [wants to know](#dear-instructions).
 */
/** The same instruction, which takes so many tenths of a microsecond. */
function dear(tenths: number, execute: Execute): Execute {
  return (cpu, i) => {
    tire(cpu, tenths);
    execute(cpu, i);
  };
}

const DEAR_SAVE = dear(2, fastSave);
const DEAR_RESTORE = dear(2, fastRestore);

/*
 * ## With an operand in memory
 *
 * Four opcodes are arithmetic, and differ only in what they read. The other four are everything else, in an order
 * that somebody must have understood.
 */
const { compareWithDouble, compareWithInteger, compareWithSingle } = comparison;

/** The eight digits of arithmetic with one kind of operand. */
function digits(operate: Execute, compare: Execute, size: number): Row[] {
  return [0, 1, 2, 3, 4, 5, 6, 7].map((digit): Row => {
    if (digit === 2) return [compare, 0, size];
    if (digit === 3) return [compare, 1, size];
    return [operate, digit, size];
  });
}

/** By opcode and digit. */
const MEMORY: readonly (Row | undefined)[] = [
  // D8
  ...digits(arithmetic.arithmeticWithSingle, compareWithSingle, 4),
  // D9
  [load.pushSingle, 0, 4],
  undefined,
  [store.storeAsSingle, 0, 4],
  [store.storeAsSingle, 1, 4],
  [environment.loadEnvironment],
  [environment.loadControl, 0, 2],
  [environment.storeEnvironment],
  [environment.storeControl, 0, 2],
  // DA
  ...digits(arithmetic.arithmeticWithInteger, compareWithInteger, 4),
  // DB
  [load.pushInteger, 0, 4],
  undefined,
  [store.storeAsInteger, 0, 4],
  [store.storeAsInteger, 1, 4],
  undefined,
  [load.pushExtended, 0, 10],
  undefined,
  [store.storeAsExtended, 1, 10],
  // DC
  ...digits(arithmetic.arithmeticWithDouble, compareWithDouble, 8),
  // DD
  [load.pushDouble, 0, 8],
  undefined,
  [store.storeAsDouble, 0, 8],
  [store.storeAsDouble, 1, 8],
  [dear(4, environment.restoreAll)],
  undefined,
  [dear(4, environment.saveAll)],
  [environment.storeStatus, 0, 2],
  // DE
  ...digits(arithmetic.arithmeticWithInteger, compareWithInteger, 2),
  // DF
  [load.pushInteger, 0, 2],
  undefined,
  [store.storeAsInteger, 0, 2],
  [store.storeAsInteger, 1, 2],
  [dear(2, decimal.pushDecimal)],
  [load.pushInteger, 0, 8],
  [dear(2, decimal.storeAsDecimal)],
  [store.storeAsInteger, 1, 8],
];

/*
 * ## With registers
 *
 * The first four opcodes put their results on top. Two of them, DA and DB, were all but empty until 1995, and became
 * the home of FCMOVcc: the condition is in the digit, its opposite one opcode further. The holes are where nothing is,
 * or where one of the lone ones below lives.
 */
const { compareIntoFlags, compareWithRegister, QUIETLY } = comparison;
const { arithmeticToOther, arithmeticToTop, POPS } = arithmetic;
const { conditionalMove, exchange, freeRegister, pushStackRegister, storeToRegister, storeQuietly } = load;

/** Conditions as the jumps number them: below, equal, below or equal, parity; and their opposites one further. */
const BELOW = 2;
const EQUAL = 4;
const BELOW_OR_EQUAL = 6;
const PARITY = 10;

/** D8 to DB with a register, by digit. */
const REGISTERS_TO_TOP: readonly (Row | undefined)[] = [
  // D8
  ...digits(arithmeticToTop, compareWithRegister, 0),
  // D9
  [pushStackRegister],
  [exchange],
  undefined,
  [storeQuietly],
  undefined,
  undefined,
  undefined,
  undefined,
  // DA
  [conditionalMove, BELOW],
  [conditionalMove, EQUAL],
  [conditionalMove, BELOW_OR_EQUAL],
  [conditionalMove, PARITY],
  undefined,
  undefined,
  undefined,
  undefined,
  // DB
  [conditionalMove, BELOW + 1],
  [conditionalMove, EQUAL + 1],
  [conditionalMove, BELOW_OR_EQUAL + 1],
  [conditionalMove, PARITY + 1],
  undefined,
  [compareIntoFlags, QUIETLY],
  [compareIntoFlags, 0],
  undefined,
];

/*
 * The other four put theirs into the other register. The two subtractions change places there, and so do the divisions:
 * digit 4 is always *top less other*, whichever of them gets the result. AT&T's assembler of the eighties got that
 * wrong, GNU's was made to agree with it, and in that syntax `fsub` and `fsubr` to another register are mixed up to
 * this day.
 */
/** DC to DF with a register, by digit. */
const REGISTERS_TO_OTHER: readonly (Row | undefined)[] = [
  // DC
  ...digits(arithmeticToOther, compareWithRegister, 0),
  // DD
  [freeRegister],
  [exchange],
  [storeToRegister, 0],
  [storeToRegister, 1],
  [compareWithRegister, QUIETLY],
  [compareWithRegister, QUIETLY + 1],
  undefined,
  undefined,
  // DE
  [arithmeticToOther, 0 + POPS],
  [arithmeticToOther, 1 + POPS],
  [compareWithRegister, 1],
  undefined,
  [arithmeticToOther, 4 + POPS],
  [arithmeticToOther, 5 + POPS],
  [arithmeticToOther, 6 + POPS],
  [arithmeticToOther, 7 + POPS],
  // DF
  [freeRegister, 1],
  [exchange],
  [storeToRegister, 1],
  [storeToRegister, 1],
  undefined,
  [compareIntoFlags, QUIETLY + 1],
  [compareIntoFlags, 1],
  undefined,
];

/*
 * ## Without operands
 *
 * D9 E0 to D9 FF is where the mathematics is. In the 8087 each was a short program in a read-only memory that
 * took up a good part of the chip. To fit it in, its cells had four sizes of transistor and held two bits each.
 */
const { pushMathConstant } = load;

const REGISTERS = [...REGISTERS_TO_TOP, ...REGISTERS_TO_OTHER];

/** Opcode and ModRM together. */
const LONE = new Map<number, Row>([
  [0xd9d0, [environment.noOperation]],
  [0xd9e0, [arithmetic.changeSign, 0]],
  [0xd9e1, [arithmetic.changeSign, 1]],
  [0xd9e4, [comparison.compareWithZero]],
  [0xd9e5, [comparison.examine]],
  ...[0, 1, 2, 3, 4, 5, 6].map((constant): [number, Row] => [
    0xd9e8 + constant,
    [pushMathConstant, constant],
  ]),
  [0xd9f0, [dear(100, powerOfTwoMinusOne)]],
  [0xd9f1, [dear(50, logarithm.logarithm)]],
  [0xd9f2, [dear(80, trigonometry.tangent)]],
  [0xd9f3, [dear(60, arctangent)]],
  [0xd9f4, [scale.extract]],
  [0xd9f5, [dear(4, remainder.partialRemainder), 1]],
  [0xd9f6, [environment.turnStack, 7]],
  [0xd9f7, [environment.turnStack, 1]],
  [0xd9f8, [dear(4, remainder.partialRemainder), 0]],
  [0xd9f9, [dear(100, logarithm.logarithmPlusOne)]],
  [0xd9fa, [arithmetic.takeSquareRoot]],
  [0xd9fb, [dear(100, trigonometry.sineAndCosine)]],
  [0xd9fc, [scale.roundTop]],
  [0xd9fd, [scale.scale]],
  [0xd9fe, [dear(50, trigonometry.sine), 0]],
  [0xd9ff, [dear(50, trigonometry.sine), 1]],
  [0xdae9, [compareWithRegister, QUIETLY + 2]],
  [0xdbe0, [environment.relic]],
  [0xdbe1, [environment.relic]],
  [0xdbe2, [environment.clearExceptions]],
  [0xdbe3, [environment.initialise]],
  [0xdbe4, [environment.relic]],
  [0xded9, [compareWithRegister, 2]],
  [0xdfe0, [environment.storeStatusToAx]],
]);

function registerRow(opcode: number, digit: number, rm: number): Row | undefined {
  return REGISTERS[opcode * 8 + digit] ?? LONE.get(((0xd8 + opcode) << 8) | 0xc0 | (digit << 3) | rm);
}
