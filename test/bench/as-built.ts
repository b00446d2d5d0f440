import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';

const FOUNDRY = 'node_modules/.lantern/foundry.cjs';
let isFoundryBuilt = false;

/**
 * The words with which node runs a script as `npm run boot` runs Lantern: the same flags, and from the foundry. Whoever is started by tsx,
 * module by module, is slower by a tenth, and nobody uses Lantern like that.
 *
 * A script may not wait for anything at its top level. The foundry is put in its place whole, since other processes build it, too.
 */
export function asBuilt(script: string): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { boot: string } };
  const [build, start] = scripts.boot.split(' && ') as [string, string];
  if (!isFoundryBuilt) {
    const draft = `${FOUNDRY}.${process.pid}`;
    must('node_modules/.bin/esbuild', build.replace(FOUNDRY, draft).split(' ').slice(1));
    renameSync(draft, FOUNDRY);
    isFoundryBuilt = true;
  }
  return [...start.split(' ').slice(1, -1), script];
}

/** Runs a script of the bench the way `npm run boot` runs Lantern. */
export function runAsBuilt(script: string, ...words: string[]): void {
  must('node', [...asBuilt(script), ...words]);
}

function must(command: string, words: string[]): void {
  const { status, error } = spawnSync(command, words, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${status}`);
}
