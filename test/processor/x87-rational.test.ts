import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';
import { anyExtended, randomWords } from './x87-state.ts';

/**
 * The reference: exact rational arithmetic, rounded once. It knows nothing of guard bits, sticky bits or halves; a number is a
 * fraction of two integers, and rounding is a division with remainder.
 */
interface Rational {
  over: bigint;
  under: bigint;
}

const BIAS = 0x3fff;

function power(two: number): Rational {
  return two >= 0 ? { over: 1n << BigInt(two), under: 1n } : { over: 1n, under: 1n << BigInt(-two) };
}

function rational({ top, significand }: { top: number; significand: bigint }): Rational {
  const scale = power(Math.max(top & 0x7fff, 1) - BIAS - 63);
  return { over: (top & 0x8000 ? -significand : significand) * scale.over, under: scale.under };
}

function combine(operation: string, a: Rational, b: Rational): Rational {
  if (operation === 'fmul') return { over: a.over * b.over, under: a.under * b.under };
  if (operation === 'fdiv') {
    const over = a.over * b.under;
    const under = a.under * b.over;
    return under < 0n ? { over: -over, under: -under } : { over, under };
  }
  const sign = operation === 'fadd' ? 1n : -1n;
  return { over: a.over * b.under + sign * b.over * a.under, under: a.under * b.under };
}

/** floor(log2 |value|) of a value that is not 0. */
function magnitudeOf({ over, under }: Rational): number {
  const positive = over < 0n ? -over : over;
  const guess = positive.toString(2).length - under.toString(2).length;
  const scale = power(guess);
  return positive * scale.under >= under * scale.over ? guess : guess - 1;
}

type Mode = 'nearest' | 'down' | 'up' | 'zero';
const MODES: Mode[] = ['nearest', 'down', 'up', 'zero'];

/** value / 2^unit as an integer, rounded. */
function toInteger(value: Rational, unit: number, mode: Mode): bigint {
  const scale = power(unit);
  const over = value.over * scale.under;
  const under = value.under * scale.over;
  let floor = over / under;
  if (over < 0n && floor * under !== over) floor--;
  const rest = over - floor * under;
  if (rest === 0n || mode === 'down') return floor;
  if (mode === 'up') return floor + 1n;
  if (mode === 'zero') return over < 0n ? floor + 1n : floor;
  if (2n * rest !== under) return 2n * rest > under ? floor + 1n : floor;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/** What a register should hold, as text; all exceptions are masked, and the value is not 0. */
function rounded(value: Rational, bits: number, mode: Mode): string {
  const negative = value.over < 0n;
  const sign = negative ? 0x8000 : 0;
  const exponent = Math.max(magnitudeOf(value), 1 - BIAS);
  const unit = exponent - bits + 1;
  const integer = toInteger(value, unit, mode);
  let significand = (negative ? -integer : integer) << BigInt(64 - bits);
  let biased = exponent + BIAS;
  if (significand >> 64n) {
    significand >>= 1n;
    biased++;
  }
  if (significand >> 63n === 0n) biased = 0;
  if (biased >= 0x7fff) {
    const inward = mode === 'zero' || mode === (negative ? 'up' : 'down');
    const largest = (1n << 64n) - (1n << BigInt(64 - bits));
    return text(sign | (inward ? 0x7ffe : 0x7fff), inward ? largest : 1n << 63n);
  }
  return text(sign | biased, significand);
}

function text(top: number, significand: bigint): string {
  return `${top.toString(16)}:${significand.toString(16)}`;
}

/*
 * The other side: machine code on the silicon, with its operands in memory.
 */
const A = 0x2000;
const B = 0x2010;
const RESULT = 0x2020;
const CONTROL = 0x2030;
const CODE = 0x1000;
const machine = createMachine({ ramBytes: 0x1_0000 });

function load(code: string): () => void {
  const source = `fninit\n fldcw [${CONTROL}]\n fld tword [${B}]\n fld tword [${A}]\n ${code}\n hlt`;
  machine.ram.write(CODE, assemble(source, { origin: CODE }).bytes);
  return () => {
    machine.registers.eip = CODE;
    expect(machine.run(20)).toBe('halted');
  };
}

function poke(at: number, { top, significand }: { top: number; significand: bigint }): void {
  machine.ram.write32(at, Number(significand & 0xffff_ffffn));
  machine.ram.write32(at + 4, Number(significand >> 32n));
  machine.ram.write16(at + 8, top);
}

function peek(at: number): string {
  const significand = (BigInt(machine.ram.read32(at + 4)) << 32n) | BigInt(machine.ram.read32(at));
  return text(machine.ram.read16(at + 8), significand);
}

const PRECISIONS = [
  [24, 0x000],
  [53, 0x200],
  [64, 0x300],
] as const;

/** Two operands with a value: no infinities, no NaNs, nothing that the 387 gave up. */
function operands(next: () => number) {
  const usable = () => {
    for (;;) {
      const number = anyExtended(next);
      const exponent = number.top & 0x7fff;
      if (number.significand !== 0n && exponent !== 0x7fff && (exponent === 0 || number.significand >> 63n))
        return number;
    }
  };
  const a = usable();
  const b =
    next() % 3 === 0
      ? { top: a.top ^ (next() & 0x8001), significand: a.significand ^ BigInt(next() & 7) }
      : usable();
  if ((b.top & 0x7fff) !== 0x7fff && b.significand !== 0n && ((b.top & 0x7fff) === 0 || b.significand >> 63n))
    return { a, b };
  return { a, b: usable() };
}

describe('The four operations are exact arithmetic, rounded once (vol. 1, 4.8.4)', () => {
  const rows = ['fadd', 'fsub', 'fmul', 'fdiv'].flatMap((operation) =>
    PRECISIONS.map(([bits, control]) => [operation, bits, control] as const),
  );
  test.each(rows)('%s to %i bits', (operation, bits, control) => {
    const run = load(`${operation} st0, st1\n fstp tword [${RESULT}]`);
    const next = randomWords(bits);
    let compared = 0;
    for (let n = 0; n < 2000; n++) {
      const { a, b } = operands(next);
      const mode = next() & 3;
      const value = combine(operation, rational(a), rational(b));
      if (value.over === 0n) continue;
      machine.ram.write16(CONTROL, 0x7f | control | (mode << 10));
      poke(A, a);
      poke(B, b);
      run();
      const what = `${operation} ${text(a.top, a.significand)} ${text(b.top, b.significand)} ${MODES[mode]}`;
      expect(`${what} = ${peek(RESULT)}`).toBe(`${what} = ${rounded(value, bits, MODES[mode]!)}`);
      compared++;
    }
    expect(compared).toBeGreaterThan(1500);
  });
});

test('A power of two less another one, however far below, is rounded as if all of it were there', () => {
  const run = load(`fsub st0, st1\n fstp tword [${RESULT}]`);
  for (let distance = 1; distance < 140; distance++) {
    for (const [mode, name] of MODES.entries()) {
      for (const significand of [1n << 63n, (1n << 63n) + 1n]) {
        const a = { top: BIAS + 51, significand: 1n << 63n };
        const b = { top: BIAS + 51 - distance, significand };
        machine.ram.write16(CONTROL, 0x37f | (mode << 10));
        poke(A, a);
        poke(B, b);
        run();
        const expected = rounded(combine('fsub', rational(a), rational(b)), 64, name);
        expect(`${distance} ${name} ${peek(RESULT)}`).toBe(`${distance} ${name} ${expected}`);
      }
    }
  }
});

test.each(PRECISIONS)('FSQRT to %i bits: the square of the root is next to the number', (bits, control) => {
  const run = load(`fsqrt\n fstp tword [${RESULT}]`);
  const next = randomWords(bits + 1);
  for (let n = 0; n < 1000; n++) {
    const { a } = operands(next);
    const positive = { top: a.top & 0x7fff, significand: a.significand };
    const mode = next() & 3;
    machine.ram.write16(CONTROL, 0x7f | control | (mode << 10));
    poke(A, positive);
    poke(B, positive);
    run();
    // An integer of some 400 bits, an even power of two away from the number: the root of it has 200, and whether it is exact
    // decides the rest.
    const value = rational(positive);
    const even = 2 * Math.ceil((400 - magnitudeOf(value)) / 2);
    const scaled = toInteger(combine('fmul', value, power(even)), 0, 'down');
    const root = integerRoot(scaled);
    const sticky = root * root === scaled ? 0n : 1n;
    const half = power(-even / 2 - 1);
    const truth = combine('fmul', { over: root * 2n + sticky, under: 1n }, half);
    expect(`${text(positive.top, a.significand)} ${peek(RESULT)}`).toBe(
      `${text(positive.top, a.significand)} ${rounded(truth, bits, MODES[mode]!)}`,
    );
  }
});

function integerRoot(n: bigint): bigint {
  let root = 1n << BigInt((n.toString(2).length + 1) >> 1);
  for (;;) {
    const better = (root + n / root) >> 1n;
    if (better >= root) return root;
    root = better;
  }
}

test('FPREM, repeated while C2 is set, leaves the exact remainder, and FPREM1 the nearest one', () => {
  const next = randomWords(7);
  for (const [code, nearest] of [
    ['fprem', false],
    ['fprem1', true],
  ] as const) {
    load(`l: ${code}\n fnstsw ax\n test ah, 4\n jnz l\n fstp tword [${RESULT}]`);
    for (let n = 0; n < 400; n++) {
      const { a, b } = operands(next);
      if (Math.abs((a.top & 0x7fff) - (b.top & 0x7fff)) > 1000) continue;
      machine.ram.write16(CONTROL, 0x37f);
      poke(A, a);
      poke(B, b);
      machine.registers.eip = CODE;
      expect(machine.run(1000)).toBe('halted');
      const x = rational(a);
      const y = rational(b);
      const quotient = combine('fdiv', x, y);
      const whole = toInteger(quotient, 0, nearest ? 'nearest' : 'zero');
      const rest = combine('fsub', x, { over: whole * y.over, under: y.under });
      const what = `${code} ${text(a.top, a.significand)} ${text(b.top, b.significand)}`;
      const expected = rest.over === 0n ? text(a.top & 0x8000, 0n) : rounded(rest, 64, 'nearest');
      expect(`${what} = ${peek(RESULT)}`).toBe(`${what} = ${expected}`);
    }
  }
});

describe('Conversions are rounded once, too', () => {
  test.each(MODES)('FISTP and FRNDINT, %s', (mode) => {
    const next = randomWords(11);
    const control = 0x37f | (MODES.indexOf(mode) << 10);
    const run = load(`fld st0\n frndint\n fstp tword [${RESULT}]\n fistp qword [${RESULT + 10}]`);
    for (let n = 0; n < 1500; n++) {
      const { a } = operands(next);
      const top = (a.top & 0x8000) | (BIAS - 3 + (next() % 66));
      const significand = a.significand | (1n << 63n);
      machine.ram.write16(CONTROL, control);
      poke(A, { top, significand });
      poke(B, { top, significand });
      run();
      const integer = toInteger(rational({ top, significand }), 0, mode);
      const fits = BigInt.asIntN(64, integer) === integer;
      const stored =
        (BigInt(machine.ram.read32(RESULT + 14)) << 32n) | BigInt(machine.ram.read32(RESULT + 10));
      expect(BigInt.asIntN(64, stored)).toBe(fits ? integer : -(1n << 63n));
      const whole = { over: integer, under: 1n };
      expect(peek(RESULT)).toBe(integer === 0n ? text(top & 0x8000, 0n) : rounded(whole, 64, mode));
    }
  });

  test('FST m64 and FST m32 of numbers that JavaScript can hold are what JavaScript would store', () => {
    const next = randomWords(13);
    const run = load(`fst dword [${RESULT}]\n fstp qword [${RESULT + 4}]`);
    const view = new DataView(new ArrayBuffer(8));
    for (let n = 0; n < 3000; n++) {
      view.setUint32(0, next());
      view.setUint32(4, next());
      const number = view.getFloat64(0) * (next() & 1 ? 1 : 2 ** -900);
      if (Number.isNaN(number)) continue;
      view.setFloat64(0, number);
      machine.ram.write(A, new Uint8Array(new Float64Array([number]).buffer));
      // An exact double in, so the store must give it back; and Math.fround rounds to a single as FST does.
      machine.ram.write(
        CODE,
        assemble(`fninit\n fld qword [${A}]\n fst dword [${RESULT}]\n fstp qword [${RESULT + 4}]\n hlt`, {
          origin: CODE,
        }).bytes,
      );
      run();
      const bytes = machine.ram.read(RESULT, 12);
      const stored = new DataView(bytes.buffer, bytes.byteOffset);
      expect(stored.getFloat64(4, true)).toBe(number);
      expect(stored.getFloat32(0, true)).toBe(Math.fround(number));
    }
  });
});

describe('Transcendental instructions agree with functions computed another way', () => {
  const PLACES = 300n;
  const ONE = 1n << PLACES;

  /** 2^x for a fixed-point x from -1 to 1, by square roots of 2 alone: no series, no ln 2. */
  function powerOfTwo(x: bigint): bigint {
    let result = ONE;
    let root = 2n * ONE;
    let rest = x < 0n ? x + ONE : x;
    for (let place = 1n; place <= 120n; place++) {
      root = integerRoot(root << PLACES);
      const weight = ONE >> place;
      if (rest >= weight) {
        rest -= weight;
        result = (result * root) >> PLACES;
      }
    }
    return x < 0n ? result >> 1n : result;
  }

  /** A register as fixed-point. */
  function fixed(register: string): bigint {
    const [top, significand] = register.split(':');
    const { over, under } = rational({
      top: Number.parseInt(top!, 16),
      significand: BigInt(`0x${significand}`),
    });
    return (over << PLACES) / under;
  }

  test('2^F2XM1 and FYL2X are inverse within their last bits', () => {
    const next = randomWords(17);
    const run = load(`f2xm1\n fstp tword [${RESULT}]`);
    for (let n = 0; n < 15; n++) {
      const a = {
        top: (BIAS - 1 - (next() % 20)) | (next() & 0x8000),
        significand: (1n << 63n) | (BigInt(next()) << 31n),
      };
      machine.ram.write16(CONTROL, 0x37f);
      poke(A, a);
      poke(B, a);
      run();
      const got = fixed(peek(RESULT));
      const truth = powerOfTwo(fixed(text(a.top, a.significand))) - ONE;
      const error = got - truth < 0n ? truth - got : got - truth;
      const size = truth < 0n ? -truth : truth;
      // Correctly rounded: half a unit in the last place is 2^-64 of the number at most.
      expect(error << 64n <= size, text(a.top, a.significand)).toBe(true);
    }
  });

  test('FSIN and FCOS agree with repeated doubling of a tiny angle', () => {
    const next = randomWords(19);
    const run = load(`fsincos\n fstp tword [${RESULT}]\n fstp tword [${RESULT + 16}]`);
    for (let n = 0; n < 60; n++) {
      const a = {
        top: (BIAS - 1 - (next() % 12)) | (next() & 0x8000),
        significand: (1n << 63n) | BigInt(next()),
      };
      machine.ram.write16(CONTROL, 0x37f);
      poke(A, a);
      poke(B, a);
      run();
      // With t = x/2^80, cos t = 1 - t^2/2 and sin t = t but for 2^-240; then 80 doublings.
      const wide = 700n;
      const unit = 1n << wide;
      let sine = (fixed(text(a.top, a.significand)) << (wide - PLACES)) >> 160n;
      let versine = (sine * sine) >> (wide + 1n);
      for (let turn = 0; turn < 160; turn++) {
        const cosine = unit - versine;
        versine = (2n * sine * sine) >> wide;
        sine = (2n * sine * cosine) >> wide;
      }
      const check = (register: string, truth: bigint) => {
        const error = fixed(register) - (truth >> (wide - PLACES));
        const size = truth < 0n ? -truth : truth;
        expect((error < 0n ? -error : error) << 64n <= (size >> (wide - PLACES)) + 1n, register).toBe(true);
      };
      check(peek(RESULT), unit - versine);
      check(peek(RESULT + 16), sine);
    }
  });

  test('FPATAN of 1 and 1 is a quarter of FLDPI, and FYL2X of a power of two is a whole number', () => {
    const out = load(
      `fninit\n fld1\n fld1\n fpatan\n fstp tword [${RESULT}]\n fldpi\n fstp tword [${RESULT + 16}]\n fld1\n fld1\n fadd st0, st0\n fadd st0, st0\n fyl2x\n fstp tword [${RESULT + 32}]`,
    );
    poke(A, { top: BIAS, significand: 1n << 63n });
    poke(B, { top: BIAS, significand: 1n << 63n });
    machine.ram.write16(CONTROL, 0x37f);
    out();
    expect(peek(RESULT)).toBe('3ffe:c90fdaa22168c235');
    expect(peek(RESULT + 16)).toBe('4000:c90fdaa22168c235');
    expect(peek(RESULT + 32)).toBe('4000:8000000000000000');
  });
});
