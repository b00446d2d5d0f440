import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findExercises, type Exercise } from './catalogue.ts';
import { check } from './check.ts';
import { loadProgress, NOTEBOOK, saveProgress } from './progress.ts';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '../..');

const COMMANDS: Record<string, (id: string | undefined) => boolean> = {
  list,
  next,
  check: checkOne,
  hint,
  reset,
};

const USAGE = `npm run exercise -- COMMAND

  list         every exercise, in the order of the book (also without a command)
  next         the statement of the first one not done yet
  check [ID]   run its test on your tree
  hint [ID]    one more hint
  reset [ID]   put the files it touches back as they were committed; your work is kept as a patch

Without ID: the first exercise not done yet.`;

try {
  const [command = 'list', id] = process.argv.slice(2);
  const action = COMMANDS[command];
  if (!action) console.log(USAGE);
  const fine = action ? action(id) : ['help', '--help', '-h'].includes(command);
  process.exitCode = fine ? 0 : 1;
} catch (error) {
  console.error(`exercise: ${(error as Error).message}`);
  process.exitCode = 1;
}

function list(): boolean {
  const { done } = loadProgress(ROOT);
  const exercises = findExercises(ROOT);
  for (const { id, points, minutes, file, line } of exercises) {
    const mark = done.includes(id) ? 'x' : ' ';
    console.log(
      `[${mark}] ${id.padEnd(20)} ${`${points}`.padStart(3)} points ${`${minutes}`.padStart(3)} min   ${file}:${line}`,
    );
  }
  const sum = (some: Exercise[]): number => some.reduce((total, { points }) => total + points, 0);
  console.log(`\n${sum(exercises.filter(({ id }) => done.includes(id)))} of ${sum(exercises)} points`);
  return true;
}

function next(): boolean {
  const exercise = choose(undefined);
  const { id, points, minutes, file, line, statement } = exercise;
  console.log(`${id} (${points} points, about ${minutes} minutes), ${file}:${line}\n\n${statement}\n`);
  console.log(`Then: npm run exercise -- check ${id}`);
  return true;
}

function checkOne(id: string | undefined): boolean {
  const exercise = choose(id);
  const { passed, failures } = check(ROOT, exercise);
  for (const failure of failures) console.log(`  ${failure}`);
  const progress = loadProgress(ROOT);
  const others = progress.done.filter((done) => done !== exercise.id);
  saveProgress(ROOT, { ...progress, done: passed ? [...others, exercise.id] : others });
  console.log(passed ? `${exercise.id}: done, ${exercise.points} points` : `${exercise.id}: not yet`);
  return passed;
}

function hint(id: string | undefined): boolean {
  const exercise = choose(id);
  const hints = readFileSync(join(ROOT, exercise.folder, 'hints.md'), 'utf8').split(/^---$/m);
  const progress = loadProgress(ROOT);
  const shown = Math.min((progress.hints[exercise.id] ?? 0) + 1, hints.length);
  console.log(`${exercise.id}, hint ${shown} of ${hints.length}\n\n${hints[shown - 1]!.trim()}`);
  saveProgress(ROOT, { ...progress, hints: { ...progress.hints, [exercise.id]: shown } });
  if (shown === hints.length)
    console.log(`\nThat was the last. The solution: ${exercise.folder}/solution.patch`);
  return true;
}

function reset(id: string | undefined): boolean {
  const exercise = choose(id);
  const files = filesOf(exercise);
  const work = git('diff', 'HEAD', '--', ...files);
  if (work === '') {
    console.log(`${exercise.id}: nothing to reset, ${files.join(', ')} as committed`);
    return true;
  }
  const rescue = `${NOTEBOOK}/${exercise.id}-${new Date().toISOString().replace(/[:.]/g, '-')}.patch`;
  mkdirSync(join(ROOT, NOTEBOOK), { recursive: true });
  writeFileSync(join(ROOT, rescue), work);
  git('checkout', 'HEAD', '--', ...files);
  const progress = loadProgress(ROOT);
  saveProgress(ROOT, { ...progress, done: progress.done.filter((done) => done !== exercise.id) });
  console.log(
    `${exercise.id}: ${files.join(', ')} as committed; your work is in ${rescue} (git apply brings it back)`,
  );
  return true;
}

/** Files that the solution changes, which exist in the committed tree. */
function filesOf(exercise: Exercise): string[] {
  const patch = readFileSync(join(ROOT, exercise.folder, 'solution.patch'), 'utf8');
  return [...patch.matchAll(/^--- a\/(.+)$/gm)].map((match) => match[1]!);
}

function git(...words: string[]): string {
  return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8' });
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
