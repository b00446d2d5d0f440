/*
 * # Modules
 *
 * A function cannot come alone. WebAssembly wants it in a module, with its types, its imports and its exports
 * declared in sections, each with its length in front. Ours are all alike: they import the memory and one function
 * of ours, and export what they have under a number.
 *
 * The lengths in front are written in a code that takes seven bits to a byte, so one cannot leave room for them and
 * fill it in later. Each section is written aside, measured, and then copied.
 */
import { Emitter, TYPE_I32, TYPE_I64 } from './emitter.ts';

declare global {
  namespace WebAssembly {
    class Module {
      constructor(bytes: Uint8Array);
    }
    class Instance {
      constructor(module: Module, imports: Record<string, Record<string, unknown>>);
      readonly exports: Record<string, unknown>;
    }
    class Table {
      constructor(descriptor: { element: 'anyfunc'; initial: number });
      set(index: number, value: unknown): void;
    }
  }
}

/** Every function here takes a number and returns one. */
export type WasmFunction = (argument: number) => number;

/** A function body: its locals (32-bit, 64-bit, and then 32-bit again) and its code. */
export interface Body {
  i32: number;
  i64: number;
  more: number;
  code: Emitter;
}

/** What is imported besides the memory: functions come before our own in the count. */
export const IMPORT_STEP = 0;
const FUNCTION_TYPE = 0;

/** A module that imports the memory and `step`, and exports each body under its number. */
export function regionModule(bodies: readonly Body[], table = false): Uint8Array {
  const out = begin();
  section(out, 1, (s) => {
    s.unsigned(2);
    signature(s, 1);
    signature(s, 2);
  });
  section(out, 2, (s) => {
    s.unsigned(table ? 3 : 2);
    name(s, 'm');
    name(s, 'm');
    s.op(2);
    s.op(0);
    s.unsigned(1);
    name(s, 'm');
    name(s, 's');
    s.op(0);
    s.unsigned(FUNCTION_TYPE);
    if (!table) return;
    name(s, 'm');
    name(s, 't');
    s.op(1);
    s.op(0x70);
    s.op(0);
    s.unsigned(1);
  });
  section(out, 3, (s) => {
    s.unsigned(bodies.length);
    for (let i = 0; i < bodies.length; i++) s.unsigned(table ? 1 : FUNCTION_TYPE);
  });
  section(out, 7, (s) => {
    s.unsigned(bodies.length);
    for (let i = 0; i < bodies.length; i++) {
      name(s, String(i));
      s.op(0);
      s.unsigned(i + 1);
    }
  });
  section(out, 10, (s) => {
    s.unsigned(bodies.length);
    for (const body of bodies) writeBody(s, body);
  });
  return out.bytes.slice(0, out.length);
}

function begin(): Emitter {
  const out = new Emitter();
  for (const byte of [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]) out.op(byte);
  return out;
}

function signature(s: Emitter, parameters: number): void {
  s.op(0x60);
  s.unsigned(parameters);
  for (let i = 0; i < parameters; i++) s.op(TYPE_I32);
  s.unsigned(1);
  s.op(TYPE_I32);
}

function writeBody(s: Emitter, body: Body): void {
  const head = new Emitter();
  head.unsigned(3);
  head.unsigned(body.i32);
  head.op(TYPE_I32);
  head.unsigned(body.i64);
  head.op(TYPE_I64);
  head.unsigned(body.more);
  head.op(TYPE_I32);
  s.unsigned(head.length + body.code.length);
  append(s, head);
  append(s, body.code);
}

function section(out: Emitter, id: number, fill: (s: Emitter) => void): void {
  const content = new Emitter();
  fill(content);
  out.op(id);
  out.unsigned(content.length);
  append(out, content);
}

function append(out: Emitter, part: Emitter): void {
  if (out.length + part.length + 16 > out.bytes.length) {
    const larger = new Uint8Array((out.length + part.length) * 2 + 16);
    larger.set(out.bytes);
    out.bytes = larger;
  }
  out.bytes.set(part.bytes.subarray(0, part.length), out.length);
  out.length += part.length;
}

function name(s: Emitter, text: string): void {
  s.unsigned(text.length);
  for (let i = 0; i < text.length; i++) s.op(text.charCodeAt(i));
}
