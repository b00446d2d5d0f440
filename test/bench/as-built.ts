import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Pours a script of the bench into one file, as `npm run boot` does with Lantern. Whoever is started by tsx, module by module, is slower
 * by a tenth, and nobody uses Lantern like that.
 *
 * @param name of the file in `node_modules/.lantern`
 * @returns the words with which node runs it: the flags of `npm run boot`, and the file
 */
export function pour(script: string, name: string): string[] {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { boot: string } };
  const [build, start] = scripts.boot.split(' && ') as [string, string];
  const poured = `node_modules/.lantern/${name}.mjs`;
  const flags = (command: string) => command.split(' ').filter((word) => word.startsWith('--'));
  const elsewhere = flags(build).filter((flag) => !flag.startsWith('--out'));
  must('node_modules/.bin/esbuild', [script, ...elsewhere, `--outfile=${poured}`]);
  return [...flags(start), poured];
}

/** Runs a script of the bench the way `npm run boot` runs Lantern. */
export function runAsBuilt(script: string, ...words: string[]): void {
  must('node', [...pour(script, 'bench'), ...words]);
}

function must(command: string, words: string[]): void {
  const { status, error } = spawnSync(command, words, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${status}`);
}
