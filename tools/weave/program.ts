import { readFileSync } from 'node:fs';
import { join, posix, relative } from 'node:path';

import type {
  CompilerOptions,
  Program,
  ResolvedModuleWithFailedLookupLocations,
  SourceFile,
} from 'typescript';

import ts from './compiler.ts';

/** One reading of the sources: TypeScript's program over them, and which of them differ from the reading before. */
export interface Reading {
  program: Program;
  trees: Map<string, SourceFile>;
  changed: Set<string>;
}

/** Keeps the syntax trees between readings, so that an unchanged file is parsed once in its life. */
export function createLibrary(root: string): { read(files: readonly string[]): Reading } {
  const options = compilerOptions(root);
  const host = ts.createCompilerHost(options);
  const ours = new Map<string, SourceFile>();
  const theirs = new Map<string, SourceFile | undefined>();
  let previous: Program | undefined;
  let previousFiles = '';

  const parse = (path: string, text: string) =>
    ts.createSourceFile(path, text, {
      languageVersion: options.target ?? ts.ScriptTarget.ES2022,
      jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
    });

  host.resolveModuleNameLiterals = (literals, from) => literals.map(({ text }) => resolve(text, from));
  host.getCurrentDirectory = () => root;
  host.getSourceFile = (path) => {
    const own = ours.get(path);
    if (own) return own;
    if (!theirs.has(path)) {
      const text = host.readFile(path);
      theirs.set(path, text === undefined ? undefined : parse(path, text));
    }
    return theirs.get(path);
  };

  return {
    read(files) {
      const changed = new Set<string>();
      const trees = new Map<string, SourceFile>();
      const paths = new Map(files.map((file) => [file, join(root, file).replaceAll('\\', '/')]));
      for (const [file, path] of paths) {
        const text = readFileSync(path, 'utf8');
        let tree = ours.get(path);
        if (tree?.text !== text) {
          tree = parse(path, text);
          ours.set(path, tree);
          changed.add(file);
        }
        trees.set(file, tree);
      }
      const names = [...paths.values()];
      const sameFiles = names.join('\n') === previousFiles;
      if (!previous || !sameFiles || changed.size > 0) {
        previous = ts.createProgram(names, options, host, sameFiles ? previous : undefined);
        previousFiles = names.join('\n');
      }
      return { program: previous, trees, changed };
    },
  };
}

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
  return { resolvedModule: { resolvedFileName, extension: ts.Extension.Ts, isExternalLibraryImport: false } };
}

/** `path` as the book names files: relative to the root, with slashes. */
export function nameOf(root: string, path: string): string {
  return relative(root, path).replaceAll('\\', '/');
}
