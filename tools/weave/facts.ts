/*
 * # Facts
 *
 * Knuth's WEAVE made its index by looking for words. Two things of the same name in two chapters shared
 * an entry, and the reader sorted them out. We have a better informant. TypeScript must know, to compile
 * `guest.memory`, *which* `memory`, by way of the type of `guest`, of the function that returned it, of the
 * interface in a file three folders away; and it tells anybody who asks.
 *
 * So here every identifier in the book is asked for, one after the other, and what comes back is written down.
 * Nothing of the compiler leaves this file and the next. From here on there are only names, offsets and one-line
 * descriptions, which are small, and can be compared.
 */

import type {
  Declaration,
  Identifier,
  Node,
  Program,
  SourceFile,
  StringLiteral,
  Symbol as TsSymbol,
  TypeChecker,
} from 'typescript';

import ts from './compiler.ts';
import { nameOf } from './program.ts';
import { isImport, signatureOf, summaryOf } from './signatures.ts';
import type { Token } from './tokens.ts';

/*
 * ## What is written down
 *
 * A definition is something a link can lead to. Names that live inside a function are none: whoever can see them is
 * standing next to them. They are told what they are when you point at them, and that is enough.
 */
/** A name the book can link to: of the file's top level, or inside one (`Guest.memory`). */
export interface Definition {
  name: string;
  at: number;
  exported: boolean;
  kind: string;
  signature: string;
  summary: string;
}

/** A name as it stands in code, and what TypeScript's checker says it means. */
export interface Mention {
  at: number;
  /** File and name of the definition, where it is in the book. A module's specifier has a file and no name. */
  file?: string;
  name?: string;
  /** Index into `hovers`, or -1. */
  hover: number;
  /** Whether this is use, and not mere import or re-export. */
  use: boolean;
}

export interface Hover {
  signature: string;
  summary: string;
}

/** All that one file knows of others, and others may know of it. */
export interface Facts {
  definitions: Map<string, Definition>;
  mentions: Map<number, Mention>;
  hovers: Hover[];
}

/*
 * ## Asking
 *
 * Each symbol is described once a file, however often it is mentioned: the map `known` turns sixty thousand
 * questions into a quarter of that. A mention in an import counts as no use. Otherwise every definition would be
 * used in the first section of half the book, and the lists under the code would be as interesting as a list of
 * imports.
 */
/** Asks the checker about every identifier of `tree`. */
export function factsOf(root: string, program: Program, tree: SourceFile, tokens: readonly Token[]): Facts {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(tree);
  const inquiry: Inquiry = {
    root,
    checker,
    tree,
    exported: new Set(module ? checker.getExportsOfModule(module) : []),
    known: new Map(),
    facts: { definitions: new Map(), mentions: new Map(), hovers: [] },
  };
  for (const { node } of tokens) {
    if (!node) continue;
    if (ts.isStringLiteral(node)) noteModule(inquiry, node);
    else if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) noteName(inquiry, node as Identifier);
  }
  return inquiry.facts;
}

interface Inquiry {
  root: string;
  checker: TypeChecker;
  tree: SourceFile;
  exported: Set<TsSymbol>;
  known: Map<TsSymbol, Meaning>;
  facts: Facts;
}

type Meaning = Omit<Mention, 'at' | 'use'>;

/*
 * ## Noting
 *
 * A name is noted where it stands. If that is also the place where the thing is declared, there is a definition.
 */
function noteName({ root, checker, tree, exported, known, facts }: Inquiry, node: Identifier): void {
  const symbol = symbolAt(checker, node);
  if (!symbol) return;
  const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
  const meaning = known.get(symbol) ?? meaningOf(root, checker, symbol, declaration, facts.hovers);
  known.set(symbol, meaning);
  const at = node.getStart(tree);
  facts.mentions.set(at, { at, ...meaning, use: !isMoved(node) });

  const { name } = meaning;
  if (!name || !declaration || ts.getNameOfDeclaration(declaration) !== node || facts.definitions.has(name))
    return;
  const owner = facts.definitions.get(name.split('.', 1)[0]!);
  const seen = name.includes('.') ? (owner?.exported ?? false) : exported.has(symbol);
  const hover = facts.hovers[meaning.hover]!;
  facts.definitions.set(name, { name, at, exported: seen, kind: kindOf(declaration), ...hover });
}

function meaningOf(
  root: string,
  checker: TypeChecker,
  symbol: TsSymbol,
  declaration: Declaration | undefined,
  hovers: Hover[],
): Meaning {
  const file = declaration && fileOf(root, declaration.getSourceFile());
  const summary = file === undefined ? '' : summaryOf(declaration!);
  const hover = hovers.push({ signature: signatureOf(checker, symbol, declaration), summary }) - 1;
  const name = file === undefined ? undefined : qualifiedName(declaration!);
  return name === undefined ? { hover } : { file: file!, name, hover };
}

function noteModule({ root, checker, tree, facts }: Inquiry, node: StringLiteral): void {
  if (!ts.isImportDeclaration(node.parent) && !ts.isExportDeclaration(node.parent)) return;
  const module = checker.getSymbolAtLocation(node)?.valueDeclaration;
  const file = module && ts.isSourceFile(module) ? fileOf(root, module) : undefined;
  const at = node.getStart(tree);
  if (file !== undefined) facts.mentions.set(at, { at, file, hover: -1, use: false });
}

/*
 * ## Which symbol, though
 *
 * Three places where the compiler's first answer is not the one a reader wants. In `{ size }` the name is a
 * property and a variable at once, and you are after the variable. In `{ size: 4 }`, passed to something that
 * expects a `Piece`, you want the `size` of `Piece`, and not to be told that you are looking at it. And an import
 * is an alias; one goes on to what it stands for.
 */
function symbolAt(checker: TypeChecker, node: Identifier): TsSymbol | undefined {
  const parent = node.parent;
  let symbol = checker.getSymbolAtLocation(node);
  if (ts.isShorthandPropertyAssignment(parent)) symbol = checker.getShorthandAssignmentValueSymbol(parent);
  else if (
    ts.isObjectLiteralElement(parent) &&
    parent.name === node &&
    ts.isObjectLiteralExpression(parent.parent)
  ) {
    symbol = checker.getContextualType(parent.parent)?.getProperty(node.text) ?? symbol;
  }
  if (symbol && symbol.flags & ts.SymbolFlags.Alias) {
    const target = checker.getAliasedSymbol(symbol);
    if (target.declarations) symbol = target;
  }
  return symbol;
}

/*
 * The files of a program are ours, TypeScript's, or from a package. Only ours have pages.
 */
const files = new WeakMap<SourceFile, string>();

/** The name of a source of the book; undefined for TypeScript's own libraries. */
function fileOf(root: string, tree: SourceFile): string | undefined {
  const known = files.get(tree) ?? nameOf(root, tree.fileName);
  files.set(tree, known);
  return known.startsWith('..') || known.includes('node_modules/') ? undefined : known;
}

/** A name on its way from file to file, in an import or a list of exports. */
function isMoved(node: Node): boolean {
  return (
    ts.isImportSpecifier(node.parent) || ts.isExportSpecifier(node.parent) || ts.isImportClause(node.parent)
  );
}

/*
 * ## A name for a link
 *
 * From the declaration up to the file, collecting names: `Guest.memory`, or `handlers.divide` for a function in a
 * table. Whoever meets a block or the inside of a function on the way up is local, and gets no name. What remains
 * is unique on its page, and survives everything but renaming. It becomes the id that links lead to.
 */
/** `Guest.memory` for the property of a top-level thing; undefined for what only its own function can see. */
function qualifiedName(declaration: Declaration): string | undefined {
  if (ts.isTypeParameterDeclaration(declaration) || isImport(declaration)) return undefined;
  const names: string[] = [];
  for (let node: Node = declaration; !ts.isSourceFile(node); node = node.parent) {
    if (ts.isBlock(node) || ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node))
      return undefined;
    if (node !== declaration && ts.isFunctionLike(node)) return undefined;
    const name = ts.getNameOfDeclaration(node as Declaration);
    if (!name || !isNamed(node, name)) continue;
    if (!ts.isIdentifier(name) && !ts.isPrivateIdentifier(name) && !ts.isStringLiteral(name))
      return undefined;
    names.unshift(name.text.replace('#', ''));
  }
  return names.length > 0 && names.every((name) => /^[\w$]+$/.test(name)) ? names.join('.') : undefined;
}

function isNamed(node: Node, name: Node): boolean {
  return (node as { name?: Node }).name === name;
}

function kindOf(declaration: Declaration): string {
  if (ts.isFunctionDeclaration(declaration)) return 'function';
  if (ts.isInterfaceDeclaration(declaration)) return 'interface';
  if (ts.isTypeAliasDeclaration(declaration)) return 'type';
  if (ts.isClassDeclaration(declaration)) return 'class';
  if (ts.isMethodDeclaration(declaration) || ts.isMethodSignature(declaration)) return 'method';
  if (!ts.isVariableDeclaration(declaration)) return 'property';
  return declaration.parent.flags & ts.NodeFlags.Const ? 'constant' : 'variable';
}
