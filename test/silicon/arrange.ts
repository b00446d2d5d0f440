import type { Form } from '../../src/assembler/form.ts';
import { SELECTORS } from './selectors.ts';
import { appendNumber } from './operands.ts';
import { edgy, type Random } from './random.ts';
import { CODE, CODE_BYTES, DATA, segmentOf, type Trial, USER_CODE, WRITABLE_BYTES } from './stage.ts';

const EAX = 0;
const ECX = 1;
const EDX = 2;
const ESP = 4;
const EBP = 5;
const ESI = 6;
const EDI = 7;

/** A trial in the making. */
export interface Plan {
  random: Random;
  form: Form;
  registers: Uint32Array;
  eflags: number;
  /** es, cs, ss, ds, fs, gs. */
  selectors: number[];
  pokes: Trial['pokes'];
  code: number[];
  prefixes: number[];
  /** The code segment is a 32-bit one. */
  codeBig: boolean;
  /** Where the code is to lie, or 0. */
  at: number;
  /** A linear address worth accessing. */
  target(): number;
  /** The register in the opcode or in r/m, if it matters. */
  register?: number;
  /** The number in the instruction, if it matters; likewise a far pointer. */
  immediate?: number;
  farPointer?: { offset: number; selector: number };
  /** Segment override in force. */
  override?: number;
  /** Registers that the memory operand must leave alone. */
  pinned?: number[];
  /** Linear address of the memory operand, once it is known. */
  operandAt?: number;
  /** State of the x87, as FRSTOR reads it. */
  x87?: Uint8Array;
  /** Linear address of what FXSAVE and FXRSTOR take. */
  area?: number;
  /** To be done when `operandAt` is known. */
  atOperand?: (address: number) => void;
}

/** Gives registers, stack and memory what an instruction needs to be interesting. */
export function arrange(plan: Plan): void {
  const { form } = plan;
  const name = form.mnemonic;
  if (/^(movs|cmps|stos|lods|scas|ins|outs)[bwd]$/.test(name)) arrangeString(plan);
  else if (/^(push|pop|enter|leave|call|ret|iret|pusha|popa|int|bound)/.test(name)) arrangeStack(plan);
  else if (/^i?div$/.test(name)) arrangeDivision(plan);
  else if (/^(bt|bts|btr|btc)$/.test(name)) arrangeBitTest(plan);
  else if (name === 'xlat' || name === 'xlatb')
    plan.registers[3] = offsetIn(plan, 3) - (plan.registers[EAX]! & 0xff);
  else if (/^(j|loop)/.test(name)) arrangeJump(plan);
  else if (/^l[defgs]s$|^(mov|lar|lsl|verr|verw|lldt|ltr|arpl)$/.test(name)) arrangeSelector(plan);
  else if (/^cmpxchg/.test(name)) arrangeExchange(plan);
}

/** An offset in what segment register `segment` names, for a linear address worth it. */
function offsetIn(plan: Plan, segment: number): number {
  const found = segmentOf(plan.selectors[segment]!);
  if (found === undefined) return plan.target();
  const last = found.pages ? ((found.limit << 12) | 0xfff) >>> 0 : found.limit;
  return (plan.random.chance(30) ? last + plan.random.below(16) - 10 : plan.target() - found.base) >>> 0;
}

function arrangeString(plan: Plan): void {
  const { random, registers, prefixes } = plan;
  if (random.chance(70)) prefixes.push(random.pick([0xf2, 0xf3]));
  registers[ESI] = offsetIn(plan, 3);
  registers[EDI] = offsetIn(plan, 0);
  const kind = random.below(20);
  registers[ECX] =
    kind < 12 ? random.below(24) : kind < 17 ? random.below(0x400) : kind < 18 ? 0 : edgy(random);
  // Sources and destinations that overlap are where copies go wrong.
  if (random.chance(15)) registers[EDI] = registers[ESI]! + random.below(17) - 8;
  if (random.chance(10)) registers[EAX] = random.below(32) * 0x0101_0101;
}

function arrangeStack(plan: Plan): void {
  const { random, registers, form } = plan;
  const name = form.mnemonic;
  if (random.chance(90)) registers[ESP] = offsetIn(plan, 2);
  if (random.chance(70)) registers[EBP] = offsetIn(plan, 2);
  const base = segmentOf(plan.selectors[2]!)?.base ?? 0;
  const top = (register: number) => (base + registers[register]!) >>> 0;
  if (name === 'enter')
    plan.immediate = random.chance(70) ? random.below(0x600) | (random.below(8) << 16) : undefined;
  else if (/^popf/.test(name)) poke(plan, top(ESP), flagsImage(random), 4);
  else if (/^iret/.test(name)) {
    const bytes = random.chance(50) ? 4 : 2;
    poke(plan, top(ESP), codeOffset(plan), bytes);
    poke(plan, top(ESP) + bytes, someCode(plan), bytes);
    poke(plan, top(ESP) + 2 * bytes, flagsImage(random) & ~0x4000, bytes);
  } else if (/^ret/.test(name)) {
    const bytes = random.chance(60) ? 4 : 2;
    poke(plan, top(ESP), codeOffset(plan), bytes);
    if (name === 'retf') poke(plan, top(ESP) + bytes, someCode(plan), bytes);
  } else if (/^pop$/.test(name) && !/[rm]\d/.test(form.text)) poke(plan, top(ESP), random.pick(SELECTORS), 2);
  else if (name === 'int') plan.immediate = random.pick([0, 1, 2, 3, 4, 5, 0x20, 0x7f, 0x81, 0xff]);
  else if (name === 'call') arrangeJump(plan);
  else if (name === 'bound') {
    plan.pinned = [];
    plan.atOperand = (address) => {
      const low = edgy(random);
      const size = form.operandSize === 16 ? 2 : 4;
      poke(plan, address, low, size);
      poke(plan, address + size, low + random.below(0x4000), size);
      if (random.chance(60))
        for (let n = 0; n < 8; n++)
          if (n !== ESP && random.chance(30)) registers[n] = low + random.below(0x4000);
    };
  }
}

/** EFLAGS for POPF and IRET: seldom with TF, never with VM or what only newer processors know. */
function flagsImage(random: Random): number {
  return (random.word() & 0x4_7eff) | (random.chance(5) ? 0x100 : 0) | 0x200;
}

function arrangeDivision(plan: Plan): void {
  const { random, registers } = plan;
  const kind = random.below(10);
  if (kind < 3) registers[EDX] = 0;
  else if (kind < 5) registers[EDX] = registers[EAX]! & 0x8000_0000 ? 0xffff_ffff : 0;
  else if (kind < 8) registers[EDX] = random.below(0x100);
}

/** The bit may be far from the operand: up to 256 MiB either way. */
function arrangeBitTest(plan: Plan): void {
  const { random, registers } = plan;
  for (let n = 0; n < 8; n++)
    if (n !== ESP && random.chance(50)) registers[n] = random.below(0x8000) - 0x4000;
}

/** A place in the code: an offset in the present code segment, mostly of a HLT. */
function codeOffset(plan: Plan): number {
  const { random } = plan;
  if (random.chance(6)) return edgy(random);
  const linear =
    CODE + (random.chance(85) ? random.below(CODE_BYTES) : random.below(CODE_BYTES + 0x40) - 0x20);
  return (linear - (segmentOf(plan.selectors[1]!)?.base ?? 0)) >>> 0;
}

function someCode(plan: Plan): number {
  const { random, selectors } = plan;
  return random.chance(60) ? selectors[1]! : random.chance(20) ? USER_CODE : random.pick(SELECTORS);
}

function arrangeJump(plan: Plan): void {
  const { random, registers, form } = plan;
  if (/^(loop|jc?xz|jecxz)/.test(form.mnemonic))
    registers[ECX] = random.pick([0, 1, 2, 0x1_0000, 0x1_0001, random.word()]);
  plan.farPointer = { offset: codeOffset(plan), selector: someCode(plan) };
  const pattern = form.patterns[0]!.name;
  if (pattern.startsWith('rel')) {
    plan.immediate =
      pattern === 'rel8' ? random.word() : random.chance(95) ? random.below(0x2000) - 0x1000 : random.word();
    if (pattern !== 'rel8') plan.at = CODE + 0x1000 + random.below(0x40);
  } else if (!pattern.startsWith('ptr')) {
    plan.register = random.pick([0, 1, 2, 3, 5, 6, 7]);
    registers[plan.register] = codeOffset(plan);
    const bytes = form.operandSize === 16 ? 2 : 4;
    plan.pinned = [];
    plan.atOperand = (address) => {
      poke(plan, address, codeOffset(plan), bytes);
      if (pattern.startsWith('m16:')) poke(plan, address + bytes, someCode(plan), 2);
    };
  }
}

function arrangeSelector(plan: Plan): void {
  const { random, registers, form } = plan;
  const name = form.mnemonic;
  if (name === 'mov' && !form.text.includes('sreg')) return;
  for (let n = 0; n < 8; n++) {
    if (n !== ESP && random.chance(70)) registers[n] = (edgy(random) & 0xffff_0000) | random.pick(SELECTORS);
  }
  const isFar = /^l[defgs]s$/.test(name);
  const bytes = isFar ? (form.operandSize === 16 ? 2 : 4) : 0;
  plan.atOperand = (address) => poke(plan, address + bytes, random.pick(SELECTORS), 2);
}

/** Half of the time, what is compared is equal. */
function arrangeExchange(plan: Plan): void {
  const { random, registers, form } = plan;
  if (random.chance(50)) return;
  plan.atOperand = (address) => {
    poke(plan, address, registers[EAX]!, 4);
    if (form.mnemonic === 'cmpxchg8b') poke(plan, address + 4, registers[EDX]!, 4);
  };
}

/** Writes into memory before the trial, if it is memory that is there. */
export function poke(plan: Plan, address: number, value: number, bytes: number): void {
  const at = address >>> 0;
  if (at < DATA || at + bytes > DATA + WRITABLE_BYTES) return;
  const written: number[] = [];
  appendNumber(written, value, bytes);
  plan.pokes.push({ address: at, bytes: written });
}
