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

/** Asks the checker about every identifier of `tree`. */
export function factsOf(root: string, program: Program, tree: SourceFile, tokens: readonly Token[]): Facts {
  const checker = program.getTypeChecker();
  const definitions = new Map<string, Definition>();
  const mentions = new Map<number, Mention>();
  const hovers: Hover[] = [];
  const known = new Map<TsSymbol, Omit<Mention, 'at' | 'use'>>();
  const exported = exportedSymbols(checker, tree);

  for (const { node } of tokens) {
    if (!node) continue;
    if (ts.isStringLiteral(node)) noteModule(node);
    else if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) noteName(node as Identifier);
  }
  return { definitions, mentions, hovers };

  function noteName(node: Identifier): void {
    const symbol = symbolAt(checker, node);
    if (!symbol) return;
    let meaning = known.get(symbol);
    if (!meaning) {
      meaning = meaningOf(symbol);
      known.set(symbol, meaning);
    }
    const at = node.getStart(tree);
    mentions.set(at, { at, ...meaning, use: !isMoved(node) });
    const declaration = declarationOf(symbol);
    const { name } = meaning;
    if (name && declaration && ts.getNameOfDeclaration(declaration) === node && !definitions.has(name)) {
      const hover = hovers[meaning.hover]!;
      const kind = kindOf(declaration);
      definitions.set(name, {
        name,
        at,
        exported: isExported(name, symbol, exported, definitions),
        kind,
        ...hover,
      });
    }
  }

  function meaningOf(symbol: TsSymbol): Omit<Mention, 'at' | 'use'> {
    const declaration = declarationOf(symbol);
    const file = declaration && fileOf(root, declaration.getSourceFile());
    const summary = file === undefined ? '' : summaryOf(declaration!);
    hovers.push({ signature: signatureOf(checker, symbol, declaration), summary });
    const name = file === undefined ? undefined : qualifiedName(declaration!);
    return { ...(name === undefined ? {} : { file: file!, name }), hover: hovers.length - 1 };
  }

  function noteModule(node: StringLiteral): void {
    if (!ts.isImportDeclaration(node.parent) && !ts.isExportDeclaration(node.parent)) return;
    const module = checker.getSymbolAtLocation(node)?.valueDeclaration;
    const file = module && ts.isSourceFile(module) ? fileOf(root, module) : undefined;
    if (file === undefined) return;
    const at = node.getStart(tree);
    mentions.set(at, { at, file, hover: -1, use: false });
  }
}

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

function declarationOf(symbol: TsSymbol): Declaration | undefined {
  return symbol.valueDeclaration ?? symbol.declarations?.[0];
}

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

function exportedSymbols(checker: TypeChecker, tree: SourceFile): Set<TsSymbol> {
  const module = checker.getSymbolAtLocation(tree);
  return new Set(module ? checker.getExportsOfModule(module) : []);
}

function isExported(
  name: string,
  symbol: TsSymbol,
  exported: Set<TsSymbol>,
  known: Map<string, Definition>,
): boolean {
  const dot = name.indexOf('.');
  return dot === -1 ? exported.has(symbol) : (known.get(name.slice(0, dot))?.exported ?? false);
}

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
