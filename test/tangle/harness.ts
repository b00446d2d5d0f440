import { readFileSync } from 'node:fs';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine, type Machine } from '../../src/processor/index.ts';
import { tangle, TangleError, type Image } from '../../tools/tangle/index.ts';

/** A file of the repository. */
export function readRepository(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const IMPORTS = `
import type { Embedded, Inline, Label, Pointer, i32, u16, u32, u8 } from './language.ts';
import {
  addressOf, array, asm, at, bytesOf, charCode, imageEnd, imageStart, load8, load16, load32, naked, offsetOf, sizeOf,
  store8, store16, store32, struct,
} from './language.ts';
`.replaceAll('\n', ' ');

const BASE = 0x10000;

export interface Options {
  readonly entry?: string;
  readonly defines?: Record<string, number | boolean>;
  /** Other modules, by path. */
  readonly modules?: Record<string, string>;
  readonly physicalBase?: number;
}

/** Tangles `source`, with the whole language imported in front of its first line. */
export function tangleSource(source: string, options: Options = {}): Image {
  const { entry = 'main', modules = {}, physicalBase = BASE, ...rest } = options;
  const read = (path: string): string => {
    if (path === 'main.ts') return IMPORTS + source;
    if (path === 'language.ts') return readRepository('chapters/2-guest/language.ts');
    if (modules[path] !== undefined) return modules[path];
    throw new Error('no such file');
  };
  return tangle({ root: 'main.ts', read, entry, virtualBase: BASE, physicalBase, ...rest });
}

/** The message of the error that `source` deserves, without the file. */
export function complaint(source: string, options: Options = {}): string {
  try {
    tangleSource(source, options);
  } catch (error) {
    if (error instanceof TangleError) return error.message;
    throw error;
  }
  throw new Error('nobody complained');
}

const STACK_TOP = 0x8000;
const CALLER = 0x8000;
const BUDGET = 50_000_000;

/** Loads an image into a new machine, calls its entry with `args`, and returns what it left in eax. */
export function call(image: Image, ...args: number[]): number {
  return callOn(load(image), image, ...args);
}

export function load(image: Image): Machine {
  const machine = createMachine({ ramBytes: 4 << 20 });
  const view = new DataView(image.elf.buffer);
  for (let at = view.getUint32(28, true), left = view.getUint16(44, true); left > 0; at += 32, left--) {
    const [offset, , physical, size] = [4, 8, 12, 16].map((field) => view.getUint32(at + field, true));
    machine.ram.write(physical!, image.elf.subarray(offset, offset! + size!));
  }
  return machine;
}

export function callOn(machine: Machine, image: Image, ...args: number[]): number {
  const pushes = [...args].reverse().map((value) => `push dword ${value >>> 0}`);
  const caller = [`mov esp, ${STACK_TOP}`, 'mov ebp, 0', ...pushes, `call ${image.entry}`, 'hlt'].join('\n');
  machine.ram.write(CALLER, assemble(caller, { origin: CALLER }).bytes);
  machine.registers.eip = CALLER;
  const stop = machine.run(BUDGET);
  if (stop !== 'halted')
    throw new Error(`the program did not return: ${stop} at 0x${machine.registers.eip.toString(16)}`);
  if (machine.registers.esp !== STACK_TOP - 4 * args.length) throw new Error('the program lost its stack');
  return machine.registers.eax;
}

/** Tangles `source` and calls its `main`. */
export function run(source: string, ...args: number[]): number {
  return call(tangleSource(source), ...args);
}
