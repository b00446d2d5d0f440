/*
 * # What a value is
 *
 * `guest.window.size`: to know *which* `size`, you have to know what `window` is, and before that what `guest` is. Who
 * tells? Somebody wrote it down. Good code says at its borders what goes in and what comes out, and in between one
 * can see it coming. So all that is done here is to look where the author would point if you asked him.
 */

import type {
  BindingElement,
  Declaration,
  ExportSpecifier,
  Expression,
  Identifier,
  Node,
  ParameterDeclaration,
  TypeNode,
  VariableDeclaration,
} from 'typescript';

import { callAround, ofBody, ofCall, ofNew } from './calls.ts';
import ts from './compiler.ts';
import { ofPlace, parameterAt } from './expected.ts';
import { givenByLanguage } from './language.ts';
import { isImport, type Names } from './scopes.ts';
import {
  arrayOf,
  choiceOf,
  elementOf,
  type Known,
  memberOf,
  memberType,
  typeOfNode,
  UNBOUND,
  type Values,
} from './types.ts';

/** Answers what names mean, what values are, and what the place where an expression stands would like it to be. */
export interface Reasoner extends Values {
  /** The declaration that a name stands for, wherever it stands; undefined if that is none of ours. */
  meaning(name: Identifier): Declaration | undefined;
  typeOf(expression: Expression): Known;
  expected(expression: Expression): Known;
}

/*
 * ## Asking once
 *
 * Every answer is kept, for as long as the trees are these. There is one danger in asking where things come from:
 * `let node = first; node = node.next` comes from itself. Whoever asks a question that is just being answered gets
 * told that nothing is known, and the answer is found without him.
 */
/** Makes somebody who knows what values are, as far as their declarations say it. */
export function createReasoner(names: Names): Reasoner {
  const declared = new Map<Node, Known>();
  const said = new Map<Node, Known>();
  const hoped = new Map<Node, Known>();
  const returned = new Map<Node, Known>();
  const reasoner: Reasoner = {
    names,
    meaning: (name) => meaningOf(reasoner, name),
    typeOfDeclaration: (node) => once(declared, node, ofDeclaration),
    typeOf: (node) => once(said, node, ofExpression),
    returnOf: (node) => once(returned, node, ofBody),
    expected: (node) => once(hoped, node, ofPlace),
  };
  return reasoner;

  function once<Kind extends Node>(
    known: Map<Node, Known>,
    node: Kind,
    find: (reasoner: Reasoner, node: Kind) => Known,
  ): Known {
    if (known.has(node)) return known.get(node);
    known.set(node, undefined);
    const found = find(reasoner, node);
    known.set(node, found);
    return found;
  }
}

/*
 * ## What a name means
 *
 * Most names are found by looking [outwards](#scopes). Those behind a dot, and those in braces, are members of
 * something, and that something has to be known first. In `{ size }` the name is a property and a variable at once,
 * and you are after the variable. In `{ size: 4 }`, passed to something that expects a `Piece`, you want the `size` of
 * `Piece`, and not to be told that you are looking at it.
 */
/** What a name means: by its scope, unless it is the name of a member. */
function meaningOf(reasoner: Reasoner, name: Identifier): Declaration | undefined {
  const { parent } = name;
  if (ts.isPropertyAccessExpression(parent) && parent.name === name)
    return memberOf(reasoner, reasoner.typeOf(parent.expression), name.text)?.declaration;
  if (ts.isQualifiedName(parent) && parent.right === name) return undefined;
  if (ts.isBindingElement(parent) && parent.propertyName === name)
    return memberOf(reasoner, ofPattern(reasoner, parent), name.text)?.declaration;
  if (ts.isShorthandPropertyAssignment(parent)) return reasoner.names.meaning(name);
  if (
    ts.isObjectLiteralElement(parent) &&
    ts.isObjectLiteralExpression(parent.parent) &&
    parent.name === name
  )
    return memberOf(reasoner, reasoner.expected(parent.parent), name.text)?.declaration ?? parent;
  if (ts.isMetaProperty(parent) || ts.isNamedTupleMember(parent)) return undefined;
  if (isImport(parent)) return reasoner.names.imported(parent as Declaration);
  if (ts.isExportSpecifier(parent)) return ofExport(reasoner, parent);
  if ((parent as { name?: Node }).name === name) return parent as Declaration;
  return reasoner.names.meaning(name);
}

function ofExport(reasoner: Reasoner, { name, parent }: ExportSpecifier): Declaration | undefined {
  return reasoner.names.exportsOf(parent.getSourceFile()).get(name.text);
}

/*
 * ## What is declared
 *
 * If there is a type, we read it. If not, there is a value, and we look at that.
 */
function ofDeclaration(reasoner: Reasoner, node: Declaration): Known {
  if (ts.isVariableDeclaration(node)) return ofVariable(reasoner, node);
  if (ts.isParameter(node)) return ofParameter(reasoner, node);
  if (ts.isBindingElement(node)) return ofBinding(reasoner, node);
  if (ts.isSourceFile(node)) return { kind: 'module', tree: node };
  if (ts.isClassLike(node)) return { kind: 'class', owner: node };
  if (ts.isGetAccessor(node)) return typeOfNode(reasoner, node.type, UNBOUND) ?? reasoner.returnOf(node);
  if (ts.isPropertyAssignment(node)) return reasoner.typeOf(node.initializer);
  if (ts.isShorthandPropertyAssignment(node)) {
    const meant = reasoner.names.meaning(node.name);
    return meant && reasoner.typeOfDeclaration(meant);
  }
  if (ts.isPropertyDeclaration(node) || ts.isPropertySignature(node)) {
    const { initializer } = node as { initializer?: Expression };
    return node.type ? typeOfNode(reasoner, node.type, UNBOUND) : initializer && reasoner.typeOf(initializer);
  }
  if (ts.isFunctionLike(node)) return { kind: 'function', signature: node, bound: UNBOUND };
  return undefined;
}

function ofVariable(reasoner: Reasoner, { type, initializer, parent }: VariableDeclaration): Known {
  if (type) return typeOfNode(reasoner, type, UNBOUND);
  if (initializer) return reasoner.typeOf(initializer);
  return ts.isForOfStatement(parent.parent)
    ? elementOf(reasoner, reasoner.typeOf(parent.parent.expression))
    : undefined;
}

/*
 * A parameter without a type belongs to a function that is handed to somebody. He knows what he is going to call it
 * with.
 */
function ofParameter(reasoner: Reasoner, node: ParameterDeclaration): Known {
  if (node.type) return typeOfNode(reasoner, node.type, UNBOUND);
  if (node.initializer) return reasoner.typeOf(node.initializer);
  const { parent } = node;
  if (!ts.isArrowFunction(parent) && !ts.isFunctionExpression(parent) && !ts.isMethodDeclaration(parent))
    return undefined;
  const index = parent.parameters.indexOf(node);
  if (ts.isMethodDeclaration(parent))
    return ts.isObjectLiteralExpression(parent.parent)
      ? parameterAt(
          reasoner,
          memberType(reasoner, reasoner.expected(parent.parent), wordOf(parent.name)),
          index,
        )
      : undefined;
  const call = callAround(parent);
  return (
    (call && givenByLanguage(reasoner, call, index)) ??
    parameterAt(reasoner, reasoner.expected(parent), index)
  );
}

/** The text of a name that is a plain word; empty for any other. */
export function wordOf(name: Node): string {
  return ts.isIdentifier(name) ? name.text : '';
}

/*
 * And a name in braces, or in brackets, is a part of something that is being taken apart.
 */
function ofBinding(reasoner: Reasoner, node: BindingElement): Known {
  const { parent, initializer, name, propertyName, dotDotDotToken } = node;
  const whole = ofPattern(reasoner, node);
  if (dotDotDotToken) return ts.isArrayBindingPattern(parent) ? arrayOf(elementOf(reasoner, whole)) : whole;
  const part = ts.isArrayBindingPattern(parent)
    ? elementOf(reasoner, whole, parent.elements.indexOf(node))
    : memberType(reasoner, whole, wordOf(propertyName ?? name));
  return part ?? (initializer && reasoner.typeOf(initializer));
}

/** The type of what is taken apart where this name is taken out. */
function ofPattern(reasoner: Reasoner, { parent }: BindingElement): Known {
  const whole = parent.parent;
  return ts.isBindingElement(whole) ? ofBinding(reasoner, whole) : reasoner.typeOfDeclaration(whole);
}

/*
 * ## What is said
 *
 * Expressions, from the inside out. There are two dozen kinds; numbers and strings are not among them, since nobody
 * in this book defines their members.
 */
function ofExpression(reasoner: Reasoner, node: Expression): Known {
  const of = (one: Expression) => reasoner.typeOf(one);
  if (ts.isIdentifier(node)) {
    const declaration = reasoner.names.meaning(node);
    return declaration && reasoner.typeOfDeclaration(declaration);
  }
  if (ts.isPropertyAccessExpression(node)) return memberType(reasoner, of(node.expression), node.name.text);
  if (ts.isCallExpression(node)) return ofCall(reasoner, node);
  if (ts.isElementAccessExpression(node)) {
    const { expression, argumentExpression } = node;
    if (ts.isStringLiteral(argumentExpression))
      return memberType(reasoner, of(expression), argumentExpression.text);
    const index = ts.isNumericLiteral(argumentExpression) ? Number(argumentExpression.text) : undefined;
    return elementOf(reasoner, of(expression), index);
  }
  if (ts.isParenthesizedExpression(node) || ts.isNonNullExpression(node)) return of(node.expression);
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) {
    const written = ts.isAsExpression(node) && !isConst(node.type);
    return written ? typeOfNode(reasoner, node.type, UNBOUND) : of(node.expression);
  }
  return ofMaking(reasoner, node);
}

export function isConst(type: TypeNode): boolean {
  return ts.isTypeReferenceNode(type) && wordOf(type.typeName) === 'const';
}

function ofMaking(reasoner: Reasoner, node: Expression): Known {
  const of = (one: Expression) => reasoner.typeOf(one);
  if (ts.isBinaryExpression(node))
    return ofOperation(reasoner, node.operatorToken.kind, node.left, node.right);
  if (ts.isConditionalExpression(node)) return choiceOf([of(node.whenTrue), of(node.whenFalse)]);
  if (ts.isAwaitExpression(node)) {
    const promised = of(node.expression);
    return promised?.kind === 'holder' && promised.name === 'Promise' ? promised.held[0] : promised;
  }
  if (ts.isObjectLiteralExpression(node)) {
    const spread = node.properties.filter(ts.isSpreadAssignment).map(({ expression }) => of(expression));
    return choiceOf([{ kind: 'members', owner: node, bound: UNBOUND }, ...spread]);
  }
  if (ts.isArrayLiteralExpression(node)) return ofList(reasoner, node.elements);
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node))
    return { kind: 'function', signature: node, bound: UNBOUND };
  if (ts.isNewExpression(node)) return ofNew(reasoner, node);
  if (node.kind === ts.SyntaxKind.ThisKeyword) return ofThis(node);
  return undefined;
}

/*
 * The small ones. A list that is written out is a tuple until somebody spreads something into it.
 */
function ofOperation(reasoner: Reasoner, operator: number, left: Expression, right: Expression): Known {
  const { BarBarToken, QuestionQuestionToken, AmpersandAmpersandToken, CommaToken } = ts.SyntaxKind;
  if (operator === AmpersandAmpersandToken || operator === CommaToken) return reasoner.typeOf(right);
  if (operator === BarBarToken || operator === QuestionQuestionToken)
    return choiceOf([reasoner.typeOf(left), reasoner.typeOf(right)]);
  return isAssignment(operator) ? (reasoner.typeOf(left) ?? reasoner.typeOf(right)) : undefined;
}

function isAssignment(operator: number): boolean {
  return operator >= ts.SyntaxKind.FirstAssignment && operator <= ts.SyntaxKind.LastAssignment;
}

function ofList(reasoner: Reasoner, elements: readonly Expression[]): Known {
  const types = elements.map((one) =>
    ts.isSpreadElement(one) ? elementOf(reasoner, reasoner.typeOf(one.expression)) : reasoner.typeOf(one),
  );
  return elements.some(ts.isSpreadElement) ? arrayOf(choiceOf(types)) : { kind: 'tuple', held: types };
}

function ofThis(node: Node): Known {
  for (let around = node.parent; around; around = around.parent) {
    if (ts.isClassLike(around)) return { kind: 'members', owner: around, bound: UNBOUND };
    if (ts.isObjectLiteralExpression(around)) return { kind: 'members', owner: around, bound: UNBOUND };
  }
  return undefined;
}
