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

/** Runs the test of one exercise on the tree at `root`. */
export function check(root: string, exercise: Exercise): Outcome {
  const folder = mkdtempSync(join(tmpdir(), 'lantern-exercise-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const test = `${exercise.folder}/exercise.test.ts`;
    const options = [
      'run',
      '--config',
      'exercises/vitest.config.ts',
      '--reporter=json',
      `--outputFile=${file}`,
    ];
    const run = spawnSync(process.execPath, [vitest, ...options, test], { cwd: root, encoding: 'utf8' });
    return outcome(JSON.parse(readReport(file, run.stderr)) as Report);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readReport(file: string, said: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new Error(`the test runner wrote no report; it said: ${said.trim().split('\n')[0] ?? 'nothing'}`);
  }
}

function outcome(report: Report): Outcome {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const failed = tests.filter((test) => test.status === 'failed');
  const broken = report.testResults.filter((file) => file.assertionResults.length === 0);
  return {
    passed: tests.length > 0 && failed.length === 0 && broken.length === 0,
    failures: [
      ...failed.map((test) => `${test.fullName}: ${firstLine(test.failureMessages[0] ?? '')}`),
      ...broken.map((file) => firstLine(file.message)),
    ],
  };
}

function firstLine(message: string): string {
  return message.split('\n')[0]!;
}
