import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One exercise: where the book states it, and where its test, hints and solution lie. */
export interface Exercise {
  /** The id of its `:::exercise` directive, and the name of its folder under `exercises/`. */
  id: string;
  /** What it is worth. */
  points: number;
  /** How long it takes somebody who has read that far. */
  minutes: number;
  /** The file that states it, relative to the root, and the line of the statement. */
  file: string;
  line: number;
  /** The statement, as the chapter has it. */
  statement: string;
  /** Its folder: `exercise.test.ts`, `hints.md`, `solution.patch`, `fails-with.txt`. */
  folder: string;
}

/**
 * Finds every exercise of the book, in reading order.
 *
 * @param root the repository
 * @throws Error when a statement and the folders under `exercises/` do not match one to one
 */
export function findExercises(root: string): Exercise[] {
  const found = chapterFiles(root).flatMap((file) => exercisesIn(root, file));
  const stated = new Set(found.map((exercise) => exercise.id));
  for (const folder of readdirSync(join(root, 'exercises'))) {
    if (!stated.has(folder))
      throw new Error(`exercises/${folder}: no chapter states :::exercise{#${folder}}`);
  }
  for (const exercise of found) checkFolder(root, exercise);
  return found;
}

const PARTS = ['exercise.test.ts', 'hints.md', 'solution.patch', 'fails-with.txt'];

function checkFolder(root: string, exercise: Exercise): void {
  for (const part of PARTS) {
    if (!existsSync(join(root, exercise.folder, part))) {
      throw new Error(
        `${exercise.file}:${exercise.line}: exercise ${exercise.id} has no ${exercise.folder}/${part}`,
      );
    }
  }
}

function chapterFiles(root: string): string[] {
  return readdirSync(join(root, 'chapters'))
    .sort()
    .flatMap((chapter) => inReadingOrder(root, `chapters/${chapter}`));
}

function inReadingOrder(root: string, folder: string): string[] {
  const index = `${folder}/index.ts`;
  if (!existsSync(join(root, index))) return [];
  const exports = readFileSync(join(root, index), 'utf8').matchAll(/^(?:export|import) .*?'\.\/([^']+)';/gms);
  return [index, ...[...exports].map((match) => `${folder}/${match[1]}`)];
}

const DIRECTIVE = /^[ *]*:::exercise\{#([\w-]+)([^}]*)\}[^\n]*\n(.*?)^[ *]*:::[ ]*$/gms;

function exercisesIn(root: string, file: string): Exercise[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(DIRECTIVE)].map((match) => {
    const [whole, id, attributes, body] = match as unknown as [string, string, string, string];
    return {
      id,
      points: numberOf(attributes, 'points'),
      minutes: numberOf(attributes, 'minutes'),
      file,
      line: text.slice(0, match.index + whole.indexOf(':::')).split('\n').length,
      statement: body.replace(/^ \* ?/gm, '').trim(),
      folder: `exercises/${id}`,
    };
  });
}

function numberOf(attributes: string, name: string): number {
  return Number(new RegExp(`\\b${name}="?(\\d+)`).exec(attributes)?.[1] ?? 0);
}
