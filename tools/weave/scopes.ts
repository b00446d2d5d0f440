/*
 * # Who can see whom
 *
 * A name means whatever stands nearest. You look around in your own block, then in the function, then in the file, and
 * if there is an import of that name, you go on in another file. It is how you do it, and it is how this does it. Six
 * names in seven are settled on this page, without anybody having to know what a type is.
 */

import type { BindingName, Declaration, Identifier, Node, SourceFile, Statement } from 'typescript';

import ts from './compiler.ts';

/** What the names of a set of files mean. Files that import each other find each other's declarations. */
export interface Names {
  /** The declaration a name stands for, as far as scopes and imports tell: nothing for the name of a property. */
  meaning(name: Identifier): Declaration | undefined;
  /** What an import stands for: itself, if it comes from a package. */
  imported(declaration: Declaration): Declaration;
  /** What a file exports, by name; re-exports included. */
  exportsOf(tree: SourceFile): ReadonlyMap<string, Declaration>;
  /** The file a module's specifier leads to, if it is one of ours. */
  module(from: SourceFile, specifier: string): SourceFile | undefined;
}

export function createNames(module: Names['module']): Names {
  const exported = new Map<SourceFile, Map<string, Declaration>>();
  const names: Names = {
    module,
    meaning(name) {
      const declaration = lookUp(name, wantsType(name));
      return declaration && throughImports(names, declaration);
    },
    imported: (declaration) => throughImports(names, declaration),
    exportsOf(tree) {
      const known = exported.get(tree);
      if (known) return known;
      const found = new Map<string, Declaration>();
      exported.set(tree, found); // before it is full, since files may import each other in a circle
      for (const statement of tree.statements) collectExports(names, tree, statement, found);
      return found;
    },
  };
  return names;
}

/*
 * ## Outwards
 *
 * From the name up through the tree, asking every node on the way what it brings into sight. Types and values live side
 * by side and do not see each other: a parameter `error` does not hide an interface of that name.
 */
function lookUp(name: Identifier, type: boolean): Declaration | undefined {
  for (let node: Node | undefined = name.parent; node; node = node.parent) {
    const found = localsOf(node)?.get(name.text);
    const fitting = found?.find((one) => (type ? isType(one) : isValue(one)));
    if (fitting) return fitting;
    if (ts.isSourceFile(node) && found) return found[0];
  }
  return undefined;
}

function wantsType({ parent }: Identifier): boolean {
  let node: Node = parent;
  while (ts.isQualifiedName(node)) node = node.parent;
  if (ts.isExpressionWithTypeArguments(node))
    return !ts.isHeritageClause(node.parent) || node.parent.token === ts.SyntaxKind.ImplementsKeyword;
  return ts.isTypeReferenceNode(node);
}

function isType(declaration: Declaration): boolean {
  return (
    isImport(declaration) ||
    ts.isInterfaceDeclaration(declaration) ||
    ts.isTypeAliasDeclaration(declaration) ||
    ts.isTypeParameterDeclaration(declaration) ||
    ts.isClassLike(declaration)
  );
}

function isValue(declaration: Declaration): boolean {
  return (
    !ts.isInterfaceDeclaration(declaration) &&
    !ts.isTypeAliasDeclaration(declaration) &&
    !ts.isTypeParameterDeclaration(declaration)
  );
}

/** Whether a declaration is only the name by which a file knows something of another. */
export function isImport(declaration: Node): boolean {
  return (
    ts.isImportSpecifier(declaration) || ts.isImportClause(declaration) || ts.isNamespaceImport(declaration)
  );
}

/*
 * ## What a node brings into sight
 *
 * A block its statements, a function its parameters, a loop its counter. Which kinds of node bring anything is a list
 * and no test, since the question is asked of every node on the way up from every name: half a million times.
 */
type Locals = Map<string, Declaration[]>;

const known = new WeakMap<Node, Locals>();

/** The names that a node brings into sight for everything in it; undefined if it is no such node. */
function localsOf(node: Node): Locals | undefined {
  if (!LOCALS.has(node.kind)) return undefined;
  let locals = known.get(node);
  if (!locals) {
    locals = new Map();
    declareIn(node, locals);
    known.set(node, locals);
  }
  return locals;
}

const LOCALS = new Set<number>(
  [
    'SourceFile Block CaseBlock ModuleBlock ForStatement ForOfStatement ForInStatement CatchClause',
    'FunctionDeclaration FunctionExpression ArrowFunction MethodDeclaration MethodSignature Constructor',
    'GetAccessor SetAccessor FunctionType ConstructorType CallSignature ConstructSignature IndexSignature',
    'ClassDeclaration ClassExpression InterfaceDeclaration TypeAliasDeclaration MappedType ConditionalType',
  ]
    .join(' ')
    .split(' ')
    .map((name) => ts.SyntaxKind[name as keyof typeof ts.SyntaxKind] as number),
);

/*
 * And here are the declarations themselves. A pattern in braces declares every name in it.
 */
function declareIn(node: Node, into: Locals): void {
  const add = (declaration: Declaration, name: Node | undefined) => {
    if (!name || !ts.isIdentifier(name)) return;
    const list = into.get(name.text);
    if (list) list.push(declaration);
    else into.set(name.text, [declaration]);
  };
  const bind = (declaration: Declaration, name: BindingName): void => {
    if (ts.isIdentifier(name)) add(declaration, name);
    else for (const element of name.elements) if (ts.isBindingElement(element)) bind(element, element.name);
  };
  const list = (initializer: Node | undefined) => {
    if (initializer && ts.isVariableDeclarationList(initializer))
      for (const declaration of initializer.declarations) bind(declaration, declaration.name);
  };
  const statements = (all: readonly Statement[]) => {
    for (const statement of all) {
      if (ts.isVariableStatement(statement)) list(statement.declarationList);
      else if (ts.isImportDeclaration(statement)) {
        const clause = statement.importClause;
        if (clause) add(clause, clause.name);
        const bindings = clause?.namedBindings;
        if (bindings && ts.isNamespaceImport(bindings)) add(bindings, bindings.name);
        else if (bindings) for (const specifier of bindings.elements) add(specifier, specifier.name);
      } else if (isDeclaredStatement(statement)) add(statement, statement.name);
    }
  };

  if (ts.isSourceFile(node) || ts.isBlock(node) || ts.isModuleBlock(node)) statements(node.statements);
  else if (ts.isCaseBlock(node)) for (const clause of node.clauses) statements(clause.statements);
  else if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node))
    list(node.initializer);
  else if (ts.isCatchClause(node) && node.variableDeclaration)
    bind(node.variableDeclaration, node.variableDeclaration.name);
  else if (ts.isMappedTypeNode(node)) add(node.typeParameter, node.typeParameter.name);
  else if (ts.isConditionalTypeNode(node)) inferred(node.extendsType, (one) => add(one, one.name));
  const { typeParameters } = node as { typeParameters?: readonly Declaration[] };
  for (const one of typeParameters ?? []) add(one, ts.getNameOfDeclaration(one));
  if (ts.isFunctionLike(node)) for (const one of node.parameters) bind(one, one.name);
  if (ts.isFunctionExpression(node) || ts.isClassExpression(node)) add(node, node.name);
}

/*
 * Statements that declare their own name; and the `infer` of a conditional type, which is the strangest place in
 * TypeScript to declare anything.
 */
function isDeclaredStatement(node: Statement): node is Statement & Declaration & { name?: Node } {
  return (
    ts.isFunctionDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    ts.isModuleDeclaration(node)
  );
}

function inferred(
  node: Node,
  meet: (parameter: import('typescript').TypeParameterDeclaration) => void,
): void {
  if (ts.isInferTypeNode(node)) meet(node.typeParameter);
  ts.forEachChild(node, (child) => inferred(child, meet));
}

/*
 * ## From file to file
 *
 * An import is a name for a name. One goes on to what it stands for, through as many re-exports as it takes.
 */
/** Goes on from the name in an import to what is exported under it. A package's stays as it is. */
function throughImports(names: Names, declaration: Declaration): Declaration {
  if (!isImport(declaration)) return declaration;
  let node: Node = declaration;
  while (!ts.isImportDeclaration(node)) node = node.parent;
  const { moduleSpecifier } = node;
  if (!ts.isStringLiteral(moduleSpecifier)) return declaration;
  const tree = names.module(declaration.getSourceFile(), moduleSpecifier.text);
  if (!tree) return declaration;
  if (ts.isNamespaceImport(declaration)) return tree;
  const wanted = ts.isImportSpecifier(declaration)
    ? (declaration.propertyName ?? declaration.name).text
    : 'default';
  return names.exportsOf(tree).get(wanted) ?? declaration;
}

/*
 * What a file exports is its own, or somebody else's passed on. One star passes on everything, except what the file
 * has under that name itself.
 */
function collectExports(
  names: Names,
  tree: SourceFile,
  statement: Statement,
  into: Map<string, Declaration>,
): void {
  if (ts.isExportAssignment(statement)) {
    const declaration = ts.isIdentifier(statement.expression)
      ? names.meaning(statement.expression)
      : statement;
    if (declaration) into.set('default', declaration);
  } else if (ts.isExportDeclaration(statement)) {
    const { exportClause, moduleSpecifier } = statement;
    const from =
      moduleSpecifier && ts.isStringLiteral(moduleSpecifier)
        ? names.module(tree, moduleSpecifier.text)
        : undefined;
    if (!exportClause && from) {
      for (const [name, declaration] of names.exportsOf(from))
        if (!into.has(name)) into.set(name, declaration);
    } else if (exportClause && ts.isNamedExports(exportClause)) {
      for (const { name, propertyName } of exportClause.elements) {
        const original = propertyName ?? name;
        const declaration = moduleSpecifier
          ? from && names.exportsOf(from).get(original.text)
          : localsOf(tree)!.get(original.text)?.[0];
        if (declaration) into.set(name.text, throughImports(names, declaration));
      }
    }
  } else if (ts.canHaveModifiers(statement) && isExported(statement)) {
    const add = (name: Node | undefined) => {
      if (name && ts.isIdentifier(name)) {
        const all = localsOf(tree)!.get(name.text)!;
        into.set(name.text, all.find(isValue) ?? all[0]!);
      } else if (name && (ts.isObjectBindingPattern(name) || ts.isArrayBindingPattern(name)))
        for (const element of name.elements) if (ts.isBindingElement(element)) add(element.name);
    };
    if (ts.isVariableStatement(statement))
      for (const { name } of statement.declarationList.declarations) add(name);
    else if (isDeclaredStatement(statement)) add(statement.name);
  }
}

function isExported(statement: Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
  return modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
}
