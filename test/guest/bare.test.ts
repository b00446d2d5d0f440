import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { buildBarePup } from '../../tools/tangle/pup.ts';
import { runBare } from '../bare-machine.ts';

const pup = buildBarePup((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

it('boots in ring 0 with no Host underneath, runs one program and switches itself off', () => {
  const { said, exit } = runBare(pup, 'run=primes 2000');
  expect(said).toContain('303 primes up to 2000\n');
  expect(exit).toBe(0);
});

it('says by its exit port that it panicked', () => {
  const { said, exit } = runBare(pup, 'run=panic');
  expect(said).toContain('panic');
  expect(exit).toBe(1);
});

it('retires the same number of instructions every time', () => {
  expect(runBare(pup, 'run=syscall 100')).toEqual(runBare(pup, 'run=syscall 100'));
});
