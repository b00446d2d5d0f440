import { type Plan, poke } from './arrange.ts';
import { edgy, type Random } from './random.ts';
import { isFastSave } from './forms.ts';
import { FNSAVE_BYTES, FXSAVE_BYTES, toFxsave } from './x87.ts';

const EMPTY = 3;

/** Gives the x87 a state, and its operand in memory a value, of the kinds that make a difference. */
export function arrangeX87(plan: Plan): void {
  const { random, form } = plan;
  plan.x87 = randomState(random);
  if (isFastSave(form)) {
    arrangeArea(plan);
    return;
  }
  plan.atOperand = (address) => {
    const bytes = operandBytes(random, form.patterns.at(-1)?.name ?? '', form.mnemonic);
    for (const [n, byte] of bytes.entries()) poke(plan, address + n, byte, 1);
  };
}

/** An area for FXSAVE and FXRSTOR: mostly where it may be, and in it a state with an MXCSR that nobody objects to. */
function arrangeArea(plan: Plan): void {
  const { random, target } = plan;
  plan.target = () => (random.chance(90) ? target() & ~15 : target());
  plan.atOperand = (address) => {
    plan.area = address;
    const image = new Uint8Array(FXSAVE_BYTES);
    toFxsave(randomState(random), image);
    for (let at = 5; at < 24; at++) image[at] = random.below(0x100);
    for (const [at, byte] of image.subarray(0, 32 + 8 * 16).entries()) poke(plan, address + at, byte, 1);
  };
}

/** 108 bytes for FRSTOR: mostly sane control, any top, registers of all kinds. */
function randomState(random: Random): Uint8Array {
  const image = new Uint8Array(FNSAVE_BYTES);
  const view = new DataView(image.buffer);
  const masks = random.chance(65) ? 0x3f : random.below(0x40);
  const precision = random.pick([0, 2, 3, 3, 3]);
  const rounding = random.chance(60) ? 0 : random.below(4);
  view.setUint16(0, 0x40 | masks | (precision << 8) | (rounding << 10), true);
  const top = random.below(8);
  // Exceptions that are pending and not masked stop nearly everything, so they are rare.
  const pending = random.chance(8) ? random.below(0x40) : random.chance(30) ? random.below(0x40) & masks : 0;
  const raised = pending & ~masks & 0x3f ? 0x8080 : 0;
  const stackFault = pending & 1 && random.chance(30) ? 0x40 : 0;
  view.setUint16(4, pending | stackFault | (random.word() & 0x4700) | (top << 11) | raised, true);
  const emptiness = random.pick([0, 10, 10, 30, 100]);
  let tags = 0;
  for (let n = 0; n < 8; n++) if (random.chance(emptiness)) tags |= EMPTY << (2 * n);
  view.setUint16(8, tags, true);
  for (let n = 0; n < 8; n++) image.set(extended(random), 28 + 10 * n);
  return image;
}

/** Ten bytes: a number of the 80-bit format, or something that no longer is one. */
export function extended(random: Random): Uint8Array {
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  const put = (exponent: number, high: number, low: number) => {
    view.setUint32(0, low, true);
    view.setUint32(4, high, true);
    view.setUint16(8, (exponent & 0x7fff) | (random.chance(40) ? 0x8000 : 0), true);
    return bytes;
  };
  const low = () => (random.chance(40) ? 0 : random.chance(30) ? edgy(random) : random.word());
  const high = () => ((random.chance(40) ? 0 : edgy(random)) | 0x8000_0000) >>> 0;
  const kind = random.below(20);
  if (kind < 2) return put(0, 0, 0);
  if (kind < 5) return put(0x3fff + random.below(5) - 2, high(), low());
  if (kind < 8) return put(0x3fff + random.below(66), high(), low());
  if (kind < 11) return put(0x3fff + random.below(160) - 80, high(), low());
  if (kind < 12)
    return put(random.pick([0x3c00, 0x3c01, 0x43fe, 0x3f80, 0x407e, 0x3f81, 0x407f]), high(), low());
  if (kind < 14) return put(random.pick([1, 2, 0x40, 0x7fc0, 0x7ffd, 0x7ffe]), high(), low());
  if (kind < 15) return put(random.word(), high(), low());
  if (kind < 16) return put(0, random.word() >>> random.below(32), low());
  if (kind < 17) return put(0x7fff, 0x8000_0000, 0);
  if (kind < 18) return put(0x7fff, 0xc000_0000 | random.below(0x1000), low());
  if (kind < 19) return put(0x7fff, (0x8000_0000 | random.below(0x1000)) >>> 0, low());
  return put(random.word(), random.word(), random.word());
}

/** An operand in memory, by the name of its pattern. */
function operandBytes(random: Random, pattern: string, mnemonic: string): Uint8Array {
  const integer = /^fi/.test(mnemonic);
  const bytes = new Uint8Array(10);
  const view = new DataView(bytes.buffer);
  if (mnemonic === 'fldcw') {
    view.setUint16(0, random.word() & 0x1f3f, true);
    return bytes.subarray(0, 2);
  }
  if (mnemonic === 'fbld') {
    for (let n = 0; n < 9; n++) bytes[n] = random.below(10) | (random.below(10) << 4);
    bytes[9] = random.pick([0, 0x80]);
    return bytes;
  }
  if (pattern === 'm80') return extended(random);
  if (pattern === 'm64' && !integer) {
    view.setUint32(0, random.chance(50) ? 0 : random.word(), true);
    view.setUint32(
      4,
      random.pick([
        0,
        0x8000_0000,
        0x3ff0_0000,
        0x7ff0_0000,
        0xfff8_0000,
        0x7ff0_0001,
        random.word(),
        random.below(0x10_0000),
        0x4000_0000 + random.below(0x100_0000),
      ]),
      true,
    );
    return bytes.subarray(0, 8);
  }
  if (pattern === 'm32' && !integer) {
    view.setUint32(
      0,
      random.pick([
        0,
        0x8000_0000,
        0x3f80_0000,
        0x7f80_0000,
        0xffc0_0000,
        0x7f80_0001,
        random.word(),
        random.below(0x80_0000),
        0x4000_0000 + random.below(0x800_0000),
      ]),
      true,
    );
    return bytes.subarray(0, 4);
  }
  view.setUint32(0, edgy(random), true);
  view.setUint32(4, edgy(random), true);
  return bytes.subarray(0, 8);
}
