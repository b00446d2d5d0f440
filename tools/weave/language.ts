/*
 * # What everybody knows
 *
 * An array is not declared in this book, and neither is a map. Their declarations fill half a megabyte that comes with
 * the compiler, and say things like `filter<S extends T>(predicate: (value: T, index: number, array: T[]) => value is
 * S)`. You know what `filter` does. Here is what it takes to know it: what holds things, and what gives you one of
 * them, or all.
 */

import type { CallExpression, Expression } from 'typescript';

import ts from './compiler.ts';
import { arrayOf, choiceOf, elementOf, type Known, returnedBy } from './types.ts';
import type { Reasoner } from './values.ts';

const SAME = new Set(
  'filter slice concat sort reverse toSorted toReversed splice toSpliced with fill subarray values keys flat'.split(
    ' ',
  ),
);
const ONE = new Set('find findLast at pop shift'.split(' '));
const WALKED = new Set(
  'map filter find findLast findIndex findLastIndex some every forEach flatMap sort toSorted'.split(' '),
);

/*
 * ## What it gives
 *
 * A call of `filter` gives the same list, one of `find` an element, and one of `map` whatever the little function
 * gives.
 */
/** What a call of something that belongs to the language gives: of an array's `filter`, the same array. */
export function callOfLanguage(reasoner: Reasoner, { expression, arguments: args }: CallExpression): Known {
  if (!ts.isPropertyAccessExpression(expression)) {
    return ts.isIdentifier(expression) && expression.text === 'structuredClone' && args[0]
      ? reasoner.typeOf(args[0])
      : undefined;
  }
  const { name, expression: object } = expression;
  if (ts.isIdentifier(object) && args[0]) {
    const given = ofStatic(reasoner, `${object.text}.${name.text}`, args);
    if (given) return given;
  }
  const type = reasoner.typeOf(object);
  const map = type?.kind === 'holder' && type.name.endsWith('Map') ? type : undefined;
  if (map && name.text === 'get') return map.held[1];
  if (map && name.text === 'values') return arrayOf(map.held[1]);
  if (map && name.text === 'keys') return arrayOf(map.held[0]);
  if (type?.kind !== 'holder' && type?.kind !== 'tuple' && type?.kind !== 'choice') return undefined;
  const element = elementOf(reasoner, type);
  if (name.text === 'entries')
    return map ? arrayOf(element) : arrayOf({ kind: 'tuple', held: [undefined, element] });
  if (name.text === 'flat') return arrayOf(elementOf(reasoner, element));
  if (SAME.has(name.text)) return type.kind === 'tuple' ? arrayOf(element) : type;
  if (ONE.has(name.text)) return element;
  if (name.text === 'map' && args[0]) return arrayOf(resultOf(reasoner, args[0]));
  if (name.text === 'flatMap' && args[0]) {
    const result = resultOf(reasoner, args[0]);
    return arrayOf(elementOf(reasoner, result) ?? result);
  }
  if (name.text === 'reduce' && args[1]) return reasoner.typeOf(args[1]);
  return undefined;
}

/*
 * Some are called on no object at all:
 */
function ofStatic(reasoner: Reasoner, name: string, args: readonly Expression[]): Known {
  const of = reasoner.typeOf(args[0]!);
  if (name === 'Object.values') return arrayOf(heldBy(reasoner, of));
  if (name === 'Object.entries') return arrayOf({ kind: 'tuple', held: [undefined, heldBy(reasoner, of)] });
  if (name === 'Object.freeze' || name === 'Object.assign' || name === 'Object.seal') return of;
  if (name === 'Array.from') return arrayOf(args[1] ? resultOf(reasoner, args[1]) : elementOf(reasoner, of));
  if (name === 'Promise.race' || name === 'Promise.all' || name === 'Promise.any') {
    const all = elementOf(reasoner, of);
    const kept = choiceOf(
      (all?.kind === 'choice' ? all.among : [all]).map((one) =>
        one?.kind === 'holder' && one.name === 'Promise' ? one.held[0] : one,
      ),
    );
    return { kind: 'holder', name: 'Promise', held: [name === 'Promise.all' ? arrayOf(kept) : kept] };
  }
  return undefined;
}

function heldBy(reasoner: Reasoner, type: Known): Known {
  if (type?.kind === 'members' && ts.isObjectLiteralExpression(type.owner))
    return choiceOf(type.owner.properties.map((one) => reasoner.typeOfDeclaration(one)));
  return elementOf(reasoner, type);
}

/** What a function that is handed over gives back. */
function resultOf(reasoner: Reasoner, argument: Expression): Known {
  return returnedBy(reasoner, reasoner.typeOf(argument));
}

/*
 * ## What it hands over, and takes
 *
 * Seen from the other side, from inside the little function that you pass to `map`.
 */
/** What the language hands to a function that is passed to it: `map`, the elements. */
export function givenByLanguage(
  reasoner: Reasoner,
  { expression, arguments: args }: CallExpression,
  index: number,
): Known {
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const { name, expression: object } = expression;
  if (ts.isIdentifier(object) && object.text === 'Array' && name.text === 'from')
    return index === 0 && args[0] ? elementOf(reasoner, reasoner.typeOf(args[0])) : undefined;
  const type = reasoner.typeOf(object);
  if (type?.kind === 'members' || type?.kind === 'module') return undefined;
  const map = type?.kind === 'holder' && type.name.endsWith('Map') ? type : undefined;
  if (name.text === 'forEach' && map) return map.held[index === 0 ? 1 : 0];
  if (name.text === 'sort' || name.text === 'toSorted') return elementOf(reasoner, type);
  if (name.text === 'reduce')
    return index === 0
      ? args[1] && reasoner.typeOf(args[1])
      : index === 1
        ? elementOf(reasoner, type)
        : undefined;
  if (name.text === 'then') return index === 0 && type?.kind === 'holder' ? type.held[0] : undefined;
  return WALKED.has(name.text) && index === 0 ? elementOf(reasoner, type) : undefined;
}

/** What the language would like to be handed: `push`, an element. */
export function expectedByLanguage(reasoner: Reasoner, { expression }: CallExpression, index: number): Known {
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const list = reasoner.typeOf(expression.expression);
  const { text } = expression.name;
  if (list?.kind === 'tuple' || list?.kind === 'holder') {
    if (['push', 'unshift', 'includes', 'indexOf', 'add', 'fill', 'splice'].includes(text))
      return elementOf(reasoner, list);
    if (text === 'set' && list.kind === 'holder') return list.held[index];
  }
  return undefined;
}
