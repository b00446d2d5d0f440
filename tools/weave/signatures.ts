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
