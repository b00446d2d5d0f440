/*
 * # Types, roughly
 *
 * The compiler's idea of a type is a marvel. It knows that in the second branch of an `if` a value can no longer be
 * `undefined`, and that a string that starts with `on` is an event. It takes four seconds to know all that about this
 * book, and you are waiting for a prompt.
 *
 * What a link needs is less: which declaration has the member of that name. Nearly always the author wrote the type
 * down, and it is enough to read it. Here is what can be read in a type annotation. A test asks the real type checker
 * about every name in the repository: the answers given here are all among its own, and of two thousand that it
 * knows at most four are missing.
 */

import type {
  ClassLikeDeclaration,
  Declaration,
  EntityName,
  ExpressionWithTypeArguments,
  InterfaceDeclaration,
  Node,
  ObjectLiteralExpression,
  SignatureDeclaration,
  SourceFile,
  TypeLiteralNode,
  TypeNode,
  TypeParameterDeclaration,
} from 'typescript';

import ts from './compiler.ts';
import type { Names } from './scopes.ts';

/*
 * ## Seven things a value can be
 *
 * Something with members that are declared in this book; or something of the language that holds others, as an array
 * does, or a promise. A function is what it returns. And where a type has a bar in it, it is one of several.
 */
/** What is known of a value: where its members are declared, what it holds, what it returns. Often that is nothing. */
export type Type =
  | { kind: 'members'; owner: Owner; bound: Bound }
  | { kind: 'holder'; name: string; held: readonly Known[] }
  | { kind: 'tuple'; held: readonly Known[] }
  | { kind: 'function'; signature: SignatureDeclaration; bound: Bound }
  | { kind: 'class'; owner: ClassLikeDeclaration }
  | { kind: 'choice'; among: readonly Type[] }
  | { kind: 'module'; tree: SourceFile };

export type Known = Type | undefined;
export type Owner = InterfaceDeclaration | ClassLikeDeclaration | TypeLiteralNode | ObjectLiteralExpression;
/** What the type parameters in sight stand for. */
export type Bound = ReadonlyMap<TypeParameterDeclaration, Known>;

export const UNBOUND: Bound = new Map();

/*
 * ## Reading
 *
 * What cannot be read from the type alone (`typeof table`, a function without a return type) is asked of those who
 * know [values](#values).
 */
/** Answers about the values of a program, for what a type as written leaves open. */
export interface Values {
  names: Names;
  typeOfDeclaration(declaration: Declaration): Known;
  /** What a function returns that does not say so. */
  returnOf(signature: SignatureDeclaration): Known;
}

/** The type that a type annotation says. */
export function typeOfNode(values: Values, node: TypeNode | undefined, bound: Bound): Known {
  if (!node) return undefined;
  const read = (one: TypeNode | undefined) => typeOfNode(values, one, bound);
  if (ts.isTypeReferenceNode(node)) return referenced(values, node.typeName, node.typeArguments ?? [], bound);
  if (ts.isArrayTypeNode(node)) return arrayOf(read(node.elementType));
  if (ts.isTupleTypeNode(node)) {
    const held = node.elements.map((one) => read(ts.isNamedTupleMember(one) ? one.type : one));
    return { kind: 'tuple', held };
  }
  if (ts.isUnionTypeNode(node) || ts.isIntersectionTypeNode(node)) return choiceOf(node.types.map(read));
  if (ts.isParenthesizedTypeNode(node) || ts.isRestTypeNode(node) || ts.isOptionalTypeNode(node))
    return read(node.type);
  if (ts.isTypeOperatorNode(node))
    return node.operator === ts.SyntaxKind.KeyOfKeyword ? undefined : read(node.type);
  if (ts.isTypeLiteralNode(node)) return { kind: 'members', owner: node, bound };
  if (ts.isFunctionTypeNode(node)) return { kind: 'function', signature: node, bound };
  if (ts.isTypeQueryNode(node)) return queried(values, node.exprName);
  if (ts.isMappedTypeNode(node))
    return { kind: 'holder', name: 'Record', held: [undefined, read(node.type)] };
  if (ts.isIndexedAccessTypeNode(node)) {
    const { objectType, indexType } = node;
    const literal =
      ts.isLiteralTypeNode(indexType) && ts.isStringLiteral(indexType.literal) && indexType.literal;
    return literal ? memberType(values, read(objectType), literal.text) : elementOf(values, read(objectType));
  }
  return undefined;
}

/*
 * ## Names of types
 *
 * `Readonly<Guest>` has the members of a `Guest`, and `Pick` has some of them. A link may see through both. A name that
 * nobody here has declared is the language's own, and is kept with what it holds.
 */
const THROUGH = new Set([
  'Readonly',
  'Partial',
  'Required',
  'NonNullable',
  'Pick',
  'Omit',
  'Exclude',
  'Extract',
]);

function referenced(values: Values, name: EntityName, args: readonly TypeNode[], bound: Bound): Known {
  const read = (one: TypeNode | undefined) => typeOfNode(values, one, bound);
  const declaration = ts.isIdentifier(name) ? values.names.meaning(name) : undefined;
  if (!declaration) {
    const text = ts.isIdentifier(name) ? name.text : '';
    if (THROUGH.has(text)) return read(args[0]);
    if (text === 'ReturnType') return returnedBy(values, read(args[0]));
    return { kind: 'holder', name: text.replace(/^Readonly/, ''), held: args.map(read) };
  }
  if (ts.isTypeParameterDeclaration(declaration))
    return bound.has(declaration)
      ? bound.get(declaration)
      : typeOfNode(values, declaration.constraint, bound);
  const parameters = (declaration as { typeParameters?: readonly TypeParameterDeclaration[] }).typeParameters;
  const filled = bind(parameters, args.map(read));
  if (ts.isTypeAliasDeclaration(declaration)) return typeOfNode(values, declaration.type, filled);
  if (ts.isInterfaceDeclaration(declaration) || ts.isClassLike(declaration))
    return { kind: 'members', owner: declaration, bound: filled };
  return undefined;
}

export function bind(
  parameters: readonly TypeParameterDeclaration[] | undefined,
  args: readonly Known[],
): Bound {
  return parameters ? new Map(parameters.map((one, index) => [one, args[index]])) : UNBOUND;
}

function queried(values: Values, name: EntityName): Known {
  if (ts.isQualifiedName(name)) return memberType(values, queried(values, name.left), name.right.text);
  const declaration = values.names.meaning(name);
  return declaration && values.typeOfDeclaration(declaration);
}

/*
 * Two that are made so often that they have words of their own:
 */
export function arrayOf(held: Known): Type {
  return { kind: 'holder', name: 'Array', held: [held] };
}

export function choiceOf(types: readonly Known[]): Known {
  const among = types.filter((type) => type !== undefined);
  return among.length < 2 ? among[0] : { kind: 'choice', among };
}

/*
 * ## Members
 *
 * First its own, then those it inherits. In a choice the first that has the member answers for all; the checker would
 * answer for all of them at once, and a link can lead to one place only.
 */
/** The declaration of a member, and what the type parameters around it stand for. */
export interface Member {
  declaration: Declaration;
  bound: Bound;
}

/** Finds a member by its name. Of a choice, in the first that has it. */
export function memberOf(values: Values, type: Known, name: string): Member | undefined {
  if (!type) return undefined;
  if (type.kind === 'choice') {
    for (const one of type.among) {
      const found = memberOf(values, one, name);
      if (found) return found;
    }
  } else if (type.kind === 'members') return ownMember(values, type.owner, type.bound, name);
  else if (type.kind === 'class') {
    const found = type.owner.members.find((one) => isStatic(one) && nameOf(one) === name);
    return found && { declaration: found, bound: UNBOUND };
  } else if (type.kind === 'module') {
    const declaration = values.names.exportsOf(type.tree).get(name);
    return declaration && { declaration, bound: UNBOUND };
  }
  return undefined;
}

function ownMember(values: Values, owner: Owner, bound: Bound, name: string): Member | undefined {
  const members: readonly Declaration[] = ts.isObjectLiteralExpression(owner)
    ? owner.properties
    : owner.members;
  const found = members.find((one) => nameOf(one) === name && !isStatic(one));
  if (found) return { declaration: found, bound };
  const { heritageClauses = [] } = owner as { heritageClauses?: InterfaceDeclaration['heritageClauses'] };
  for (const { types } of heritageClauses) {
    for (const type of types) {
      const above = memberOf(values, inherited(values, type, bound), name);
      if (above) return above;
    }
  }
  return undefined;
}

function inherited(values: Values, node: ExpressionWithTypeArguments, bound: Bound): Known {
  return ts.isIdentifier(node.expression)
    ? referenced(values, node.expression, node.typeArguments ?? [], bound)
    : undefined;
}

function nameOf(declaration: Declaration): string | undefined {
  const name = ts.getNameOfDeclaration(declaration);
  return name && (ts.isIdentifier(name) || ts.isPrivateIdentifier(name) || ts.isStringLiteral(name))
    ? name.text
    : undefined;
}

function isStatic(declaration: Node): boolean {
  const modifiers = ts.canHaveModifiers(declaration) ? ts.getModifiers(declaration) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword) ?? false;
}

/*
 * ## What members are
 *
 * The bound type parameters come along: the `held` of a `Box<Guest>` is a `Guest`.
 */
/** The type of a member: of what the language's own types have, only what they hold is known. */
export function memberType(values: Values, type: Known, name: string): Known {
  const found = memberOf(values, type, name);
  if (!found) return undefined;
  return typeWithin(values, found);
}

/** The type of a member whose owner's type parameters are known. */
export function typeWithin(values: Values, { declaration, bound }: Member): Known {
  if (bound.size > 0) {
    if (ts.isMethodSignature(declaration) || ts.isMethodDeclaration(declaration))
      return { kind: 'function', signature: declaration, bound };
    const { type } = declaration as { type?: TypeNode };
    if (type) return typeOfNode(values, type, bound);
  }
  return values.typeOfDeclaration(declaration);
}

/*
 * ## What is inside
 *
 * By walking over it, by an index, or by calling it.
 */
/** What comes out of a thing when it is walked over, or indexed. */
export function elementOf(values: Values, type: Known, index?: number): Known {
  if (!type) return undefined;
  if (type.kind === 'choice') return choiceOf(type.among.map((one) => elementOf(values, one, index)));
  if (type.kind === 'tuple') return index === undefined ? choiceOf(type.held) : type.held[index];
  if (type.kind === 'members') {
    const { owner, bound } = type;
    if (ts.isObjectLiteralExpression(owner)) return undefined;
    const signature = (owner.members as readonly Node[]).find(ts.isIndexSignatureDeclaration);
    return signature && typeOfNode(values, signature.type, bound);
  }
  if (type.kind !== 'holder') return undefined;
  if (type.name === 'Map') return { kind: 'tuple', held: type.held };
  return type.name === 'Record' ? type.held[1] : type.held[0];
}

/** What a call of it gives. */
export function returnedBy(values: Values, type: Known): Known {
  if (type?.kind === 'choice') return choiceOf(type.among.map((one) => returnedBy(values, one)));
  if (type?.kind !== 'function') return undefined;
  const { signature, bound } = type;
  return signature.type ? typeOfNode(values, signature.type, bound) : values.returnOf(signature);
}
