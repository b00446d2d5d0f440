/*
 * # The command
 *
 * `npm run book`. On a terminal you see it work; otherwise you get one line that says what was proved, or one for
 * each thing that is wrong. `--draft` is for looking at a book that is not finished.
 *
 * The weaver is poured into one file before it runs, as everything is that you wait for; the
 * [foundry](src/terminal/foundry.ts) does it. Module by module, through a loader, a book took half as long again.
 */

import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { weave } from './ledger.ts';
import { inOneLine, WeaveError } from './problems.ts';
import type { Progress, Report } from './weave.ts';

/*
 * ## Arguments, and the end
 *
 * This file runs when it is imported, so no index names it. It is read last, like every door in this book.
 */
const USAGE = 'usage: npm run book -- [--draft] [--anew] [--root=FOLDER] [--out=FOLDER]';

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

async function main(words: readonly string[]): Promise<number> {
  const settings: Record<string, string> = {};
  for (const word of words) {
    const match = /^--(?:(draft|anew)|(root|out)=(.+))$/.exec(word);
    if (!match) return fail(`weave: ${word} is not an option; ${USAGE}`);
    settings[match[1] ?? match[2]!] = match[3] ?? '';
  }
  const root = resolve(settings.root || fileURLToPath(new URL('../..', import.meta.url)));
  const out = resolve(settings.out || join(root, 'book/html'));
  const draft = settings.draft !== undefined;
  const anew = settings.anew !== undefined;
  try {
    const report = await weave({
      root,
      out,
      draft,
      anew,
      ...(process.stderr.isTTY ? { onProgress: show } : {}),
    });
    clear();
    for (const warning of report.warnings) process.stderr.write(`${inOneLine(warning)}\n`);
    process.stdout.write(`${summary(report)}\n${join(out, 'index.html')}\n`);
    return 0;
  } catch (error) {
    clear();
    if (error instanceof WeaveError) return fail(error.message);
    const { code, syscall, path } = error as NodeJS.ErrnoException;
    if (code !== undefined && syscall !== undefined)
      return fail(`weave: ${syscall} of ${path ?? 'a file'} failed: ${code}`);
    throw error;
  }
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}

/*
 * ## On the screen
 *
 * Progress goes to the error channel, and only if somebody is looking.
 */
function show({ stage, done, total }: Progress): void {
  process.stderr.write(`\r\x1b[K${stage} ${done}/${total}`);
}

function clear(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

function summary(report: Report): string {
  const { files, bytes, sections, definitions, links, figures, exercises, pages, warnings } = report;
  const proved = `${files} files, ${bytes} bytes, ${sections} sections, every byte in one of them`;
  const rest = `${pages} pages, ${definitions} definitions, ${links} links, ${figures} figures, ${exercises} exercises`;
  const state = report.printed === 0 ? 'as it was proved before; ' : '';
  const seconds = `${(performance.now() / 1000).toFixed(1)} s`; // since the process began, compiler and all
  return `${state}${proved}; ${rest}; ${seconds}${warnings.length > 0 ? `; ${warnings.length} warnings (draft)` : ''}`;
}
