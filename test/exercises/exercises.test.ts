import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExercises } from '../../tools/exercise/catalogue.ts';
import { check } from '../../tools/exercise/check.ts';
import { loadProgress } from '../../tools/exercise/progress.ts';
import { copyTree, solve, statedReason, unsolve } from '../../tools/exercise/proof.ts';

const ROOT = join(import.meta.dirname, '../..');
const exercises = findExercises(ROOT);

// A reader who takes an exercise in this very tree has spoiled it for these tests, and may be proud of it.
const { done, begun } = loadProgress(ROOT);
const open = exercises.filter(({ id }) => !done.includes(id) && !begun.includes(id));

// Every exercise is taken on a copy of the tree: nothing here touches what the reader is working on.
let copy: string;
beforeAll(() => {
  copy = copyTree(ROOT);
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('the exercises', () => {
  it('stand one in each of the chapters 2 to 6 at least', () => {
    const chapters = new Set(exercises.map(({ file }) => file.split('/')[1]));
    expect([...chapters].sort()).toEqual(['2-guest', '3-drivers', '4-launcher', '5-host', '6-switcher']);
  });

  it.each(exercises)('$id says what it is worth and has at least two hints', (exercise) => {
    expect(exercise.points).toBeGreaterThan(0);
    expect(exercise.minutes).toBeGreaterThan(0);
    expect(exercise.statement.length).toBeGreaterThan(100);
    const hints = readFileSync(join(ROOT, exercise.folder, 'hints.md'), 'utf8').split(/^---$/m);
    expect(hints.length).toBeGreaterThan(1);
  });

  it.each(open)('$id fails on the pristine tree for its stated reason', (exercise) => {
    const { passed, failures } = check(copy, exercise);
    expect(passed).toBe(false);
    expect(failures.join('\n')).toContain(statedReason(copy, exercise));
  });

  it.each(open)('$id passes with its solution', (exercise) => {
    solve(copy, exercise);
    const after = check(copy, exercise);
    unsolve(copy, exercise);
    expect(after).toEqual({ passed: true, failures: [] });
  });

  it('can all be solved in one tree, in any order', () => {
    for (const exercise of open) solve(copy, exercise);
    for (const exercise of open) unsolve(copy, exercise);
    for (const exercise of [...open].reverse()) solve(copy, exercise);
    for (const exercise of open) unsolve(copy, exercise);
  });
});
