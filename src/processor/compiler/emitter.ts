/*
 * # Writing WebAssembly
 *
 * WebAssembly is the machine code of a machine that nobody built. It has a stack for values, locals that cost
 * nothing, and no `goto`: you may leave a block at its end or go back to a loop's beginning, and that is all.
 * Browsers turn it into the machine code of a machine that somebody did build, and they are very good at it.
 *
 * Below are the opcodes we use, some eighty of them, and a heap of bytes to put them on. Branches count
 * blocks from the inside out; the emitter keeps the depth, so that the rest of us can have labels.
 */
export const UNREACHABLE = 0x00;
export const BLOCK = 0x02;
export const LOOP = 0x03;
export const IF = 0x04;
export const ELSE = 0x05;
export const END = 0x0b;
export const BR = 0x0c;
export const BR_IF = 0x0d;
export const BR_TABLE = 0x0e;
export const RETURN = 0x0f;
export const CALL = 0x10;
export const CALL_INDIRECT = 0x11;
export const SELECT = 0x1b;
export const LOCAL_GET = 0x20;
export const LOCAL_SET = 0x21;
export const LOCAL_TEE = 0x22;
export const GLOBAL_GET = 0x23;

/*
 * ## Memory and constants
 *
 * Loads and stores have an offset built in, and a thing called alignment, which promises what nobody checks. We say 1
 * and promise nothing.
 */
export const I32_LOAD = 0x28;
export const I64_LOAD = 0x29;
export const I32_LOAD8_U = 0x2d;
export const I32_LOAD16_U = 0x2f;
export const I32_STORE = 0x36;
export const I64_STORE = 0x37;
export const I32_STORE8 = 0x3a;
export const I32_STORE16 = 0x3b;
export const I32_CONST = 0x41;
export const I64_CONST = 0x42;

/*
 * ## Numbers
 *
 * The comparisons leave 0 or 1 on the stack. Shifts take their count modulo 32, just as the 386 does and the 8086 did
 * not. Whoever designed this had an x86 on the desk.
 */
export const EQZ = 0x45;
export const EQ = 0x46;
export const NE = 0x47;
export const LT_S = 0x48;
export const LT_U = 0x49;
export const GT_S = 0x4a;
export const GT_U = 0x4b;
export const LE_S = 0x4c;
export const LE_U = 0x4d;
export const GE_S = 0x4e;
export const GE_U = 0x4f;
export const I64_EQZ = 0x50;
export const I64_EQ = 0x51;
export const I64_NE = 0x52;
export const I64_LT_S = 0x53;
export const I64_LT_U = 0x54;
export const I64_GT_U = 0x56;

export const CLZ = 0x67;
export const CTZ = 0x68;
export const ADD = 0x6a;
export const SUB = 0x6b;
export const MUL = 0x6c;
export const DIV_S = 0x6d;
export const DIV_U = 0x6e;
export const REM_S = 0x6f;
export const REM_U = 0x70;
export const AND = 0x71;
export const OR = 0x72;
export const XOR = 0x73;
export const SHL = 0x74;
export const SHR_S = 0x75;
export const SHR_U = 0x76;
export const ROTL = 0x77;
export const ROTR = 0x78;

/*
 * Wider numbers are needed where an i386 puts 64 bits into two registers: for products, quotients, and double shifts.
 * And the calculator lives on them, for a significand of the x87 has 64.
 */
export const I64_CLZ = 0x79;
export const I64_ADD = 0x7c;
export const I64_SUB = 0x7d;
export const I64_MUL = 0x7e;
export const I64_DIV_U = 0x80;
export const I64_REM_U = 0x82;
export const I64_AND = 0x83;
export const I64_OR = 0x84;
export const I64_SHL = 0x86;
export const I64_SHR_U = 0x88;
export const F64_SQRT = 0x9f;
export const I32_WRAP = 0xa7;
export const I64_EXTEND_S = 0xac;
export const I64_EXTEND_U = 0xad;
export const I64_TRUNC_F64_U = 0xb1;
export const F64_CONVERT_I64_U = 0xba;
export const EXTEND8_S = 0xc0;
export const EXTEND16_S = 0xc1;

export const TYPE_I32 = 0x7f;
export const TYPE_I64 = 0x7e;
const NO_VALUE = 0x40;

/*
 * ## The heap of bytes
 *
 * Whole numbers in WebAssembly are written seven bits at a time, the lowest first, with the eighth bit to say *there
 * is more*. Small numbers take a byte. It is called LEB128, comes from the tables that debuggers read, and has a signed
 * form, in which the highest of the last seven bits is the sign.
 */
/** Bytes, as they come. */
export class Bytes {
  bytes = new Uint8Array(0x4000);
  length = 0;

  op(code: number): void {
    if (this.length === this.bytes.length) this.grow();
    this.bytes[this.length++] = code;
  }

  private grow(): void {
    const larger = new Uint8Array(this.bytes.length * 2);
    larger.set(this.bytes);
    this.bytes = larger;
  }

  unsigned(value: number): void {
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.op((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.op(rest);
  }

  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.op((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.op(rest & 0x7f);
  }
}

/*
 * ## Lengths that come later
 *
 * A section has its length in front, and so has a function, and neither is known before it is written. The seven-bit
 * code has a back door: nobody says that a number must be as short as it can be. `0x85 0x80 0x80 0x00` is 5, the long
 * way. So four bytes are left free, and filled in at the end.
 */
/** Leaves room for a length, and returns where. */
export function beginLength(out: Bytes): number {
  for (let i = 0; i < LENGTH_BYTES; i++) out.op(0);
  return out.length;
}

/** Fills in the length of what was written since `beginLength`. */
export function endLength(out: Bytes, began: number): void {
  let rest = out.length - began;
  for (let at = began - LENGTH_BYTES; at < began; at++) {
    out.bytes[at] = (rest & 0x7f) | (at < began - 1 ? 0x80 : 0);
    rest >>>= 7;
  }
}

const LENGTH_BYTES = 4;

/*
 * ## Instructions
 *
 * One emitter serves for all regions of a machine. It begins again at the front of the same heap, which is as large by
 * then as it needs to be.
 */
/** Instructions of WebAssembly; and how deep in blocks we are. */
export class Emitter extends Bytes {
  depth = 0;

  const(value: number): void {
    this.op(I32_CONST);
    this.signed(value);
  }

  /** A constant of 64 bits. */
  wide(value: bigint): void {
    this.op(I64_CONST);
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.op(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.op(Number(rest & 0x7fn));
  }

  get(local: number): void {
    this.op(LOCAL_GET);
    this.unsigned(local);
  }

  set(local: number): void {
    this.op(LOCAL_SET);
    this.unsigned(local);
  }

  tee(local: number): void {
    this.op(LOCAL_TEE);
    this.unsigned(local);
  }

  /** A load or store; alignment is a hint and says 1 byte. */
  memory(code: number, offset: number): void {
    this.op(code);
    this.op(0);
    this.unsigned(offset);
  }

  /** The value on the stack and a constant, combined. */
  with(value: number, code: number): void {
    this.const(value);
    this.op(code);
  }

  /** Opens a block, loop or if; returns the label to branch to. */
  open(kind: number): number {
    this.op(kind);
    this.op(NO_VALUE);
    return ++this.depth;
  }

  end(): void {
    this.op(END);
    this.depth--;
  }

  branch(label: number): void {
    this.op(BR);
    this.unsigned(this.depth - label);
  }

  branchIf(label: number): void {
    this.op(BR_IF);
    this.unsigned(this.depth - label);
  }
}
