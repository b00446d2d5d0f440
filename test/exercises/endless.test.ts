import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
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

it('A test that loops for ever is stopped, with a sentence, and nobody goes on looping', async () => {
  const folder = join(tree, 'exercises/loop');
  const looper = join(tree, 'looper');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'exercise.test.ts'),
    `import { writeFileSync } from 'node:fs';
     import { it } from 'vitest';
     it('loops', () => { writeFileSync(${JSON.stringify(looper)}, String(process.pid)); for (;;); });`,
  );
  const outcomes = await examine(tree, '.', ['exercises/loop'], 12_000);
  expect(outcomes).toEqual([
    { passed: false, failures: [expect.stringContaining('did not come to an end in 0.2 minutes')] },
  ]);
  if (!existsSync(looper)) return; // a machine so slow that nobody had begun
  const pid = Number(readFileSync(looper, 'utf8'));
  await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false);
});
