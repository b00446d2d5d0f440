import type { Patch } from './encoding.ts';
import { encode } from './encode.ts';
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

/**
 * Gives every statement its address. Branches start short; each round makes those near that do not reach, until a round
 * finds none. Returns one address more than there are statements: the end.
 */
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
  if (!formsOf(mnemonic)!.some((form) => fits(form, near))) return false; // loop, jecxz: said when it is written
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

const NOP = 0x90;

/** Fills in the bytes, and says which line each came from. */
function write(statements: Statement[], addresses: number[], bytes: Uint8Array): Assembly['lines'] {
  const lines: Assembly['lines'] = [];
  const origin = addresses[0]!;
  statements.forEach((statement, at) => {
    const { file, line } = statement;
    const start = addresses[at]! - origin;
    const end = addresses[at + 1]! - origin;
    if (start === end) return;
    const last = lines.at(-1);
    if (last?.line !== line || last.file !== file) lines.push({ address: start + origin, file, line });
    if (statement.kind === 'align') bytes.fill(NOP, start, end);
    if (statement.kind !== 'code') return;
    const { encoding } = statement;
    bytes.set(encoding.bytes, start);
    for (const patch of encoding.patches)
      writePatch(bytes, start, patch, patchValue(patch, end + origin, statement), statement);
  });
  return lines;
}

function writePatch(
  bytes: Uint8Array,
  start: number,
  patch: Patch,
  value: number,
  { file, line }: Place,
): void {
  const bits = 8 * patch.bytes;
  const low = -(2 ** (bits - 1));
  const isFull = patch.bytes === 4 && patch.relative; // any distance will do: addresses wrap at 4 GiB
  const high = patch.signed ? -low - 1 : 2 ** bits - 1;
  try {
    if (!isFull)
      requireRange(value, low, high, patch.relative ? 'distance of a branch' : `what ${bits} bits hold`);
  } catch (error) {
    throw located(error, file, line);
  }
  for (let at = 0; at < patch.bytes; at++) bytes[start + patch.at + at] = (value | 0) >> (8 * at);
}

function labelsOf(statements: Statement[]): Map<string, number> {
  const labels = new Map<string, number>();
  for (const statement of statements) {
    if (statement.kind === 'label' && statement.name.name !== '$')
      labels.set(statement.name.name, statement.name.value as number);
  }
  return labels;
}
