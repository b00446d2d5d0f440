/*
 * # The library
 *
 * TypeScript answers one kind of question here: *what is this text?* It gives back a syntax tree, and a tree can be had
 * for a file alone.
 *
 * A library keeps the trees between readings. They are the dear part: two and a quarter million characters take the
 * parser a second, and after an edit all files but one are as they were.
 */

import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

import type { Diagnostic, SourceFile } from 'typescript';

import ts from './compiler.ts';
import { WeaveError } from './problems.ts';
import { createNames } from './scopes.ts';
import { createReasoner, type Reasoner } from './values.ts';

/**
 * One reading of the sources: their syntax trees, which of them differ from the reading before, and who knows names.
 */
export interface Reading {
  trees: Map<string, SourceFile>;
  changed: Set<string>;
  reasoner: Reasoner;
}

/*
 * ## Reading
 *
 * Comparing whole texts, and not dates, to find out whether a file has changed, sounds wasteful. It takes some
 * milliseconds, and it is never wrong, which cannot be said of any file system's clock.
 *
 * With every reading comes somebody who knows what the [names](#values) in it mean. He is new each time, since what he
 * has found out may be about trees that are gone. What is found by looking at one tree alone stays with the tree.
 *
 * Our tools import packages. Of their declarations, three and a half megabytes, nothing is read: no definition of
 * theirs is in the book, and a name from a package tells you where it comes from.
 */
/** Keeps the syntax trees between readings, so that an unchanged file is parsed once in its life. */
export interface Library {
  read(files: readonly string[]): Reading;
}

export function createLibrary(root: string): Library {
  let known = new Map<string, SourceFile>();

  return {
    read(files) {
      const changed = new Set<string>();
      const trees = new Map<string, SourceFile>();
      for (const file of files) {
        const text = textOf(join(root, file), file);
        let tree = known.get(file);
        if (tree?.text !== text) {
          tree = parse(file, text);
          changed.add(file);
        }
        trees.set(file, tree);
      }
      known = trees;
      const module = (from: SourceFile, specifier: string) =>
        specifier.startsWith('.')
          ? trees.get(posix.join(posix.dirname(from.fileName), specifier))
          : undefined;
      return { trees, changed, reasoner: createReasoner(createNames(module)) };
    },
  };
}

/*
 * A book that promises every byte has to be sure of the bytes. What is not UTF-8 would be read as something else.
 */
function textOf(path: string, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new WeaveError([{ file, line: 1, message: 'is not UTF-8, so its bytes cannot be set in type' }]);
  }
}

/*
 * Contracts are read by us, so the parser need not.
 */
function parse(file: string, text: string): SourceFile {
  const languageVersion = ts.ScriptTarget.ES2022;
  const jsDocParsingMode = ts.JSDocParsingMode.ParseNone;
  return ts.createSourceFile(file, text, { languageVersion, jsDocParsingMode });
}

/*
 * The parser never gives up. It makes a tree of anything, and notes on the side what was wrong.
 */
/** What the parser found wrong with a source. */
export function faultsIn(tree: SourceFile): readonly Diagnostic[] {
  return (tree as unknown as { parseDiagnostics: readonly Diagnostic[] }).parseDiagnostics;
}
