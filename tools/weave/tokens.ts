/*
 * # Tokens
 *
 * Where does a comment begin? At a slash and a star, you say. And then somebody points at this:
 *
 * ```ts
 * const glob = /[/*]+/;
 * ```
 *
 * Every highlighter you have ever cursed has fallen into that one, or into its cousin, a template with a comment
 * drawn on one of its lines. (The cousin cannot be shown here. It would have to contain the two characters that end
 * a comment, and this is a comment. The first version of this page stopped at that point, and forty-two errors began.)
 *
 * TypeScript has a scanner, and it would fall, too: a scanner sees one word at a time, and whether a slash begins a
 * regular expression or a division is a question about the *sentence*. Only the parser knows. So we do not look for
 * comments in the text. We take the finished syntax tree, in which every leaf is a thing that is surely no comment,
 * and look in the cracks between the leaves.
 */

import type { Node, SourceFile } from 'typescript';

import ts from './compiler.ts';

/** A word, a mark, a literal or a comment. Between two tokens there is only white space. */
export interface Token {
  start: number;
  end: number;
  comment: boolean;
  /** The leaf of the syntax tree that stands here; what the grammar itself demands (`if`, `=>`) has none. */
  node?: Node;
}

/*
 * ## Leaves, and the cracks between
 *
 * Names, literals and templates are leaves of the tree. In the cracks between them is what the grammar demands (a
 * `return`, a bracket) and what it does not care about: white space and comments. There are no strings in there, no
 * templates and no regular expressions, so down here, at last, a small regular expression of our own is enough.
 *
 * TypeScript would scan the cracks for us and hang the brackets into the tree, too. It makes an object for every one
 * of them, two hundred thousand, and takes three times as long.
 *
 * And since we come by every node anyway, each is told on the way who its parent is. The parser would do that, too, if
 * it was asked, in a walk of its own.
 */
/** Every token and comment of a file, in order. From now on every node of its tree knows its parent. */
export function tokensOf(tree: SourceFile): Token[] {
  const tokens: Token[] = [];
  const { text } = tree;
  let at = 0;
  let parent: Node = tree;
  const visit = (node: Node): void => {
    (node as { parent: Node }).parent = parent;
    if (node.kind > ts.SyntaxKind.LastToken) {
      const before = parent;
      parent = node;
      ts.forEachChild(node, visit);
      parent = before;
      return;
    }
    if (node.end === node.pos) return; // a name that the parser misses
    const start = node.getStart(tree);
    readCrack(text, at, start, tokens);
    if (node.end > start) tokens.push({ start, end: node.end, comment: false, node });
    at = node.end;
  };
  ts.forEachChild(tree, visit);
  readCrack(text, at, text.length, tokens);
  return tokens;
}

const CRACK = /^#!.*|\/\*[\s\S]*?\*\/|\/\/.*|[\w$]+|[^\s\w$/]+|\//g;

function readCrack(text: string, from: number, to: number, into: Token[]): void {
  if (from === to) return;
  for (const { 0: found, index } of text.slice(from, to).matchAll(CRACK)) {
    const start = from + index;
    const comment =
      found.startsWith('/*') || found.startsWith('//') || (start === 0 && found.startsWith('#!'));
    into.push({ start, end: start + found.length, comment });
  }
}

/*
 * ## Who speaks
 *
 * Column 0 makes the narrator. It is a rule that you can see from across the room, and one that formatters respect:
 * they may move an indented comment about, but they leave the margin alone.
 */
export type Voice = 'narrator' | 'contract' | 'aside';

/** Who speaks in a comment: only column 0 makes a narrator, or a contract that is typeset as one. */
export function voiceOf(text: string, token: Token): Voice {
  const column0 = token.start === 0 || text[token.start - 1] === '\n';
  if (!column0 || !text.startsWith('/*', token.start)) return 'aside';
  return text.startsWith('/**', token.start) && token.end - token.start > 4 ? 'contract' : 'narrator';
}

/*
 * Tokens are in order, and whoever wants those of one section looks for the first by halving.
 */
/** The first token that starts at or behind `offset`, as an index into `tokens`. */
export function tokenFrom(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}
