/*
 * # Who examines the exercises
 *
 * An exercise can be wrong in more ways than a program. It can be impossible. It can be passed by doing nothing. Its
 * solution can be to a program that was rewritten in spring. It can be right, and break something at the other end
 * of the house, as tests of exercises look at one thing and a hypervisor is made of all of them.
 *
 * The remedy is to take it, on a copy of the whole tree, so that nothing happens to the one you are working on. The
 * packages are not copied. They are two hundred megabytes, and nobody changes them.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Exercise } from './catalogue.ts';

const LEFT_BEHIND = ['node_modules', 'test/bench/node_modules', '.git', '.exercise', 'book/html'];

/**
 * Copies the tree at `root` into a new temporary folder, which is the caller's to remove.
 *
 * @param names of copies to make in it; without any, the folder itself is the copy
 */
export function copyTree(root: string, ...names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'lantern-tree-'));
  const filter = (path: string) => !LEFT_BEHIND.includes(relative(root, path));
  for (const name of names.length > 0 ? names : ['.'])
    cpSync(root, join(folder, name), { recursive: true, filter });
  linkPackages(join(root, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/**
 * Each by itself, and not the folder around them, into which Lantern is built: a link would build a copy's into the
 * original.
 */
function linkPackages(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name !== '.lantern') symlinkSync(join(from, name), join(to, name));
  }
}

/** Changes the tree at `root` as the solution does. @throws Error when the patch does not fit */
export function solve(root: string, exercise: Exercise): void {
  patch(root, exercise);
}

/** Takes back what `solve` did. */
export function unsolve(root: string, exercise: Exercise): void {
  patch(root, exercise, '--reverse');
}

function patch(root: string, { id, folder }: Exercise, ...options: string[]): void {
  try {
    execFileSync('git', ['apply', ...options, `${folder}/solution.patch`], { cwd: root, stdio: 'pipe' });
  } catch (error) {
    const [reason] = String((error as { stderr?: Buffer }).stderr ?? error).split('\n');
    throw new Error(`the solution of ${id} does not fit this tree: ${reason}`);
  }
}

/** What the test complains of as long as nothing has been done. */
export function statedReason(root: string, { folder }: Exercise): string {
  return readFileSync(join(root, folder, 'fails-with.txt'), 'utf8').trim();
}

/** The files that the solution changes. */
export function filesOf(root: string, { folder }: Exercise): string[] {
  const patch = readFileSync(join(root, folder, 'solution.patch'), 'utf8');
  return [...patch.matchAll(/^--- a\/(.+)$/gm)].map((match) => match[1]!);
}

/*
 * ## All at once
 *
 * The last proof is for the reader who does them all, and keeps them. Every solution is applied, one on top of the
 * other, and then the book's whole suite has to pass on a program that none of its authors has in front of them. The
 * suite's own look at the exercises is left out: on that tree, they are done. And its look at the screens that the book
 * shows, since pup has more to say there.
 *
 * And one thing more, to save two minutes. The silicon, the assembler and the small internet know no chapter, the lint
 * sees to that. The tangler and the weaver do read chapters, but most of their tests give them others, made for the
 * purpose. As long as no solution changes *them*, those tests have nothing to say that they have not said.
 */
const FOUNDATIONS = ['src/processor', 'src/assembler', 'src/network', 'tools/tangle', 'tools/weave'];
const TESTS_OF_FOUNDATIONS = [
  'test/{processor,compiler,silicon,assembler,network,bench}/**',
  'test/tangle/{errors,expressions,language}.test.ts',
  'test/weave/{again,book,comments,proofs,trails}.test.ts',
];

/**
 * Runs the suite on the tree at `root`, in which `changed` differ, with what it prints on the screen. Returns whether
 * all of it passed.
 */
export function runSuite(root: string, changed: readonly string[]): boolean {
  const deep = changed.some((file) => FOUNDATIONS.some((room) => file.startsWith(`${room}/`)));
  const left = ['test/exercises/**', 'test/guest/told.test.ts', ...(deep ? [] : TESTS_OF_FOUNDATIONS)];
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const options = left.flatMap((pattern) => ['--exclude', pattern]);
  const run = spawnSync(process.execPath, [vitest, 'run', ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  return run.status === 0;
}
