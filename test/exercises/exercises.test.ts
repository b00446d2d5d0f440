import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExercises } from '../../tools/exercise/catalogue.ts';
import { examine, type Outcome } from '../../tools/exercise/check.ts';
import { loadProgress } from '../../tools/exercise/progress.ts';
import { copyTree, solve, statedReason, unsolve } from '../../tools/exercise/proof.ts';

const ROOT = join(import.meta.dirname, '../..');
const exercises = findExercises(ROOT);

// A reader who takes an exercise in this very tree has spoiled it for these tests, and may be proud of it.
const { done, begun } = loadProgress(ROOT);
const open = exercises.filter(({ id }) => !done.includes(id) && !begun.includes(id));

// Every exercise is taken on a copy of the tree, and solved on one of its own: nothing here touches what the reader is working on.
const PRISTINE = 'pristine';
let trees: string;
let outcomes: Map<string, Outcome>;
beforeAll(async () => {
  trees = copyTree(ROOT, PRISTINE, ...open.map(({ id }) => id));
  for (const exercise of open) solve(join(trees, exercise.id), exercise);
  const folders = open.flatMap(({ id, folder }) => [join(PRISTINE, folder), join(id, folder)]);
  const found = await examine(trees, PRISTINE, folders);
  outcomes = new Map(folders.map((folder, index) => [folder, found[index]!]));
}, 300_000);
afterAll(() => rmSync(trees, { recursive: true, force: true }));

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
    const { passed, failures } = outcomes.get(join(PRISTINE, exercise.folder))!;
    expect(passed).toBe(false);
    expect(failures.join('\n')).toContain(statedReason(ROOT, exercise));
  });

  it.each(open)('$id passes with its solution', (exercise) => {
    expect(outcomes.get(join(exercise.id, exercise.folder))).toEqual({ passed: true, failures: [] });
  });

  it('can all be solved in one tree, in any order', () => {
    const copy = join(trees, PRISTINE);
    for (const exercise of open) solve(copy, exercise);
    for (const exercise of open) unsolve(copy, exercise);
    for (const exercise of [...open].reverse()) solve(copy, exercise);
    for (const exercise of open) unsolve(copy, exercise);
  });
});
