/*
 * # From text to bytes
 *
 * An assembler would be a dictionary, one line in, a few bytes out, if it were not for the future. `jz done` is two
 * bytes if `done` is close and six if it is far, and `done` has not been written yet. How far it is depends on how
 * long the lines between are, and some of those are jumps that ask the same question about us.
 *
 * So there are three acts. `read` turns each line into a statement, with holes where it lacks a number. `settle`
 * finds out where everything goes. `write` fills the holes.
 */

import { encode } from './encode.ts';
import type { Patch } from './encoding.ts';
import { AssemblyError, located } from './error.ts';
import { evaluate, requireRange } from './expression.ts';
import { fits } from './form.ts';
import { formsOf } from './opcodes.ts';
import type { Immediate, Operand } from './operand.ts';
import type { Code, Place, Reserve, SourceOptions, Statement } from './reader.ts';
import { read } from './reader.ts';

export interface AssembleOptions extends SourceOptions {
  /** Address of the first byte; 0 if not given. */
  origin?: number;
}

/** Machine code, and where everything in it is. Addresses are unsigned. */
export interface Assembly {
  origin: number;
  bytes: Uint8Array;
  labels: Map<string, number>;
  /** Where the code of each source line starts, by rising address; a line that emits nothing is not listed. */
  lines: { address: number; file: string; line: number }[];
}

/**
 * Assembles 32-bit Intel syntax.
 *
 * @throws AssemblyError for the first mistake in the source
 */
export function assemble(source: string, options: AssembleOptions = {}): Assembly {
  const origin = options.origin ?? 0;
  if (!Number.isInteger(origin)) throw new AssemblyError(`the origin ${origin}`, 'a whole number');
  requireRange(origin, 0, 0xffff_ffff, 'the origin');

  const statements = read(source, options);
  const addresses = settle(statements, origin);
  const bytes = new Uint8Array(addresses.at(-1)! - origin);
  const lines = write(statements, addresses, bytes);
  return { origin, bytes, labels: labelsOf(statements), lines };
}

/*
 * ## The optimist's loop
 *
 * Assume the best: every branch is short. Lay everything out, look at each branch, and make those near that do not
 * reach. That pushes other things apart, so look again. A branch that has grown never shrinks, so the loop must end,
 * and since it grew only what had to grow, it ends with nothing longer than it need be, as long as nobody says `align`.
 * (What `align` puts in shrinks when something in front of it grows, and then a branch behind it may have grown for
 * nothing. Four bytes are not worth another act.) A pessimist who began with near branches and shrank them would also
 * come to an end, but can be caught by two jumps that stay long only because of each other.
 *
 * :::aside
 * Thomas Szymanski worked this out in 1978, and found the edge of it as well: let targets be any arithmetic of
 * labels, and the shortest code becomes an NP-complete question. Ours may be any. We do not ask.
 * :::
 *
 * Each round but the last makes at least one branch longer, so there is at most one round more than there are
 * branches. pup's kernel takes two.
 */

/** Gives every statement its address. Returns one address more than there are statements: the end. */
function settle(statements: Statement[], origin: number): number[] {
  const addresses: number[] = new Array(statements.length + 1).fill(origin);
  const branches = statements.flatMap((statement, at) => (isShortBranch(statement) ? [at] : []));
  for (;;) {
    layOut(statements, addresses);
    let grew = false;
    for (const at of branches) grew = growBranch(statements[at] as Branch, addresses[at + 1]!) || grew;
    if (!grew) return addresses;
  }
}

function layOut(statements: Statement[], addresses: number[]): void {
  let address = addresses[0]!;
  for (let at = 0; at < statements.length; at++) {
    addresses[at] = address;
    address += sizeAt(statements[at]!, address);
  }
  addresses[statements.length] = address;
  if (address > 2 ** 32)
    throw new AssemblyError(`code up to 0x${address.toString(16)}`, 'an end within 4 GiB');
}

/*
 * Laying out is where labels learn who they are. Passing one costs no bytes, and its `value` becomes the address we
 * happen to be at. Next round it may be another; nobody keeps a copy.
 */

function sizeAt(statement: Statement, address: number): number {
  switch (statement.kind) {
    case 'label':
      statement.name.value = address;
      return 0;
    case 'code':
      return statement.encoding.bytes.length;
    case 'align':
      return (statement.boundary - (address % statement.boundary)) % statement.boundary;
    case 'reserve':
      return reservedBytes(statement);
  }
}

function reservedBytes({ count, file, line }: Reserve & Place): number {
  try {
    const bytes = evaluate(count);
    requireRange(bytes, 0, 2 ** 30, 'bytes to reserve');
    return bytes;
  } catch (error) {
    throw located(error, file, line);
  }
}

/*
 * ## Growing up
 *
 * The distance in a branch counts from the *end* of the instruction, because by the time the processor adds it, eip
 * has already moved on. That is why `jmp $`, a jump to itself, is `eb fe`: minus two, over its own two bytes.
 *
 * A branch told to be `short` stays short, and `loop` and `jecxz` were born in 1978 and 1985 with one byte and
 * never got more. If those do not reach, `write` will say so.
 */

type Branch = Code & Required<Pick<Code, 'branch'>> & Place;

function isShortBranch(statement: Statement): boolean {
  return (
    statement.kind === 'code' && statement.branch !== undefined && statement.encoding.patches[0]!.bytes === 1
  );
}

/** Makes a branch near if it is short, does not reach, and may. */
function growBranch(statement: Branch, end: number): boolean {
  const { mnemonic, operands, prefixes } = statement.branch;
  const patch = statement.encoding.patches[0]!;
  const target = operands[0] as Immediate;
  if (patch.bytes !== 1 || target.reach !== undefined) return false;
  const distance = patchValue(patch, end, statement);
  if (distance >= -128 && distance <= 127) return false;

  const near: Operand[] = [{ ...target, reach: 'near' }];
  if (!formsOf(mnemonic)!.some((form) => fits(form, near))) return false;
  statement.encoding = encode(mnemonic, near, prefixes);
  return true;
}

function patchValue(patch: Patch, end: number, { file, line }: Place): number {
  try {
    const value = evaluate(patch.value);
    if (!patch.relative) return value;
    requireRange(value, -0x8000_0000, 0xffff_ffff, 'the target of a branch');
    return value - end;
  } catch (error) {
    throw located(error, file, line);
  }
}

/*
 * ## Filling the holes
 *
 * Nothing moves any more. Each statement has its bytes and, in a `Patch`, the places where a number was missing.
 * While we are here we note which line of which file each byte came from: a Guest that dies far from home will want
 * to be told in which line of TypeScript it happened.
 *
 * Room made by `align` is filled with `nop`, for code may well walk through it.
 */

const NOP = 0x90;

/** Fills in the bytes, and says which line each came from. */
function write(statements: Statement[], addresses: number[], bytes: Uint8Array): Assembly['lines'] {
  const lines: Assembly['lines'] = [];
  const origin = addresses[0]!;
  for (const [at, statement] of statements.entries()) {
    const { file, line } = statement;
    const start = addresses[at]! - origin;
    const end = addresses[at + 1]! - origin;
    if (start === end) continue;
    const last = lines.at(-1);
    if (last?.line !== line || last.file !== file) lines.push({ address: start + origin, file, line });
    if (statement.kind === 'align') bytes.fill(NOP, start, end);
    if (statement.kind !== 'code') continue;
    bytes.set(statement.encoding.bytes, start);
    for (const patch of statement.encoding.patches)
      writePatch(bytes, start, patch, patchValue(patch, end + origin, statement), statement);
  }
  return lines;
}

/*
 * A hole of one byte takes 255 and takes -1, which are the same eight bits. But a byte that the processor will
 * widen by its sign does not take 255, because it would come out as -1 on the other side. And a near branch takes
 * any distance at all: 4 GiB ahead is where you stand.
 */

function writePatch(
  bytes: Uint8Array,
  start: number,
  patch: Patch,
  value: number,
  { file, line }: Place,
): void {
  const bits = 8 * patch.bytes;
  const low = -(2 ** (bits - 1));
  const high = patch.signed ? -low - 1 : 2 ** bits - 1;
  const reachesAnything = patch.bytes === 4 && patch.relative;
  try {
    if (!reachesAnything)
      requireRange(value, low, high, patch.relative ? 'distance of a branch' : `what ${bits} bits hold`);
  } catch (error) {
    throw located(error, file, line);
  }
  for (let at = 0; at < patch.bytes; at++) bytes[start + patch.at + at] = (value | 0) >> (8 * at);
}

function labelsOf(statements: Statement[]): Map<string, number> {
  const labels = new Map<string, number>();
  for (const statement of statements) {
    if (statement.kind !== 'label' || statement.name.name === '$') continue;
    labels.set(statement.name.name, statement.name.value as number);
  }
  return labels;
}
