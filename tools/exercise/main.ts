/*
 * # At the desk
 *
 *     npm run exercise -- hint
 *
 * Six commands, one function each. Without an id the four that take one mean the same, the first that you have not
 * done.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Exercise, findExercises } from './catalogue.ts';
import { check } from './check.ts';
import { loadProgress, NOTEBOOK, note, saveProgress } from './progress.ts';
import { copyTree, filesOf, runSuite, solve } from './proof.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

const COMMANDS: Record<string, (id: string | undefined) => boolean | Promise<boolean>> = {
  list,
  next,
  check: checkOne,
  hint,
  reset,
  prove,
};

const USAGE = `npm run exercise -- COMMAND

  list         every exercise, in the order of the book (also without a command)
  next [ID]    what it asks for
  check [ID]   run its test on your tree
  hint [ID]    one more hint
  reset [ID]   put the files it touches back as they were committed; your work is kept as a patch
  prove        solve all of them on a copy of this tree, and run every other test there

Without ID: the first exercise not done yet.`;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') console.error(`exercise: standard output: ${error.message}`);
  process.exit(1); // whoever was reading has gone home, most likely
});

try {
  const [command = 'list', id, ...more] = process.argv.slice(2);
  const action = Object.hasOwn(COMMANDS, command) && more.length === 0 ? COMMANDS[command] : undefined;
  if (!action) console.log(USAGE);
  const fine = action ? await action(id) : ['help', '--help', '-h'].includes(command);
  process.exitCode = fine ? 0 : 1;
} catch (error) {
  console.error(`exercise: ${(error as Error).message}`);
  process.exitCode = 1;
}

function choose(id: string | undefined): Exercise {
  const exercises = findExercises(ROOT);
  if (id === undefined) {
    const { done } = loadProgress(ROOT);
    const first = exercises.find((exercise) => !done.includes(exercise.id));
    if (!first) throw new Error('all done; the next one is yours to write');
    return first;
  }
  const found = exercises.find((exercise) => exercise.id === id);
  if (!found)
    throw new Error(`no exercise ${id}; there are ${exercises.map((exercise) => exercise.id).join(', ')}`);
  return found;
}

/*
 * ## Looking
 */

function list(): boolean {
  const { done } = loadProgress(ROOT);
  const exercises = findExercises(ROOT);
  for (const exercise of exercises) {
    const { id, points, minutes } = exercise;
    const mark = done.includes(id) ? 'x' : ' ';
    const worth = `${`${points}`.padStart(3)} points ${`${minutes}`.padStart(4)} min`;
    console.log(`[${mark}] ${id.padEnd(20)} ${worth}   ${placeOf(exercise)}`);
  }
  const sum = (some: Exercise[]): number => some.reduce((total, { points }) => total + points, 0);
  console.log(`\n${sum(exercises.filter(({ id }) => done.includes(id)))} of ${sum(exercises)} points`);
  return true;
}

/** Where its box stands. Whoever has solved one may have removed it, and it can be reset even so. */
function placeOf({ file, line }: Exercise): string {
  return file === '' ? 'its box is in no chapter any more' : `${file}:${line}`;
}

function next(wanted: string | undefined): boolean {
  const exercise = choose(wanted);
  const { id, points, minutes, statement } = exercise;
  console.log(`${id} (${points} points, about ${minutes} minutes), ${placeOf(exercise)}\n\n${statement}\n`);
  console.log(`Then: npm run exercise -- check ${id}`);
  return true;
}

/*
 * ## Trying
 *
 * An exercise that was done can be undone, by the next one for instance. `check` believes what it sees now.
 */

async function checkOne(wanted: string | undefined): Promise<boolean> {
  const exercise = choose(wanted);
  const { id, points } = exercise;
  console.log(`${id}: trying`);
  const { passed, failures } = await check(ROOT, exercise);
  for (const failure of failures) console.log(`  ${failure}`);
  note(ROOT, id, passed ? 'done' : 'begun');
  console.log(passed ? `${id}: done, ${points} points` : `${id}: not yet (npm run exercise -- hint ${id})`);
  return passed;
}

function hint(wanted: string | undefined): boolean {
  const { id, folder } = choose(wanted);
  const hints = readFileSync(join(ROOT, folder, 'hints.md'), 'utf8').split(/^---$/m);
  const progress = loadProgress(ROOT);
  const shown = Math.min((progress.hints[id] ?? 0) + 1, hints.length);
  console.log(`${id}, hint ${shown} of ${hints.length}\n\n${hints[shown - 1]!.trim()}`);
  saveProgress(ROOT, { ...progress, hints: { ...progress.hints, [id]: shown } });
  if (shown === hints.length) console.log(`\nThat was the last. The solution: ${folder}/solution.patch`);
  return true;
}

/*
 * ## Starting over
 *
 * Never throw away what somebody has written, least of all when they ask you to. Their patch goes into the notebook
 * first. And what they did not ask for is asked about: whoever has solved one exercise and begun another in the same
 * file, and says just *reset*, means the second, and would lose both.
 */

function reset(wanted: string | undefined): boolean {
  const exercise = choose(wanted);
  const { id } = exercise;
  const files = filesOf(ROOT, exercise);
  const others = doneIn(files, exercise);
  if (wanted === undefined && others.length > 0)
    throw new Error(`${others.join(', ')} would be undone with ${id}; if you mean it, say reset ${id}`);
  git('ls-files', '--error-unmatch', '--', ...files);
  const work = differences(files);
  if (work === '') {
    console.log(`${id}: nothing to reset, ${files.join(', ')} as committed`);
    return true;
  }
  const rescue = `${NOTEBOOK}/${id}-${new Date().toISOString().replace(/[:.]/g, '-')}.patch`;
  mkdirSync(join(ROOT, NOTEBOOK), { recursive: true });
  writeFileSync(join(ROOT, rescue), work);
  git('apply', '--check', '--reverse', '--whitespace=nowarn', rescue);
  git('checkout', 'HEAD', '--', ...files);
  note(ROOT, id, undefined);
  console.log(`${id}: ${files.join(', ')} as committed`);
  for (const other of others) {
    note(ROOT, other, 'begun');
    console.log(`${other} was done in the same files, and is no longer`);
  }
  const left = git('diff', '--name-only', '--relative', 'HEAD').split('\n').filter(Boolean);
  if (left.length > 0) console.log(`Not as committed, and left alone: ${left.join(', ')}`);
  console.log(`Your work is in ${rescue}; git apply --whitespace=nowarn ${rescue} brings it back`);
  return true;
}

/*
 * Git can be told to show differences in many ways, by colour, by somebody else's program, and not all of them can be
 * read by git. So it is told how here, and asked whether it could undo them, before anything is put back.
 */
function differences(files: readonly string[]): string {
  const plain = ['--no-ext-diff', '--no-textconv', '--no-color', '--binary', '--unified=3'];
  return git('diff', ...plain, '--src-prefix=a/', '--dst-prefix=b/', 'HEAD', '--', ...files);
}

/** Ids of the other exercises that were done in these files, too. */
function doneIn(files: readonly string[], { id }: Exercise): string[] {
  const { done } = loadProgress(ROOT);
  return findExercises(ROOT)
    .filter((other) => other.id !== id && done.includes(other.id))
    .filter((other) => filesOf(ROOT, other).some((file) => files.includes(file)))
    .map((other) => other.id);
}

function git(...words: string[]): string {
  try {
    return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: string };
    if (code === 'ENOENT') throw new Error('the files as they were are in git, and git is not installed');
    const [reason] = String(stderr || error).split('\n');
    throw new Error(`the files as they were are in git, and git ${words[0]} says: ${reason}`);
  }
}

/*
 * ## For those who make them
 *
 * The tests prove each exercise by itself. This proves them together, and takes as long as most of the tests do.
 */

function prove(): boolean {
  const exercises = findExercises(ROOT);
  const copy = copyTree(ROOT);
  try {
    for (const exercise of exercises) solve(copy, exercise);
    console.log(`solved: ${exercises.map(({ id }) => id).join(', ')}; now everything else`);
    return runSuite(
      copy,
      exercises.flatMap((exercise) => filesOf(ROOT, exercise)),
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
