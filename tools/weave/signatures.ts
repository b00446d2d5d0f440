/*
 * # In one line
 *
 * Point at a name anywhere in this book, and a slip of paper says what it is. The slip has one line, perhaps two,
 * and the art is in choosing them. The compiler would print a function's type with every alias resolved and every
 * default spelled out, correct to the last bracket. The author wrote something shorter, and chose the words.
 *
 * So where the author has written a type, his words are quoted. Where he has left it to inference, the compiler is
 * asked.
 */

import type {
  Declaration,
  Node,
  SignatureDeclaration,
  Symbol as TsSymbol,
  TypeChecker,
  VariableDeclaration,
} from 'typescript';

import ts from './compiler.ts';

const LONGEST = 320;

/** One line that says what a name is, as its author would have declared it. */
export function signatureOf(
  checker: TypeChecker,
  symbol: TsSymbol,
  declaration: Declaration | undefined,
): string {
  const line = declaration
    ? declared(checker, symbol, declaration)
    : `${symbol.name}: ${typeOf(checker, symbol)}`;
  const short = line.replace(/\s+/g, ' ').trim();
  return short.length > LONGEST ? `${short.slice(0, LONGEST - 1)}…` : short;
}

/*
 * ## A line for everything
 *
 * An interface says its name and no more, since its page is one click away. A constant says its value, if that is
 * short: `const DIRTY = 1 << 6` tells you what `number` does not.
 */
function declared(checker: TypeChecker, symbol: TsSymbol, declaration: Declaration): string {
  const name = symbol.name;
  if (isImport(declaration)) return `${name} from ${moduleOf(declaration)}`;
  if (ts.isInterfaceDeclaration(declaration)) return `interface ${name}${parameters(declaration)}`;
  if (ts.isClassDeclaration(declaration)) return `class ${name}${parameters(declaration)}`;
  if (ts.isTypeAliasDeclaration(declaration)) return declaration.getText().replace(/^export\s+|;$/g, '');
  if (ts.isTypeParameterDeclaration(declaration)) return `type parameter ${declaration.getText()}`;
  if (ts.isSourceFile(declaration)) return `module ${name}`;
  if (isWritten(declaration)) return functionHead(checker, declaration);
  if (ts.isParameter(declaration)) return `parameter ${name}: ${typeOf(checker, symbol, declaration)}`;
  if (ts.isVariableDeclaration(declaration)) return variable(checker, symbol, declaration);
  const owner = ownerOf(declaration);
  return `${owner ? `${owner}.` : ''}${name}: ${typeOf(checker, symbol, declaration)}`;
}

/** Whether a declaration is only the name by which a file knows something from a package. */
export function isImport(declaration: Node): boolean {
  return (
    ts.isImportSpecifier(declaration) || ts.isImportClause(declaration) || ts.isNamespaceImport(declaration)
  );
}

function moduleOf(declaration: Node): string {
  let node = declaration;
  while (!ts.isImportDeclaration(node)) node = node.parent;
  return node.moduleSpecifier.getText();
}

function isWritten(declaration: Declaration): declaration is SignatureDeclaration & Declaration {
  return (
    ts.isFunctionDeclaration(declaration) ||
    ts.isMethodDeclaration(declaration) ||
    ts.isMethodSignature(declaration)
  );
}

/*
 * ## Functions, as they stand
 *
 * From the first word up to the body. The only thing the compiler adds is a return type that nobody wrote.
 */
function functionHead(checker: TypeChecker, declaration: SignatureDeclaration): string {
  const tree = declaration.getSourceFile();
  const body = (declaration as { body?: Node }).body;
  const head = tree.text
    .slice(declaration.getStart(tree), body ? body.getFullStart() : declaration.end)
    .replace(/^(export|default|declare|\s)+/, '')
    .replace(/;$/, '')
    .trim();
  const owner = ownerOf(declaration);
  const named = owner ? `${owner}.${head}` : head;
  if (declaration.type) return named;
  const signature = checker.getSignatureFromDeclaration(declaration);
  return signature ? `${named}: ${checker.typeToString(signature.getReturnType())}` : named;
}

/*
 * ## Constants and variables
 *
 * A value is shown if it reads like one: a number, a string, constants and operators. A call or an object is its
 * type.
 */
function variable(checker: TypeChecker, symbol: TsSymbol, declaration: VariableDeclaration): string {
  const { initializer } = declaration;
  const word = declaration.parent.flags & ts.NodeFlags.Const ? 'const' : 'let';
  const value = initializer && initializer.end - initializer.pos < 48 ? initializer.getText() : '';
  if (!declaration.type && /^[-+~\w\s.|&<>()'*/]+$/.test(value) && /\d|'/.test(value)) {
    return `${word} ${symbol.name} = ${value}`;
  }
  return `${word} ${symbol.name}: ${typeOf(checker, symbol, declaration)}`;
}

/** The type as it is written, where it is, and as the checker infers it, where it is not. */
function typeOf(checker: TypeChecker, symbol: TsSymbol, declaration?: Node): string {
  const written = (declaration as { type?: Node } | undefined)?.type;
  return written ? written.getText() : checker.typeToString(checker.getTypeOfSymbol(symbol));
}

function parameters(declaration: { typeParameters?: readonly Node[] }): string {
  return declaration.typeParameters
    ? `<${declaration.typeParameters.map((node) => node.getText()).join(', ')}>`
    : '';
}

function ownerOf(declaration: Node): string | undefined {
  const parent = declaration.parent;
  return parent && (ts.isInterfaceDeclaration(parent) || ts.isClassDeclaration(parent))
    ? parent.name?.text
    : undefined;
}

/*
 * ## The second line
 *
 * The first sentence of the contract. Authors write it for this, whether they know it or not: it should do when it
 * is all you get.
 */
/** The first sentence of the contract in front of a declaration, or nothing. */
export function summaryOf(declaration: Declaration): string {
  const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
  if (ts.isParameter(statement) || ts.isSourceFile(statement)) return '';
  const text = statement.getSourceFile().text;
  const comment = ts.getLeadingCommentRanges(text, statement.pos)?.at(-1);
  if (!comment || !text.startsWith('/**', comment.pos)) return '';
  const words = text
    .slice(comment.pos + 3, comment.end - 2)
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .trim();
  const paragraph = /^(?:(?!\n\s*\n|\n?^@)[\s\S])*/m.exec(words)![0].replace(/\s+/g, ' ');
  return /^.*?[.!?](?=\s|$)/.exec(paragraph)?.[0] ?? paragraph;
}
