/*
 * # Moves
 *
 * Half of all instructions, and here most of them disappear: a move between registers is a new name for an old
 * value.
 */
import type { Execute, Instruction } from '../instruction.ts';
import { EAX, EDX, SELECTOR } from '../layout.ts';
import * as move from '../move.ts';
import { type Draft, REGISTER, T1 } from './draft.ts';
import { AND, EXTEND16_S, EXTEND8_S, I32_LOAD, OR, ROTL, ROTR, SELECT, SHR_S } from './emitter.ts';
import { pushCondition } from './conditions.ts';
import {
  isWide,
  type Lowering,
  lowering,
  REG,
  RM,
  USES_EAX,
  USES_EDX,
  WIDE_REG,
  WIDE_RM,
} from './lowering.ts';
import {
  beginStore,
  getOperand,
  getRegister,
  load,
  pushOffset,
  reachOperand,
  setOperand,
  setRegister,
  store,
} from './operands.ts';

/** MOV to the register-or-memory operand. */
function toOperand(d: Draft, i: Instruction): void {
  setOperand(d, i, () => getRegister(d, i.reg, i.size));
}

function toRegister(d: Draft, i: Instruction): void {
  getOperand(d, i);
  setRegister(d, i.reg, i.size);
}

function immediate(d: Draft, i: Instruction): void {
  setOperand(d, i, () => d.code.const(i.immediate));
}

const store_ = lowering(toOperand, { operand: 'store', writes: RM, reads: REG });
const load_ = lowering(toRegister, { operand: 'load', writes: REG, reads: RM });
const constant = lowering(immediate, { operand: 'store', writes: RM });

/** MOVZX and MOVSX to 32 bits. */
function extending(code: number): Lowering {
  return lowering(
    (d, i) => {
      getOperand(d, i);
      if (code !== 0) d.code.op(code);
      d.code.set(REGISTER + i.reg);
    },
    { operand: 'load', writes: WIDE_REG, reads: RM },
  );
}

/*
 * ## Exchanges and conditions
 *
 * An exchange needs one local in between. CMOV loads its operand even if it will not use it: if there is a fault in
 * that, it is due whatever the condition says. `select` of WebAssembly has the same manners.
 */
function exchange(d: Draft, i: Instruction): void {
  getOperand(d, i);
  d.code.set(T1);
  setOperand(d, i, () => getRegister(d, i.reg, i.size));
  d.code.get(T1);
  setRegister(d, i.reg, i.size);
}

function moveIf(d: Draft, i: Instruction): void {
  getOperand(d, i);
  getRegister(d, i.reg, i.size);
  pushCondition(d, i.operation);
  d.code.op(SELECT);
  setRegister(d, i.reg, i.size);
}

function setIf(d: Draft, i: Instruction): void {
  setOperand(d, i, () => pushCondition(d, i.operation));
}

function accumulatorFromOffset(d: Draft, i: Instruction): void {
  load(d, reachOperand(d));
  setRegister(d, EAX, i.size);
}

function accumulatorToOffset(d: Draft, i: Instruction): void {
  const access = reachOperand(d);
  beginStore(d, access);
  getRegister(d, EAX, i.size);
  store(d, access);
}

/*
 * ## Odds and ends
 *
 * BSWAP turns a number end for end, and WebAssembly has nothing like it: two rotations and two masks. A selector is
 * read from where it lies, below the machine's memory. LEA is an address that nobody follows. And the last four widen a
 * number with its sign, into the register or into EDX beside it.
 */
function byteSwap({ code }: Draft, i: Instruction): void {
  const register = REGISTER + i.rm;
  code.get(register);
  code.with(8, ROTL);
  code.with(0x00ff_00ff, AND);
  code.get(register);
  code.with(8, ROTR);
  code.with(0xff00_ff00, AND);
  code.op(OR);
  code.set(register);
}

function fromSegment(d: Draft, i: Instruction): void {
  d.code.const(0);
  d.code.memory(I32_LOAD, (SELECTOR + i.operation) * 4);
  setRegister(d, i.rm, i.size);
}

function effectiveAddress(d: Draft, i: Instruction): void {
  pushOffset(d, i, 0);
  setRegister(d, i.reg, i.size);
}

function spread(size: number): Lowering['lower'] {
  return (d) => {
    getRegister(d, EAX, size);
    if (size === 2) d.code.op(EXTEND16_S);
    d.code.with(31, SHR_S);
    setRegister(d, size === 2 ? EDX * 2 : EDX, size);
  };
}

function convert(code: number, size: number): Lowering['lower'] {
  return (d) => {
    getRegister(d, EAX, size >> 1);
    d.code.op(code);
    setRegister(d, EAX, size);
  };
}

const isRegister = (i: Instruction) => !i.isMemory;

/*
 * ## By name
 */
export const moveLowerings: [Execute, Lowering][] = [
  [move.moveRegisterToRegister, store_],
  [move.moveRegisterToRegister8, store_],
  [move.moveRegisterToRegister16, store_],
  [move.moveRegisterToMemory, store_],
  [move.moveRegisterToMemory8, store_],
  [move.moveRegisterToMemory16, store_],
  [move.moveMemoryToRegister, load_],
  [move.moveMemoryToRegister8, load_],
  [move.moveMemoryToRegister16, load_],
  [move.moveImmediateToRegister, constant],
  [move.moveImmediateToMemory, constant],
  [move.moveImmediate, constant],
  [move.loadEffectiveAddress, lowering(effectiveAddress, { writes: REG, fits: isWide })],
  [move.loadEffectiveAddress16, lowering(effectiveAddress, { writes: REG })],
  [move.zeroExtendRegister8, extending(0)],
  [move.zeroExtendMemory8, extending(0)],
  [move.zeroExtendRegister16, extending(0)],
  [move.zeroExtendMemory16, extending(0)],
  [move.signExtendRegister8, extending(EXTEND8_S)],
  [move.signExtendMemory8, extending(EXTEND8_S)],
  [move.signExtendRegister16, extending(EXTEND16_S)],
  [move.signExtendMemory16, extending(EXTEND16_S)],
  [move.exchangeRegisters, lowering(exchange, { writes: RM | REG })],
  [move.exchangeMemory, lowering(exchange, { operand: 'store', writes: RM | REG })],
  [move.moveIf, lowering(moveIf, { operand: 'load', flags: 'reads', writes: REG, reads: RM })],
  [move.setIf, lowering(setIf, { operand: 'store', flags: 'reads', writes: RM })],
  [move.moveFromSegment, lowering(fromSegment, { writes: RM, fits: isRegister })],
  [move.moveOffsetToAccumulator, lowering(accumulatorFromOffset, { operand: 'load', writes: USES_EAX })],
  [move.moveAccumulatorToOffset, lowering(accumulatorToOffset, { operand: 'store', reads: USES_EAX })],
  [move.convertByteToWord, lowering(convert(EXTEND8_S, 2), { writes: USES_EAX })],
  [move.convertWordToDoubleword, lowering(convert(EXTEND16_S, 4), { writes: USES_EAX })],
  [move.spreadSign16, lowering(spread(2), { writes: USES_EDX, reads: USES_EAX })],
  [move.spreadSign32, lowering(spread(4), { writes: USES_EDX, reads: USES_EAX })],
  [move.byteSwap, lowering(byteSwap, { writes: WIDE_RM })],
  [move.doNothing, lowering(() => {})],
];
