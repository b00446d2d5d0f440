/** Bytes of a WebAssembly module as text: of all there is, only what our compiler writes. */

/** Each opcode that we use: its name, how many values it takes, and whether it leaves one. */
const PLAIN: Record<number, [string, number, boolean]> = {
  0: ['unreachable', 0, false],
  15: ['return', 1, false],
  27: ['select', 3, true],
  69: ['i32.eqz', 1, true],
};

/** Names of instructions that take two numbers and leave one, from an opcode upwards. */
const RUNS: [number, string, string][] = [
  [0x46, 'i32.', 'eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u'],
  [0x52, 'i64.', 'ne'],
  [0x6a, 'i32.', 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u rotl rotr'],
  [0x7c, 'i64.', 'add sub mul div_s div_u rem_s rem_u and or xor shl shr_s shr_u'],
];
for (const [first, prefix, names] of RUNS) {
  for (const [n, name] of names.split(' ').entries()) PLAIN[first + n] = [prefix + name, 2, true];
}
const ONE = 'clz:67 ctz:68 wrap_i64:a7 extend8_s:c0 extend16_s:c1'.split(' ').map((one) => one.split(':'));
for (const [name, code] of ONE) PLAIN[Number.parseInt(code!, 16)] = [`i32.${name}`, 1, true];
PLAIN[0xac] = ['i64.extend_i32_s', 1, true];
PLAIN[0xad] = ['i64.extend_i32_u', 1, true];

const LOADS: Record<number, string> = { 40: 'i32.load', 45: 'i32.load8_u', 47: 'i32.load16_u' };
const STORES: Record<number, string> = { 54: 'i32.store', 58: 'i32.store8', 59: 'i32.store16' };
const OPENS: Record<number, string> = { 2: 'block', 3: 'loop', 4: 'if' };

const CODE_SECTION = 10;
const WIDTH = 100;

/** Reads numbers of seven bits a byte. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.bytes[this.at++]!;
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  signed(): number {
    let value = 0;
    for (let shift = 0; ; ) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      shift += 7;
      if (byte < 0x80) return shift < 32 && byte & 0x40 ? value | (-1 << shift) : value;
    }
  }
}

/** The text of function `number` of a module; `nameOf` gives names to its locals. */
export function disassemble(module: Uint8Array, number: number, nameOf: (local: number) => string): string {
  const reader = new Reader(module, 8);
  for (;;) {
    const section = reader.byte();
    const length = reader.unsigned();
    if (section === CODE_SECTION) break;
    reader.at += length;
  }
  reader.unsigned();
  for (let skipped = 0; skipped < number; skipped++) reader.at += reader.unsigned();
  const length = reader.unsigned();
  const end = reader.at + length;
  for (let groups = reader.unsigned(); groups > 0; groups--) {
    reader.unsigned();
    reader.byte();
  }
  return new Body(reader, nameOf).read(end);
}

/** An instruction with those that make its operands folded in. */
interface Folded {
  head: string;
  operands: Folded[];
}

class Body {
  private readonly reader: Reader;
  private readonly nameOf: (local: number) => string;
  private readonly lines: string[] = [];
  private stack: Folded[] = [];
  private depth = 0;

  constructor(reader: Reader, nameOf: (local: number) => string) {
    this.reader = reader;
    this.nameOf = nameOf;
  }

  read(end: number): string {
    while (this.reader.at < end - 1) this.instruction(this.reader.byte());
    this.flush();
    return this.lines.join('\n');
  }

  private instruction(code: number): void {
    const { reader } = this;
    const plain = PLAIN[code];
    const local = () => `$${this.nameOf(reader.unsigned())}`;
    const place = () => {
      reader.byte();
      const offset = reader.unsigned();
      return offset === 0 ? '' : ` offset=0x${offset.toString(16)}`;
    };
    if (plain) this.add(...plain);
    else if (code === 0x20) this.add(`local.get ${local()}`, 0, true);
    else if (code === 0x21) this.add(`local.set ${local()}`, 1, false);
    else if (code === 0x22) this.add(`local.tee ${local()}`, 1, true);
    else if (code === 0x41) this.add(`i32.const ${number(reader.signed())}`, 0, true);
    else if (code === 0x42) this.add(`i64.const ${number(reader.signed())}`, 0, true);
    else if (LOADS[code]) this.add(`${LOADS[code]}${place()}`, 1, true);
    else if (STORES[code]) this.add(`${STORES[code]}${place()}`, 2, false);
    else if (code === 0x0c) this.add(`br ${this.label()}`, 0, false);
    else if (code === 0x0d) this.add(`br_if ${this.label()}`, 1, false);
    else if (code === 0x10) this.add(`call ${reader.unsigned()}`, 1, true);
    else if (OPENS[code]) this.open(OPENS[code]);
    else if (code === 0x05) this.line(')(else', -1);
    else if (code === 0x0b) this.close();
    else
      throw new Error(`disassembler: opcode 0x${code.toString(16)} at ${reader.at - 1} is not one of ours`);
  }

  /** Blocks are named by their depth. */
  private label(): string {
    return `$${this.depth - this.reader.unsigned()}`;
  }

  private add(head: string, takes: number, leaves: boolean): void {
    const operands = takes === 0 ? [] : this.stack.splice(-takes);
    if (leaves) {
      this.stack.push({ head, operands });
      return;
    }
    this.flush();
    this.print({ head, operands });
  }

  /** What is on the stack while a statement is made is written down before it. */
  private flush(): void {
    for (const folded of this.stack) this.print(folded);
    this.stack = [];
  }

  private open(kind: string): void {
    this.reader.byte();
    const condition = kind === 'if' ? this.stack.pop() : undefined;
    this.flush();
    this.line(`(${kind} $${this.depth + 1}${condition ? ` ${flat(condition)}` : ''}`);
    this.depth++;
  }

  private close(): void {
    this.flush();
    this.depth--;
    this.lines[this.lines.length - 1] += ')';
  }

  private line(text: string, more = 0): void {
    this.lines.push('  '.repeat(this.depth + more) + text);
  }

  private print(folded: Folded, more = 0): void {
    const text = flat(folded);
    if (text.length + (this.depth + more) * 2 <= WIDTH || folded.operands.length === 0) {
      this.line(text, more);
      return;
    }
    this.line(`(${folded.head}`, more);
    for (const operand of folded.operands) this.print(operand, more + 1);
    this.lines[this.lines.length - 1] += ')';
  }
}

function flat({ head, operands }: Folded): string {
  return `(${[head, ...operands.map(flat)].join(' ')})`;
}

function number(value: number): string {
  return Math.abs(value) < 0x1000 ? String(value) : `0x${(value >>> 0).toString(16)}`;
}
