import { join, posix, relative } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

import { createComplaints, createLibrary, findRooms, tokensOf } from '../../tools/weave/index.ts';
import { repository } from './bench.ts';

/** A program over the weaver's own trees, with the language's library and nobody else's types. */
function checkerOver(trees: ReadonlyMap<string, ts.SourceFile>): ts.TypeChecker {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    strict: true,
    allowImportingTsExtensions: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...rest) =>
    trees.get(relative(repository, path)) ?? getSourceFile(path, ...rest);
  host.resolveModuleNameLiterals = (literals, from) =>
    literals.map(({ text }) => {
      if (!text.startsWith('.')) return { resolvedModule: undefined };
      const resolvedFileName = posix.join(posix.dirname(from), text);
      return { resolvedModule: { resolvedFileName, extension: ts.Extension.Ts } };
    });
  return ts
    .createProgram(
      [...trees.keys()].map((file) => join(repository, file)),
      options,
      host,
    )
    .getTypeChecker();
}

/** Every declaration in the sources that the checker could mean by a name; of a choice, that of each. */
function meantBy(checker: ts.TypeChecker, name: ts.Identifier, ours: (node: ts.Node) => boolean): ts.Node[] {
  const { parent } = name;
  const symbols: (ts.Symbol | undefined)[] = [checker.getSymbolAtLocation(name)];
  if (ts.isShorthandPropertyAssignment(parent))
    symbols.push(checker.getShorthandAssignmentValueSymbol(parent));
  else if (ts.isObjectLiteralElement(parent) && ts.isObjectLiteralExpression(parent.parent)) {
    const expected = checker.getContextualType(parent.parent);
    for (const one of expected?.isUnionOrIntersection() ? expected.types : [expected])
      symbols.push(one?.getProperty(name.text));
  }
  const followed = symbols.map((symbol) => {
    if (!symbol || !(symbol.flags & ts.SymbolFlags.Alias)) return symbol;
    const target = checker.getAliasedSymbol(symbol);
    return target.declarations ? target : symbol;
  });
  return followed.flatMap((symbol) => symbol?.declarations ?? []).filter(ours);
}

test('names of this repository mean what the type checker says, and hardly one of them is missed', () => {
  const files = findRooms(repository, createComplaints()).flatMap(({ files }) => files);
  const { trees, reasoner } = createLibrary(repository).read(files);
  const checker = checkerOver(trees);
  const ours = (node: ts.Node) => trees.has(node.getSourceFile().fileName);
  const elsewhere: string[] = [];
  const missed: string[] = [];
  let found = 0;
  for (const [file, tree] of trees) {
    for (const { node, start } of tokensOf(tree)) {
      if (!node || !ts.isIdentifier(node)) continue;
      const meant = meantBy(checker, node, ours);
      const answer = reasoner.meaning(node);
      const place = `${file}:${tree.getLineAndCharacterOfPosition(start).line + 1} ${node.text}`;
      if (answer && meant.length > 0 && !meant.includes(answer)) elsewhere.push(place);
      else if (answer) found++;
      else if (meant.length > 0) missed.push(place);
    }
  }
  expect(found).toBeGreaterThan(40_000);
  expect(elsewhere.slice(0, 20)).toEqual([]);
  expect(missed.length / found, missed.slice(0, 20).join('\n')).toBeLessThan(0.002);
}, 180_000);
