/*
 * # What others can see
 *
 * A file is read by the reader, and by other files. The second kind sees less: no comment, and of a function that says
 * what it returns not the inside. But of one that does *not* say, the inside is all there is to go by, for the compiler
 * reads it to find out; and so it is part of what can be seen.
 *
 *     export function pick(left: Olive, right: Sesame) {
 *       return left;
 *     }
 *
 * Somebody elsewhere writes `pick(a, b).price`, and on their page `price` is a link into `Olive`. Make it `return
 * right`, and not a letter has changed that others could have read, but their link must lead into `Sesame`.
 */
import type { Node, SourceFile } from 'typescript';

import ts from './compiler.ts';

/** What others can see of a file, one piece for each statement, and one for each name that it imports. */
export function outlineOf(tree: SourceFile): Set<string> {
  return new Set(tree.statements.flatMap((statement) => piecesOf(statement, tree)));
}

function piecesOf(statement: Node, tree: SourceFile): string[] {
  if (!ts.isImportDeclaration(statement)) return [seen(statement, tree)];
  const bindings = statement.importClause?.namedBindings;
  if (bindings === undefined || !ts.isNamedImports(bindings)) return [seen(statement, tree)];
  const from = statement.moduleSpecifier.getText(tree);
  return bindings.elements.map((one) => `import ${one.getText(tree)} from ${from}`);
}

/** The text of a node, without comments and without what cannot be seen from outside. */
function seen(node: Node, tree: SourceFile): string {
  const parts = node.getChildren(tree).filter((part) => !ts.isJSDoc(part) && part !== hiddenIn(node));
  if (parts.length === 0) return node.getText(tree);
  return parts.map((part) => seen(part, tree)).join(' ');
}

/** The inside of a function, or the value of a variable, that says of what type it is. */
function hiddenIn(node: Node): Node | undefined {
  if (ts.isConstructorDeclaration(node) || ts.isSetAccessorDeclaration(node)) return node.body;
  if (ts.isFunctionLike(node) && node.type !== undefined) return (node as { body?: Node }).body;
  const isTyped = ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node);
  return isTyped && node.type !== undefined ? node.initializer : undefined;
}
