import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Runs a script of the bench the way `npm run boot` runs Lantern: poured into one file, with the same flags. Whoever is started by tsx,
 * module by module, is slower by a tenth, and nobody uses Lantern like that.
 */
export function runAsBuilt(script: string, ...words: string[]): void {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { boot: string } };
  const [build, start] = scripts.boot.split(' && ') as [string, string];
  const poured = 'node_modules/.lantern/bench.mjs';
  const flags = (command: string) => command.split(' ').filter((word) => word.startsWith('--'));
  const elsewhere = flags(build).filter((flag) => !flag.startsWith('--out'));
  must('esbuild', [script, ...elsewhere, `--outfile=${poured}`]);
  must('node', [...flags(start), poured, ...words]);
}

function must(command: string, words: string[]): void {
  const { status, error } = spawnSync(command, words, { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} ended with ${status}`);
}
