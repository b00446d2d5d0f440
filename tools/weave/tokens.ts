import type { Node, SourceFile } from 'typescript';

import ts from './compiler.ts';

/** A leaf of the syntax tree, or a comment (which has no node). Between two tokens there is only white space. */
export interface Token {
  start: number;
  end: number;
  node?: Node;
}

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

export type Voice = 'narrator' | 'contract' | 'aside';

/** Who speaks in a comment: only column 0 makes a narrator, or a contract that is typeset as one. */
export function voiceOf(text: string, token: Token): Voice {
  const column0 = token.start === 0 || text[token.start - 1] === '\n';
  if (!column0 || !text.startsWith('/*', token.start)) return 'aside';
  return text.startsWith('/**', token.start) && token.end - token.start > 4 ? 'contract' : 'narrator';
}

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
