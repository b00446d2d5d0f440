import type { Plan } from './arrange.ts';
import { FORMS, X87_OPCODES } from './forms.ts';

const AF = 0x10;
const ECX = 1;
const ESP = 4;
/** Registers that point into the data from the beginning, and are not set again for the sake of an operand. */
const POINTERS = [3, 5, 6, 7];

/**
 * Forms that can stand in a row: what they do to flags is defined, but for AF after the logical ones, and none of
 * these reads AF. So all that a compiler may get wrong between instructions shows: flags that live on, registers kept
 * elsewhere, stores before a fault.
 */
const SEQUENCED = FORMS.filter(
  ({ mnemonic, text, opcode }) =>
    !X87_OPCODES.includes(opcode[0]!) &&
    (/^(add|or|adc|sbb|and|sub|xor|cmp|mov|movzx|movsx|lea|xchg|push|pop|inc|dec|test|not|neg|cbw|cwde|cwd|cdq|xadd|cmpxchg|stc|clc|cmc|cld)$/.test(
      mnemonic,
    ) ||
      /^(cmov|set)/.test(mnemonic) ||
      /^(stos|lods|movs|scas)[bwd]$/.test(mnemonic) ||
      (/^(shl|shr|sar|rol|ror|rcl|rcr)$/.test(mnemonic) && text.endsWith(' 1'))) &&
    !/sreg|\bcr\b|\bdr\b|[cdefgs]s\b/.test(text),
);

/** Whether a form leaves AF undefined. */
const leavesAf = (mnemonic: string) => /^(and|or|xor|test|shl|shr|sar)$/.test(mnemonic);

/** Two to eight instructions into `plan.code`, sometimes with a jump over some of them, sometimes as a loop. */
export function appendSequence(
  plan: Plan,
  append: (part: Plan) => void,
): { text: string; openFlags: number } {
  const { random, registers } = plan;
  const texts: string[] = [];
  let openFlags = 0;
  for (const register of [...POINTERS, ESP]) registers[register] = plan.target();
  const loops = random.chance(35);
  if (loops) registers[ECX] = 1 + random.below(4);
  let skips = -1;
  for (let count = 2 + random.below(7); count > 0; count--) {
    if (skips < 0 && random.chance(15)) {
      const condition = random.below(16);
      plan.code.push(0x70 + condition, 0);
      texts.push(`j${condition}`);
      skips = plan.code.length;
    }
    const form = random.pick(SEQUENCED);
    if (leavesAf(form.mnemonic)) openFlags = AF;
    const part: Plan = { ...plan, form, code: [], prefixes: [], pinned: POINTERS };
    append(part);
    plan.code.push(...part.code);
    texts.push(form.text);
    if (skips >= 0 && random.chance(40)) skips = land(plan, skips);
  }
  if (skips >= 0) land(plan, skips);
  // DEC ECX and JNZ: in 16-bit code, CX.
  if (loops) plan.code.push(0x49, 0x75, -(plan.code.length + 3) & 0xff);
  return { text: texts.join(' | ') + (loops ? ' | loop' : ''), openFlags };
}

/** Sets the distance of the jump that ends at `from`. */
function land(plan: Plan, from: number): number {
  plan.code[from - 1] = plan.code.length - from;
  return -1;
}
