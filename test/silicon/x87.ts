/**
 * Three shapes of the x87's state: FNSAVE's 108 bytes, which a trial gives and the emulated processor stores;
 * FXSAVE's 512, which Linux and the way in use; and what is compared: ten bytes a register from ST(0), then control
 * word, status word and a byte with a bit for each register in use. Where the last instruction was is left out:
 * processors differ in it. So is what lies in empty registers.
 */
export const FNSAVE_BYTES = 108;
export const FXSAVE_BYTES = 512;
export const COMPARED_BYTES = 85;
const CONTROL = 80;
const STATUS = 82;
const IN_USE = 84;

/** As FNINIT leaves it. */
export const INITIAL_FNSAVE: Uint8Array = (() => {
  const image = new Uint8Array(FNSAVE_BYTES);
  image.set([0x7f, 0x03, 0xff, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  return image;
})();

/** Writes a 108-byte state as 512 bytes for FXRSTOR. */
export function toFxsave(image: Uint8Array, into: Uint8Array): void {
  into.fill(0);
  into.set(image.subarray(0, 2), 0);
  into.set(image.subarray(4, 6), 2);
  into[4] = registersInUse(image);
  into.set([0x80, 0x1f], 24); // MXCSR
  for (let n = 0; n < 8; n++) into.set(image.subarray(28 + 10 * n, 38 + 10 * n), 32 + 16 * n);
}

/**
 * Whether a byte that FXSAVE writes is not compared: where the last instruction was, and what is there for SSE (SDM
 * vol. 2, FXSAVE: table of the layout outside 64-bit mode).
 */
export function isOpenAfterFxsave(at: number): boolean {
  return (at >= 6 && at < 32) || (at >= 160 && at < 288);
}

export function fromFnsave(image: Uint8Array): Uint8Array {
  const compared = new Uint8Array(COMPARED_BYTES);
  compared.set(image.subarray(28, 108));
  compared.set(image.subarray(0, 2), CONTROL);
  compared.set(image.subarray(4, 6), STATUS);
  compared[IN_USE] = registersInUse(image);
  return withoutEmpty(compared);
}

export function fromFxsave(image: Uint8Array): Uint8Array {
  const compared = new Uint8Array(COMPARED_BYTES);
  for (let n = 0; n < 8; n++) compared.set(image.subarray(32 + 16 * n, 42 + 16 * n), 10 * n);
  compared.set(image.subarray(0, 2), CONTROL);
  compared.set(image.subarray(2, 4), STATUS);
  compared[IN_USE] = image[4]!;
  return withoutEmpty(compared);
}

/** A bit for each register, by its own number, that the tag word does not call empty. */
function registersInUse(image: Uint8Array): number {
  const tags = image[8]! | (image[9]! << 8);
  let inUse = 0;
  for (let n = 0; n < 8; n++) if (((tags >> (2 * n)) & 3) !== 3) inUse |= 1 << n;
  return inUse;
}

function withoutEmpty(compared: Uint8Array): Uint8Array {
  const top = (compared[STATUS + 1]! >> 3) & 7;
  for (let n = 0; n < 8; n++) {
    if (((compared[IN_USE]! >> ((top + n) & 7)) & 1) === 0) compared.fill(0, 10 * n, 10 * n + 10);
  }
  return compared;
}

/** For people. */
export function showX87(compared: Uint8Array): string {
  const hex = (from: number, to: number) =>
    [...compared.subarray(from, to)]
      .reverse()
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join('');
  const registers = Array.from({ length: 8 }, (_, n) => `st${n}=${hex(10 * n, 10 * n + 10)}`);
  return `${registers.join(' ')} control=${hex(80, 82)} status=${hex(82, 84)} in use=${hex(84, 85)}`;
}

/** Whether two states are the same, or for an approximation, as good as. */
export function sameX87(a: Uint8Array, b: Uint8Array, approximate: boolean): boolean {
  if (Buffer.compare(a, b) === 0) return true;
  if (!approximate) return false;
  const isEither = isAtUnderflow(a) || isAtUnderflow(b);
  const [first, second] = [a, b].map((compared) => {
    const copy = compared.slice();
    copy.fill(0, 0, 20);
    if (isEither) copy[STATUS]! &= ~UNDERFLOW;
    copy[STATUS + 1]! &= ~C1;
    return copy;
  }) as [Uint8Array, Uint8Array];
  return Buffer.compare(first, second) === 0 && isNear(a, b, 0) && isNear(a, b, 10);
}

/** C1 says in which direction a result was rounded. */
const C1 = 2;
const UNITS_IN_THE_LAST_PLACE = 2n;
/** Of two neighbours one may be too small to be exact. */
const UNDERFLOW = 0x10;
const INTEGER_BIT = 1n << 63n;

/** Whether ST(0) or ST(1) has one of the two lowest exponents. */
function isAtUnderflow(compared: Uint8Array): boolean {
  return [8, 18].some((at) => (compared[at + 1]! & 0x7f) === 0 && compared[at]! < 2);
}

function isNear(a: Uint8Array, b: Uint8Array, at: number): boolean {
  if (Buffer.compare(a.subarray(at, at + 10), b.subarray(at, at + 10)) === 0) return true;
  const [first, second] = [placeOf(a, at), placeOf(b, at)];
  if (first === undefined || second === undefined) return false;
  const difference = first - second;
  return difference <= UNITS_IN_THE_LAST_PLACE && difference >= -UNITS_IN_THE_LAST_PLACE;
}

/** The how-manieth of all numbers it is, counted from zero: so 1 has a neighbour below, though of another exponent. */
function placeOf(bytes: Uint8Array, at: number): bigint | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const significand = view.getBigUint64(0, true);
  const high = view.getUint16(8, true);
  const exponent = BigInt(high & 0x7fff);
  const isOfTheUsualForm = (exponent !== 0n) === (significand & INTEGER_BIT) > 0n;
  if (!isOfTheUsualForm) return undefined;
  const place = exponent * INTEGER_BIT + (significand & (INTEGER_BIT - 1n));
  return (high & 0x8000) !== 0 ? -place : place;
}
