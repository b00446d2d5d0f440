/*
 * # The notebook
 *
 * What you have done is your business. It is written down in a folder that is never committed, in a form that you
 * can read, and if you want to forget everything and begin again, you delete it.
 */

import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one reader has done so far. */
export interface Progress {
  /** Ids of the exercises whose test has passed here. */
  done: string[];
  /** Ids of those that were checked, and are not done yet: their files may be in any state. */
  begun: string[];
  /** How many hints have been asked for, by id. */
  hints: Record<string, number>;
}

/** The folder of a reader's progress and rescued work, not committed. */
export const NOTEBOOK = '.exercise';

const FILE = `${NOTEBOOK}/progress.json`;

/** Reads the notebook, or opens an empty one. @throws Error when the file is not the JSON that `saveProgress` writes */
export function loadProgress(root: string): Progress {
  const path = join(root, FILE);
  if (!existsSync(path)) return { done: [], begun: [], hints: {} };
  try {
    const { done, begun, hints } = JSON.parse(readFileSync(path, 'utf8')) as Progress;
    if (Array.isArray(done) && Array.isArray(begun) && typeof hints === 'object')
      return { done, begun, hints };
  } catch {
    // told below, like any other text that is no notebook
  }
  throw new Error(`${FILE}: not a notebook of exercises; delete it to start again`);
}

/** Writes the notebook. */
export function saveProgress(root: string, progress: Progress): void {
  mkdirSync(join(root, NOTEBOOK), { recursive: true });
  const draft = join(root, `${FILE}.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(progress, null, 2)}\n`);
  renameSync(draft, join(root, FILE)); // whole, since somebody else may be reading it
}

/** Notes where the exercise `id` stands now: done, begun, or (undefined) neither. */
export function note(root: string, id: string, state: 'done' | 'begun' | undefined): void {
  const { done, begun, hints } = loadProgress(root);
  const others = (ids: string[]) => ids.filter((other) => other !== id);
  saveProgress(root, {
    done: state === 'done' ? [...others(done), id] : others(done),
    begun: state === 'begun' ? [...others(begun), id] : others(begun),
    hints,
  });
}
