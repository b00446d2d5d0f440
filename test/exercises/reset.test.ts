import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findExercises } from '../../tools/exercise/catalogue.ts';
import { filesOf } from '../../tools/exercise/proof.ts';
import { note } from '../../tools/exercise/progress.ts';
import { copyTree } from '../../tools/exercise/proof.ts';

const ROOT = join(import.meta.dirname, '../..');
const tree = copyTree(ROOT);
afterAll(() => rmSync(tree, { recursive: true, force: true }));

const git = (...words: string[]) =>
  execFileSync('git', ['-c', 'user.name=Reader', '-c', 'user.email=reader@example.org', ...words], {
    cwd: tree,
    encoding: 'utf8',
  });

it('Starting over keeps the work, however git has been told to show differences, and forgets what else was done there', () => {
  git('init', '-q');
  git('add', 'chapters', 'src');
  git('commit', '-q', '-m', 'as it was');
  git('config', 'color.ui', 'always');
  git('config', 'diff.noprefix', 'true');
  git('config', 'diff.external', 'false');

  const exercises = findExercises(tree);
  const files = (id: string) => filesOf(tree, exercises.find((one) => one.id === id)!);
  const sharing = (id: string) =>
    exercises.find((other) => other.id !== id && files(other.id).some((file) => files(id).includes(file)));
  const { id } = exercises.find((one) => sharing(one.id) !== undefined)!;
  const other = sharing(id)!;
  note(tree, other.id, 'done');
  const file = join(tree, files(id)[0]!);
  const before = readFileSync(file, 'utf8');
  const mine = before.replace('\n', '\n// mine\n');
  writeFileSync(file, mine);

  const run = (...words: string[]) => {
    const all = ['--import', 'tsx', join(tree, 'tools/exercise/main.ts'), ...words];
    const { stdout, stderr, status } = spawnSync(process.execPath, all, { cwd: tree, encoding: 'utf8' });
    return { stdout, stderr, status };
  };

  for (const { id: first } of exercises) if (first !== id) note(tree, first, 'done');
  const refused = run('reset'); // the only one that is not done, but another would go with it
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain(`would be undone with ${id}`);
  expect(readFileSync(file, 'utf8')).toBe(mine);

  const elsewhere = 'src/terminal/boot.ts';
  writeFileSync(join(tree, elsewhere), '// mine, too');
  rmSync(join(tree, exercises.find((one) => one.id === id)!.file)); // what states it is gone
  const { stdout, stderr, status } = run('reset', id);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout).toContain(elsewhere);
  expect(stdout).toContain(`${other.id} was done in the same files`);
  expect(readFileSync(file, 'utf8')).toBe(before);
  const patch = readdirSync(join(tree, '.exercise')).find((name) => name.endsWith('.patch'))!;
  git('apply', `.exercise/${patch}`);
  expect(readFileSync(file, 'utf8')).toBe(mine);
});
