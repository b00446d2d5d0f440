/*
 * # The library
 *
 * TypeScript answers two kinds of question here. *What is this text?* takes a syntax tree, and a tree can be had
 * for a file alone. *What does this name mean?* takes a program: all files at once, with everything they import.
 *
 * A library keeps both between readings. Trees are the dear part. Parsing three hundred files takes TypeScript
 * longer than Markdown takes for all the prose in them, and after an edit two hundred and ninety-nine have not
 * changed, so they are not parsed again.
 */

import { readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';

import type {
  CompilerHost,
  CompilerOptions,
  Program,
  ResolvedModuleWithFailedLookupLocations,
  SourceFile,
} from 'typescript';

import ts from './compiler.ts';
import { WeaveError } from './problems.ts';

/** One reading of the sources: TypeScript's program over them, and which of them differ from the reading before. */
export interface Reading {
  program: Program;
  trees: Map<string, SourceFile>;
  changed: Set<string>;
}

/*
 * ## Reading
 *
 * The `host` is how TypeScript sees the world: we stand between it and the disk, and hand out trees that we already
 * have. Comparing whole texts, and not dates, to find out whether a file has changed, sounds wasteful. It takes
 * some milliseconds, and it is never wrong, which cannot be said of any file system's clock.
 *
 * If the list of files is the same as last time, the old program goes in with the new one, and TypeScript takes
 * over what it can.
 */
/** Keeps the syntax trees between readings, so that an unchanged file is parsed once in its life. */
export function createLibrary(root: string): { read(files: readonly string[]): Reading } {
  const options = compilerOptions(root);
  const ours = new Map<string, SourceFile>();
  const host = hostFor(root, options, ours);
  let previous: Program | undefined;
  let previousNames = '';

  return {
    read(files) {
      const changed = new Set<string>();
      const trees = new Map<string, SourceFile>();
      for (const file of files) {
        const path = join(root, file).replaceAll('\\', '/');
        const text = textOf(path, file);
        let tree = ours.get(path);
        if (tree?.text !== text) {
          tree = parse(path, text, options);
          ours.set(path, tree);
          changed.add(file);
        }
        trees.set(file, tree);
      }
      const names = [...trees.values()].map(({ fileName }) => fileName);
      const sameFiles = names.join('\n') === previousNames;
      if (!previous || !sameFiles || changed.size > 0) {
        previous = ts.createProgram(names, options, host, sameFiles ? previous : undefined);
        previousNames = names.join('\n');
      }
      return { program: previous, trees, changed };
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

function parse(path: string, text: string, options: CompilerOptions): SourceFile {
  const languageVersion = options.target ?? ts.ScriptTarget.ES2022;
  const jsDocParsingMode = ts.JSDocParsingMode.ParseNone; // contracts are read by us
  return ts.createSourceFile(path, text, { languageVersion, jsDocParsingMode });
}

function hostFor(root: string, options: CompilerOptions, ours: Map<string, SourceFile>): CompilerHost {
  const host = ts.createCompilerHost(options);
  const theirs = new Map<string, SourceFile | undefined>();
  host.resolveModuleNameLiterals = (literals, from) => literals.map(({ text }) => resolve(text, from));
  host.getCurrentDirectory = () => root;
  host.getSourceFile = (path) => {
    if (ours.has(path)) return ours.get(path);
    if (!theirs.has(path)) {
      const text = host.readFile(path);
      theirs.set(path, text === undefined ? undefined : parse(path, text, options));
    }
    return theirs.get(path);
  };
  return host;
}

/*
 * ## Whom we invite
 *
 * The options are the repository's own, from its `tsconfig.json`, so that the weaver sees what the compiler sees.
 * With one exception, and it is worth more than a second.
 *
 * Our tools import packages. Following those imports would bring in the declarations of Node, of TypeScript itself
 * and of twenty small libraries: three and a half megabytes of other people's types, nearly three times as much
 * text as Lantern has. All of it would be parsed, bound, and consulted, in order to link not a single name, since
 * no definition of theirs is in the book. So `resolve` finds files of ours and nothing else. A name from a package
 * keeps its place in the code, and when you point at it, it tells you where it comes from.
 */
function compilerOptions(root: string): CompilerOptions {
  const file = join(root, 'tsconfig.json');
  const written = ts.sys.fileExists(file)
    ? (ts.readConfigFile(file, ts.sys.readFile).config?.compilerOptions ?? {})
    : {};
  const { options } = ts.convertCompilerOptionsFromJson(written, root, file);
  return {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    strict: true,
    allowImportingTsExtensions: true,
    ...options,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  };
}

function resolve(specifier: string, from: string): ResolvedModuleWithFailedLookupLocations {
  if (!specifier.startsWith('.')) return { resolvedModule: undefined };
  const resolvedFileName = posix.join(posix.dirname(from), specifier);
  const extension = specifier.endsWith('.d.ts') ? ts.Extension.Dts : ts.Extension.Ts;
  return { resolvedModule: { resolvedFileName, extension, isExternalLibraryImport: false } };
}

/*
 * The compiler speaks of files by their full paths. In the book they are called what you would call them.
 */
/** `path` as the book names files: relative to the root, with slashes. */
export function nameOf(root: string, path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}
