/*
 * # Errors with a way out
 *
 * You will write something the tangler cannot do. Everybody does: one is in the middle of a kernel, the editor
 * says TypeScript, the fingers say `for (const process of processes)`. At this point some compilers print an
 * internal error and forty lines of their own stack. The best one says "unexpected token", and means it.
 *
 * A subset can do better than a whole language, because it knows what is outside: it is the difference between a
 * locked door and a wall. Every error here has three parts: the place, what stands there, and what to write
 * instead.
 */

import ts from 'typescript';

/**
 * What is wrong with a source that is to become machine code. The message is one line:
 * `chapters/2-guest/boot.ts:12:5: found a try statement; return a number that says what went wrong`.
 */
export class TangleError extends Error {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** What stands there. */
  readonly found: string;
  /** What the language has instead. */
  readonly hint: string;

  constructor(file: string, line: number, column: number, found: string, hint: string) {
    super(`${file}:${line}:${column}: found ${found}; ${hint}`);
    this.name = 'TangleError';
    this.file = file;
    this.line = line;
    this.column = column;
    this.found = found;
    this.hint = hint;
  }
}

/*
 * ## Two words
 *
 * `fail` says a given thing about a given place and does not return, which its type `never` tells the compiler:
 * code behind it knows that the check has passed. The tangler has something like a hundred calls of it. Together they
 * are the other half of the language's definition, and most are tested.
 */

/** Refuses `node`. @throws TangleError always */
export function fail(node: ts.Node, found: string, hint: string): never {
  const source = node.getSourceFile();
  const { line, character } = source.getLineAndCharacterOfPosition(node.getStart(source));
  throw new TangleError(source.fileName, line + 1, character + 1, found, hint);
}

/*
 * ## People who forget
 *
 * Whole kinds of syntax have no meaning on bare metal, and wherever one turns up the answer is the same. `new`
 * needs a heap, `throw` needs a way to unwind the stack, a closure needs a place for the variables it closes over,
 * and all three need a runtime system, which would have to be written in this language, which would then need one.
 * Here is the list of regrets.
 */

const K = ts.SyntaxKind;

/** What people write who forget for a moment that there is no JavaScript down here. */
const REFUSALS = new Map<ts.SyntaxKind, [found: string, hint: string]>([
  [K.ClassDeclaration, ['a class', 'write an interface and functions that take one']],
  [K.ClassExpression, ['a class', 'write an interface and functions that take one']],
  [K.NewExpression, ['new', 'there is no heap: reserve memory at module level with array or struct']],
  [K.ThisKeyword, ['this', 'pass the structure as a parameter']],
  [K.EnumDeclaration, ['an enum', 'write one exported constant for each member']],
  [K.ModuleDeclaration, ['a namespace', 'a module is a file: export from it']],
  [K.TryStatement, ['a try statement', 'nothing throws here: return a number that says what went wrong']],
  [
    K.ThrowStatement,
    ['a throw statement', 'nothing catches here: return a number that says what went wrong'],
  ],
  [K.ForOfStatement, ['for...of', 'count an index with for (let i = 0; i < count; i++)']],
  [K.ForInStatement, ['for...in', 'count an index with for (let i = 0; i < count; i++)']],
  [K.LabeledStatement, ['a label', 'move the loops to a function and leave them with return']],
  [K.WithStatement, ['with', 'name the structure each time']],
  [K.AwaitExpression, ['await', 'nothing waits for you here: poll, or halt until the interrupt']],
  [K.YieldExpression, ['yield', 'switch stacks in naked code']],
  [K.ArrowFunction, ['a function inside a function', 'write it at module level; there are no closures']],
  [K.FunctionExpression, ['a function inside a function', 'write it at module level; there are no closures']],
  [
    K.FunctionDeclaration,
    ['a function inside a function', 'write it at module level; there are no closures'],
  ],
  [
    K.ArrayLiteralExpression,
    ['an array literal', 'write a constant table at module level: const t: u32[] = [1, 2]'],
  ],
  [
    K.ObjectLiteralExpression,
    ['an object literal', 'reserve a struct at module level and assign its fields'],
  ],
  [K.TemplateExpression, ['a string with holes', 'print its pieces one after the other']],
  [K.RegularExpressionLiteral, ['a regular expression', 'compare the bytes in a loop']],
  [K.BigIntLiteral, ['a bigint', 'a number has 32 bits here: keep two halves']],
  [K.TypeOfExpression, ['typeof', 'types are gone when this runs: keep a field that says which']],
  [K.DeleteExpression, ['delete', 'a structure keeps its fields: store null']],
  [K.VoidExpression, ['void', 'write the expression as a statement']],
  [K.SpreadElement, ['...', 'pass the arguments one by one']],
  [K.DebuggerStatement, ['debugger', "the processor's is asm`int3`"]],
  [K.SuperKeyword, ['super', 'write an interface and functions that take one']],
]);

/*
 * Anything that is not even on the list gets its own text thrown back, and a pointer to the definition.
 */

/** Refuses a kind of node that the language does not have. @throws TangleError always */
export function refuse(node: ts.Node): never {
  const [found, hint] = REFUSALS.get(node.kind) ?? [
    `\`${node.getText().split('\n')[0]}\``,
    'the language has no such thing; chapters/2-guest/language.ts says what it has',
  ];
  fail(node, found, hint);
}
