/*
 * # What is hoped for
 *
 * Some values are understood from the outside. `{ kind: 'power-off' }` could be anything, until you see that the
 * function around it has promised an `Ending`. So from an expression one looks up: who is going to take this, and what
 * has he said he takes?
 */

import type {
  CallExpression,
  Expression,
  NewExpression,
  Node,
  SignatureDeclaration,
  TypeNode,
} from 'typescript';

import { isAsync } from './calls.ts';
import ts from './compiler.ts';
import { expectedByLanguage } from './language.ts';
import {
  arrayOf,
  bind,
  choiceOf,
  elementOf,
  type Known,
  memberType,
  returnedBy,
  typeOfNode,
  UNBOUND,
} from './types.ts';
import { isConst, type Reasoner, wordOf } from './values.ts';

/*
 * ## By the place
 *
 * A declaration with a type, a call, a list, a `return`; and everything that only hands the question on.
 */
/** What the place where an expression stands would like it to be. */
export function ofPlace(reasoner: Reasoner, node: Expression): Known {
  const { parent } = node;
  const written = (type: TypeNode | undefined) => typeOfNode(reasoner, type, UNBOUND);
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isPropertyDeclaration(parent)) {
    if (parent.initializer !== node) return undefined;
    return parent.type || !ts.isParameter(parent) ? written(parent.type) : undefined;
  }
  if (ts.isCallExpression(parent) || ts.isNewExpression(parent)) return ofArgument(reasoner, parent, node);
  if (ts.isPropertyAssignment(parent)) {
    const around = reasoner.expected(parent.parent);
    return (
      memberType(reasoner, around, wordOf(parent.name)) ??
      (around?.kind === 'members' || around?.kind === 'holder' ? elementOf(reasoner, around) : undefined)
    );
  }
  if (ts.isReturnStatement(parent)) return ofReturn(reasoner, parent);
  if (ts.isArrowFunction(parent)) return parent.body === node ? promisedBy(reasoner, parent) : undefined;
  if (ts.isArrayLiteralExpression(parent))
    return elementOf(reasoner, reasoner.expected(parent), parent.elements.indexOf(node));
  if (ts.isSpreadElement(parent)) return undefined;
  if (ts.isParenthesizedExpression(parent) || ts.isNonNullExpression(parent) || ts.isAwaitExpression(parent))
    return reasoner.expected(parent);
  if (ts.isAsExpression(parent))
    return isConst(parent.type) ? reasoner.expected(parent) : written(parent.type);
  if (ts.isSatisfiesExpression(parent)) return written(parent.type);
  if (ts.isConditionalExpression(parent))
    return parent.condition === node ? undefined : reasoner.expected(parent);
  if (ts.isBinaryExpression(parent)) {
    const operator = parent.operatorToken.kind;
    if (operator === ts.SyntaxKind.EqualsToken || operator === ts.SyntaxKind.QuestionQuestionEqualsToken)
      return parent.right === node ? reasoner.typeOf(parent.left) : undefined;
    if (operator === ts.SyntaxKind.BarBarToken || operator === ts.SyntaxKind.QuestionQuestionToken)
      return reasoner.expected(parent) ?? (parent.right === node ? reasoner.typeOf(parent.left) : undefined);
    if (operator === ts.SyntaxKind.AmpersandAmpersandToken && parent.right === node)
      return reasoner.expected(parent);
  }
  return undefined;
}

/*
 * ## Arguments
 *
 * What stands between the brackets of a call is what the parameter in that place wants.
 */
function ofArgument(reasoner: Reasoner, call: CallExpression | NewExpression, node: Expression): Known {
  const index = call.arguments?.indexOf(node) ?? -1;
  if (index < 0) return undefined;
  const called = reasoner.typeOf(call.expression);
  if (called?.kind === 'class') {
    const built = called.owner.members.find(ts.isConstructorDeclaration);
    return built && parameterAt(reasoner, { kind: 'function', signature: built, bound: UNBOUND }, index);
  }
  if (!called && ts.isNewExpression(call)) return expectedByMaker(reasoner, call);
  if (!called && ts.isCallExpression(call)) return expectedByLanguage(reasoner, call, index);
  if (called?.kind === 'function' && call.typeArguments) {
    const args = call.typeArguments.map((one) => typeOfNode(reasoner, one, UNBOUND));
    return parameterAt(
      reasoner,
      { ...called, bound: bind(called.signature.typeParameters as never, args) },
      index,
    );
  }
  return parameterAt(reasoner, called, index);
}

/** The type of a parameter, by its place; a rest parameter has all the places from its own on. */
export function parameterAt(reasoner: Reasoner, type: Known, index: number): Known {
  if (type?.kind === 'choice') return choiceOf(type.among.map((one) => parameterAt(reasoner, one, index)));
  if (type?.kind !== 'function') return undefined;
  const { parameters } = type.signature;
  const parameter = parameters[index] ?? parameters.at(-1);
  if (!parameter) return undefined;
  const whole = parameter.type
    ? typeOfNode(reasoner, parameter.type, type.bound)
    : reasoner.typeOfDeclaration(parameter);
  if (parameter.dotDotDotToken) return elementOf(reasoner, whole, index - parameters.length + 1);
  return parameters[index] ? whole : undefined;
}

/** What `new Map<Key, Value>` would like to be made from. */
function expectedByMaker(reasoner: Reasoner, { expression, typeArguments }: NewExpression): Known {
  const held = (typeArguments ?? []).map((one) => typeOfNode(reasoner, one, UNBOUND));
  return wordOf(expression) === 'Map' ? arrayOf({ kind: 'tuple', held }) : arrayOf(held[0]);
}

/*
 * ## Results
 *
 * A `return` owes what its function has promised. A function that has promised nothing itself may have been promised by
 * somebody else, who passes it on.
 */
function ofReturn(reasoner: Reasoner, node: Node): Known {
  let around = node.parent;
  while (!ts.isFunctionLike(around)) around = around.parent;
  return promisedBy(reasoner, around);
}

/** What a function is expected to return, by its own type or by that of the place where it stands. */
function promisedBy(reasoner: Reasoner, node: SignatureDeclaration): Known {
  let returned = typeOfNode(reasoner, node.type, UNBOUND);
  if (!node.type && (ts.isArrowFunction(node) || ts.isFunctionExpression(node)))
    returned = returnedBy(reasoner, reasoner.expected(node));
  if (!node.type && ts.isMethodDeclaration(node) && ts.isObjectLiteralExpression(node.parent))
    returned = returnedBy(reasoner, memberType(reasoner, reasoner.expected(node.parent), wordOf(node.name)));
  return isAsync(node) && returned?.kind === 'holder' ? returned.held[0] : returned;
}
