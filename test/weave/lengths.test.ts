import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import ts from '../../tools/weave/compiler.ts';
import { createComplaints } from '../../tools/weave/problems.ts';
import { findRooms } from '../../tools/weave/rooms.ts';
import { sectionsOf } from '../../tools/weave/sections.ts';
import { tokensOf } from '../../tools/weave/tokens.ts';
import { repository } from './bench.ts';

/** The most lines that a reader should be left alone with. */
const MOST = 60;

/** How many lines each section shows below its narration: code with its contracts, without blank lines and imports. */
function lengthsOf(file: string, text: string): { line: number; lines: number }[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
  return sectionsOf(tree, tokensOf(tree)).map(({ pieces }) => {
    const shown = pieces.filter(({ kind }) => kind === 'code' || kind === 'contract');
    const code = shown.map(({ start, end }) => text.slice(start, end)).join('');
    return {
      line: text.slice(0, pieces[0]!.start).split('\n').length,
      lines: code.split('\n').filter((line) => line.trim() !== '').length,
    };
  });
}

test('Only what is shown as code counts, and each section by itself', () => {
  const code = (lines: number) =>
    Array.from({ length: lines }, (_, at) => `export const x${at} = ${at};\n`).join('\n');
  const text = `/* # One */\nimport {\n  a,\n} from './a.ts';\n\n/** A contract. */\n${code(60)}\n/* ## Two */\n${code(3)}  /* inside */\n`;
  expect(lengthsOf('lengths.ts', text)).toEqual([
    { line: 1, lines: 61 },
    { line: 127, lines: 4 },
  ]);
});

test(`No section of the book has more than ${MOST} lines of code`, () => {
  const files = findRooms(repository, createComplaints()).flatMap((room) => room.files);
  expect(files.length).toBeGreaterThan(200);
  const long = files.flatMap((file) =>
    lengthsOf(file, readFileSync(join(repository, file), 'utf8'))
      .filter(({ lines }) => lines > MOST)
      .map(({ line, lines }) => `${file}:${line} has ${lines}`),
  );
  expect(long).toEqual([]);
});

/** Where a source is read as it is written, in an editor, lines must end. */
const WIDEST = 120;

/** What is one line because Markdown wants it so: a figure, a row of a table. */
const ONE_LINE = /^ *\* *(?:::|\|)/;

test(`No line of a comment has more than ${WIDEST} characters`, () => {
  const files = findRooms(repository, createComplaints()).flatMap((room) => room.files);
  const comment = /^ *(?:\/?\*|\/\/)/;
  const wide = files.flatMap((file) =>
    readFileSync(join(repository, file), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        line.length > WIDEST && comment.test(line) && !ONE_LINE.test(line) ? [`${file}:${at + 1}`] : [],
      ),
  );
  expect(wide).toEqual([]);
});
