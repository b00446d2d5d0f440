/*
 * # What comes back
 *
 * A function that says what it returns has answered. One that does not is read down to its `return`s. And a generic
 * one says: *that depends on what you give me*.
 */

import type {
  CallExpression,
  Expression,
  FunctionLikeDeclaration,
  Identifier,
  NewExpression,
  Node,
  SignatureDeclaration,
  TypeNode,
  TypeParameterDeclaration,
} from 'typescript';

import ts from './compiler.ts';
import { callOfLanguage } from './language.ts';
import {
  bind,
  type Bound,
  choiceOf,
  elementOf,
  type Known,
  returnedBy,
  typeOfNode,
  UNBOUND,
} from './types.ts';
import type { Reasoner } from './values.ts';

/** What a call gives. */
export function ofCall(reasoner: Reasoner, node: CallExpression): Known {
  const called = reasoner.typeOf(node.expression);
  if (called?.kind === 'function') {
    const { signature, bound } = called;
    const filled = signature.typeParameters ? infer(reasoner, signature, bound, node) : bound;
    if (signature.type) return typeOfNode(reasoner, signature.type, filled);
    return reasoner.returnOf(signature);
  }
  return called ? returnedBy(reasoner, called) : callOfLanguage(reasoner, node);
}

/** The call that a function is an argument of. */
export function callAround(node: Expression): CallExpression | undefined {
  return ts.isCallExpression(node.parent) && node.parent.expression !== node ? node.parent : undefined;
}

/*
 * ## By its body
 *
 * If there are several `return`s, it is one of them.
 */
/** What a function without a written type returns: its expression, or one of what stands behind its `return`s. */
export function ofBody(reasoner: Reasoner, signature: Node): Known {
  const { body } = signature as FunctionLikeDeclaration;
  if (!body) return undefined;
  const found: Known[] = [];
  const visit = (node: Node): void => {
    if (ts.isReturnStatement(node)) found.push(node.expression && reasoner.typeOf(node.expression));
    else if (!ts.isFunctionLike(node)) ts.forEachChild(node, visit);
  };
  if (ts.isBlock(body)) visit(body);
  else found.push(reasoner.typeOf(body));
  const returned = choiceOf(found);
  return isAsync(signature) && returned ? { kind: 'holder', name: 'Promise', held: [returned] } : returned;
}

export function isAsync(node: Node): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
}

/*
 * ## By what it is given
 *
 * `once<Key>(known: Map<Key, Known>, key: Key)`: somewhere among the types of the parameters there is `Key`, and in
 * the same place in the type of the argument there is what it stands for. The compiler weighs all such places
 * against each other. We take the first, which in this book has always been enough.
 */
/** What a call makes of a function's type parameters: as written, or else as the first argument of that type is. */
function infer(
  reasoner: Reasoner,
  signature: SignatureDeclaration,
  bound: Bound,
  call: CallExpression,
): Bound {
  const { typeParameters = [] as unknown as readonly TypeParameterDeclaration[], parameters } = signature;
  const written = call.typeArguments?.map((one) => typeOfNode(reasoner, one, UNBOUND));
  const filled = new Map(bound);
  for (const [index, one] of typeParameters.entries()) {
    if (written) filled.set(one, written[index]);
    else {
      const at = parameters.findIndex(({ type }) => type && mentions(reasoner, type, one));
      const argument = call.arguments[at];
      filled.set(one, argument && matched(reasoner, parameters[at]!.type!, one, reasoner.typeOf(argument)));
    }
  }
  return filled;
}

function mentions(reasoner: Reasoner, node: Node, parameter: TypeParameterDeclaration): boolean {
  if (ts.isIdentifier(node))
    return node.text === parameter.name.text && reasoner.names.meaning(node) === parameter;
  return ts.forEachChild(node, (child) => mentions(reasoner, child, parameter) || undefined) ?? false;
}

/*
 * Type and argument are gone through side by side, down to where the parameter stands.
 */
/** The part of a type that stands where the type parameter does. */
function matched(
  reasoner: Reasoner,
  node: TypeNode,
  parameter: TypeParameterDeclaration,
  type: Known,
): Known {
  const on = (part: TypeNode | undefined, of: Known) =>
    part && mentions(reasoner, part, parameter) ? matched(reasoner, part, parameter, of) : undefined;
  if (ts.isTypeReferenceNode(node)) {
    if (reasoner.names.meaning(node.typeName as Identifier) === parameter) return type;
    const index = node.typeArguments?.findIndex((one) => mentions(reasoner, one, parameter)) ?? -1;
    if (index < 0) return undefined;
    const held = type?.kind === 'holder' ? type.held[index] : elementOf(reasoner, type);
    return on(node.typeArguments![index], held);
  }
  if (ts.isArrayTypeNode(node)) return on(node.elementType, elementOf(reasoner, type));
  if (ts.isTypeOperatorNode(node) || ts.isParenthesizedTypeNode(node)) return on(node.type, type);
  if (ts.isFunctionTypeNode(node)) return on(node.type, returnedBy(reasoner, type));
  if (ts.isUnionTypeNode(node))
    return on(
      node.types.find((one) => mentions(reasoner, one, parameter)),
      type,
    );
  return undefined;
}

/*
 * ## New things
 *
 * `new Guest()` is a `Guest`. What a `new Map()` holds is written behind it, or is in what it is made from, or is
 * what the place wants that it is put in.
 */
export function ofNew(reasoner: Reasoner, node: NewExpression): Known {
  const args = (node.typeArguments ?? []).map((one) => typeOfNode(reasoner, one, UNBOUND));
  const made = reasoner.typeOf(node.expression);
  if (made?.kind === 'class')
    return { kind: 'members', owner: made.owner, bound: bind(made.owner.typeParameters, args) };
  if (!ts.isIdentifier(node.expression)) return undefined;
  const [from] = node.arguments ?? [];
  const held = args.length === 0 && from ? elementOf(reasoner, reasoner.typeOf(from)) : undefined;
  const parts = held?.kind === 'tuple' && node.expression.text.endsWith('Map') ? held.held : [held];
  const given: Known = { kind: 'holder', name: node.expression.text, held: args.length > 0 ? args : parts };
  return args.length === 0 && !held ? (reasoner.expected(node) ?? given) : given;
}
