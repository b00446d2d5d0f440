import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { symlinkSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { boot: string } };
const FOLDER = 'node_modules/.lantern';
const FOUNDRY = `${FOLDER}/foundry.cjs`;

let root: string;

/** A repository with nothing in it but the foundry, and what it looks at. */
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lantern-foundry-'));
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'src/terminal/foundry.ts']) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    source(file, readFileSync(file, 'utf8'));
  }
  mkdirSync(join(root, FOLDER), { recursive: true });
  for (const name of ['esbuild', 'tsx']) {
    symlinkSync(resolve('node_modules', name), join(root, 'node_modules', name));
  }
  const [build] = scripts.boot.split(' && ') as [string];
  const { status } = spawnSync(resolve('node_modules/.bin/esbuild'), build.split(' ').slice(1), {
    cwd: root,
  });
  expect(status).toBe(0);
  source('src/word.ts', "export const word: string = 'one';");
  source(
    'src/program.ts',
    "import { word } from './word.ts';\nconsole.log(word, process.argv.slice(2).join());",
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Each source is saved a second after the one before, and all of them long ago. */
let saved = 1_000_000_000;
function source(file: string, text: string): void {
  writeFileSync(join(root, file), text);
  utimesSync(join(root, file), saved, saved);
  saved++;
}

function run(script: string, ...words: string[]) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, FOUNDRY), script, ...words], {
    encoding: 'utf8',
    cwd: tmpdir(),
  });
  return { stdout, stderr, status };
}

function kept(): string[] {
  return readdirSync(join(root, FOLDER)).filter((name) => name.endsWith('.code'));
}

test('a program runs with its words, and again when there is nobody who could pour it', () => {
  expect(run('src/program.ts', 'a', '--b')).toEqual({ stdout: 'one a,--b\n', stderr: '', status: 0 });
  unlinkSync(join(root, 'node_modules/esbuild'));
  expect(run('src/program.ts', 'c')).toEqual({ stdout: 'one c\n', stderr: '', status: 0 });
});

test('a word of the same length in a source that it imports is seen at once', () => {
  run('src/program.ts');
  source('src/word.ts', "export const word: string = 'two';");
  expect(run('src/program.ts').stdout).toBe('two \n');
});

test('a source that has become older is another source', () => {
  run('src/program.ts');
  source('src/word.ts', "export const word: string = 'old';");
  utimesSync(join(root, 'src/word.ts'), 1, 1);
  expect(run('src/program.ts').stdout).toBe('old \n');
});

test('a source that has gone is missed, with its name and no trace of a stack', () => {
  run('src/program.ts');
  unlinkSync(join(root, 'src/word.ts'));
  const { stdout, stderr, status } = run('src/program.ts');
  expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  expect(stderr).toContain('Could not resolve "./word.ts"');
  expect(stderr).toContain('src/program.ts:1:21');
  expect(stderr).not.toContain('    at ');
});

test('a mistake is told where it is, and forgotten when it is mended', () => {
  source('src/word.ts', 'export const word: string = ;');
  const { stderr, status } = run('src/program.ts');
  expect(status).toBe(1);
  expect(stderr).toContain('src/word.ts:1:28');
  expect(stderr).not.toContain('    at ');
  source('src/word.ts', "export const word: string = 'yes';");
  expect(run('src/program.ts').stdout).toBe('yes \n');
});

test('what V8 has compiled is kept of a life of more than a second, used, and thrown away with the program', () => {
  source('src/program.ts', "setTimeout(() => console.log('at work'), 1100);");
  run('src/program.ts');
  const [code] = kept();
  expect(code).toMatch(/^src\+program\..*\.code$/);
  const before = statSync(join(root, FOLDER, code!)).mtimeMs;
  expect(run('src/program.ts').stdout).toBe('at work\n');
  expect(kept()).toEqual([code]);
  expect(statSync(join(root, FOLDER, code!)).mtimeMs).toBe(before); // taken, or it would have been made anew
  source('src/program.ts', "console.log('another');");
  expect(run('src/program.ts').stdout).toBe('another\n');
  expect(kept()).not.toContain(code);
});

test('a source that is being written just now is looked at again', () => {
  writeFileSync(join(root, 'src/word.ts'), "export const word: string = 'now';");
  const { mtimeMs } = statSync(join(root, 'src/word.ts'));
  expect(run('src/program.ts').stdout).toBe('now \n');
  writeFileSync(join(root, 'src/word.ts'), "export const word: string = 'two';");
  utimesSync(join(root, 'src/word.ts'), mtimeMs / 1000, mtimeMs / 1000); // within one tick of a slow clock
  expect(run('src/program.ts').stdout).toBe('two \n');
});

test('two programs of which one seems to have the name of the other', () => {
  mkdirSync(join(root, 'src/program'));
  source('src/program/other.ts', "console.log('one');");
  source('src/program-other.ts', "console.log('another');");
  expect(run('src/program/other.ts').stdout).toBe('one\n');
  expect(run('src/program-other.ts').stdout).toBe('another\n');
  expect(run('src/program/other.ts').stdout).toBe('one\n');
});

test('what was poured and is broken is poured again, and a file that has a say need not be there', () => {
  unlinkSync(join(root, 'package-lock.json'));
  run('src/program.ts');
  writeFileSync(join(root, FOLDER, 'src+program.cjs'), '');
  expect(run('src/program.ts')).toEqual({ stdout: 'one \n', stderr: '', status: 0 });
  writeFileSync(join(root, FOLDER, 'src+program.cjs'), '//{"id":');
  expect(run('src/program.ts')).toEqual({ stdout: 'one \n', stderr: '', status: 0 });
});

test('a program finds its packages, and itself, and imports what it only needs later, each time', () => {
  source('src/later.ts', "export const later: string = 'later';");
  source(
    'src/program.ts',
    `import { fileURLToPath } from 'node:url';
     import { version } from 'esbuild';
     const isItself = process.argv[1] === fileURLToPath(import.meta.url);
     setTimeout(async () => {
       const { later } = await import('./later.ts');
       console.log(isItself, typeof version, later);
     }, 1100);`,
  );
  for (let time = 0; time < 2; time++) {
    expect(run('src/program.ts')).toEqual({ stdout: 'true string later\n', stderr: '', status: 0 });
    expect(kept()).toHaveLength(1);
  }
});

test('LANTERN_DEBUG=1 tells the line of the source, and what is wrong with it', () => {
  source('src/fails.ts', "type Word = string;\n\nthrow new Error('no' satisfies Word);");
  const debug = spawnSync(process.execPath, [join(root, FOUNDRY), 'src/fails.ts'], {
    encoding: 'utf8',
    env: { ...process.env, LANTERN_DEBUG: '1' },
  });
  expect(debug.stderr).toMatch(/Error: no\n.*src\/fails\.ts:3:/);
  expect(debug.status).toBe(1);
});
