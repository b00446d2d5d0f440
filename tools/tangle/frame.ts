/*
 * # One function at a time
 *
 * You are about to go down into a function, and this is the rope. A `Frame` holds what is known while one function
 * becomes instructions: its names, its lines so far, where `break` goes, which variables have a register. When the
 * function is finished the frame is thrown away, but for the lines.
 *
 * On the stack of the running machine there will be another frame, and the two have the name in common for a
 * reason. This is what a function sees there, once it has begun:
 *
 * :::figure{#stack-frame caption="The stack of a function with two parameters and two variables, ebp in the middle"}
 * ```text
 *    ebp+12  | second parameter |   pushed by the caller, the last one first
 *    ebp+8   | first parameter  |
 *    ebp+4   | way back         |   pushed by call
 *    ebp     | caller's ebp     |   pushed by us: a chain from frame to frame, and a backtrace follows it
 *    ebp-4   | first variable   |
 *    ebp-8   | second variable  |
 *            | ebx, esi, edi    |   as far as we use them
 *    esp     | ...              |
 * ```
 * :::
 */

import type ts from 'typescript';
import type { Constant } from './folding.ts';
import type { Context, Labelled, Program } from './program.ts';
import { innerScope, type KeptRegister, type Scope } from './scope.ts';
import type { Type } from './types.ts';

/** What is known while one function becomes instructions. */
export interface Frame extends Context {
  scope: Scope;
  readonly lines: string[];
  /** Registers promised to variables, by the node that declares them. */
  readonly homes: ReadonlyMap<ts.Node, KeptRegister>;
  /** Registers saved at the start and given back at the end. */
  readonly saved: readonly KeptRegister[];
  /** Bytes of variables below ebp so far. */
  bytes: number;
  /** Loops around the statement at hand. */
  depth: number;
  /** How often each variable in memory is used, by its distance from ebp; ten times as much in a loop. */
  readonly uses: Map<number, number>;
  /** Variables in memory, by the same distance: who may move to a register. */
  readonly movable: Map<number, ts.Node>;
  /** All the text of `asm` in the function. */
  assembly: string;
  /** Where break and continue go. */
  readonly exits: Exit[];
  readonly types: Map<ts.Node, Type>;
  readonly constants: Map<ts.Node, Constant | undefined>;
  /** The source line that the last instruction came from. */
  line: number;
}

/*
 * ## Ways out, and a fresh start
 *
 * A loop has two ways out and a switch has one. Whether anybody ever takes the first is noted, because an endless
 * loop that nobody leaves has nothing behind it.
 */

/** A loop or switch that can be left. */
export interface Exit {
  readonly leave: string;
  /** Of loops. */
  readonly again?: string;
  isLeft: boolean;
}

export function newFrame(
  context: Context,
  homes: ReadonlyMap<ts.Node, KeptRegister>,
  saved: readonly KeptRegister[],
): Frame {
  return {
    ...context,
    homes,
    saved,
    scope: innerScope(undefined),
    lines: [],
    bytes: 0,
    depth: 0,
    uses: new Map(),
    movable: new Map(),
    assembly: '',
    exits: [],
    types: new Map(),
    constants: new Map(),
    line: 0,
  };
}

/*
 * ## Writing instructions
 *
 * Every instruction passes through `emit`, which takes the opportunity to count. A variable on the stack shows in
 * the text as `[ebp-8]`, and how often it shows, with a factor of ten for each loop around it, is how much it
 * would like to live in a register. Reading it off the text is not what one learns at school. It takes four lines,
 * and it cannot be wrong about what the instructions touch.
 */

/** Adds one instruction, and counts the variables in memory that it touches. */
export function emit(frame: Frame, instruction: string): void {
  frame.lines.push(`  ${instruction}`);
  for (const [, distance] of instruction.matchAll(/\[ebp([+-]\d+)\]/g)) {
    const before = frame.uses.get(Number(distance)) ?? 0;
    frame.uses.set(Number(distance), before + 10 ** Math.min(frame.depth, 6));
  }
}

export function placeLabel(frame: Frame, label: string): void {
  frame.lines.push(`${label}:`);
}

/*
 * Labels inside functions are numbers behind a dollar sign. `mark` tells the assembler where in the sources we
 * are, for the line table that a dead Guest will need.
 */

/** A label inside a function, unlike any other. */
export function newTarget({ program }: Frame): string {
  program.targets++;
  return `$${program.targets}`;
}

/** Tells the assembler which line of which file the next instructions come from. */
export function mark(frame: Frame, node: ts.Node): void {
  const { source } = frame.module;
  const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
  if (line === frame.line) return;
  frame.line = line;
  frame.lines.push(`%line ${line} ${frame.module.path}`);
}

/*
 * ## Mentioning is reaching
 *
 * The name of a thing gets into an instruction only through here, so this is also where the thing is added to the
 * image. The loop in `tangle` that walks over everything reached has no other source.
 */

/** The name of `item` in an instruction; from now on it is part of the image. */
export function mention(program: Program, item: Labelled | { readonly label: string }): string {
  if ('kind' in item) program.reached.add(item);
  return item.label;
}

/** A constant as it stands in an instruction. */
export function immediate(program: Program, { base, value }: Constant): string {
  if (base === undefined) return `${value}`;
  const label = mention(program, base);
  if (value === 0) return label;
  return value < 0 ? `${label}-${-value}` : `${label}+${value}`;
}
