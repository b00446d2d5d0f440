import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const flagsOf = Object.entries(scripts).flatMap(([name, script]) => {
  const flags = /&& node ((?:--\S+ )+)/.exec(script)?.[1];
  return flags === undefined ? [] : [{ name, flags: flags.trim().split(' ') }];
});

test('There are three scripts that have flags for Node', () => {
  expect(flagsOf.map(({ name }) => name)).toEqual(['start', 'boot', 'book']);
});

test.each(flagsOf)('This Node knows each flag that `npm run $name` has for it', ({ flags }) => {
  const { status, stderr } = spawnSync(process.execPath, [...flags, '-e', ''], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
