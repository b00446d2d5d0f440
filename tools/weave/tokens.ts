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

/** A leaf of the syntax tree, or a comment (which has no node). Between two tokens there is only white space. */
export interface Token {
  start: number;
  end: number;
  node?: Node;
}

/*
 * ## Leaves, and the cracks between
 *
 * A leaf's `pos` is where the leaf before it ended. Its start is where it begins itself. In between is what the
 * grammar does not care about: white space and comments. There are no strings in there, no templates and no regular
 * expressions, so down here, at last, a small regular expression of our own is enough.
 */
/** Every token and comment of a file, in order. */
export function tokensOf(tree: SourceFile): Token[] {
  const tokens: Token[] = [];
  const text = tree.text;

  const visit = (node: Node): void => {
    if (ts.isJSDoc(node)) return; // a comment like any other, found between the leaves
    const children = node.getChildren(tree);
    if (children.length > 0) {
      for (const child of children) visit(child);
      return;
    }
    const start = node.getStart(tree);
    commentsBetween(text, node.pos, start, tokens);
    if (node.end > start) tokens.push({ start, end: node.end, node });
  };
  visit(tree);
  return tokens;
}

function commentsBetween(text: string, from: number, to: number, into: Token[]): void {
  if (from === to) return;
  for (const comment of text.slice(from, to).matchAll(/^#!.*|\/\*[\s\S]*?\*\/|\/\/.*/g)) {
    const start = from + comment.index;
    if (comment[0].startsWith('#!') && start !== 0) continue;
    into.push({ start, end: start + comment[0].length });
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
