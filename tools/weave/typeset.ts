/*
 * # Setting code
 *
 * A highlighter in an editor has ten milliseconds and a half-typed line, and guesses from the shape of words. We
 * have the syntax tree, and all evening. A name is a type because it stands where a type stands. A word is a
 * keyword because the grammar made it one, and `type`, `of` and `from` are words like any others when they are used
 * as such.
 */

import type { Identifier, Node } from 'typescript';

import { setAssembly, speaksAssembly } from './assembly.ts';
import ts from './compiler.ts';
import type { Facts, Mention } from './facts.ts';
import { type Token, tokenFrom } from './tokens.ts';

/*
 * ## Token by token
 *
 * The result is a string and not a tree: there are three hundred thousand tokens in the book, and each would be three
 * objects. The strictness that a tree brings for free (everything closed, everything escaped) we have to prove instead,
 * and the proof is a good one. Take out the tags, undo the escapes, and the code must be there.
 *
 * It is a list of strings for as long as it grows. A string that one keeps adding to is a tree, too, if you ask V8: it
 * notes what was added to what, and goes through its notes when somebody reads. Nobody reads a page before it is
 * printed, so half a million notes lay about, and collecting the garbage around them cost a quarter of a second.
 */
/** What typesetting needs to know of the world outside a file: where a definition is, and which ids to give out. */
export interface Typesetter {
  /** The link to a definition of the book, or undefined. */
  link(mention: Mention): string | undefined;
  /** The id for a definition that stands at this offset, or undefined. */
  anchor(at: number): string | undefined;
}

/**
 * Sets the code from `start` to `end` as HTML. Taking the tags out again, and the entities back, gives the code.
 *
 * @param text the whole file
 */
export function typeset(
  text: string,
  tokens: readonly Token[],
  start: number,
  end: number,
  facts?: Facts,
  setter?: Typesetter,
): string {
  const html: string[] = [];
  let at = start;
  for (let index = tokenFrom(tokens, start); index < tokens.length && tokens[index]!.start < end; index++) {
    const token = tokens[index]!;
    html.push(escapeHtml(text.slice(at, token.start)));
    html.push(setToken(text.slice(token.start, token.end), token, facts?.mentions.get(token.start), setter));
    at = token.end;
  }
  html.push(escapeHtml(text.slice(at, Math.max(at, end))));
  return html.join('');
}

/*
 * A token is a comment, a piece of machine code, a definition, a link, or a word. The definition gets the id that all
 * the links elsewhere lead to.
 */
function setToken(
  text: string,
  { node, start, comment }: Token,
  mention: Mention | undefined,
  setter: Typesetter | undefined,
): string {
  if (comment) return dyed(text.startsWith('/**') ? 'd' : 'c', escapeHtml(text));
  if (!node) return dyed(colorOfWord(text), escapeHtml(text));
  const color = colorOf(node);
  if (color === 's' && speaksAssembly(node)) return setAssembly(text);
  if (!mention || !setter) return dyed(color, escapeHtml(text));

  const anchor = setter.anchor(start);
  const link = anchor === undefined ? setter.link(mention) : undefined;
  const attributes = `${color ? ` class="${color}"` : ''}${mention.hover < 0 ? '' : ` data-h="${mention.hover}"`}`;
  if (anchor !== undefined) return `<dfn id="${escapeHtml(anchor)}"${attributes}>${escapeHtml(text)}</dfn>`;
  if (link !== undefined) return `<a href="${escapeHtml(link)}"${attributes}>${escapeHtml(text)}</a>`;
  return attributes ? `<span${attributes}>${escapeHtml(text)}</span>` : escapeHtml(text);
}

export function dyed(color: string, html: string): string {
  return color === '' ? html : `<span class="${color}">${html}</span>`;
}

/*
 * ## Colours
 *
 * Seven, by one letter each. The letters are what the style sheet knows them by.
 */
/** The class of a token: keyword, string, regular expression, number, type, function, constant, or none. */
function colorOf(node: Node): string {
  const { kind } = node;
  if (kind === ts.SyntaxKind.Identifier || kind === ts.SyntaxKind.PrivateIdentifier)
    return colorOfName(node as Identifier);
  if (kind >= ts.SyntaxKind.FirstKeyword && kind <= ts.SyntaxKind.LastKeyword)
    return isTypeKeyword(node) ? 't' : 'k';
  if (kind === ts.SyntaxKind.NumericLiteral || kind === ts.SyntaxKind.BigIntLiteral) return 'n';
  if (kind === ts.SyntaxKind.RegularExpressionLiteral) return 'r';
  if (kind === ts.SyntaxKind.StringLiteral) return 's';
  return kind >= ts.SyntaxKind.FirstTemplateToken && kind <= ts.SyntaxKind.LastTemplateToken ? 's' : '';
}

/** Of what the grammar demands, words are keywords; marks have no colour. */
function colorOfWord(text: string): string {
  return text === 'void' ? 't' : /^\w/.test(text) ? 'k' : '';
}

function isTypeKeyword(node: Node): boolean {
  return ts.isTypeNode(node) && node.kind !== ts.SyntaxKind.TypeOfKeyword;
}

function colorOfName(node: Identifier): string {
  const { parent } = node;
  if (
    ts.isTypeReferenceNode(parent) ||
    ts.isTypeParameterDeclaration(parent) ||
    ts.isExpressionWithTypeArguments(parent)
  )
    return 't';
  if (ts.isInterfaceDeclaration(parent) || ts.isTypeAliasDeclaration(parent) || ts.isClassDeclaration(parent))
    return 't';
  if (/^[A-Z][A-Z0-9_]+$/.test(node.text)) return 'u';
  if (/^[A-Z]/.test(node.text)) return 't';
  const named = (parent as { name?: Node }).name === node;
  if (ts.isCallExpression(parent) && parent.expression === node) return 'f';
  if (ts.isPropertyAccessExpression(parent) && named) return isCalled(parent) ? 'f' : '';
  return named && (ts.isFunctionLike(parent) || ts.isFunctionDeclaration(parent)) ? 'f' : '';
}

function isCalled(node: Node): boolean {
  return ts.isCallExpression(node.parent) && node.parent.expression === node;
}

/*
 * Most tokens have nothing to escape. Looking first makes it twice as fast.
 */
export function escapeHtml(text: string): string {
  return /[&<>"]/.test(text)
    ? text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
    : text;
}
