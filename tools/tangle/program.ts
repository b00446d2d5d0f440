/*
 * # What a name stands for
 *
 * `const N = 16` and `const processes = array<Process>(16)` look alike, and could not be less so. The first is a
 * number, which ends up inside instructions and has no address. The second is an address, which ends up inside
 * instructions and has no value. A `let` has both. Down here *declaration* says too little; what counts is the
 * `Definition`: what the name stands for when there is nothing but bytes.
 */

import ts from 'typescript';
import { constantOf } from './constants.ts';
import { fail } from './errors.ts';
import { convert, fromNumber, type Constant } from './folding.ts';
import { find, type Declaration, type Defined, type Library, type Module } from './modules.ts';
import type { Scope } from './scope.ts';
import { storageFrom } from './storage.ts';
import {
  I32,
  isLanguage,
  signatureFrom,
  typeFrom,
  U32,
  variableType,
  type FunctionType,
  type Type,
  refuseNarrow,
} from './types.ts';

/** One image in the making. */
export interface Program {
  readonly library: Library;
  /** Values given from outside to exported constants, by name. */
  readonly defines: ReadonlyMap<string, number>;
  readonly definitions: Map<Defined, Definition>;
  /** The string literals met so far. */
  readonly texts: Map<string, Labelled>;
  readonly labels: Set<string>;
  /** How many labels inside functions there are. */
  targets: number;
  /** Everything that something reachable mentions, in the order in which it was first mentioned. */
  readonly reached: Set<Labelled>;
}

/*
 * ## Where one stands
 *
 * The same word means different things in different places. A `Context` says which place: the module, and inside a
 * function the scope as well. It travels with everything that is put off until later, because a function reached
 * from another file has to be read with the names of its own.
 */

/** Where an expression stands: which names it sees. */
export interface Context {
  readonly program: Program;
  readonly library: Library;
  readonly module: Module;
  /** The names of the function around it; none at module level. */
  readonly scope?: Scope;
}

/*
 * ## Six things with an address
 *
 * Functions, naked code, variables, tables, reserved storage, string literals. All of them have a label, and the
 * label is all that an instruction needs.
 */

export type FunctionNode = ts.FunctionDeclaration | ts.ArrowFunction;

/** A definition that has an address. */
export type Labelled = { readonly label: string; readonly name: string; readonly type: Type } & (
  | {
      readonly kind: 'function';
      readonly context: Context;
      readonly node: FunctionNode;
      readonly type: FunctionType;
    }
  | { readonly kind: 'code'; readonly context: Context; readonly node: ts.TaggedTemplateExpression }
  | { readonly kind: 'variable'; readonly context: Context; readonly node: ts.Expression | undefined }
  | { readonly kind: 'table'; readonly context: Context; readonly node: ts.Expression }
  | { readonly kind: 'storage'; readonly bytes: number; readonly alignment: number; readonly node: ts.Node }
  | { readonly kind: 'text'; readonly text: string }
);

export type Definition =
  | Labelled
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'intrinsic'; readonly name: string };

/*
 * ## From declaration to definition
 *
 * Definitions are made on demand and remembered. The one thing that can go wrong on the way, apart from the
 * author, is a circle: `const x = y` in one file, and `const y = x` in the other. TypeScript does not mind it,
 * JavaScript would give `undefined` at the worst moment, and we notice that somebody asks for the value of what we
 * are just about to work out.
 */

/** What the module-level `name` stands for where `context` is. */
export function definitionOf(context: Context, node: ts.Node, name: string): Definition {
  const declaration = find(context.library, context.module, name);
  if (declaration === undefined) unknownName(context.library, node, name);
  return define(context.program, node, declaration);
}

/*
 * A name that nobody knows is most often one of the language's own that was not imported. So we look, and say so.
 */

function unknownName(library: Library, node: ts.Node, name: string): never {
  if (name === 'undefined') fail(node, 'undefined', 'write null, or 0');
  const language = [...library.modules.values()].find(
    (module) => isLanguage(module) && module.names.has(name),
  );
  fail(
    node,
    `the unknown name \`${name}\``,
    language ? 'import it from language.ts' : 'declare it or import it',
  );
}

const underWay = new Set<Defined>();

export function define(program: Program, node: ts.Node, declaration: Defined): Definition {
  const known = program.definitions.get(declaration);
  if (known !== undefined) return known;
  if (underWay.has(declaration)) fail(node, `\`${declaration.name}\` in its own value`, 'break the circle');
  underWay.add(declaration);
  try {
    const definition = definitionFrom(program, node, declaration);
    program.definitions.set(declaration, definition);
    return definition;
  } finally {
    underWay.delete(declaration);
  }
}

/*
 * ## Functions, and what is not one
 *
 * An intrinsic is a function that `language.ts` declares and nobody writes. `load32` is not called: it *is* an
 * instruction. Everything else without a body is a mistake.
 */

function definitionFrom(program: Program, node: ts.Node, declaration: Defined): Definition {
  const context: Context = { program, library: program.library, module: declaration.module };
  if (declaration.kind === 'function') return functionFrom(context, declaration, declaration.node);
  if (declaration.kind === 'variable') return variableFrom(context, declaration);
  fail(node, `the type \`${declaration.name}\``, 'a value is expected here');
}

export function functionFrom(context: Context, declaration: Declaration, node: FunctionNode): Definition {
  if (ts.isFunctionDeclaration(node) && node.body === undefined) {
    if (isLanguage(declaration.module)) return { kind: 'intrinsic', name: declaration.name };
    fail(node, 'a function without a body', 'only language.ts declares functions that are not written');
  }
  if (node.asteriskToken) fail(node, 'a generator', 'keep its state in a structure');
  if (node.typeParameters) fail(node, 'a generic function', 'write one for each type');
  if (node.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.AsyncKeyword)) {
    fail(node, 'an async function', 'nothing waits for you here: poll, or halt until the interrupt');
  }
  return {
    kind: 'function',
    ...named(context, declaration),
    type: signatureFrom(context, node),
    context,
    node,
  };
}

/*
 * ## Labels
 *
 * A function called `loop`, `add` or `eax` is a fine thing in TypeScript and a disaster in assembly. The label of
 * `add` in `sums.ts` is therefore `sums.add`: no register has a dot in its name, and no instruction. Two modules
 * of the same name, should there be any, are told apart by a number, and the symbol in the file stays `add`.
 */

export function named(context: Context, { module, name }: Declaration): { label: string; name: string } {
  return { label: newLabel(context.program, `${module.path.replace(/^.*\/|\.ts$/g, '')}.${name}`), name };
}

/** A label that nothing else has. A module's dot keeps it apart from registers and mnemonics. */
export function newLabel(program: Program, wanted: string): string {
  const plain = wanted.replace(/[^\w.$]/g, '_').replace(/^(?=\d)/, '_');
  let label = plain;
  for (let n = 2; program.labels.has(label); n++) label = `${plain}.${n}`;
  program.labels.add(label);
  return label;
}

/*
 * ## What a first value may be
 *
 * This is where a module-level `const` or `let` finds out what it is. A value from `defines` comes first, then the
 * special makers of storage, and then the rule that costs a newcomer the first ten minutes: the first value of a
 * variable is constant. It lies in the file, and there is no moment before the entry at which to compute anything.
 *
 * A `const` that folds is no variable at all, just its value. So are string literals: their value is the address
 * of the text.
 */

function variableFrom(context: Context, declaration: Declaration & { kind: 'variable' }): Definition {
  const { node, name, exported, constant } = declaration;
  const value = node.initializer;
  const annotated = node.type && typeFrom(context, node.type);
  const defined = exported && constant ? context.program.defines.get(name) : undefined;
  if (defined !== undefined) {
    return {
      kind: 'constant',
      constant: fromNumber(defined, annotated ?? (defined > 0x7fffffff ? U32 : I32)),
    };
  }
  if (value !== undefined) {
    const special = storageFrom(context, declaration, bare(value), annotated);
    if (special !== undefined) return special;
  }
  const folded = value && constantOf(context, value);
  if (value !== undefined && folded === undefined) {
    fail(
      value,
      `\`${firstLine(value)}\` as a first value`,
      'it must be constant: assign it in a function that the entry calls',
    );
  }
  if (constant && folded !== undefined) {
    if (annotated === undefined) return { kind: 'constant', constant: folded };
    return { kind: 'constant', constant: convert(folded, variableType(node, annotated)) };
  }
  const type = variableType(node, annotated ?? inferred(node, folded));
  return { kind: 'variable', ...named(context, declaration), type, context, node: value };
}

/*
 * `let count = 0` is an `i32`, as 0 has no sign of its own. `let here = null` is nothing we could make room for.
 */

function inferred(node: ts.Node, folded: Constant | undefined): Type {
  if (folded === undefined || folded.type.kind === 'null') {
    fail(node, 'a variable without a type', 'annotate it: let count: u32 = 0');
  }
  return folded.type.kind === 'literal' ? I32 : folded.type;
}

/*
 * ## Wrapping paper
 *
 * Parentheses, casts, `!` and `satisfies` are addressed to the checker or to the reader. They never become code.
 */

/** `node` without the parentheses and casts around it. */
export function bare(node: ts.Expression): ts.Expression {
  while (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node)
  ) {
    const cast = ts.isAsExpression(node) ? node.type.getText() : '';
    if (cast === 'u8' || cast === 'u16') refuseNarrow(node, cast);
    node = node.expression;
  }
  return node;
}

function firstLine(node: ts.Node): string {
  return node.getText().split('\n')[0]!;
}

/** The number that `node` is. @throws TangleError if it is no constant number */
export function constantNumber(context: Context, node: ts.Expression): number {
  const constant = constantOf(context, node);
  if (constant === undefined || constant.base !== undefined) {
    fail(node, `\`${firstLine(node)}\``, 'a constant number is expected here');
  }
  return constant.value;
}

/*
 * ## Texts
 *
 * The kernel says `'\n'` in dozens of places, and the file holds it once.
 */

/** The string literal with this text; equal literals are one. */
export function textOf(program: Program, text: string): Labelled {
  const known = program.texts.get(text);
  if (known !== undefined) return known;
  const label = newLabel(program, `$text.${program.texts.size}`);
  const made: Labelled = { kind: 'text', label, name: label, type: { kind: 'string' }, text };
  program.texts.set(text, made);
  return made;
}
