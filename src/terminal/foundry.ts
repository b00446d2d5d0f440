/*
 * # The foundry
 *
 * Our programs are two to three hundred modules each, in a language that Node 20 does not read. Somebody must take the
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

import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';

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
/** The first line: a number of its own, and each source with its bytes and when it was last changed (ms). */
interface Imprint {
  readonly id: string;
  readonly sources: readonly (readonly [path: string, bytes: number, changed: number])[];
}

const SILENT_SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'src/terminal/foundry.ts'];

function imprintOf(text: string): Imprint {
  return JSON.parse(text.slice(2, text.indexOf('\n'))) as Imprint;
}

function isStillTrue({ sources }: Imprint): boolean {
  return sources.every(([path, bytes, changed]) => {
    const now = statSync(`${ROOT}/${path}`, { throwIfNoEntry: false });
    return now?.size === bytes && now.mtimeMs === changed;
  });
}

/*
 * ## Pouring
 *
 * What comes out is a function, and a module finds `require`, `module` and its own address among its arguments. (That
 * is how it was done before modules had a syntax. A module that has one cannot be kept in this way, nor may it wait for
 * anything at its top level, and so none of our programs does.) It lies in another folder than its source, but in one
 * of the same depth, so `../..` is the same place from both.
 *
 * Whoever saves a file while esbuild is reading must not have the old text for ever. So a source younger than the
 * beginning is noted down with a time that never was, and next time is poured again.
 */
/** `script` and all that it imports, in one piece; undefined if there is a mistake in it, which esbuild tells you. */
async function pour(script: string): Promise<string | undefined> {
  const { build } = await import('esbuild');
  const began = Date.now();
  const poured = await build({
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
    external: ['shiki'],
    define: { 'import.meta.url': 'here' },
    logLevel: 'error',
  }).catch((error: Error) => {
    if (!('errors' in error)) throw error;
  });
  if (!poured) return undefined;
  const { outputFiles, metafile } = poured;
  const sources = [...SILENT_SOURCES, ...Object.keys(metafile.inputs)].map((path) => {
    const { size, mtimeMs } = statSync(`${ROOT}/${path}`);
    return [path, size, mtimeMs < began ? mtimeMs : 0] as const;
  });
  const imprint: Imprint = { id: `${began.toString(36)}-${process.pid}`, sources };
  return `//${JSON.stringify(imprint)}\n(function (require, module, here) {\n${outputFiles[0]!.text}\n})`;
}

/** Puts a file in its place whole: somebody else may be reading there. */
function put(file: string, content: string | Uint8Array): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  renameSync(draft, file);
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
function run(file: string, text: string): void {
  const { id } = imprintOf(text);
  const kept = file.replace(/\.cjs$/, `-${id}.code`);
  const cachedData = existsSync(kept) ? readFileSync(kept) : undefined;
  const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  const script = new Script(text, {
    filename: file,
    importModuleDynamically,
    ...(cachedData ? { cachedData } : {}),
  });
  if (script.cachedDataRejected !== false) {
    const keep = () => {
      process.off('exit', keep);
      try {
        if (performance.now() > SHORT_LIFE) put(kept, script.createCachedData());
      } catch {} // no room, or no right to write here: the next time takes as long as this one
    };
    process.on('exit', keep);
    setTimeout(keep, FULL_LIFE).unref();
  }
  script.runInThisContext()(createRequire(file), { exports: {} }, pathToFileURL(file).href);
}

/*
 * ## All of it
 *
 * When something new is poured, what V8 made of the old goes away. Then the foundry steps back: the program sees its
 * own name in `process.argv`, and behind it the words that are for it.
 */
async function main(): Promise<void> {
  const script = process.argv[2]!;
  const stem = relative(ROOT, resolve(ROOT, script)).replace(/\.ts$/, '').replaceAll(/[\\/]/g, '-');
  const file = join(FOLDER, `${stem}.cjs`);
  let text = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (text === undefined || !isStillTrue(imprintOf(text))) {
    text = await pour(script);
    if (text === undefined) {
      process.exitCode = 1;
      return;
    }
    for (const old of readdirSync(FOLDER)) {
      if (old.startsWith(`${stem}-`) && old.endsWith('.code')) rmSync(join(FOLDER, old), { force: true });
    }
    put(file, text);
  }
  process.argv.splice(1, 2, file);
  run(file, text);
}

void main();
