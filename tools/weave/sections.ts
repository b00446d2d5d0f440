/*
 * # Sections
 *
 * Knuth's sections have numbers, and his index refers to numbers, and for fifty years readers of TeX have said "it
 * is in 1283". A section is one thought: some prose, then the code that the prose is about. Ours begin where the
 * narrator clears his throat, and end where he does it again.
 *
 * Inside a section are pieces, each in one voice. What matters about pieces is what is *not* said in this file:
 * there is no leftover. White space belongs to the piece before it. Pieces are made by cutting, never by picking
 * out, and nothing that is cut into pieces is less for it.
 */

import type { SourceFile } from 'typescript';

import ts from './compiler.ts';
import { type Token, voiceOf } from './tokens.ts';

export type PieceKind = 'narration' | 'contract' | 'imports' | 'code';

/** A stretch of a file in one voice: the characters from `start` up to `end`, white space behind it included. */
export interface Piece {
  kind: PieceKind;
  start: number;
  end: number;
}

/** What one narrator's comment covers: itself, and everything up to the next. */
export interface Section {
  pieces: Piece[];
}

/*
 * ## Where to cut
 *
 * At each narrator. The one exception is a first line like `#!/usr/bin/env tsx`, which has to come before
 * everything else, and would otherwise be a section of its own, with nothing to say for itself.
 */
/** Cuts a file into sections. Every character of it is in exactly one piece of exactly one section. */
export function sectionsOf(tree: SourceFile, tokens: readonly Token[]): Section[] {
  const sections: Section[] = [];
  for (const piece of piecesOf(tree, tokens)) {
    const current = sections.at(-1);
    if (current === undefined || (piece.kind === 'narration' && !onlyShebang(tree.text, current))) {
      sections.push({ pieces: [piece] });
    } else {
      current.pieces.push(piece);
    }
  }
  return sections;
}

/*
 * Within a section we cut wherever the voice changes. `begin` ends the piece before at the very character where it
 * starts the new one. That is the whole secret of the coverage proof: nothing between them to lose. (A file of nothing
 * but blanks has no token, and its blanks count.)
 */
function piecesOf(tree: SourceFile, tokens: readonly Token[]): Piece[] {
  const pieces: Piece[] = [];
  let inCode = false;
  for (const token of tokens) {
    const voice = token.comment ? voiceOf(tree.text, token) : 'code';
    if (voice === 'narrator' || voice === 'contract') {
      begin(voice === 'narrator' ? 'narration' : 'contract', token.start);
      inCode = false;
    } else if (!inCode) {
      begin('code', token.start);
      inCode = true;
    }
  }
  if (pieces.length === 0 && tree.text !== '') begin('code', 0);
  return pieces.flatMap((piece) => (piece.kind === 'code' ? setImportsApart(tree, piece) : [piece]));

  function begin(kind: PieceKind, at: number): void {
    const previous = pieces.at(-1);
    if (previous) previous.end = at;
    pieces.push({ kind, start: previous ? at : 0, end: tree.text.length });
  }
}

/*
 * ## The part everybody skips
 *
 * Nobody has ever read the imports of a file for pleasure. They are in the book, being code like other code, but in
 * a drawer that you can pull out. For that they need a piece of their own.
 */
function setImportsApart(tree: SourceFile, piece: Piece): Piece[] {
  const within = tree.statements.filter((statement) => {
    const start = statement.getStart(tree);
    return start >= piece.start && start < piece.end;
  });
  const other = within.findIndex((statement) => !ts.isImportDeclaration(statement));
  const imports = other === -1 ? within : within.slice(0, other);
  if (imports.length === 0) return [piece];
  const rest = firstBehind(tree.text, imports.at(-1)!.end, piece.end);
  const set: Piece = { kind: 'imports', start: piece.start, end: rest };
  return rest === piece.end ? [set] : [set, { ...piece, start: rest }];
}

/** Where the next line that is not empty starts, looking from the end of a statement. */
function firstBehind(text: string, from: number, limit: number): number {
  const lineEnd = text.indexOf('\n', from);
  if (lineEnd === -1 || lineEnd >= limit) return limit;
  const blank = /^\s*/.exec(text.slice(lineEnd, limit))![0];
  const next = lineEnd + blank.lastIndexOf('\n') + 1;
  return lineEnd + blank.length >= limit ? limit : next;
}

function onlyShebang(text: string, section: Section): boolean {
  const [only, more] = section.pieces;
  return more === undefined && only!.kind === 'code' && text.startsWith('#!');
}
