/*
 * # Modules
 *
 * A function cannot come alone. WebAssembly wants it in a module, with its types, its imports and its exports
 * declared in sections, each with its length in front. Ours are nearly alike: they import the memory and what else they
 * need from us, and export what they have under a number.
 *
 * A module costs the engine below a good hundred microseconds, whatever is in it, so several functions share one.
 */
import {
  beginLength,
  type Bytes,
  CALL_INDIRECT,
  type Emitter,
  END,
  endLength,
  GLOBAL_GET,
  I32_CONST,
  TYPE_I32,
  TYPE_I64,
} from './emitter.ts';

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
    class Global {
      constructor(descriptor: { value: 'anyfunc' }, value: unknown);
    }
  }
}

/** The function of a region: takes a budget, and returns the number of an exit. */
export type WasmFunction = (argument: number) => number;

/*
 * ## The front
 *
 * Four bytes of magic, four of version, and then the sections, by number. 1 are the types of functions, 2 what is
 * imported, 3 the type of each function, 4 the tables, 7 what is exported, 9 what the tables are filled with, 10 the
 * code. (5 and 6 would be memories and variables of the module's own, and 8 a function to begin with. We have none.)
 */
export const MAGIC = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
export const TYPES = 1;
export const IMPORTS = 2;
export const FUNCTIONS = 3;
export const TABLES = 4;
export const EXPORTS = 7;
export const ELEMENTS = 9;
export const CODE = 10;

/**
 * For whom a module is. The regions have many, some of which call the calculator; the dispatcher and the sprinter have
 * one each, which lasts.
 */
export type Owner = 'regions' | 'calculating regions' | 'dispatcher' | 'sprinter';

/** Begins a module with so many functions, which are exported by number; `writeBody` must follow for each. */
export function beginModule(out: Emitter, functions: number, owner: Owner = 'regions'): number {
  out.length = 0;
  for (const byte of MAGIC) out.op(byte);
  writeTypes(out);
  writeImports(out, owner);
  section(out, FUNCTIONS, () => {
    out.unsigned(functions);
    for (let i = 0; i < functions; i++)
      out.unsigned(!isForRegions(owner) && i === 0 ? TYPE_DISPATCH : TYPE_REGION);
  });
  if (isForRegions(owner)) writeTable(out, owner);
  section(out, EXPORTS, () => {
    out.unsigned(functions);
    for (let i = 0; i < functions; i++) {
      name(out, String(i));
      out.op(KIND_FUNCTION);
      out.unsigned(owner === 'dispatcher' ? i + 1 : i); // its number 0 is imported
    }
  });
  if (isForRegions(owner)) writeElements(out, owner);
  out.op(CODE);
  const began = beginLength(out);
  out.unsigned(functions);
  return began;
}

/** Ends the module and returns its bytes, which are good until the next one is begun. */
export function endModule(out: Emitter, began: number): Uint8Array {
  endLength(out, began);
  return out.bytes.subarray(0, out.length);
}

export function section(out: Bytes, id: number, fill: () => void): void {
  out.op(id);
  const began = beginLength(out);
  fill();
  endLength(out, began);
}

/*
 * ## What comes in
 *
 * Three types of function: a region takes its budget and returns the number of an exit, the dispatcher takes a slot
 * besides, and the calculator takes four numbers. (The sprinter takes two, as the dispatcher does, and imports only the
 * memory.) Three imports at most, all from a place called `m`. The memory is `m` (at least one page of 64 KiB, says the
 * module, and gets hundreds). `s` is `step`: to the dispatcher a function, to the regions a variable with a function in
 * it; and so is `x`, the calculator. And the table of regions, `t`, is for the dispatcher alone, since a module pays
 * for each slot of a table that it imports.
 */
const TYPE_REGION = 0;
const TYPE_DISPATCH = 1;
const TYPE_CALCULATE = 2;
export const FUNCTION_TYPE = 0x60;
export const ANY_FUNCTION = 0x70;

export const KIND_FUNCTION = 0;
const KIND_TABLE = 1;
const KIND_MEMORY = 2;
const KIND_GLOBAL = 3;
const CONSTANT = 0;
/** There is no upper limit; the lower one follows. */
export const AT_LEAST = 0;

/** The number of the function that the dispatcher imports. */
export const IMPORT_STEP = 0;

function writeTypes(out: Bytes): void {
  section(out, TYPES, () => {
    out.unsigned(3);
    for (const parameters of [1, 2, 4]) {
      out.op(FUNCTION_TYPE);
      out.unsigned(parameters);
      for (let i = 0; i < parameters; i++) out.op(TYPE_I32);
      out.unsigned(1);
      out.op(TYPE_I32);
    }
  });
}

export type Import = readonly [name: string, ...type: number[]];

export const MEMORY: Import = ['m', KIND_MEMORY, AT_LEAST, 1];
const IMPORTS_OF: Record<Owner, readonly Import[]> = {
  dispatcher: [MEMORY, ['s', KIND_FUNCTION, TYPE_REGION], ['t', KIND_TABLE, ANY_FUNCTION, AT_LEAST, 1]],
  regions: [MEMORY, ['s', KIND_GLOBAL, ANY_FUNCTION, CONSTANT]],
  'calculating regions': [
    MEMORY,
    ['s', KIND_GLOBAL, ANY_FUNCTION, CONSTANT],
    ['x', KIND_GLOBAL, ANY_FUNCTION, CONSTANT],
  ],
  sprinter: [MEMORY],
};

function isForRegions(owner: Owner): boolean {
  return owner === 'regions' || owner === 'calculating regions';
}

function writeImports(out: Bytes, owner: Owner): void {
  importFrom(out, IMPORTS_OF[owner]);
}

/** Imports things from `m`, by name and type. */
export function importFrom(out: Bytes, imports: readonly Import[]): void {
  section(out, IMPORTS, () => {
    out.unsigned(imports.length);
    for (const [what, ...type] of imports) {
      name(out, 'm');
      name(out, what);
      for (const byte of type) out.op(byte);
    }
  });
}

/*
 * ## A table for one
 *
 * Why a variable? Because of an act of foresight. V8 assumes that an imported function will be one of JavaScript's, and
 * that it will be called. JavaScript has another calling convention, so a translator is needed, a small program, and V8
 * has it ready before the module is: written with its best compiler, for each module anew, while everybody waits. In a
 * booting Linux it was the same program nearly five hundred times over, a fortieth of all the time there was, and *not
 * one of them was ever used*. For what the regions call is the porter, who is WebAssembly himself. But that is not
 * known until the module gets its imports, and by then the work is done.
 *
 * So regions import no function. They import a variable, about which V8 foresees nothing, put what it holds into a
 * table with one place, and call whoever sits there. It takes a comparison more for each call. Of all the tables in
 * this book it is the smallest, and the dearest not to have. (Where the calculator is wanted it is a table for two.)
 */
/** A table with a place for each function that is imported in a variable. */
function writeTable(out: Bytes, owner: Owner): void {
  section(out, TABLES, () => {
    out.unsigned(1);
    for (const byte of [ANY_FUNCTION, AT_LEAST, placesOf(owner)]) out.op(byte);
  });
}

function placesOf(owner: Owner): number {
  return owner === 'regions' ? 1 : 2;
}

/** What is in it: the function in global variable 0, and so on. */
function writeElements(out: Bytes, owner: Owner): void {
  const places = placesOf(owner);
  section(out, ELEMENTS, () => {
    out.unsigned(1);
    out.op(BY_EXPRESSIONS);
    for (const byte of [I32_CONST, 0, END]) out.op(byte);
    out.unsigned(places);
    for (let place = 0; place < places; place++) {
      for (const byte of [GLOBAL_GET, place, END]) out.op(byte);
    }
  });
}

const BY_EXPRESSIONS = 4;

/** Calls the first function in it, with what is on the stack. */
export function callStep(code: Emitter): void {
  callImported(code, 0, TYPE_REGION);
}

/** Calls the second. */
export function callCalculator(code: Emitter): void {
  callImported(code, 1, TYPE_CALCULATE);
}

function callImported(code: Emitter, place: number, type: number): void {
  code.const(place);
  code.op(CALL_INDIRECT);
  code.unsigned(type);
  code.unsigned(0);
}

export function name(out: Bytes, text: string): void {
  out.unsigned(text.length);
  for (let i = 0; i < text.length; i++) out.op(text.charCodeAt(i));
}

/*
 * ## And what goes out
 *
 * A body is its length, its locals, and its code. Locals come in groups, *so many of this type*: 32 bits, 64 bits, and
 * 32 bits again for pointers and guesses, of which each function has as many as it wants.
 */
/** The locals of a function. */
export interface Locals {
  i32: number;
  i64: number;
  /** More of 32 bits, behind the others. */
  more: number;
}

/** Writes a function, whose code is what `fill` writes. */
export function writeBody(out: Emitter, { i32, i64, more }: Locals, fill: () => void): void {
  const began = beginLength(out);
  out.unsigned(3);
  for (const [count, type] of [
    [i32, TYPE_I32],
    [i64, TYPE_I64],
    [more, TYPE_I32],
  ] as const) {
    out.unsigned(count);
    out.op(type);
  }
  out.depth = 0;
  fill();
  endLength(out, began);
}
