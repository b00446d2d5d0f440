import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  composeMarkdown,
  proveCoverage,
  readContract,
  readNarration,
  weave,
  WeaveError,
  type Promised,
  promisedBy,
} from '../../tools/weave/index.ts';
import { borrowFixture, pagesIn } from './bench.ts';

const TABLES = 'chapters/2-cave/page-tables.ts';

async function complaintsOf(fixture: { root: string; out: string }): Promise<string> {
  const error = await weave(fixture).then(
    () => new Error('the book was woven'),
    (error: unknown) => error,
  );
  if (error instanceof WeaveError) return error.message;
  throw error;
}

function lineOf(fixture: { root: string }, file: string, text: string): number {
  return (
    readFileSync(join(fixture.root, file), 'utf8')
      .split('\n')
      .findIndex((line) => line.includes(text)) + 1
  );
}

describe('the proof of coverage', () => {
  async function wovenTables(): Promise<{ text: string; html: string; words: Map<number, Promised> }> {
    const fixture = borrowFixture();
    await weave(fixture);
    const text = readFileSync(join(fixture.root, TABLES), 'utf8');
    return { text, html: pagesIn(fixture.out).get('2-cave/page-tables.html')!, words: proseWords(text) };
  }

  /** The words of each comment in column 0, read again here, by where its piece starts. */
  function proseWords(text: string): Map<number, Promised> {
    const words = new Map<number, Promised>();
    const comments = [...text.matchAll(/^\/\*[\s\S]*?\*\/$/gm)].filter(
      ([comment]) => !/not a (narrator|contract)/.test(comment),
    );
    for (const { index, 0: comment } of comments) {
      const body = comment.replace(/^\/\*+|\*\/$/g, '').replace(/^ \* ?/gm, '');
      const read = comment.startsWith('/**')
        ? promisedBy(readContract(comment, 1, () => undefined).description)
        : promisedBy(readNarration(body, 1, () => undefined));
      words.set(index, read);
    }
    return words;
  }

  test('holds for a page as it was printed', async () => {
    const { text, html, words } = await wovenTables();
    expect(proveCoverage(text, html, words)).toBeUndefined();
  });

  test('fails when any one character of code is lost, or changed into another', async () => {
    const { text, html, words } = await wovenTables();
    const at = [...html.matchAll(/<pre tabindex="0"><code>([\s\S]*?)<\/code><\/pre>/g)].flatMap((block) =>
      [...block[1]!.matchAll(/(?<=^|>|;)[^<>&]+(?=<|&|$)/g)].flatMap((run) =>
        [...run[0]].map((_, index) => block.index + '<pre tabindex="0"><code>'.length + run.index + index),
      ),
    );
    expect(at.length).toBeGreaterThan(300);
    fc.assert(
      fc.property(fc.constantFrom(...at), fc.constantFrom('', '#'), (place, other) => {
        const flaw = proveCoverage(text, html.slice(0, place) + other + html.slice(place + 1), words);
        return flaw !== undefined;
      }),
      { seed: 5, numRuns: 300 },
    );
  });

  test('fails when a whole piece is lost, doubled, or out of order', async () => {
    const { text, html, words } = await wovenTables();
    const sections = html.split(/(?=<section )/);
    const without = (index: number) => sections.filter((_, at) => at !== index).join('');
    expect(proveCoverage(text, without(3), words)?.message).toMatch(/^is lost: \d+ characters/);
    expect(proveCoverage(text, sections.toSpliced(3, 0, sections[2]!).join(''), words)?.message).toMatch(
      /twice, or out of order/,
    );
    const swapped = [...sections.slice(0, 2), sections[3], sections[2], ...sections.slice(4)].join('');
    expect(proveCoverage(text, swapped, words)).toBeDefined();
  });

  test('fails when a word of the narration is lost', async () => {
    const { text, html, words } = await wovenTables();
    const flaw = proveCoverage(text, html.replace('twenty bits of fact', 'bits of fact'), words);
    expect(flaw?.message).toMatch(/whose word ".*" is lost on the way to the page/);
    expect(text.slice(flaw!.offset)).toMatch(/^\/\*\n \* ## Twelve bits/);
  });

  test('fails when a line of a drawing is lost', async () => {
    const { text, html, words } = await wovenTables();
    expect(proveCoverage(text, html.replace('| yours |', '| |'), words)?.message).toMatch(
      /drawing is not on the page: "\| frame/,
    );
  });

  test('fails when the file has grown since', async () => {
    const { text, html, words } = await wovenTables();
    expect(proveCoverage(`${text}\nexport const late = 1;\n`, html, words)).toBeDefined();
  });
});

describe('the weaver refuses', () => {
  test('a link that leads nowhere, with file and line', async () => {
    const fixture = borrowFixture();
    fixture.edit(TABLES, (text) => text.replace('(#two-walks)', '(#three-walks)'));
    const line = lineOf(fixture, TABLES, '#three-walks');
    expect(await complaintsOf(fixture)).toBe(
      `${TABLES}:${line}: the link to #three-walks leads nowhere: no page, section, figure or exercise has that name`,
    );
  });

  test('a link to a file that is not in the book', async () => {
    const fixture = borrowFixture();
    fixture.edit('book/front.md', (text) => text.replace('1-lamp/index.ts', '1-lamp/nobody.ts'));
    expect(await complaintsOf(fixture)).toMatch(
      /^book\/front\.md:7: the link to chapters\/1-lamp\/nobody\.ts leads to .*not a page/,
    );
  });

  test('a link that could mean two places', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/oil.ts', (text) => `${text}\n/* ## The switch */\n`);
    fixture.edit('chapters/1-lamp/index.ts', (text) =>
      text.replace('says the Master', 'says [he](#the-switch)'),
    );
    expect(await complaintsOf(fixture)).toMatch(
      /#the-switch could mean chapters\/1-lamp\/oil\.ts or chapters\/2-cave\/page-tables\.ts/,
    );
  });

  test('an id that is on a page twice', async () => {
    const fixture = borrowFixture();
    fixture.edit(TABLES, (text) => text.replace('{#entry caption', '{#the-switch caption'));
    expect(await complaintsOf(fixture)).toMatch(
      /page-tables\.ts:\d+: the id "the-switch" is on the page twice/,
    );
  });

  test('a file that no index reaches, and one that two do', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/index.ts', (text) => text.replace("export * from './oil.ts';\n", ''));
    fixture.edit('chapters/2-cave/index.ts', (text) => `${text}export { trap } from './page-tables.ts';\n`);
    const complaints = await complaintsOf(fixture);
    expect(complaints).toMatch(
      /^chapters\/1-lamp\/oil\.ts:1: is read by nobody: chapters\/1-lamp\/index\.ts does not re-export it/m,
    );
    expect(complaints).toMatch(/^chapters\/2-cave\/page-tables\.ts:1: is reached twice/m);
  });

  test('an index that names a file that is not there', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/index.ts', (text) => `${text}export * from './matches.ts';\n`);
    expect(await complaintsOf(fixture)).toMatch(
      /^chapters\/1-lamp\/index\.ts:8: re-exports chapters\/1-lamp\/matches\.ts, which does not exist/m,
    );
  });

  test('a file without narration at its start, unless it is a draft', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/oil.ts', (text) => text.replace('/* # Oil */\n', ''));
    const complaint =
      'chapters/1-lamp/oil.ts:1: starts without narration: open it with /* in column 0 and a line "# Title"';
    expect(await complaintsOf(fixture)).toBe(complaint);
    const { warnings } = await weave({ ...fixture, draft: true });
    expect(warnings.map(({ file, line, message }) => `${file}:${line}: ${message}`)).toEqual([complaint]);
    expect(pagesIn(fixture.out).get('1-lamp/oil.html')).toContain('<h1>chapters/1-lamp/oil.ts</h1>');
  });

  test.each([
    [
      'a directive it does not know',
      ':::warning\nno\n:::',
      /uses :::warning, a directive the weaver does not know: it knows :::aside/,
    ],
    ['a directive that is never closed', ':::aside\nno', /opens :::aside and never closes it/],
    ['a figure on two lines', '::figure[A long\nwalk]{#a-walk}', /breaks ::figure off: write it on one line/],
    ['the end of a directive that was never opened', 'no\n\n:::', /closes a directive that was never opened/],
    [
      'a directive with a quotation mark too few',
      ':::figure{#x caption="oh}\nno\n:::',
      /begins like a directive and is none, ":::figure\{#x caption="oh\}": write :::figure\{#id caption=/,
    ],
    [
      'a directive with a brace too few',
      '::figure[oh]{#x',
      /begins like a directive and is none, "::figure\[oh\]\{#x"/,
    ],
    [
      'a directive whose attributes go on',
      'And:\n\n:::exercise{#x points=5\nminutes=5}\nno\n:::',
      /begins like a directive and is none, ":::exercise/,
    ],
    ['a directive behind a blank', '::: aside\nno\n:::', /is none, "::: aside": write :::aside … :::/],
    ['a fence that is never closed', '```text\nno', /opens a fence and never closes it/],
    ['a heading that no link can name', '## ???\n\nno', /has a heading without a letter/],
    [
      'an exercise without points',
      ':::exercise{#x minutes=5}\nno\n:::',
      /has an exercise without points or minutes/,
    ],
    [
      'an exercise without a folder',
      ':::exercise{#x points=5 minutes=5}\nno\n:::',
      /states exercise x, but there is no exercises\/x/,
    ],
    ['a figure without a caption', ':::figure{#x}\n```text\n+\n```\n:::', /has a figure without a caption/],
    [
      'a figure without a drawing',
      '::figure[A walk]{#a-walk}',
      /shows figure a-walk, but there is no book\/figures\/a-walk\.svg/,
    ],
    [
      'HTML, which Markdown would drop',
      'a <b>bold</b> word',
      /would lose <b>, which Markdown takes for HTML/,
    ],
    [
      'a note at the foot of the page',
      'A word[^1].\n\n[^1]: And more.',
      /has a footnote, which no page has a foot for/,
    ],
    [
      'an address far from its link',
      'See [there].\n\n[there]: flame.ts',
      /says far from \[there\] where it leads: write \[there\]\(flame\.ts\)/,
    ],
    ['a link that is no address', 'See [there](a%zz.ts).', /is no address: a % in it/],
    ['a fence in a language nobody can set', '```cobol\nMOVE 1 TO X.\n```', /sets a fence in cobol/],
  ])('%s', async (_, markdown, complaint) => {
    const fixture = borrowFixture();
    const comment = ['/*', ...markdown.split('\n').map((line) => ` * ${line}`.trimEnd()), ' */'].join('\n');
    fixture.edit('chapters/1-lamp/oil.ts', (text) => `${text}\n${comment}\nexport const more = 1;\n`);
    const complaints = await complaintsOf(fixture);
    expect(complaints).toMatch(complaint);
    expect(complaints).toMatch(/^chapters\/1-lamp\/oil\.ts:1\d: /);
  });

  test('a line that has lost its star', async () => {
    const fixture = borrowFixture();
    fixture.edit(TABLES, (text) => text.replace('\n * ', '\n'));
    const complaints = await complaintsOf(fixture);
    expect(complaints).toMatch(/page-tables\.ts:\d+: has no star before ".+", as the lines around it have/);
  });

  test('a parameter without a name', async () => {
    const fixture = borrowFixture();
    const contract = '/**\n * More.\n *\n * @param {number} more as many\n */\n';
    fixture.edit('chapters/1-lamp/oil.ts', (text) => `${text}\n${contract}export const more = 1;\n`);
    expect(await complaintsOf(fixture)).toMatch(/oil\.ts:15: has a @param without a name: write @param name/);
  });

  test.each([
    ['no title', (text: string) => text.replace(/^# .*/, 'Hello.'), /has no title: start it with a line/],
    ['two titles', (text: string) => `${text}\n# More\n`, /has more than one "# Title"/],
    ['a byte order mark', (text: string) => `\ufeff${text}`, /starts with a byte order mark/],
  ])('a front page with %s', async (_, spoil, complaint) => {
    const fixture = borrowFixture();
    fixture.edit('book/front.md', spoil);
    expect(await complaintsOf(fixture)).toMatch(complaint);
  });

  test('two chapters of one number, and one of none', async () => {
    const fixture = borrowFixture();
    for (const name of ['2-moths', 'notes']) {
      mkdirSync(join(fixture.root, 'chapters', name));
      writeFileSync(
        join(fixture.root, 'chapters', name, 'moth.ts'),
        '/* # Moth */\nexport const moth = 1;\n',
      );
    }
    const complaints = await complaintsOf(fixture);
    expect(complaints).toMatch(/^chapters\/2-moths:1: has the number of chapters\/2-cave/m);
    expect(complaints).toMatch(/^chapters\/notes\/moth\.ts:1: stands in no room of the book/m);
  });

  test('a folder in the theme, but not what an editor leaves there', async () => {
    const fixture = borrowFixture();
    symlinkSync('nobody@nowhere', join(fixture.root, 'book/theme/.#lantern.css'));
    mkdirSync(join(fixture.root, 'book/theme/fonts'));
    expect(await complaintsOf(fixture)).toBe(
      'book/theme/fonts:1: is no file: a theme has nothing else in it',
    );
  });

  test('of a draft only what it cannot set, which are neither blanks nor footnotes', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/oil.ts', () => '\n \n');
    fixture.edit('book/front.md', (text) => `${text}\nA word[^1].\n\n[^1]: And *more*.\n`);
    const { warnings } = await weave({ ...fixture, draft: true });
    expect(warnings.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^starts without narration/),
        expect.stringMatching(/^has a footnote/),
      ]),
    );
    expect(pagesIn(fixture.out).get('index.html')).toContain('A word[^1].');
  });

  test('nothing, in a file whose lines end as on Windows', async () => {
    const fixture = borrowFixture();
    await weave(fixture);
    const page = pagesIn(fixture.out).get('1-lamp/flame.html')!;
    fixture.edit('chapters/1-lamp/flame.ts', (text) => text.replaceAll('\n', '\r\n'));
    await weave(fixture);
    expect(
      pagesIn(fixture.out)
        .get('1-lamp/flame.html')!
        .replaceAll('\r', '')
        .replace(/data-span="[^"]*"/g, ''),
    ).toBe(page.replace(/data-span="[^"]*"/g, ''));
  });

  test('an exercise that no chapter states', async () => {
    const fixture = borrowFixture();
    fixture.edit(TABLES, (text) => text.replace(/\/\*\n \* :::exercise[\s\S]*?\*\/\n/, ''));
    expect(await complaintsOf(fixture)).toMatch(/^exercises\/write-watch:1: is stated nowhere/);
  });

  test('a tag in a contract that it does not know', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/flame.ts', (text) => text.replace('@returns', '@retuns'));
    expect(await complaintsOf(fixture)).toMatch(
      /^chapters\/1-lamp\/flame\.ts:14: uses @retuns, a tag the weaver does not know/,
    );
  });

  test('a file that is not TypeScript', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/oil.ts', (text) => `${text}export const = ;\n`);
    expect(await complaintsOf(fixture)).toMatch(/^chapters\/1-lamp\/oil\.ts:11: is not TypeScript: /m);
  });

  test('bytes that are no text', async () => {
    const fixture = borrowFixture();
    writeFileSync(join(fixture.root, 'chapters/1-lamp/oil.ts'), Buffer.from('/* # Oil \xff */\n', 'latin1'));
    expect(await complaintsOf(fixture)).toBe(
      'chapters/1-lamp/oil.ts:1: is not UTF-8, so its bytes cannot be set in type',
    );
  });

  test('to lose the last good book over a bad one', async () => {
    const fixture = borrowFixture();
    await weave(fixture);
    const before = pagesIn(fixture.out);
    fixture.edit(TABLES, (text) => text.replace('(#two-walks)', '(#three-walks)'));
    await complaintsOf(fixture);
    expect(pagesIn(fixture.out)).toEqual(before);
  });

  test.skipIf(!existsSync('/proc/self'))('a folder that nobody can make', async () => {
    const { root } = borrowFixture();
    await expect(weave({ root, out: '/proc/nowhere/html' })).rejects.toThrow(
      /ENOENT.*mkdir '\/proc\/nowhere'/,
    );
  });

  test('to write over a project', async () => {
    const { root } = borrowFixture();
    await expect(async () => weave({ root, out: root })).rejects.toThrow(
      /the book needs a folder of its own/,
    );
  });
});

describe('the weaver', () => {
  test('removes the page of a file that is gone', async () => {
    const fixture = borrowFixture();
    writeFileSync(join(fixture.root, 'chapters/1-lamp/soot.ts'), '/* # Soot */\nexport const soot = 1;\n');
    fixture.edit('chapters/1-lamp/index.ts', (text) => `${text}export * from './soot.ts';\n`);
    await weave(fixture);
    expect(existsSync(join(fixture.out, '1-lamp/soot.html'))).toBe(true);
    rmSync(join(fixture.root, 'chapters/1-lamp/soot.ts'));
    fixture.edit('chapters/1-lamp/index.ts', (text) => text.replace("export * from './soot.ts';\n", ''));
    await weave(fixture);
    expect(existsSync(join(fixture.out, '1-lamp/soot.html'))).toBe(false);
  });

  test('goes by the order of folders, not of names', async () => {
    const fixture = borrowFixture();
    renameSync(join(fixture.root, 'chapters/2-cave'), join(fixture.root, 'chapters/10-cave'));
    fixture.edit('book/front.md', (text) => text.replace('#2-cave', '#10-cave'));
    await weave(fixture);
    expect(pagesIn(fixture.out).get('1-lamp/light.html')).toContain(
      '<a rel="next" href="../10-cave/index.html">',
    );
  });

  test('reads a page of Markdown as it reads a comment', () => {
    const page = composeMarkdown('# A title\n\nSome *words*.\n\n    +--+\n', () => undefined);
    expect(page.promised.get(0)).toEqual({ words: ['A', 'title', 'Some', 'words'], blocks: ['+--+'] });
  });
});
