import type { Declaration, Node, SignatureDeclaration, Symbol as TsSymbol, TypeChecker } from 'typescript';

import ts from './compiler.ts';

const LONGEST = 320;

/** One line that says what a name is, as its author would have declared it. */
export function signatureOf(
  checker: TypeChecker,
  symbol: TsSymbol,
  declaration: Declaration | undefined,
  at: Node,
): string {
  const line = declaration
    ? declared(checker, symbol, declaration, at)
    : `${symbol.name}: ${typeAt(checker, symbol, at)}`;
  const short = line.replace(/\s+/g, ' ').trim();
  return short.length > LONGEST ? `${short.slice(0, LONGEST - 1)}…` : short;
}

function declared(checker: TypeChecker, symbol: TsSymbol, declaration: Declaration, at: Node): string {
  if (ts.isInterfaceDeclaration(declaration)) return `interface ${symbol.name}${parameters(declaration)}`;
  if (ts.isClassDeclaration(declaration)) return `class ${symbol.name}${parameters(declaration)}`;
  if (ts.isTypeAliasDeclaration(declaration))
    return declaration
      .getText()
      .replace(/^export\s+/, '')
      .replace(/;$/, '');
  if (ts.isTypeParameterDeclaration(declaration)) return `(type parameter) ${declaration.getText()}`;
  if (ts.isSourceFile(declaration)) return `module ${symbol.name}`;
  if (isWritten(declaration)) return functionHead(checker, declaration);
  if (ts.isParameter(declaration)) return `(parameter) ${symbol.name}: ${typeAt(checker, symbol, at)}`;
  if (ts.isVariableDeclaration(declaration)) return variable(checker, symbol, declaration, at);
  const owner = ownerOf(declaration);
  return `${owner ? `${owner}.` : ''}${symbol.name}: ${typeAt(checker, symbol, at)}`;
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

function variable(checker: TypeChecker, symbol: TsSymbol, declaration: Node, at: Node): string {
  const { type, initializer } = declaration as { type?: Node; initializer?: Node };
  const word = declaration.parent.flags & ts.NodeFlags.Const ? 'const' : 'let';
  if (type) return `${word} ${symbol.name}: ${type.getText()}`;
  const value = initializer && initializer.end - initializer.pos < 48 ? initializer.getText() : '';
  if (/^[-+~\w\s.|&<>()'*/]+$/.test(value) && /\d|'/.test(value)) return `${word} ${symbol.name} = ${value}`;
  return `${word} ${symbol.name}: ${typeAt(checker, symbol, at)}`;
}

function typeAt(checker: TypeChecker, symbol: TsSymbol, at: Node): string {
  return checker.typeToString(checker.getTypeOfSymbolAtLocation(symbol, at));
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
