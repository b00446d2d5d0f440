import type { Form } from '../../src/assembler/form.ts';
import { arrange, type Plan } from './arrange.ts';
import { arrangeX87 } from './arrange-x87.ts';
import { FORMS, isX87 } from './forms.ts';
import { appendOperands } from './operands.ts';
import { createRandom, edgy, type Random } from './random.ts';
import { CODE_SELECTORS, DATA_SELECTORS, STACK_SELECTORS } from './selectors.ts';
import { appendSequence } from './sequence.ts';
import {
  CODE,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  PAGE,
  segmentOf,
  type Trial,
  USER_CODE,
  USER_DATA,
  WRITABLE_BYTES,
} from './stage.ts';

const INTEGER_FORMS = FORMS.filter((form) => !isX87(form));
const X87_FORMS = FORMS.filter(isX87);

const HLT = 0xf4;
const TRAP = 0x100;
const DIRECTION = 0x400;
const ARITHMETIC = 0x8d5;
const ALIGNMENT = 0x4_0000;
/** Bit 1 is always set, and IF is for Linux to say. */
const ALWAYS = 0x202;

/** The trial of that number in the series of a seed. */
export function createTrial(seed: number, number: number): Trial {
  const random = createRandom(seed, number);
  const kind = random.below(100);
  if (kind < 12) return rawTrial(random);
  if (kind < 24) return sequenceTrial(random);
  const forms = kind < 40 ? X87_FORMS : INTEGER_FORMS;
  return formTrial(random, random.pick(forms));
}

/** An instruction of a given form, its operands mostly where there is something to be seen. */
export function formTrial(random: Random, form: Form): Trial {
  const plan = beginPlan(random);
  plan.form = form;
  if (isX87(form)) arrangeX87(plan);
  else arrange(plan);
  appendCode(plan);
  return finish(plan, form.text);
}

function beginPlan(random: Random): Plan {
  const selectors = chooseSelectors(random);
  const registers = Uint32Array.from({ length: 8 }, () =>
    random.chance(35) ? target(random) : edgy(random),
  );
  const direction = random.chance(20) ? DIRECTION : 0;
  const trap = random.chance(2) ? TRAP : 0;
  const word = random.word();
  const alignment = word >>> 28 === 0 ? ALIGNMENT : 0;
  return {
    random,
    form: INTEGER_FORMS[0]!,
    registers,
    eflags: ALWAYS | (word & ARITHMETIC) | direction | trap | alignment,
    selectors,
    pokes: [],
    code: [],
    prefixes: [],
    codeBig: segmentOf(selectors[1]!)?.big ?? true,
    at: 0,
    target: () => target(random),
  };
}

/** Mostly everything flat, as Linux has it; else anything that may be loaded. */
function chooseSelectors(random: Random): number[] {
  const rare = (from: readonly number[], usual: number, percent: number) =>
    random.chance(percent) ? random.pick(from) : usual;
  const odd = random.chance(30);
  const withNull = [...DATA_SELECTORS, 0];
  return [
    odd ? rare(withNull, USER_DATA, 60) : USER_DATA,
    odd ? rare(CODE_SELECTORS, USER_CODE, 50) : USER_CODE,
    odd ? rare(STACK_SELECTORS, USER_DATA, 50) : USER_DATA,
    odd ? rare(withNull, USER_DATA, 60) : USER_DATA,
    rare(withNull, USER_DATA, 80),
    rare(withNull, USER_DATA, 80),
  ];
}

/** A linear address: mostly in the data, often at one of its edges, sometimes anywhere. */
function target(random: Random): number {
  const near = (edge: number) => DATA + edge + random.below(24) - 16;
  const kind = random.below(100);
  if (kind < 60) return DATA + random.below(WRITABLE_BYTES);
  if (kind < 70) return near(PAGE);
  if (kind < 78) return near(WRITABLE_BYTES);
  if (kind < 84) return DATA + WRITABLE_BYTES + random.below(DATA_BYTES - WRITABLE_BYTES);
  if (kind < 89) return near(DATA_BYTES);
  if (kind < 93) return near(0);
  if (kind < 96) return CODE + random.below(CODE_BYTES);
  return edgy(random);
}

/** Prefixes, opcode, ModRM and so on, into `plan.code`. */
function appendCode(plan: Plan): void {
  const { random, form, codeBig } = plan;
  const narrow = form.operandSize === 16 || (form.operandSize === 0 && random.chance(codeBig ? 8 : 70));
  const wideAddress = form.addressSize === 16 ? false : random.chance(codeBig ? 90 : 40);
  const usesPrefix = form.operandSize === 32 ? !codeBig : narrow === codeBig;
  if (usesPrefix) plan.prefixes.push(0x66);
  if (wideAddress !== codeBig) plan.prefixes.push(0x67);
  if (random.chance(4)) plan.prefixes.push(0xf0);
  if (random.chance(2)) plan.prefixes.push(random.pick([0xf2, 0xf3]));
  appendOperands(plan, wideAddress);
}

/** Several instructions, one after the other. */
export function sequenceTrial(random: Random): Trial {
  const plan = beginPlan(random);
  const { text, openFlags } = appendSequence(plan, appendCode);
  return { ...finish(plan, text), openFlags };
}

/** Bytes that mean whatever they mean. */
function rawTrial(random: Random): Trial {
  const plan = beginPlan(random);
  for (let n = 0; n < 8; n++) if (random.chance(60)) plan.registers[n] = target(random);
  plan.registers[1] = random.chance(50) ? random.below(40) : plan.registers[1]!;
  const length = 1 + random.below(15);
  if (random.chance(30))
    plan.code.push(random.pick([0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65]));
  if (random.chance(25)) plan.code.push(0x0f);
  while (plan.code.length < length) plan.code.push(random.word() & 0xff);
  while (plan.code.length < 15) plan.code.push(HLT);
  // One instruction of them, however long it may be.
  plan.eflags |= TRAP;
  return finish(plan, 'raw bytes');
}

/** Settles where the code lies: mostly in the middle of a page, sometimes across a boundary or at the end of all. */
function finish(plan: Plan, text: string): Trial {
  const { random, code, registers, eflags, selectors, pokes } = plan;
  const limit = segmentOf(selectors[1]!)?.limit ?? 0xf_ffff;
  const kind = random.below(100);
  let at = plan.at;
  if (at === 0) {
    if (kind < 88) at = CODE + 0x100 + random.below(0xe00);
    else if (kind < 94) at = CODE + PAGE - random.below(16);
    else at = CODE + Math.min(CODE_BYTES, limit + 1) - random.below(code.length + 2) - 1;
  }
  const { x87, area } = plan;
  return { text, at, code: fitted(code, at), registers, eflags, selectors, pokes, x87, area };
}

/** The bytes of code that are on the stage. */
function fitted(code: number[], at: number): Uint8Array {
  return Uint8Array.from(code).subarray(0, CODE + CODE_BYTES - at);
}
