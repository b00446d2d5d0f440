// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is refused is written down as text
import { describe, expect, test } from 'vitest';
import { complaint, tangleSource } from './harness.ts';
import { TangleError } from '../../tools/tangle/index.ts';

const inMain = (statements: string): string =>
  `export function main(a: u32): u32 { ${statements} return 0; }`;

/** What somebody writes inside a function, and what the tangler has to say about it. */
const REFUSED: [written: string, found: string, hint: string][] = [
  ['try { a = 1; } catch { a = 2; }', 'a try statement', 'return a number'],
  ['throw a;', 'a throw statement', 'return a number'],
  ['for (const x of [a]) a = x;', 'for...of', 'count an index'],
  ['for (const x in main) a = 1;', 'for...in', 'count an index'],
  ['class A {}', 'a class', 'write an interface'],
  ['const f = () => a;', 'a function inside a function', 'at module level'],
  ['function f() {}', 'a function inside a function', 'at module level'],
  ['const o = { a };', 'an object literal', 'reserve a struct'],
  ['const o = [a];', 'an array literal', 'constant table'],
  ['const o = new Map();', 'new', 'reserve memory'],
  ['a = this;', 'this', 'as a parameter'],
  ['print(`${a}`);', 'the unknown name `print`', 'declare it or import it'],
  ['const s = `${a}`;', 'a string with holes', 'one after the other'],
  ['a = typeof a;', 'typeof', 'keep a field'],
  ['const { x } = a;', 'a destructuring', 'one by one'],
  ['var x = a;', 'var', 'let or const'],
  ['a = a == 1 ? 1 : 2;', '==', 'write ==='],
  ['a = a != 1 ? 1 : 2;', '!=', 'write !=='],
  ['a = a ** 2;', '**', '1 << n'],
  ['a = a ?? 2;', '??', 'p !== null'],
  ['a ||= 2;', '||=', 'write the assignment out'],
  ['a = 1.5;', 'the fraction 1.5', 'smaller units'],
  ['a = 10n;', 'a bigint', '32 bits'],
  ['a = 0x100000000;', 'the number 0x100000000', 'at most 0xffffffff'],
  ['a = undefined;', 'undefined', 'write null'],
  ['a = /x/;', 'a regular expression', 'in a loop'],
  ['a = 5 / 0;', 'a division by the constant zero', 'trap 0'],
  ['a = a / 0;', 'a division by the constant zero', 'trap 0'],
  ['a = a % 0;', 'a division by the constant zero', 'trap 0'],
  ['a /= 0;', 'a division by the constant zero', 'trap 0'],
  ['let i: i32 = -2147483648 / -1;', 'the division of -2147483648 by -1', 'trap 0'],
  [`a = ${'a + '.repeat(5000)}a;`, 'an expression of too many parts', 'several steps'],
  ['let x: number = a;', 'number', 'u32 or i32'],
  ['let x: u8 = a;', 'a value of type u8', '& 0xff'],
  ['let x: u32 = a as u8;', 'a value of type u8', '& 0xff'],
  ['let x: u32 = 300 as u16;', 'a value of type u16', '& 0xff'],
  ['let x: any = a;', 'the type `any`', 'write u32'],
  ['let x;', 'a variable without a type', 'annotate it'],
  ['let x = null;', 'a variable without a type', 'annotate it'],
  ['let x: Foo = a;', 'the unknown type `Foo`', 'import it'],
  ['let x: u32 | null = a;', 'the type `u32 | null`', 'a pointer or null'],
  ['x = 1;', 'the unknown name `x`', 'declare it'],
  ['let x: u32 = 1; let x: u32 = 2;', 'a second `x`', 'rename'],
  ['main(1, 2);', '2 arguments', '`main` takes 1'],
  ['a();', 'a call of u32', 'only a function'],
  ['a.length;', '`.length` of u32', 'only an interface'],
  ["a = 'text'.length;", '`.length` of string', 'keep a count'],
  ["a = 'text'[0];", 'an index into a string', 'bytesOf'],
  ['a = a[0];', 'an index into u32', 'only T[]'],
  ["a = 'x' === 'y' ? 1 : 2;", 'a comparison of strings', 'in a loop'],
  ["a = 'x' + a;", 'arithmetic with a string', 'one after the other'],
  ['a = main + 1;', 'arithmetic with a function', 'addressOf'],
  ["switch ('x') { case 'x': a = 1; }", 'a switch on a string', 'on a number'],
  ['switch (a) { case a: a = 1; }', 'the case `a`', 'constant number'],
  ['break;', '`break;` outside a loop', 'nothing to leave'],
  ['continue;', '`continue;` outside a loop', 'nothing to leave'],
  ['out: for (;;) break out;', 'a label', 'leave them with return'],
  ['a = addressOf(a);', 'the address of `a`', 'lies in memory'],
  ['a = addressOf(5);', 'the address of `5`', 'lies in memory'],
  ['a = at(5);', 'at without a type', 'write at<T>'],
  ["a = charCode('ab');", "`charCode('ab')`", 'one character'],
  ['a = sizeOf();', 'sizeOf without a type', 'sizeOf<T>'],
  ['const t = array<u32>(4);', 'array inside a function', 'at module level'],
  ['store32(a);', '`store32(a)`', 'an address and a value'],
  ['a = load32;', '`load32` as a value', 'call it'],
  ["asm('nop');", 'asm with parentheses', 'write asm`...`'],
  ['naked`nop`;', 'the tag `naked`', 'here write asm'],
  ['asm`bogus`;', '`bogus`', 'the assembler expected an instruction'],
  ['asm`mov eax, ${a + 1}`;', '`a + 1` in a hole', 'store it in a variable'],
  ['debugger;', 'debugger', 'int3'],
  ['a?.b;', '?.', 'test for null'],
  ['main(...a);', '...', 'one by one'],
  ['delete a;', 'delete', 'store null'],
];

describe('inside a function', () => {
  test.each(REFUSED)('%s is refused with a hint', (written, found, hint) => {
    const message = complaint(inMain(written));
    expect(message).toContain(`found ${found}`);
    expect(message).toContain(hint);
  });
});

const REFUSED_OUTSIDE: [written: string, found: string, hint: string][] = [
  ['main(1);', 'a statement outside a function', 'call it from the entry'],
  ['class A {}', 'a class', 'write an interface'],
  ['enum E { A }', 'an enum', 'one exported constant'],
  ['namespace N {}', 'a namespace', 'a module is a file'],
  ['export default 1;', 'a default export', 'by its name'],
  ['export { main };', 'an export list', 'before the declaration'],
  ["import fs from './language.ts';", 'a default import', 'import by name'],
  ["import * as all from './language.ts';", 'import *', 'import by name'],
  ["import './language.ts';", 'an import without names', 'does nothing'],
  ["import { x } from 'fs';", "the package 'fs'", './files.ts'],
  [
    'const x: u32 = f(); export function f(): u32 { return x; }',
    '`f()` as a first value',
    'must be constant',
  ],
  ['type A = A; export function f(a: A): u32 { return 0; }', '`A` in its own meaning', 'break the circle'],
  [
    'type A = B; type B = A | null; export function f(a: A): u32 { return 0; }',
    '`A` in its own meaning',
    'circle',
  ],
  ['export function f(a: u16): u32 { return a; }', 'a value of type u16', '& 0xff'],
  ['export function f(): u8 { return 1; }', 'a value of type u8', '& 0xff'],
  ['const t: u8[] = [300]; export function f(): u32 { return t[0]; }', 'the value 300', 'room for 8 bits'],
  [
    'const x = array<u32>(4); const t: u8[] = [addressOf(x)]; export function f(): u32 { return t[0]; }',
    'an address in 8 bits',
    'declare it as u32',
  ],
  [
    'const x = array<u32>(0x20000000); const y = array<u32>(4); export function f(): u32 { return x[0] + y[0]; }',
    'room for 2147483648 bytes in all',
    'at most as many',
  ],
  [
    'interface P { x: Inline<u8, 1.5>; } const p = struct<P>(); export function f(): u32 { return p.x[0]; }',
    '1.5 elements',
    'whole ones',
  ],
  ['const t: u16[] = [-40000]; export function f(): u32 { return t[0]; }', 'the value -40000', '16 bits'],
  [
    'interface P { x: u32; } const p = struct<P>(); const t: P[] = [p]; export function f(): u32 { return t[0].x; }',
    '`p`',
    'write the fields of P',
  ],
  ['const t = array<u8>(-4); export function f(): u32 { return t[0]; }', '-4 elements', 'at least none'],
  [
    'const t = array<u8>(4, 3); export function f(): u32 { return t[0]; }',
    'an alignment of 3',
    'power of two',
  ],
  [
    'const t = array<u8>(4, 0); export function f(): u32 { return t[0]; }',
    'an alignment of 0',
    'power of two',
  ],
  [
    'interface A { x: u32; } interface B extends A { x: u32; } export function f(b: B): u32 { return b.x; }',
    'a second `x`',
    'declared once',
  ],
  [
    'const x = y; const y = x; export function f(): u32 { return x; }',
    '`x` in its own value',
    'break the circle',
  ],
  ['let t = array<u32>(4); export function f(): u32 { return t[0]; }', 'let', 'write const'],
  ['const t = array(4); export function f(): u32 { return t[0]; }', 'array without a type', 'array<u32>(16)'],
  ['const t = [1, 2]; export function f(): u32 { return t[0]; }', 'a table without a type', 'u32[] = [1, 2]'],
  [
    'const t: u32[] = [load32(4)]; export function f(): u32 { return t[0]; }',
    '`load32(4)` in a table',
    'must be constant',
  ],
  [
    'interface P { x: u32; } const p: P = {}; export function f(): u32 { return p.x; }',
    'no `x`',
    'every field of P',
  ],
  [
    'interface P { p: Embedded<P>; } export function f(): u32 { return sizeOf<P>(); }',
    '`P` inside itself',
    'T | null',
  ],
  [
    'interface P { x?: u32; } export function f(): u32 { return sizeOf<P>(); }',
    'an optional field',
    'null or 0',
  ],
  ['interface P { x: u32; } export function f(p: P): u32 { return p.y; }', '`.y`', 'P has no such field'],
  [
    'interface P { x: u32; } const p = array<P>(2); export function f(q: P): u32 { p[1] = q; return 0; }',
    'an assignment to a whole P',
    'one by one',
  ],
  [
    'const N = 4; export function f(): u32 { N = 5; return N; }',
    'an assignment to the constant `N`',
    'with let',
  ],
  [
    'export function f(a: u32): u32 { const b = a + 1; b = 5; return b; }',
    'an assignment to the constant `b`',
    'with let',
  ],
  [
    'export function f(a: u32): u32 { const b = a + 1; for (;;) { if (a > 4) return b; b++; a += b; } }',
    'an assignment to the constant `b`',
    'with let',
  ],
  [
    'const N = 4; export function f(): u32 { return addressOf(N); }',
    'the address of the constant `N`',
    'declare it with let',
  ],
  ['export function f(a: u32 = 1): u32 { return a; }', 'a default value', 'pass it'],
  ['export function f(a?: u32): u32 { return a; }', 'an optional parameter', 'pass null'],
  ['export function f(...a: u32[]): u32 { return 0; }', 'a rest parameter', 'an array and a count'],
  ['export function f(a): u32 { return 0; }', 'a parameter without a type', 'annotate it'],
  ['export function f<T>(a: u32): u32 { return 0; }', 'a generic function', 'one for each type'],
  ['export function* f(): u32 { return 0; }', 'a generator', 'in a structure'],
  ['export async function f(): u32 { return 0; }', 'an async function', 'nothing waits'],
  ['export declare function f(): u32;', 'a function without a body', 'only language.ts'],
  ['const n = naked`nop`; export function f(): void { n(); }', 'a call of naked code', 'give it a type'],
  ['export function f(: u32 { }', 'a syntax error', 'TypeScript says'],
  ['export const f = 5;', '`f` as the entry', 'a function or naked code'],
];

describe('at module level', () => {
  test.each(REFUSED_OUTSIDE)('%s is refused with a hint', (written, found, hint) => {
    const message = complaint(written, { entry: 'f' });
    expect(message).toContain(`found ${found}`);
    expect(message).toContain(hint);
  });
});

test('an error says file, line and column', () => {
  const source = '\nexport function main(): u32 {\n  let a: u32 = 1;\n    throw a;\n}';
  expect(complaint(source)).toBe(
    'main.ts:4:5: found a throw statement; nothing catches here: return a number that says what went wrong',
  );
});

test('an error in machine code points at its line', () => {
  expect(complaint('export const main = naked`\n  nop\n  mov eax\n`;')).toMatch(/^main\.ts:3:/);
});

test('an error in another module names that module', () => {
  const modules = {
    'lib/other.ts': "import type { u32 } from '../language.ts';\nexport const X: u32 = 1.5;",
  };
  const source = "import { X } from './lib/other.ts'; export function main(): u32 { return X; }";
  expect(complaint(source, { modules })).toMatch(/^lib\/other\.ts:2:23: found the fraction 1.5/);
});

test('a module that cannot be read is an error at its import', () => {
  const source = "\nimport { x } from './gone.ts';\nexport function main(): u32 { return x; }";
  expect(complaint(source)).toBe(
    'main.ts:2:10: found an import from gone.ts; it cannot be read: no such file',
  );
});

test('a name that a module does not export is an error at its import', () => {
  const modules = { 'other.ts': 'const hidden = 1;' };
  const source = "import { hidden } from './other.ts'; export function main(): u32 { return hidden; }";
  expect(complaint(source, { modules })).toContain('found `hidden`; other.ts exports no such name');
});

test('an entry that is not there is an error', () => {
  expect(complaint('export const x = 1;', { entry: 'begin' })).toContain('found no `begin`');
});

test('what nothing reaches may say what it likes', () => {
  expect(() =>
    tangleSource('function unused(): void { throw 1; } export function main(): void {}'),
  ).not.toThrow();
});

test('an error is a TangleError with its parts apart', () => {
  try {
    tangleSource(inMain('throw a;'));
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(TangleError);
    expect(error).toMatchObject({ file: 'main.ts', line: 1, found: 'a throw statement' });
  }
});
