/** A generator of states for the x87: bits that matter more often than chance would have them. */
export interface State {
  /** What FRSTOR takes: the environment and the registers. */
  image: Uint8Array;
  /** The operand in memory. */
  memory: Uint8Array;
  eflags: number;
}

/** Numbers that look random and are the same every time. */
export function randomWords(seed: number): () => number {
  let state = (seed ^ 0x9e37_79b9) | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), state | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 0;
  };
}

/** A fraction of so many bits: all ones, all zeros, one bit, or anything. */
export function fraction(next: () => number, bits: number): bigint {
  const all = (1n << BigInt(bits)) - 1n;
  const any = (BigInt(next()) << 32n) | BigInt(next());
  const place = BigInt(next() % bits);
  const choices = [0n, all, 1n << place, all ^ (1n << place), all << place, any & (all << place), any, any];
  return choices[next() % choices.length]! & all;
}

/** Sign and exponent of eighty bits: specials, the edges of the three formats, and the neighbourhood of 1. */
function exponent(next: () => number): number {
  const near = next() % 70;
  const edges = [0, 1, 0x7fff, near, 0x7ffe - near, 0x3fff - 1022 - near, 0x3fff + 1023 - (near & 3)];
  const usual = [
    0x3fff - 126 - (near & 31),
    0x3fff + 127 - (near & 3),
    0x3fff + near,
    0x3fff - near,
    0x3fff + (near & 7),
  ];
  const choices = [...edges, ...usual, ...usual];
  return choices[next() % choices.length]! | (next() & 0x8000);
}

/** Any eighty bits, now and then of a kind that no instruction makes. */
export function anyExtended(next: () => number): { top: number; significand: bigint } {
  const top = exponent(next);
  let significand = fraction(next, 63);
  if ((top & 0x7fff) !== 0) significand |= 1n << 63n;
  if (next() % 40 === 0) significand ^= 1n << 63n;
  return { top, significand };
}

/** A state, with memory that may be a number of any format. */
export function stateFor(seed: number): State {
  const next = randomWords(seed);
  const image = new DataView(new ArrayBuffer(108));
  const masks = next() % 3 === 0 ? next() & 0x3f : 0x3f;
  const top = next() & 7;
  image.setUint16(0, masks | ((next() & 15) << 8) | 0x40, true);
  image.setUint16(4, (top << 11) | (next() & 0x4700) | (next() & masks), true);
  const full = next() % 12 === 0 ? next() & 0xff : 0x1f;
  let tags = 0;
  for (let n = 0; n < 8; n++) if (((full >> n) & 1) === 0) tags |= 3 << (((top + n) & 7) * 2);
  image.setUint16(8, tags, true);
  for (let n = 0; n < 8; n++) {
    const { top, significand } = anyExtended(next);
    image.setBigUint64(28 + n * 10, significand, true);
    image.setUint16(36 + n * 10, top, true);
  }
  // A second operand that is close to the first makes differences small and remainders long.
  if (next() % 3 === 0) {
    image.setBigUint64(38, image.getBigUint64(28, true) ^ (1n << BigInt(next() % 63)), true);
    image.setUint16(46, image.getUint16(36, true) ^ (next() & 0x8003), true);
  }
  return { image: new Uint8Array(image.buffer), memory: memoryOperand(next), eflags: (next() & 0x8d5) | 2 };
}

function memoryOperand(next: () => number): Uint8Array {
  const memory = new DataView(new ArrayBuffer(16));
  for (let at = 0; at < 16; at += 4) memory.setUint32(at, next(), true);
  const sign = BigInt(next() & 1);
  const edge = next() % 4;
  if (edge === 0)
    memory.setUint32(0, Number((sign << 31n) | (BigInt(next() & 0xff) << 23n) | fraction(next, 23)), true);
  if (edge === 1)
    memory.setBigUint64(0, (sign << 63n) | (BigInt(next() & 0x7ff) << 52n) | fraction(next, 52), true);
  if (edge === 2) for (let at = 0; at < 9; at++) memory.setUint8(at, (next() % 10) | ((next() % 10) << 4));
  if (edge === 3) {
    const { top, significand } = anyExtended(next);
    memory.setBigUint64(0, significand, true);
    memory.setUint16(8, top, true);
  }
  return new Uint8Array(memory.buffer);
}
