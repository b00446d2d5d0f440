import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What one reader has done so far. */
export interface Progress {
  /** Ids of the exercises whose test has passed here. */
  done: string[];
  /** How many hints have been asked for, by id. */
  hints: Record<string, number>;
}

/** The folder of a reader's progress and rescued work, not committed. */
export const NOTEBOOK = '.exercise';

const FILE = `${NOTEBOOK}/progress.json`;

/** Reads the notebook, or opens an empty one. @throws Error when the file is not the JSON that `saveProgress` writes */
export function loadProgress(root: string): Progress {
  const path = join(root, FILE);
  if (!existsSync(path)) return { done: [], hints: {} };
  try {
    const { done, hints } = JSON.parse(readFileSync(path, 'utf8')) as Progress;
    if (Array.isArray(done) && typeof hints === 'object') return { done, hints };
  } catch {
    // told below, like any other text that is no notebook
  }
  throw new Error(`${FILE}: not a notebook of exercises; delete it to start again`);
}

/** Writes the notebook. */
export function saveProgress(root: string, progress: Progress): void {
  mkdirSync(join(root, NOTEBOOK), { recursive: true });
  writeFileSync(join(root, FILE), `${JSON.stringify(progress, null, 2)}\n`);
}
