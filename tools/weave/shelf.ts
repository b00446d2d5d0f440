/*
 * # The shelf
 *
 * Not everything in a book comes from the sources. There is a front page, a theme, a drawing or two that would not
 * fit into a comment. They lie in `book`, as they are.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from './directory.ts';
import type { Complaints } from './problems.ts';

/** What lies in `book` and `exercises`: front matter, theme, drawings, and the folders the exercises need. */
export interface Shelf {
  /** The text of `book/front.md`. */
  front: string;
  /** The theme, by the path it has in the book. */
  assets: Map<string, Uint8Array>;
  /** The HTML of a figure that lies in `book/figures`, or undefined. */
  drawing(id: string): string | undefined;
}

export const FRONT = 'book/front.md';

/*
 * ## Taking things down
 */
export function readShelf(root: string, complaints: Complaints): Shelf {
  const front = join(root, FRONT);
  if (!existsSync(front)) complaints.add(FRONT, 1, 'is missing: the book has no front page');
  const theme = join(root, 'book/theme');
  const names = existsSync(theme) ? readdirSync(theme).filter((name) => !name.startsWith('.')) : [];
  const files = names.filter((name) => statSync(join(theme, name), { throwIfNoEntry: false })?.isFile());
  for (const name of names)
    if (!files.includes(name))
      complaints.add(`book/theme/${name}`, 1, 'is no file: a theme has nothing else in it');
  return {
    front: existsSync(front) ? readFileSync(front, 'utf8') : '# Untitled\n',
    assets: new Map(files.map((name) => [`assets/${name}`, readFileSync(join(theme, name))])),
    drawing: (id) => drawingIn(join(root, 'book/figures'), id),
  };
}

function drawingIn(folder: string, id: string): string | undefined {
  const svg = join(folder, `${id}.svg`);
  if (existsSync(svg)) return readFileSync(svg, 'utf8').replace(/^<\?xml.*?\?>\s*/, '');
  const text = join(folder, `${id}.txt`);
  if (!existsSync(text)) return undefined;
  const drawn = readFileSync(text, 'utf8').trimEnd().replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<pre class="drawing" tabindex="0">${drawn}</pre>`;
}

/*
 * ## Homework, counted
 *
 * Every exercise that is stated has its folder with a test and hints; every folder is stated. An exercise without a
 * test is an opinion, and a test without a statement is a trap.
 */
/** Every exercise stated in the book has its folder, no two have the same, and no folder lacks its statement. */
export function checkExercises(root: string, pages: readonly Page[], complaints: Complaints): void {
  const stated = new Map<string, string>();
  for (const { file, survey } of pages) {
    for (const { id, line } of survey.exercises) {
      const other = stated.get(id);
      if (other) complaints.add(file, line, `states exercise ${id}, which ${other} states too`);
      else if (!existsSync(join(root, 'exercises', id)))
        complaints.add(file, line, `states exercise ${id}, but there is no exercises/${id}`);
      stated.set(id, file);
    }
  }
  const folder = join(root, 'exercises');
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !stated.has(entry.name)) {
      complaints.add(
        `exercises/${entry.name}`,
        1,
        `is stated nowhere: write :::exercise{#${entry.name} …} where it belongs`,
      );
    }
  }
}
