/* # What a name stands for */

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

/** Where an expression stands: which names it sees. */
export interface Context {
  readonly program: Program;
  readonly library: Library;
  readonly module: Module;
  /** The names of the function around it; none at module level. */
  readonly scope?: Scope;
}

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
  | { readonly kind: 'storage'; readonly bytes: number; readonly alignment: number }
  | { readonly kind: 'text'; readonly text: string }
);

export type Definition =
  | Labelled
  | { readonly kind: 'constant'; readonly constant: Constant }
  | { readonly kind: 'intrinsic'; readonly name: string };

/* ## From declaration to definition */

/** What the module-level `name` stands for where `context` is. */
export function definitionOf(context: Context, node: ts.Node, name: string): Definition {
  const declaration = find(context.library, context.module, name);
  if (declaration === undefined) unknownName(context.library, node, name);
  return define(context.program, node, declaration);
}

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

/* ## Constants, variables, storage, tables */

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

function inferred(node: ts.Node, folded: Constant | undefined): Type {
  if (folded === undefined || folded.type.kind === 'null') {
    fail(node, 'a variable without a type', 'annotate it: let count: u32 = 0');
  }
  return folded.type.kind === 'literal' ? I32 : folded.type;
}

/** `node` without the parentheses and casts around it. */
export function bare(node: ts.Expression): ts.Expression {
  while (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node)
  ) {
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

/* ## Strings */

/** The string literal with this text; equal literals are one. */
export function textOf(program: Program, text: string): Labelled {
  const known = program.texts.get(text);
  if (known !== undefined) return known;
  const label = newLabel(program, `$text.${program.texts.size}`);
  const made: Labelled = { kind: 'text', label, name: label, type: { kind: 'string' }, text };
  program.texts.set(text, made);
  return made;
}
