/*
 * # Numbers, some of them later
 *
 * `[ebx*4 + table - 0xc0000000]` has a number in it, and so has `(label >> 12) & 0x3ff`, which picks a label's slot
 * in a page directory. Some we can work out on the spot. The others wait for labels to find their places, so they
 * are kept as little trees, and a tree in which everything is known folds into a number before anyone sees it.
 */

import { AssemblyError } from './error.ts';

/** A number, a name whose number is found later, or arithmetic on the two. */
export type Expression = number | Name | Operation;

/** A label or an `equ`. `value` stays undefined until the line that defines it; a label's moves while branches grow. */
export interface Name {
  name: string;
  value: Expression | undefined;
}

interface Operation {
  operator: string;
  left: Expression;
  right: Expression;
}

/** One line of source, cut into tokens, and how far it has been read. */
export interface Cursor {
  tokens: string[];
  at: number;
  lookUp(name: string): Expression;
}

/*
 * ## Who binds whom
 *
 * `1 + 2 * 3` is seven because `*` binds tighter, and the whole art of reading it is in one number. Ask for
 * everything that binds at least as tightly as 1, and you get a sum; having read `1 +`, ask for what binds tighter
 * than `+`, and you get `2 * 3` whole. The order is C's, and NASM's.
 */

const BINDING = new Map([
  ['|', 1],
  ['^', 2],
  ['&', 3],
  ['<<', 4],
  ['>>', 4],
  ['+', 5],
  ['-', 5],
  ['*', 6],
  ['/', 6],
  ['%', 6],
]);

/** How tightly a product binds: an address stops here, for its `+` and `-` join registers as well. */
export const PRODUCT = 6;

/** Reads an expression whose operators bind at least as tightly as `binding`. */
export function parseExpression(cursor: Cursor, binding = 1): Expression {
  let left = parseUnary(cursor);
  for (;;) {
    const operator = cursor.tokens[cursor.at];
    const strength = operator === undefined ? undefined : BINDING.get(operator);
    if (strength === undefined || strength < binding) return left;
    cursor.at++;
    left = combine(operator!, left, parseExpression(cursor, strength + 1));
  }
}

/*
 * What stands between operators starts with its first character: a digit for a number, a letter or one of `_.$` for
 * a name, a quote for a character, and a parenthesis for the whole story again.
 */

function parseUnary(cursor: Cursor): Expression {
  const token = cursor.tokens[cursor.at++];
  if (token === undefined) throw new AssemblyError('the end of the line', 'a number or a name');
  const first = token.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39) return parseNumber(token);
  if (isName(token)) return cursor.lookUp(token);
  if (isString(token)) return parseCharacter(token);
  if (token === '-') return combine('-', 0, parseUnary(cursor));
  if (token === '+') return parseUnary(cursor);
  if (token === '~') return combine('^', -1, parseUnary(cursor));
  if (token !== '(') throw new AssemblyError(`\`${token}\``, 'a number or a name');
  const inner = parseExpression(cursor);
  expect(cursor, ')');
  return inner;
}

/*
 * Characters are numbers too, up to four of them, the first one lowest: `cmp dword [eax], 'PATH'` compares as you
 * would read it in memory. Half of all file formats start with such a greeting.
 */

const NUMBER = /^(?:0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+|[0-9][0-9_]*)$/i;

function parseNumber(token: string): number {
  const value = NUMBER.test(token) ? Number(token.replaceAll('_', '')) : Number.NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new AssemblyError(`\`${token}\``, 'a number such as 42, 0x2a, 0b101010 or 0o52');
}

function parseCharacter(token: string): number {
  const bytes = stringBytes(token);
  if (bytes.length < 1 || bytes.length > 4) throw new AssemblyError(token, 'one to four characters');
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** The UTF-8 bytes of a quoted token. */
export function stringBytes(token: string): Uint8Array {
  if (token.length < 2 || !token.endsWith(token[0]!)) throw new AssemblyError(token, 'a closing quote');
  return new TextEncoder().encode(token.slice(1, -1));
}

export function isString(token: string | undefined): boolean {
  return token !== undefined && (token.startsWith("'") || token.startsWith('"'));
}

/** Names start with a letter, `_`, `.` or `$`; a token that starts so is a name as a whole. */
export function isName(token: string | undefined): boolean {
  if (token === undefined) return false;
  const first = token.charCodeAt(0);
  const letter = first | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || first === 0x5f || first === 0x2e || first === 0x24;
}

/*
 * Two small words for all who read with a `Cursor`: insist on a token, and say what stands there instead.
 */

/** Steps over `token`, which must come next. */
export function expect(cursor: Cursor, token: string): void {
  if (cursor.tokens[cursor.at] !== token) throw new AssemblyError(nextToken(cursor), `\`${token}\``);
  cursor.at++;
}

/** The next token as an error message would name it. */
export function nextToken(cursor: Cursor): string {
  const token = cursor.tokens[cursor.at];
  return token === undefined ? 'the end of the line' : `\`${token}\``;
}

/*
 * ## Endless ones
 *
 * How much is `-1 & 0xff`? In 32 bits, 255. And `~0xfff`? Either -4096 or 4,294,963,200, depending on whom you ask, and
 * as operands they are the same bits. We answer as mathematics would: a negative number has an endless row of ones to
 * its left. So `~0xfff` is -4096, `-1 & 0xff` is 255, and no width has to be chosen before somebody needs one. (But for
 * `>>`, which is the processor's `shr` and sees 32 bits.)
 *
 * JavaScript's own operators know only signed 32 bits. `asSigned` puts the result on the right side of zero.
 */

/** `left operator right`, computed at once when both are known. */
export function combine(operator: string, left: Expression, right: Expression): Expression {
  if (typeof left === 'number' && typeof right === 'number') return compute(operator, left, right);
  if (operator === '+' && left === 0) return right;
  if (right === 0 && (operator === '+' || operator === '-')) return left;
  return { operator, left, right };
}

function compute(operator: string, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      requireRange(
        left * right,
        -Number.MAX_SAFE_INTEGER,
        Number.MAX_SAFE_INTEGER,
        'a product that is exact',
      );
      return left * right;
    case '/':
    case '%':
      if (right === 0) throw new AssemblyError('a division by 0', 'a divisor');
      return operator === '/' ? Math.trunc(left / right) : left % right;
  }
  requireRange(left, -0x8000_0000, 0xffff_ffff, `operand of ${operator}`);
  requireRange(right, -0x8000_0000, 0xffff_ffff, `operand of ${operator}`);
  switch (operator) {
    case '&':
      return asSigned(left & right, left < 0 && right < 0);
    case '|':
      return asSigned(left | right, left < 0 || right < 0);
    case '^':
      return asSigned(left ^ right, left < 0 !== right < 0);
  }
  requireRange(right, 0, 31, `distance of ${operator}`);
  return operator === '<<' ? left * 2 ** right : left >>> right;
}

function asSigned(bits: number, negative: boolean): number {
  return negative ? bits | 0 : bits >>> 0;
}

/*
 * ## When the time has come
 *
 * After everything has its place, an expression is asked again, and this time it must have a value. It can
 * fail in two ways. A name may lie further down than its use allows. Or somebody wrote `a equ b` and `b equ a`, and we
 * would chase our tail until the stack ends. Nobody looks whether it is the same tail; a hundred hops are plenty.
 */

/** @throws AssemblyError unless `low <= value <= high` */
export function requireRange(value: number, low: number, high: number, what: string): void {
  if (value >= low && value <= high) return;
  throw new AssemblyError(`the value ${value}`, `${low} to ${high} (${what})`);
}

/**
 * The number an expression has come to.
 *
 * @throws AssemblyError when a name in it is unknown, not placed yet, or defined by itself
 */
export function evaluate(expression: Expression, depth = 0): number {
  if (typeof expression === 'number') return expression;
  if ('operator' in expression) {
    const { operator, left, right } = expression;
    return compute(operator, evaluate(left, depth), evaluate(right, depth));
  }
  const { name, value } = expression;
  if (value === undefined) throw new AssemblyError(`the name \`${name}\``, 'a name known by this line');
  if (depth > 100)
    throw new AssemblyError(`\`${name}\`, which is a hundred names further on`, 'an end to it');
  return evaluate(value, depth + 1);
}
