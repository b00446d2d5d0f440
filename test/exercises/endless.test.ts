import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { examine } from '../../tools/exercise/check.ts';
import { copyTree } from '../../tools/exercise/proof.ts';

const tree = copyTree(join(import.meta.dirname, '../..'));
afterAll(() => rmSync(tree, { recursive: true, force: true }));

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0); // signal 0 only asks
  } catch {
    return false;
  }
}

const LOOPER = join(tree, 'looper');

beforeAll(() => {
  const folder = join(tree, 'exercises/loop');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'exercise.test.ts'),
    `import { writeFileSync } from 'node:fs';
     import { it } from 'vitest';
     it('loops', () => { writeFileSync(${JSON.stringify(LOOPER)}, String(process.pid)); for (;;); });`,
  );
});
beforeEach(() => rmSync(LOOPER, { force: true }));

const looperEnds = () =>
  expect.poll(() => isThere(Number(readFileSync(LOOPER, 'utf8'))), { timeout: 10_000 }).toBe(false);

it('A test that loops for ever is stopped, with a sentence, and nobody goes on looping', async () => {
  const outcomes = await examine(tree, '.', ['exercises/loop'], 12_000);
  expect(outcomes).toEqual([
    { passed: false, failures: [expect.stringContaining('did not come to an end in 0.2 minutes')] },
  ]);
  if (existsSync(LOOPER)) await looperEnds(); // on a machine so slow nobody had begun
});

it.each([
  'SIGINT',
  'SIGHUP',
  'SIGTERM',
] as const)('Whoever leaves by %s takes the test along', async (signal) => {
  const program = `import { examine } from './tools/exercise/check.ts';
    await examine('.', '.', ['exercises/loop']);`;
  const words = ['--import', 'tsx', '--input-type=module', '--eval', program];
  const child = spawn(process.execPath, words, { cwd: tree, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.on('exit', (code) => resolve(code)));
  await expect.poll(() => existsSync(LOOPER), { timeout: 120_000 }).toBe(true);
  await expect.poll(() => readFileSync(LOOPER, 'utf8'), { timeout: 10_000 }).not.toBe('');
  child.kill(signal);
  expect(await ended).toBe(128 + constants.signals[signal]);
  await looperEnds();
});
