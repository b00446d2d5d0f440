/*
 * # Facts
 *
 * Knuth's WEAVE made its index by looking for words. Two things of the same name in two chapters shared
 * an entry, and the reader sorted them out. We have the syntax trees, and somebody who can say, of
 * `guest.memory`, *which* `memory`: by way of the type of `guest`, of the function that returned it, of the
 * interface in a file three folders away.
 *
 * So here every identifier in the book is asked about, one after the other, and what comes back is written down.
 * Nothing of the trees leaves this file and the next. From here on there are only names, offsets and one-line
 * descriptions, which are small, and can be compared.
 */

import type { Declaration, Identifier, Node, SourceFile, StringLiteral } from 'typescript';

import ts from './compiler.ts';
import type { Reasoner } from './values.ts';
import { isImport } from './scopes.ts';
import { signatureOf, summaryOf } from './signatures.ts';
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

/** A name as it stands in code, and what it means. */
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
  /** What they were learned from. */
  tree?: SourceFile;
}

/*
 * ## Asking
 *
 * Each thing is described once a file, however often it is mentioned: the map `known` turns a hundred thousand
 * questions into a quarter of that. A mention in an import counts as no use. Otherwise every definition would be used
 * in the first section of half the book, and the lists under the code would be as interesting as a list of imports.
 */
/** Asks about every identifier of `tree`. */
export function factsOf(reasoner: Reasoner, tree: SourceFile, tokens: readonly Token[]): Facts {
  const inquiry: Inquiry = {
    reasoner,
    tree,
    exported: new Set(
      [...reasoner.names.exportsOf(tree)].flatMap(([name, declaration]) =>
        name === 'default' ? [] : [declaration],
      ),
    ),
    known: new Map(),
    facts: { definitions: new Map(), mentions: new Map(), hovers: [], tree },
  };
  for (const { node, start } of tokens) {
    if (!node) continue;
    if (ts.isStringLiteral(node)) noteModule(inquiry, node, start);
    else if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node))
      noteName(inquiry, node as Identifier, start);
  }
  return inquiry.facts;
}

interface Inquiry {
  reasoner: Reasoner;
  tree: SourceFile;
  exported: Set<Declaration>;
  known: Map<Declaration, Meaning>;
  facts: Facts;
}

type Meaning = Omit<Mention, 'at' | 'use'>;

/*
 * ## Noting
 *
 * A name is noted where it stands. If that is also the place where the thing is declared, there is a definition. And if
 * nobody here has declared it, it is the language's own, or a package's. You know what `length` is.
 */
function noteName({ reasoner, exported, known, facts }: Inquiry, node: Identifier, at: number): void {
  const declaration = reasoner.meaning(node);
  if (!declaration) {
    facts.mentions.set(at, { at, hover: -1, use: true });
    return;
  }
  const meaning = known.get(declaration) ?? meaningOf(declaration, facts.hovers);
  known.set(declaration, meaning);
  facts.mentions.set(at, { at, ...meaning, use: !isMoved(node) });

  const { name } = meaning;
  if (!name || ts.getNameOfDeclaration(declaration) !== node || facts.definitions.has(name)) return;
  const owner = facts.definitions.get(name.split('.', 1)[0]!);
  const seen = name.includes('.')
    ? (owner?.exported ?? false) && !ts.isPrivateIdentifier(node)
    : exported.has(declaration);
  const hover = facts.hovers[meaning.hover]!;
  facts.definitions.set(name, { name, at, exported: seen, kind: kindOf(declaration), ...hover });
}

function meaningOf(declaration: Declaration, hovers: Hover[]): Meaning {
  const { slip, place } = descriptionOf(declaration);
  return { ...place, hover: hovers.push(slip) - 1 };
}

function noteModule({ reasoner, tree, facts }: Inquiry, node: StringLiteral, at: number): void {
  if (!ts.isImportDeclaration(node.parent) && !ts.isExportDeclaration(node.parent)) return;
  const module = reasoner.names.module(tree, node.text);
  if (module) facts.mentions.set(at, { at, file: module.fileName, hover: -1, use: false });
}

/** A name on its way from file to file, in an import or a list of exports. */
function isMoved(node: Node): boolean {
  return (
    ts.isImportSpecifier(node.parent) || ts.isExportSpecifier(node.parent) || ts.isImportClause(node.parent)
  );
}

/*
 * What is written on the slip of paper depends on nothing but the file of the declaration. So it is written once, and
 * stays with the tree, however many files point at it and however often the book is woven.
 */
interface Description {
  slip: Hover;
  place: Pick<Mention, 'file' | 'name'>;
}

const descriptions = new WeakMap<Declaration, Description>();

function descriptionOf(declaration: Declaration): Description {
  let description = descriptions.get(declaration);
  if (!description) {
    const slip = { signature: signatureOf(declaration), summary: summaryOf(declaration) };
    const name = qualifiedName(declaration);
    const place = name === undefined ? {} : { file: declaration.getSourceFile().fileName, name };
    description = { slip, place };
    descriptions.set(declaration, description);
  }
  return description;
}

/*
 * ## A name for a link
 *
 * From the declaration up to the file, collecting names: `Guest.memory`, or `handlers.divide` for a function in a
 * table. Whoever meets a block or the inside of a function on the way up is local, and gets no name. What remains
 * is unique on its page, and survives everything but renaming. It becomes the id that links lead to, in which there can
 * be no `#`: a private field has a `$` instead.
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
    names.unshift(name.text.replace('#', '$'));
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
