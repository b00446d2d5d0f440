import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findExercises } from '../../tools/exercise/catalogue.ts';
import { check } from '../../tools/exercise/check.ts';
import { loadProgress } from '../../tools/exercise/progress.ts';

const ROOT = join(import.meta.dirname, '../..');
const exercises = findExercises(ROOT);
const { done } = loadProgress(ROOT);

// Every exercise is taken on a copy of the tree: nothing here touches what the reader is working on.
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'lantern-tree-'));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  for (const file of files.toString().split('\0').filter(Boolean)) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

describe('the exercises', () => {
  it('stand one in each of the chapters 2 to 6 at least', () => {
    const chapters = new Set(exercises.map(({ file }) => file.split('/')[1]));
    expect([...chapters].sort()).toEqual(['2-guest', '3-drivers', '4-launcher', '5-host', '6-switcher']);
  });

  it.each(exercises)(
    '$id says what it is worth and has at least two hints',
    ({ points, minutes, statement, folder }) => {
      expect(points).toBeGreaterThan(0);
      expect(minutes).toBeGreaterThan(0);
      expect(statement.length).toBeGreaterThan(100);
      expect(readFileSync(join(ROOT, folder, 'hints.md'), 'utf8').split(/^---$/m).length).toBeGreaterThan(1);
    },
  );

  // A reader who has done an exercise in this very tree has spoiled it for this test, and may be proud of it.
  const open = exercises.filter(({ id }) => !done.includes(id));

  it.each(open)(
    '$id fails on the pristine tree for its stated reason and passes with its solution',
    (exercise) => {
      const reason = readFileSync(join(ROOT, exercise.folder, 'fails-with.txt'), 'utf8').trim();
      const before = check(copy, exercise);
      expect(before.passed).toBe(false);
      expect(before.failures.join('\n')).toContain(reason);

      apply(exercise.folder);
      const after = check(copy, exercise);
      apply(exercise.folder, '--reverse');
      expect(after).toEqual({ passed: true, failures: [] });
    },
  );
});

function apply(folder: string, ...options: string[]): void {
  execFileSync('git', ['apply', ...options, `${folder}/solution.patch`], { cwd: copy });
}
