/*
 * # In one line
 *
 * Point at a name anywhere in this book, and a slip of paper says what it is. The slip has one line, perhaps two, and
 * the art is in choosing them. The compiler would print a function's type with every alias resolved and every default
 * spelled out, correct to the last bracket. The author wrote something shorter, and chose the words. So his words are
 * quoted.
 *
 * Where he left the type to inference, there is something better to quote than what would be inferred. If you come
 * upon `meant` in the middle of a function, `const meant: Walk | undefined` tells you how to use it;
 * `const meant = walk(guest, address)` tells you what it is.
 */

import type {
  BindingElement,
  Declaration,
  Node,
  SignatureDeclaration,
  VariableDeclaration,
} from 'typescript';

import ts from './compiler.ts';
import { isImport } from './scopes.ts';

const LONGEST = 320;

/** One line that says what a name is, as its author would have declared it. */
export function signatureOf(declaration: Declaration): string {
  return shortened(declared(declaration), LONGEST);
}

/*
 * ## A line for everything
 *
 * An interface says its name and no more, since its page is one click away. A constant says its value, if that is
 * short: `const DIRTY = 1 << 6` tells you what `number` does not.
 */
function declared(declaration: Declaration): string {
  const name = nameOf(declaration);
  if (isImport(declaration)) return `${name} from ${moduleOf(declaration)}`;
  if (ts.isInterfaceDeclaration(declaration)) return `interface ${name}${parameters(declaration)}`;
  if (ts.isClassDeclaration(declaration)) return `class ${name}${parameters(declaration)}`;
  if (ts.isTypeAliasDeclaration(declaration)) return spoken(declaration).replace(/^export\s+|;$/g, '');
  if (ts.isTypeParameterDeclaration(declaration)) return `type parameter ${spoken(declaration)}`;
  if (ts.isSourceFile(declaration)) return `module ${declaration.fileName}`;
  if (isWritten(declaration)) return functionHead(declaration);
  if (ts.isBindingElement(declaration)) return destructured(declaration);
  if (ts.isParameter(declaration)) return `parameter ${described(declaration)}`;
  if (ts.isVariableDeclaration(declaration)) return variable(declaration);
  const owner = ownerOf(declaration);
  return `${owner ? `${owner}.` : ''}${described(declaration)}`;
}

function nameOf(declaration: Declaration): string {
  const name = ts.getNameOfDeclaration(declaration);
  return name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name))
    ? name.text
    : '';
}

function moduleOf(declaration: Node): string {
  let node = declaration;
  while (!ts.isImportDeclaration(node)) node = node.parent;
  return spoken(node.moduleSpecifier);
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
 * From the first word up to the body.
 */
function functionHead(declaration: SignatureDeclaration): string {
  const body = (declaration as { body?: Node }).body;
  const end = body ? body.getFullStart() : declaration.end;
  const head = withoutComments(declaration, declaration.getStart(), end)
    .replace(/^(export|default|declare|\s)+/, '')
    .replace(/;$/, '')
    .trim();
  const owner = ownerOf(declaration);
  return owner ? `${owner}.${head}` : head;
}

/*
 * ## Values and variables
 *
 * A type, if one is written; or else where the value comes from, which for a destructured name is the thing that was
 * taken apart, and for the variable of a loop what it walks over.
 */
function variable(declaration: VariableDeclaration): string {
  const { type, initializer, parent } = declaration;
  const name = nameOf(declaration);
  const word = parent.flags & ts.NodeFlags.Const ? 'const' : 'let';
  if (type) return `${word} ${name}: ${spoken(type)}`;
  if (ts.isForOfStatement(parent.parent)) return `${word} ${name} of ${spoken(parent.parent.expression)}`;
  if (ts.isCatchClause(parent)) return `${name}, caught`;
  if (!initializer) return `${word} ${name}`;
  const value = spoken(initializer);
  return `${word} ${name} = ${shortened(value, LONGEST_VALUE)}`;
}

const LONGEST_VALUE = 90;

function destructured(declaration: BindingElement): string {
  const name = nameOf(declaration);
  let whole: Node = declaration;
  while (!ts.isVariableDeclaration(whole) && !ts.isParameter(whole)) whole = whole.parent;
  const source = whole.initializer ?? whole.type;
  return source ? `${name}, out of ${shortened(spoken(source), LONGEST_VALUE)}` : name;
}

/*
 * Properties and parameters are described likewise.
 */
/** A property, or a parameter: what stands behind its name, be it a type or a value. */
function described(declaration: Declaration): string {
  const { type, initializer } = declaration as { type?: Node; initializer?: Node };
  const name = nameOf(declaration);
  if (type) return `${name}: ${spoken(type)}`;
  const is = ts.isPropertyAssignment(declaration) ? ':' : ' =';
  if (initializer) return `${name}${is} ${shortened(spoken(initializer), LONGEST_VALUE)}`;
  return name;
}

/*
 * A remark at the end of a line is for whoever reads lines. In a slip of one line it would swallow what comes behind.
 */
/** What stands in the source, without the comments in it. */
function spoken(node: Node): string {
  return withoutComments(node, node.getStart(), node.end);
}

/*
 * The syntax tree has no comments in it. But at any place where a node begins or ends, TypeScript can be asked which
 * stand there. So we walk around all nodes, ask at both ends, and leave out what we are told. A `//` in a string is
 * inside a node, where nobody asks.
 */
function withoutComments(node: Node, start: number, end: number): string {
  const { text } = node.getSourceFile();
  let said = '';
  let at = start;
  const leaveOutBehind = (place: number) => {
    const onThisLine = ts.getTrailingCommentRanges(text, place) ?? [];
    for (const comment of [...onThisLine, ...(ts.getLeadingCommentRanges(text, place) ?? [])]) {
      if (comment.pos < at || comment.end > end) continue;
      said += text.slice(at, comment.pos);
      at = comment.end;
    }
  };
  const visit = (child: Node): void => {
    if (child.pos >= end) return;
    leaveOutBehind(child.pos);
    ts.forEachChild(child, visit, (list) => {
      list.forEach(visit);
      leaveOutBehind(list.end);
    });
    leaveOutBehind(child.end);
  };
  visit(node);
  return said + text.slice(at, end);
}

/*
 * And three that everybody above has asked for.
 */
function shortened(text: string, longest: number): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest - 1)}…` : line;
}

function parameters(declaration: { typeParameters?: readonly Node[] }): string {
  return declaration.typeParameters
    ? `<${declaration.typeParameters.map((node) => spoken(node)).join(', ')}>`
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
 * is all you get. A hover is one line of text, so of a link it has the words and not the address.
 */
/** A stop ends no sentence if it goes on in a small letter or a number, as in `vol. 3`. */
const FIRST_SENTENCE = /^.*?[.!?](?=\s+[^\sa-z0-9]|\s*$)/;

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
  const plain = paragraph.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/\*(\w[^*]*)\*/g, '$1');
  return FIRST_SENTENCE.exec(plain)?.[0] ?? plain;
}
