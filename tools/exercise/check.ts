/*
 * # The examiner
 *
 * A test runner talks to people who write tests. Its report has a diff, a stack and the source around it, and the
 * sentence that helps is somewhere in between. Whoever takes an exercise should see that sentence and nothing else,
 * so we run vitest with its mouth shut, have it write everything into a file, and read out the first line of each
 * complaint.
 */

import { spawn } from 'node:child_process';
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
    name: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Milliseconds that the test of one exercise may take: several times what a slow machine needs. */
const PATIENCE = 180_000;

/**
 * Runs the test of one exercise on the tree at `root`, for three minutes at most.
 *
 * @throws Error when the test runner itself did not get anywhere
 */
export async function check(root: string, exercise: Exercise): Promise<Outcome> {
  const [outcome] = await examine(root, '.', [exercise.folder], PATIENCE);
  return outcome!;
}

/*
 * To start a test runner takes longer than most of the tests. Whoever takes an exercise waits for it once; but the
 * proof of all exercises wants a dozen answers, from trees that differ in a patch. So all are asked in one go, and the
 * report is taken apart by the names of the files.
 */
/**
 * Runs the tests of many exercises, perhaps in many trees, in one go of the test runner.
 *
 * @param root a folder with `node_modules`, and somewhere under it the trees
 * @param tree the one, relative to `root`, that has the runner's configuration
 * @param folders of exercises, relative to `root`
 * @param patience milliseconds after which it is stopped, and nobody has passed
 * @throws Error when the test runner itself did not get anywhere
 */
export async function examine(
  root: string,
  tree: string,
  folders: readonly string[],
  patience?: number,
): Promise<Outcome[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lantern-exercise-'));
  const file = join(folder, 'report.json');
  try {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs');
    const config = join(tree, 'exercises/vitest.config.ts');
    const tests = folders.map((folder) => join(folder, 'exercise.test.ts'));
    const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const words = [vitest, 'run', '--root', '.', '--config', config, ...report, ...tests];
    const said = await listenTo(words, root, patience);
    if (said === undefined) return folders.map(() => ({ passed: false, failures: [endless(patience!)] }));
    const { testResults } = JSON.parse(readReport(file, said)) as Report;
    return tests.map((test) =>
      outcome(
        testResults.filter(({ name }) => name.endsWith(`/${test}`)),
        complaintsOf(test, said),
      ),
    );
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
 * ## Without end
 *
 * The commonest mistake in a loop is that it has no end. No test runner can help there, however long the list of its
 * time limits: a loop in JavaScript is interrupted by nobody but the operating system. And it is not the runner that
 * loops, but a child of its own, which would loop on behind its back. So all of them are put into one group, and the
 * group is ended when our patience is, or when you go: by ^C, or by closing the window.
 */
function endless(patience: number): string {
  return `its test did not come to an end in ${patience / 60_000} minutes, and was stopped: is there a loop without one?`;
}

const LEAVING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What node says when it is run with `words`; undefined if it had to be stopped. */
function listenTo(
  words: readonly string[],
  cwd: string,
  patience: number | undefined,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, {
      cwd,
      detached: true, // a group of its own
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    let isEndless = false;
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // all of them have just gone by themselves
      }
    };
    const giveUp = (_signal: NodeJS.Signals, number: number) => {
      end();
      process.exit(128 + number); // as a shell counts those who die of a signal
    };
    for (const signal of LEAVING) process.on(signal, giveUp);
    const alarm = setTimeout(() => {
      isEndless = true;
      end();
    }, patience ?? LONGEST_TIMER);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(alarm);
      for (const signal of LEAVING) process.off(signal, giveUp);
      resolve(isEndless ? undefined : said);
    });
  });
}

const LONGEST_TIMER = 0x7fffffff; // what setTimeout takes, in milliseconds

/*
 * ## What counts as passed
 *
 * Not the absence of failures. A file that does not even compile has no tests, and none of them fails. A Guest that
 * does not boot takes its tests along before they have begun, and then they are merely *skipped*; the report does
 * not say why, so we look for the reason in what was printed for people. Passed is what has been tried, all of it,
 * and held.
 */

function outcome(testResults: Report['testResults'], said: string): Outcome {
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

/** What was printed for people, from the first failure in the file `test` on. */
function complaintsOf(test: string, said: string): string {
  const at = said.indexOf(` FAIL  ${test}`);
  return at < 0 ? '' : said.slice(at);
}

/** The sentence in a message, without the name of the kind of error that carries it, and what the test runner adds. */
function sentence(message: string): string {
  const [first = '', second = ''] = message
    .replace(/^(?:\w*Error: )+/, '')
    .replace(/ \/\/ Object\.is equality$/m, '')
    .split('\n');
  return first.endsWith(':') ? `${first} ${second.trim()}` : first;
}
