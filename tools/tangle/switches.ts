/* # Many ways from one number */

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

/* ## Chain or table */

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

function jumpByTable(frame: Frame, register: string, ways: readonly Way[], fallback: string): void {
  const lowest = Math.min(...ways.map(({ value }) => value));
  const highest = Math.max(...ways.map(({ value }) => value));
  const table = newTarget(frame);
  const targets = new Map(ways.map(({ value, target }) => [value, target]));
  emit(frame, lowest === 0 ? `mov ecx, ${register}` : `lea ecx, [${register}+${-lowest | 0}]`);
  emit(frame, `cmp ecx, ${highest - lowest}`);
  emit(frame, `ja ${fallback}`);
  emit(frame, `jmp [ecx*4+${table}]`);
  emit(frame, 'align 4');
  placeLabel(frame, table);
  for (let value = lowest; value <= highest; value++) emit(frame, `dd ${targets.get(value) ?? fallback}`);
}
