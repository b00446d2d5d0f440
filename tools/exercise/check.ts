/*
 * # The examiner
 *
 * A test runner talks to people who write tests. Its report has a diff, a stack and the source around it, and the
 * sentence that helps is somewhere in between. Whoever takes an exercise should see that sentence and nothing else,
 * so we run vitest with its mouth shut, have it write everything into a file, and read out the first line of each
 * complaint.
 */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Exercise } from './catalogue.ts';

/** How the test of an exercise went. */
export interface Outcome {
  passed: boolean;
  /** One line for each failure: the name of the test and the first line of its message. */
  failures: string[];
}

interface Report {
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/**
 * Runs the test of one exercise on the tree at `root`.
 *
 * @throws Error when the test runner itself did not get anywhere
 */
export function check(root: string, exercise: Exercise): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'lantern-exercise-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const test = `${exercise.folder}/exercise.test.ts`;
    const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const run = spawnSync(
      process.execPath,
      [vitest, 'run', '--config', 'exercises/vitest.config.ts', ...report, test],
      { cwd: root, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1' } },
    );
    return outcome(JSON.parse(readReport(file, run.stderr)) as Report, run.stdout + run.stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(file: string, said: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`the test runner wrote no report; it said: ${said.trim().split('\n')[0] || 'nothing'}`);
  }
}

/*
 * ## What counts as passed
 *
 * Not the absence of failures. A file that does not even compile has no tests, and none of them fails. A Guest that
 * does not boot takes its tests along before they have begun, and then they are merely *skipped*; the report does
 * not say why, so we look for the reason in what was printed for people. Passed is what has been tried, all of it,
 * and held.
 */

function outcome({ testResults }: Report, said: string): Outcome {
  const tests = testResults.flatMap((file) => file.assertionResults);
  if (tests.length > 0 && tests.every((test) => test.status === 'passed'))
    return { passed: true, failures: [] };
  const failures = tests
    .filter((test) => test.status === 'failed')
    .map((test) => `${test.fullName}: ${sentence(test.failureMessages[0] ?? 'failed')}`);
  if (failures.length > 0) return { passed: false, failures };
  const messages = testResults.map(({ message }) => message).filter(Boolean);
  const reason = /^\w*Error: .+$/m.exec(said)?.[0] ?? 'its test did not run';
  return { passed: false, failures: messages.length > 0 ? messages.map(sentence) : [sentence(reason)] };
}

/** The sentence in a message, without the name of the kind of error that carries it. */
function sentence(message: string): string {
  const [first = '', second = ''] = message.replace(/^(?:\w*Error: )+/, '').split('\n');
  return first.endsWith(':') ? `${first} ${second.trim()}` : first;
}
