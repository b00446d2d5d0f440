/*
 * # Many ways from one number
 *
 * `switch` is the one statement that can be faster than what you would have written without it. A chain of
 * comparisons asks for each case in turn, and who comes last waits longest. A table of addresses has the answer in
 * one step, for all alike.
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import { evaluate } from './expressions.ts';
import { emit, newTarget, placeLabel, type Frame } from './frame.ts';
import { homeOf } from './places.ts';
import { sequence } from './statements.ts';
import { constantIn, typeOf } from './typing.ts';

interface Way {
  readonly value: number;
  readonly target: string;
}

/*
 * The ways come first, then the clauses one after the other, each falling into the next unless it leaves.
 * TypeScript can be told to warn of that, and here it is: all labels, one stream of code.
 */

/** A switch: a chain of comparisons, or a table of addresses where the cases lie close together. */
export function choose(frame: Frame, node: ts.SwitchStatement): void {
  if (typeOf(frame, node.expression).kind === 'string') {
    fail(node.expression, 'a switch on a string', 'compare the bytes, or switch on a number');
  }
  const end = newTarget(frame);
  const { clauses } = node.caseBlock;
  const targets = clauses.map(() => newTarget(frame));
  const ways = clauses.flatMap((clause, index) =>
    ts.isCaseClause(clause) ? [{ value: caseValue(frame, clause), target: targets[index]! }] : [],
  );
  const fallback = targets[clauses.findIndex(ts.isDefaultClause)] ?? end;

  const home = homeOf(frame, node.expression);
  if (home === undefined) evaluate(frame, node.expression);
  if (isDense(ways)) jumpByTable(frame, home ?? 'eax', ways, fallback);
  else jumpByChain(frame, home ?? 'eax', ways, fallback);

  frame.exits.push({ leave: end, isLeft: false });
  for (const [index, clause] of clauses.entries()) {
    placeLabel(frame, targets[index]!);
    sequence(frame, clause.statements);
  }
  frame.exits.pop();
  placeLabel(frame, end);
}

/*
 * A case is a number. Cases that are expressions would be a chain of `if` in disguise, so they may as well be one.
 */

function caseValue(frame: Frame, { expression }: ts.CaseClause): number {
  const constant = constantIn(frame, expression);
  if (constant === undefined || constant.base !== undefined) {
    fail(
      expression,
      `the case \`${expression.getText()}\``,
      'a case is a constant number: write if for the rest',
    );
  }
  return constant.value >>> 0;
}

/*
 * ## Chain or table
 *
 * Six cases or more, and at most every second place in the table empty: that is our idea of dense. Whether a
 * number has a place in the table at all is a question with two ends, and one comparison: subtract the lowest
 * case, and compare without sign. What was below the lowest has become very large.
 *
 * ```text
 *       lea ecx, [eax-3]           ; cases 3 to 9
 *       cmp ecx, 6
 *       ja otherwise
 *       jmp [ecx*4+table]
 * table: dd $2, $3, $4, $5, otherwise, $6, $7
 * ```
 *
 * The table holds absolute addresses. Code that runs before paging, at the wrong address, had better not `switch`.
 */

/** From this many cases on a table is shorter than a chain. */
const TABLE_CASES = 6;

function isDense(ways: readonly Way[]): boolean {
  const values = ways.map(({ value }) => value);
  return ways.length >= TABLE_CASES && Math.max(...values) - Math.min(...values) < 2 * ways.length;
}

function jumpByChain(frame: Frame, register: string, ways: readonly Way[], fallback: string): void {
  for (const { value, target } of ways) {
    emit(frame, value === 0 ? `test ${register}, ${register}` : `cmp ${register}, ${value | 0}`);
    emit(frame, `je ${target}`);
  }
  emit(frame, `jmp ${fallback}`);
}

/*
 * An `i32` of -3 and a `u32` of `0xfffffffd` are the same case, since both are the same bits.
 */

function jumpByTable(frame: Frame, register: string, ways: readonly Way[], fallback: string): void {
  const lowest = Math.min(...ways.map(({ value }) => value));
  const highest = Math.max(...ways.map(({ value }) => value));
  const table = newTarget(frame);
  const targets = new Map(ways.toReversed().map(({ value, target }) => [value, target])); // of two alike the first
  emit(frame, lowest === 0 ? `mov ecx, ${register}` : `lea ecx, [${register}+${-lowest | 0}]`);
  emit(frame, `cmp ecx, ${highest - lowest}`);
  emit(frame, `ja ${fallback}`);
  emit(frame, `jmp [ecx*4+${table}]`);
  emit(frame, 'align 4');
  placeLabel(frame, table);
  for (let value = lowest; value <= highest; value++) emit(frame, `dd ${targets.get(value) ?? fallback}`);
}
