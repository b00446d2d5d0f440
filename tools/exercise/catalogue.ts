/*
 * # What there is to do
 *
 * An exercise is told in a chapter and tested in a folder, and nothing connects the two but a name. Names come apart.
 * Somebody moves a paragraph, somebody else renames a folder, and a year later there is a box in the book whose
 * `check` command answers that it has never heard of it. So nobody here keeps a list. It is made afresh each time, from
 * both sides. A box without a folder is refused. A folder without a box is not, since a reader may have taken away the
 * box, or the whole chapter, and wants to put it back; it is worth nothing, and our tests mind.
 */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One exercise: where the book states it, and where its test, hints and solution lie. */
export interface Exercise {
  /** The id of its `:::exercise` directive, and the name of its folder under `exercises/`. */
  id: string;
  /** What it is worth. */
  points: number;
  /** How long it takes somebody who has read that far. */
  minutes: number;
  /** The file that states it, relative to the root, and the line of the statement; '' and 0 if none does. */
  file: string;
  line: number;
  /** The statement, as the chapter has it. */
  statement: string;
  /** Its folder, relative to the root: `exercise.test.ts`, `hints.md`, `solution.patch`, `fails-with.txt`. */
  folder: string;
}

/**
 * Finds every exercise of the book, in reading order.
 *
 * @param root the repository
 * @throws Error when one that is stated has no folder under `exercises/`, or not all in it
 */
export function findExercises(root: string): Exercise[] {
  const found = chapterFiles(root).flatMap((file) => exercisesIn(root, file));
  for (const exercise of found) checkFolder(root, exercise);
  const stated = new Set(found.map((exercise) => exercise.id));
  const lost = foldersIn(root, 'exercises').filter(({ name }) => !stated.has(name));
  return [...found, ...lost.map(({ name }) => withoutBox(name))];
}

function withoutBox(id: string): Exercise {
  const nowhere = { points: 0, minutes: 0, file: '', line: 0, statement: '(No chapter says.)' };
  return { id, ...nowhere, folder: `exercises/${id}` };
}

const PARTS = ['exercise.test.ts', 'hints.md', 'solution.patch', 'fails-with.txt'];

function checkFolder(root: string, { id, file, line, folder }: Exercise): void {
  for (const part of PARTS) {
    if (!existsSync(join(root, folder, part)))
      throw new Error(`${file}:${line}: exercise ${id} has no ${folder}/${part}`);
  }
}

function foldersIn(root: string, folder: string) {
  return readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
}

/*
 * ## In the order of the book
 *
 * The order in which a chapter is read is what its `index.ts` re-exports, and for the first exercise that you have
 * not done yet to be the *next* one, the runner has to know it, too. Three lines of pattern matching do for it what
 * the weaver does with a compiler. They may, because they are not printing anything.
 */

function chapterFiles(root: string): string[] {
  return foldersIn(root, 'chapters')
    .map(({ name }) => name)
    .sort()
    .flatMap((chapter) => inReadingOrder(root, `chapters/${chapter}`));
}

function inReadingOrder(root: string, folder: string): string[] {
  const index = `${folder}/index.ts`;
  if (!existsSync(join(root, index))) return [];
  const exports = readFileSync(join(root, index), 'utf8').matchAll(/^(?:export|import) .*?'\.\/([^']+)';/gms);
  const files = [...exports]
    .map(([, file]) => `${folder}/${file}`)
    .filter((file) => existsSync(join(root, file)));
  return [
    index,
    ...files.flatMap((file) =>
      file.endsWith('/index.ts') ? inReadingOrder(root, file.slice(0, -'/index.ts'.length)) : [file],
    ),
  ];
}

/*
 * ## The box
 *
 * A statement stands in a narrator's comment, between two lines of three colons. What the terminal shows is the same
 * text as on the page, less the stars in the margin.
 */

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
