/*
 * # Names and where they come from
 *
 * `u32` in one file and `u32` in another are the same thing by a chain of imports, and somebody has to follow it.
 * TypeScript's own checker would, along with ten thousand other things, in a second or two, for pup. We want a
 * fraction of that, in a browser. So we take TypeScript's parser, which is quick, and do our own looking up, which
 * for a language without overloads, inference of generics and conditional types takes two hundred lines.
 *
 * (Conditional types: a programming language inside the colon. We hope the checker enjoys its evening off.)
 */

import ts from 'typescript';
import { fail, refuse, TangleError } from './errors.ts';

/** A source file, parsed, and the names it declares at its top level. */
export interface Module {
  readonly path: string;
  readonly source: ts.SourceFile;
  readonly names: Map<string, Declaration>;
  /** Paths of the modules that it names in `export ... from`: its contents, if it is an index. */
  readonly contents: Map<string, ts.Node>;
  /** Those of them that it passes on whole: `export * from`. */
  readonly passesOn: Map<string, ts.Node>;
}

/*
 * ## What a name can be
 *
 * Five things stand at the top level of a file. The fifth, an import, is only a promise that the name can be found
 * elsewhere.
 */

/** A name at the top level of a module. */
export type Declaration = { readonly module: Module; readonly name: string; readonly exported: boolean } & (
  | { readonly kind: 'function'; readonly node: ts.FunctionDeclaration }
  | { readonly kind: 'variable'; readonly node: ts.VariableDeclaration; readonly constant: boolean }
  | { readonly kind: 'interface'; readonly node: ts.InterfaceDeclaration }
  | { readonly kind: 'alias'; readonly node: ts.TypeAliasDeclaration }
  | { readonly kind: 'import'; readonly node: ts.Node; readonly from: string; readonly original: string }
);

export type Defined = Exclude<Declaration, { kind: 'import' }>;
type Imported = Extract<Declaration, { kind: 'import' }>;

/*
 * ## Reading a file once
 *
 * There is no file system here. A `Library` is given a function that returns the text of a path, which may read a
 * disk, a bundle or a text field in which somebody is typing. Each file is parsed when it is first asked for.
 * Pup's kernel and its programs share a library, so that the files they have in common are parsed only once.
 */

/** All modules of one image, each read and parsed when it is first asked for. */
export interface Library {
  readonly read: (path: string) => string;
  readonly modules: Map<string, Module>;
}

export function openLibrary(read: (path: string) => string): Library {
  return { read, modules: new Map() };
}

/** Comments are for the reader; the tangler does not even look. */
const PARSING: ts.CreateSourceFileOptions = {
  languageVersion: ts.ScriptTarget.ES2022,
  jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
};

/**
 * The module of a file, which is read once.
 *
 * @throws TangleError if its syntax is wrong, and whatever reading it throws
 */
export function moduleAt(library: Library, path: string): Module {
  const known = library.modules.get(path);
  if (known !== undefined) return known;

  const source = ts.createSourceFile(path, library.read(path), PARSING, true);
  refuseSyntaxErrors(source);
  const module: Module = { path, source, names: new Map(), contents: new Map(), passesOn: new Map() };
  library.modules.set(path, module);
  for (const statement of source.statements) declare(module, statement);
  return module;
}

/*
 * The parser never gives up: it makes a tree of anything, and notes on the side what was wrong. Those notes are
 * not part of its official interface, but everybody who parses reads them.
 */

function refuseSyntaxErrors(source: ts.SourceFile): void {
  const { parseDiagnostics } = source as unknown as { parseDiagnostics: ts.DiagnosticWithLocation[] };
  const first = parseDiagnostics[0];
  if (first === undefined) return;
  const { line, character } = source.getLineAndCharacterOfPosition(first.start);
  const said = ts.flattenDiagnosticMessageText(first.messageText, ' ').replace(/\.$/, '');
  throw new TangleError(
    source.fileName,
    line + 1,
    character + 1,
    'a syntax error',
    `TypeScript says: ${said}`,
  );
}

/*
 * ## What a top level may hold
 *
 * In JavaScript a module is a program: loading it runs it. Here nothing is loaded and nothing runs, the processor
 * simply starts at the entry. A statement at top level would wait for its turn for ever, and so it is refused,
 * politely.
 */

function declare(module: Module, statement: ts.Statement): void {
  if (ts.isImportDeclaration(statement)) return declareImports(module, statement);
  if (ts.isExportDeclaration(statement)) return declareExports(module, statement);
  const exported = has(statement, ts.SyntaxKind.ExportKeyword);

  if (ts.isFunctionDeclaration(statement)) {
    if (statement.name === undefined) fail(statement, 'a function without a name', 'give it one');
    add(module, { module, name: statement.name.text, exported, kind: 'function', node: statement });
  } else if (ts.isInterfaceDeclaration(statement)) {
    add(module, { module, name: statement.name.text, exported, kind: 'interface', node: statement });
  } else if (ts.isTypeAliasDeclaration(statement)) {
    add(module, { module, name: statement.name.text, exported, kind: 'alias', node: statement });
  } else if (ts.isVariableStatement(statement)) {
    const constant = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
    for (const node of statement.declarationList.declarations) {
      add(module, { module, name: nameOf(node.name), exported, kind: 'variable', node, constant });
    }
  } else if (statement.kind !== ts.SyntaxKind.EmptyStatement) {
    refuseAtTopLevel(statement);
  }
}

/*
 * The politeness is spelled out: each refusal says what was found, and what to write instead. You will see many of
 * these two-part messages. `fail` puts the place in front.
 */

function refuseAtTopLevel(statement: ts.Statement): never {
  if (
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isModuleDeclaration(statement)
  ) {
    refuse(statement);
  }
  if (ts.isExportAssignment(statement)) fail(statement, 'a default export', 'export it by its name');
  fail(
    statement,
    'a statement outside a function',
    'nothing runs when a module is loaded: call it from the entry',
  );
}

export function nameOf(name: ts.BindingName): string {
  if (!ts.isIdentifier(name)) fail(name, 'a destructuring', 'take the fields one by one');
  return name.text;
}

function add(module: Module, declaration: Declaration): void {
  if (module.names.has(declaration.name)) {
    fail(
      declaration.node,
      `a second \`${declaration.name}\``,
      'a name stands for one thing: rename one of them',
    );
  }
  module.names.set(declaration.name, declaration);
}

function has(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return (
    ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind)
  );
}

/*
 * ## Imports and what is passed on
 *
 * One form of import, one form of re-export, and every other form refused by name. What a file names in `export
 * ... from` is kept in order as its `contents`: for an index that lists the rooms of a folder, this is the list.
 */

function declareImports(module: Module, node: ts.ImportDeclaration): void {
  const from = pathFrom(module, node.moduleSpecifier);
  const clause = node.importClause;
  if (clause === undefined) fail(node, 'an import without names', 'loading a module does nothing here');
  if (clause.name !== undefined)
    fail(clause, 'a default import', "import by name: import { it } from './file.ts'");
  const bindings = clause.namedBindings!;
  if (!ts.isNamedImports(bindings))
    fail(clause, 'import *', "import by name: import { it } from './file.ts'");
  for (const one of bindings.elements) {
    const original = (one.propertyName ?? one.name).text;
    add(module, { module, name: one.name.text, exported: false, kind: 'import', node: one, from, original });
  }
}

function declareExports(module: Module, node: ts.ExportDeclaration): void {
  if (node.moduleSpecifier === undefined) {
    fail(node, 'an export list', 'write `export` before the declaration itself');
  }
  const from = pathFrom(module, node.moduleSpecifier);
  module.contents.set(from, node);
  if (node.exportClause === undefined) return void module.passesOn.set(from, node);
  if (!ts.isNamedExports(node.exportClause)) fail(node, 'export * as', 'export by name');
  for (const one of node.exportClause.elements) {
    const original = (one.propertyName ?? one.name).text;
    add(module, { module, name: one.name.text, exported: true, kind: 'import', node: one, from, original });
  }
}

/*
 * ## Paths without a disk
 *
 * `./lib/../text.ts`, seen from `chapters/2-guest/boot.ts`. Node's `path` would do this, but in a browser there is
 * no Node.
 */

function pathFrom(module: Module, specifier: ts.Expression): string {
  const text = (specifier as ts.StringLiteral).text;
  if (!text.startsWith('.'))
    fail(specifier, `the package '${text}'`, "only './files.ts' of the guest exist here");
  return resolvePath(module.path, text);
}

/** `specifier` as seen from the file `path`: `a/b.ts` and `../c/d.ts` give `c/d.ts`. */
export function resolvePath(path: string, specifier: string): string {
  const parts = path.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

/*
 * ## Following a name home
 *
 * An import leads to a module, where the name may be an import again, or be hidden behind `export *`. At the end
 * of the chain stands a declaration, and two names are the same thing if and only if they end at the same one.
 * From here on nobody speaks of names.
 */

/** What `name` means in `module`: its own declaration, or that of the module it comes from. */
export function find(library: Library, module: Module, name: string): Defined | undefined {
  const declaration = module.names.get(name);
  return declaration?.kind === 'import' ? follow(library, declaration, []) : declaration;
}

function follow(library: Library, { node, from, original }: Imported, asked: readonly Module[]): Defined {
  const found = findExport(library, openFor(library, node, from), original, asked);
  if (found !== undefined) return found;
  fail(node, `\`${original}\``, `${from} exports no such name`);
}

/** The exported `name` of `module`, its own or passed on. `asked` are the modules that are being asked already. */
export function findExport(
  library: Library,
  module: Module,
  name: string,
  asked: readonly Module[] = [],
): Defined | undefined {
  if (asked.includes(module)) return undefined;
  const own = module.names.get(name);
  if (own?.exported) return own.kind === 'import' ? follow(library, own, [...asked, module]) : own;
  for (const [path, node] of module.passesOn) {
    const found = findExport(library, openFor(library, node, path), name, [...asked, module]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The module at `path`, which `node` asks for. */
export function openFor(library: Library, node: ts.Node, path: string): Module {
  try {
    return moduleAt(library, path);
  } catch (error) {
    if (error instanceof TangleError) throw error;
    fail(node, `an import from ${path}`, `it cannot be read: ${(error as Error).message}`);
  }
}
