/*
 * # The foundry
 *
 * Our programs are three to four hundred modules each, in a language that Node 20 does not read. Somebody must take the
 * types out and pour what is left into one file. esbuild does that in a fifth of a second. Then Node reads the file,
 * and V8 compiles each function when it is called for the first time, which is another fifth. And on the next day the
 * same again, for the same program.
 *
 * So what was poured is kept, and what V8 made of it as well, for as long as nobody changes a source. A Linux is at its
 * shell in 0.88 of the time.
 *
 * This file is what `npm start`, `npm run boot` and `npm run book` run, with the name of a program behind it. It is
 * poured each time, a hundred lines of it, in the time of a blink.
 */

import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** This file runs poured, as `node_modules/.lantern/foundry.cjs`. */
const FOLDER = dirname(resolve(process.argv[1]!));
const ROOT = resolve(FOLDER, '../..');

/*
 * ## Is it still the same?
 *
 * The first line of what was poured says what it was poured from, as a comment: each source, its size, and when it was
 * last changed. If that is another time than then, we pour anew. It need not be a later one: who unpacks an old copy
 * over a file wants to see the old copy run.
 *
 * The list is esbuild's, of what it has read. Four files that it does not mention have a say as well.
 */
/** A source: its bytes and when it was last changed (ms), -1 for both if there is none. */
type Source = readonly [path: string, bytes: number, changed: number];

/** The first line: a number of its own, and what it was made from. */
interface Imprint {
  readonly id: string;
  readonly sources: readonly Source[];
}

const SILENT_SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'src/terminal/foundry.ts'];

function lookAt(path: string): Source {
  const found = statSync(`${ROOT}/${path}`, { throwIfNoEntry: false });
  return [path, found?.size ?? -1, found?.mtimeMs ?? -1];
}

/** What stands in the first line; undefined if that is no imprint, or nothing was poured. */
function imprintOf(text: string | undefined): Imprint | undefined {
  try {
    return text && JSON.parse(text.slice(2, text.indexOf('\n')));
  } catch {
    return undefined;
  }
}

function isStillTrue({ sources }: Imprint): boolean {
  return sources.every(([path, bytes, changed]) => {
    const [, bytesNow, changedNow] = lookAt(path);
    return bytesNow === bytes && changedNow === changed;
  });
}

/*
 * ## Pouring
 *
 * What comes out is a function, in which a module finds `require`, `module` and its own address among the arguments.
 * That is how it was done before modules had a syntax; of those that have one, Node 20 lets us keep nothing without a
 * flag that says *experimental*. But a function of this kind may not wait for anything at its top level, and so none of
 * our programs does. It lies in another folder than its source, but in one of the same depth, so `../..` is the same
 * place from both.
 *
 * Whoever saves a file while esbuild is reading must not have the old text for ever, nor who saves twice within one
 * tick of a disk that counts in seconds. So a source that is younger than two seconds is noted down with a time that
 * never was, and the next time it is poured again.
 */
/** Milliseconds for which a source is too young to be trusted. */
const YOUTH = 2000;
const NEVER = -2;

/** `script` and all that it imports, in one piece; undefined if there is a mistake in it, which esbuild tells you. */
async function pour(script: string): Promise<string | undefined> {
  const { buildSync } = await import('esbuild');
  const began = Date.now();
  try {
    const { outputFiles, metafile } = buildSync({
      absWorkingDir: ROOT,
      entryPoints: [script],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      minifySyntax: true,
      alias: { typescript: './tools/weave/compiler.ts' },
      define: { 'import.meta.url': 'here' },
      logLevel: 'error',
    });
    const sources = [...SILENT_SOURCES, ...Object.keys(metafile.inputs)].map((path): Source => {
      const [, bytes, changed] = lookAt(path);
      return [path, bytes, changed < began - YOUTH ? changed : NEVER];
    });
    const imprint: Imprint = { id: `${began.toString(36)}-${process.pid}`, sources };
    return `//${JSON.stringify(imprint)}\n(function (require, module, here) {\n${outputFiles[0]!.text}\n})`;
  } catch (error) {
    if (!('errors' in (error as Error))) throw error;
    return undefined;
  }
}

/*
 * ## Keeping
 *
 * A file is put in its place whole, since somebody else may be reading there, and not before the disk has it: V8 does
 * not survive half of what it has made. If there is no room for it, the next time takes as long as this one.
 */
/** Keeps something for the next time, if that can be done. */
function keep(file: string, content: string | Uint8Array): void {
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, content, { flush: true });
    renameSync(draft, file);
  } catch {
    rmSync(draft, { force: true });
  }
}

/** What was kept; undefined if there is nothing. */
function kept(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

/*
 * ## What V8 made of it
 *
 * V8 can be asked for the bytecode of everything that it has compiled so far, and given it back another day. It looks
 * whether that was made by a V8 of the same version, with the same flags, and does without if not. Of the text it looks
 * at nothing but the length, and so there is a number in the name: one is for one pouring only.
 *
 * When does one ask? A program that has only told you its usage has shown V8 hardly anything, and after a day V8 has
 * thrown away what it has not needed for long, the beginning first. So it is asked after five seconds, or at the end of
 * whoever leaves before that and has been here for one.
 */
/** Milliseconds after which V8 is asked, and without which it is not worth asking. */
const FULL_LIFE = 5000;
const SHORT_LIFE = 1000;

/** Runs what was poured, as if node had been started with it. */
function run(file: string, text: string, code: string): void {
  const cachedData = kept(code);
  const script = new Script(text, { filename: file, ...(cachedData ? { cachedData } : {}) });
  if (script.cachedDataRejected !== false) {
    const ask = () => {
      process.off('exit', ask);
      if (performance.now() > SHORT_LIFE) keep(code, script.createCachedData());
    };
    process.on('exit', ask);
    setTimeout(ask, FULL_LIFE).unref();
  }
  script.runInThisContext()(createRequire(file), { exports: {} }, pathToFileURL(file).href);
}

/*
 * ## All of it
 *
 * When something new is poured, what V8 made of the old goes away. Then the foundry steps back: the program sees its
 * own name in `process.argv`, and behind it the words that are for it.
 *
 * Whoever is looking for a mistake wants to be told a line of the source and not of a casting. With `LANTERN_DEBUG=1`
 * nothing is poured: tsx reads the modules one by one, and knows which line was which.
 */
async function main(): Promise<void> {
  const script = process.argv[2]!;
  if (process.env.LANTERN_DEBUG === '1') {
    const source = resolve(ROOT, script);
    const { register } = await import('tsx/esm/api');
    register();
    process.argv.splice(1, 2, source);
    await import(pathToFileURL(source).href);
    return;
  }
  const stem = relative(ROOT, resolve(ROOT, script)).replace(/\.ts$/, '').replaceAll(/[\\/]/g, '+');
  const file = join(FOLDER, `${stem}.cjs`);
  let text = kept(file)?.toString();
  let imprint = imprintOf(text);
  if (!imprint || !isStillTrue(imprint)) {
    text = await pour(script);
    imprint = imprintOf(text);
    for (const old of readdirSync(FOLDER)) {
      if (old.startsWith(`${stem}.`) && old.endsWith('.code')) rmSync(join(FOLDER, old), { force: true });
    }
    if (text) keep(file, text);
  }
  process.argv.splice(1, 2, file);
  if (text && imprint) run(file, text, join(FOLDER, `${stem}.${imprint.id}.code`));
  else process.exitCode = 1;
}

void main();
