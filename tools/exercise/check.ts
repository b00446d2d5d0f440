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
    const options = ['--config', 'exercises/vitest.config.ts', '--reporter=json', `--outputFile=${file}`];
    const run = spawnSync(process.execPath, [vitest, 'run', ...options, test], {
      cwd: root,
      encoding: 'utf8',
    });
    return outcome(JSON.parse(readReport(file, run.stderr)) as Report);
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
 * Not the absence of failures. A file that does not even compile has no tests, and none of them fails; a Guest that
 * does not boot takes its tests along before they have begun, and they are merely *skipped*. Passed is what has been
 * tried, all of it, and held.
 */

function outcome({ testResults }: Report): Outcome {
  const tests = testResults.flatMap((file) => file.assertionResults);
  const failed = tests.filter((test) => test.status === 'failed');
  const unable = testResults.filter(({ message }) => message !== '');
  return {
    passed: tests.length > 0 && tests.every((test) => test.status === 'passed') && unable.length === 0,
    failures: [
      ...failed.map((test) => `${test.fullName}: ${firstLine(test.failureMessages[0] ?? 'failed')}`),
      ...(failed.length === 0 ? unable.map(({ message }) => firstLine(message)) : []),
    ],
  };
}

/** The sentence, without the name of the kind of error that carries it. */
function firstLine(message: string): string {
  return message.split('\n')[0]!.replace(/^(?:Assertion)?Error: /, '');
}
