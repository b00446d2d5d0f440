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

function piecesOf(tree: SourceFile, tokens: readonly Token[]): Piece[] {
  const pieces: Piece[] = [];
  let inCode = false;
  for (const token of tokens) {
    const voice = token.node ? 'code' : voiceOf(tree.text, token);
    if (voice === 'narrator' || voice === 'contract') {
      begin(voice === 'narrator' ? 'narration' : 'contract', token.start);
      inCode = false;
    } else if (!inCode) {
      begin('code', token.start);
      inCode = true;
    }
  }
  return pieces.flatMap((piece) => (piece.kind === 'code' ? setImportsApart(tree, piece) : [piece]));

  function begin(kind: PieceKind, at: number): void {
    const previous = pieces.at(-1);
    if (previous) previous.end = at;
    pieces.push({ kind, start: previous ? at : 0, end: tree.text.length });
  }
}

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
