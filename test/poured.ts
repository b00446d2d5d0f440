import { renameSync } from 'node:fs';
import { basename } from 'node:path';
import { pour } from './bench/as-built.ts';

const poured = new Map<string, string[]>();

/**
 * The words with which node runs a script as `npm run boot` runs Lantern: the same flags, and one file instead of two hundred. Poured
 * once for all tests of a process, and put in its place whole, since other processes pour at the same time.
 */
export function asPoured(script: string): string[] {
  const known = poured.get(script);
  if (known) return known;
  const name = `tested-${basename(script, '.ts')}`;
  const words = pour(script, `${name}-${process.pid}`);
  const file = `node_modules/.lantern/${name}.mjs`;
  renameSync(words.pop()!, file);
  words.push(file);
  poured.set(script, words);
  return words;
}

/** The words with which node runs the launcher as `npm run boot` does. */
export const launcher = (): string[] => asPoured('src/terminal/boot.ts');
