/** A stream of numbers that is the same for the same seed: each trial has its own, so that it can be had alone. */
export interface Random {
  /** 32 bits, unsigned. */
  word(): number;
  /** From 0 to below `n`. */
  below(n: number): number;
  /** True in `percent` of a hundred. */
  chance(percent: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** Marsaglia's xorshift of 128 bits, started from two numbers by a mixer. */
export function createRandom(seed: number, number: number): Random {
  let x = mix(seed);
  let y = mix(number ^ 0x9e37_79b9);
  let z = mix(x ^ Math.imul(number, 0x85eb_ca6b));
  let w = mix(y ^ seed) | 1;
  const word = () => {
    const t = x ^ (x << 11);
    x = y;
    y = z;
    z = w;
    w = w ^ (w >>> 19) ^ t ^ (t >>> 8);
    return w >>> 0;
  };
  for (let n = 0; n < 8; n++) word();
  const below = (n: number) => Math.floor((word() / 2 ** 32) * n);
  return {
    word,
    below,
    chance: (percent) => below(100) < percent,
    pick: (from) => from[below(from.length)]!,
  };
}

/** The finisher of MurmurHash3: every bit of the argument moves every bit of the result. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
}

const EDGES = [
  0, 1, 2, 3, 7, 8, 0xf, 0x10, 0x1f, 0x20, 0x21, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff,
].concat([
  0x1_0000, 0x7fff_fffe, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_ff80, 0xffff_8000, 0xffff_fffe,
  0xffff_ffff,
]);

/** 32 bits with a liking for edges. */
export function edgy(random: Random): number {
  switch (random.below(6)) {
    case 0:
    case 1:
      return random.pick(EDGES);
    case 2:
      return random.below(0x100);
    case 3:
      return ((1 << random.below(32)) + random.below(3) - 1) >>> 0;
    default:
      return random.word();
  }
}
