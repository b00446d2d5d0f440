import fc from 'fast-check';
import ts from 'typescript';

/** An expression twice: as the guest writes it, and as JavaScript that does the same with numbers that never overflow. */
export interface Twin {
  readonly guest: string;
  readonly script: string;
  readonly type: 'i32' | 'u32';
}

/** The module around the expressions: every kind of place they can name. */
export const SURROUNDINGS = `
import type { Inline, i32, u16, u32, u8 } from './language.ts';
import { addressOf, array, load32, struct } from './language.ts';

interface Inner { x: u32; y: i32; }
interface Record {
  byte: u8;
  half: u16;
  word: u32;
  signed: i32;
  inner: Inner;
  bytes: Inline<u8, 8>;
}
const inner = struct<Inner>();
const record = struct<Record>();
const others = array<Record>(8);
const words = array<u32>(8);
const bytes = array<u8>(8);
const halves = array<u16>(8);
let g: i32 = 0;
let h: u32 = 0;
let link: Record | null = null;

function twist(x: u32, y: i32): u32 {
  h = h + 1;
  return x * 3 + (y as u32);
}
function negate(x: i32): i32 {
  g = g - 1;
  return -x;
}
function prepare(): void {
  for (let i = 0; i < 8; i++) {
    words[i] = i * 0x12345678;
    bytes[i] = i * 77;
    halves[i] = i * 30011;
    others[i].word = i * 99991;
    others[i].byte = i * 51;
    record.bytes[i] = i * 33;
  }
  g = -5;
  h = 7;
  inner.x = 0xdeadbeef;
  inner.y = -42;
  record.inner = inner;
  record.byte = 200;
  record.half = 60000;
  record.word = 0xcafebabe;
  record.signed = -70000;
  link = record;
}
`;

/** What `prepare` does, for the JavaScript twin. */
export const SCRIPT_SURROUNDINGS = `
const words = [], bytes = [], halves = [], others = [], inside = [];
for (let i = 0; i < 8; i++) {
  words[i] = Math.imul(i, 0x12345678) >>> 0;
  bytes[i] = (i * 77) & 255;
  halves[i] = (i * 30011) & 65535;
  others[i] = { word: i * 99991, byte: (i * 51) & 255 };
  inside[i] = (i * 33) & 255;
}
let g = -5, h = 7;
function put(value, store) { store(value); return value; }
const inner = { x: 0xdeadbeef, y: -42 };
const record = { byte: 200, half: 60000, word: 0xcafebabe, signed: -70000 };
function twist(x, y) { h = (h + 1) >>> 0; return (Math.imul(x, 3) + y) >>> 0; }
function negate(x) { g = (g - 1) | 0; return -x | 0; }
`;

const signed = (script: string): string => `(${script} | 0)`;
const unsigned = (script: string): string => `(${script} >>> 0)`;
const as = (type: Twin['type'], script: string): string =>
  type === 'u32' ? unsigned(script) : signed(script);
const join = (a: Twin, b: Twin): Twin['type'] => (a.type === 'u32' || b.type === 'u32' ? 'u32' : 'i32');

const place = (guest: string, type: Twin['type'], script = guest): fc.Arbitrary<Twin> =>
  fc.constant({ guest, script, type });

/** Places without a computation inside. */
const PLACES: fc.Arbitrary<Twin>[] = [
  place('a', 'i32'),
  place('b', 'u32'),
  place('c', 'i32'),
  place('d', 'u32'),
  place('g', 'i32'),
  place('h', 'u32'),
  place('record.byte', 'u32'),
  place('record.half', 'u32'),
  place('record.word', 'u32'),
  place('record.signed', 'i32'),
  place('link!.word', 'u32', 'record.word'),
  place('link!.byte', 'u32', 'record.byte'),
  place('link!.inner.y', 'i32', 'inner.y'),
  place('record.inner.x', 'u32', 'inner.x'),
  place('others[3].word', 'u32'),
  place('load32(addressOf(words) + 8)', 'u32', 'words[2]'),
];

/** A lone literal takes the sign of its company; a cast pins it, so that the twin knows it too. */
const number = fc
  .tuple(
    fc.oneof(
      fc.integer({ min: 0, max: 40 }),
      fc.constantFrom(255, 256, 65535, 0x7fffffff),
      fc.nat(0xffffffff),
    ),
    fc.constantFrom<Twin['type']>('i32', 'u32'),
  )
  .map(([value, type]): Twin => ({ guest: `(${value} as ${type})`, script: as(type, `${value}`), type }));

const ARITHMETIC = ['+', '-', '&', '|', '^', '*'];
const COMPARISONS = ['<', '<=', '>', '>=', '===', '!=='];

function arithmetic(operator: string, left: Twin, right: Twin): Twin {
  const type = join(left, right);
  const script =
    operator === '*'
      ? `Math.imul(${left.script}, ${right.script})`
      : `(${left.script} ${operator} ${right.script})`;
  return { guest: `(${left.guest} ${operator} ${right.guest})`, script: as(type, script), type };
}

/** The divisor is kept from 0 and from -1: there the processor has an opinion of its own. */
function division(operator: string, left: Twin, right: Twin): Twin {
  const divisor: Twin = {
    guest: `((${right.guest} & 1023) + 1)`,
    script: `((${right.script} & 1023) + 1)`,
    type: right.type,
  };
  const type = join(left, divisor);
  const script = `(${as(type, left.script)} ${operator} ${as(type, divisor.script)})`;
  return { guest: `(${left.guest} ${operator} ${divisor.guest})`, script: as(type, script), type };
}

function shift(operator: string, left: Twin, right: Twin): Twin {
  const type = operator === '>>>' ? 'u32' : left.type;
  const script = as(type, `(${left.script} ${operator} ${right.script})`);
  return { guest: `(${left.guest} ${operator} ${right.guest})`, script, type };
}

const compared = (operator: string, left: Twin, right: Twin): { guest: string; script: string } => {
  const type = join(left, right);
  return {
    guest: `${left.guest} ${operator} ${right.guest}`,
    script: `${as(type, left.script)} ${operator} ${as(type, right.script)}`,
  };
};

/** `condition ? yes : no`, the condition with `&&`, `||` and `!` in it. */
function choice(
  sides: readonly [Twin, Twin, Twin, Twin],
  operators: readonly [string, string, string],
  yes: Twin,
  no: Twin,
): Twin {
  const first = compared(operators[0], sides[0], sides[1]);
  const second = compared(operators[1], sides[2], sides[3]);
  const write = (a: string, b: string): string =>
    operators[2] === '!' ? `!(${a}) && ${b}` : `${a} ${operators[2]} ${b}`;
  const type = join(yes, no);
  return {
    guest: `(${write(first.guest, second.guest)} ? ${yes.guest} : ${no.guest})`,
    script: as(type, `(${write(first.script, second.script)} ? ${yes.script} : ${no.script})`),
    type,
  };
}

/** Elements and fields whose index has to be computed. */
const INDEXED: ((index: Twin) => Twin)[] = [
  ({ guest, script }) => ({ guest: `words[${guest} & 7]`, script: `words[${script} & 7]`, type: 'u32' }),
  ({ guest, script }) => ({ guest: `bytes[${guest} & 7]`, script: `bytes[${script} & 7]`, type: 'u32' }),
  ({ guest, script }) => ({ guest: `halves[${guest} & 7]`, script: `halves[${script} & 7]`, type: 'u32' }),
  ({ guest, script }) => ({
    guest: `others[${guest} & 7].word`,
    script: `others[${script} & 7].word`,
    type: 'u32',
  }),
  ({ guest, script }) => ({
    guest: `others[${guest} & 7].byte`,
    script: `others[${script} & 7].byte`,
    type: 'u32',
  }),
  ({ guest, script }) => ({
    guest: `link!.bytes[${guest} & 7]`,
    script: `inside[${script} & 7]`,
    type: 'u32',
  }),
];

const WIDTHS: Record<string, number> = { byte: 255, half: 65535 };

/** An assignment, in the middle of everything. Its value is the one assigned, whatever fits in the place. */
function assignment(operator: string, target: Twin, value: Twin): Twin {
  const mask = WIDTHS[/(\w+)$/.exec(target.script)?.[1] ?? ''];
  const kept = (script: string): string =>
    mask === undefined ? as(target.type, script) : `(${script} & ${mask})`;
  const guest = `(${target.guest} ${operator}= ${value.guest})`;
  if (operator === '')
    return {
      guest,
      script: as(target.type, `put(${value.script}, (v) => { ${target.script} = ${kept('v')}; })`),
      type: target.type,
    };
  const result =
    operator === '*'
      ? `Math.imul(${target.script}, ${value.script})`
      : `(${target.script} ${operator} ${value.script})`;
  return { guest, script: `(${target.script} = ${kept(result)})`, type: target.type };
}

/** `x++` and its like, before and behind. */
function counting(operator: string, target: Twin, before: boolean): Twin {
  const mask = WIDTHS[/(\w+)$/.exec(target.script)?.[1] ?? ''];
  const next = `(${target.script} ${operator[0]} 1)`;
  const kept = mask === undefined ? as(target.type, next) : `(${next} & ${mask})`;
  const script = before
    ? `(${target.script} = ${kept})`
    : `[${target.script}, ${target.script} = ${kept}][0]`;
  return {
    guest: before ? `(${operator}${target.guest})` : `(${target.guest}${operator})`,
    script,
    type: target.type,
  };
}

const ASSIGNABLE = fc.oneof(...PLACES.filter((_, index) => index < 15));

const { twin } = fc.letrec<{ twin: Twin }>((tie) => {
  const sub = tie('twin');
  return {
    twin: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { weight: 3, arbitrary: fc.oneof(...PLACES) },
      { weight: 2, arbitrary: number },
      {
        weight: 6,
        arbitrary: fc.tuple(fc.constantFrom(...ARITHMETIC), sub, sub).map(([o, l, r]) => arithmetic(o, l, r)),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom('/', '%'), sub, sub).map(([o, l, r]) => division(o, l, r)),
      },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom('<<', '>>', '>>>'), sub, sub).map(([o, l, r]) => shift(o, l, r)),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            fc.tuple(sub, sub, sub, sub),
            fc.tuple(
              fc.constantFrom(...COMPARISONS),
              fc.constantFrom(...COMPARISONS),
              fc.constantFrom('&&', '||', '!'),
            ),
            sub,
            sub,
          )
          .map((parts) => choice(...parts)),
      },
      { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...INDEXED), sub).map(([index, at]) => index(at)) },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom('', '+', '-', '&', '|', '^', '*'), ASSIGNABLE, sub)
          .map(([operator, target, value]) => assignment(operator, target, value)),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(fc.constantFrom('++', '--'), ASSIGNABLE, fc.boolean())
          .map(([operator, target, before]) => counting(operator, target, before)),
      },
      {
        weight: 1,
        arbitrary: sub.map(
          (x): Twin => ({
            guest: `negate(${x.guest} as i32)`,
            script: `negate(${signed(x.script)})`,
            type: 'i32',
          }),
        ),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(sub, sub).map(
          ([x, y]): Twin => ({
            guest: `twist(${x.guest} as u32, ${y.guest} as i32)`,
            script: `twist(${unsigned(x.script)}, ${signed(y.script)})`,
            type: 'u32',
          }),
        ),
      },
      {
        weight: 1,
        arbitrary: sub.map(
          (x): Twin => ({ guest: `(-${x.guest})`, script: as(x.type, `(-${x.script})`), type: x.type }),
        ),
      },
      {
        weight: 1,
        arbitrary: sub.map(
          (x): Twin => ({ guest: `(~${x.guest})`, script: as(x.type, `(~${x.script})`), type: x.type }),
        ),
      },
    ),
  };
});

/** TypeScript reads `a < (b > (c))` as a call with type arguments, and complains: such are left out. */
function isReadable({ guest }: Twin): boolean {
  return ts.transpileModule(guest, { reportDiagnostics: true }).diagnostics!.length === 0;
}

export const expression: fc.Arbitrary<Twin> = twin.filter(isReadable);
