import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

import { createWeaver, weave } from '../../tools/weave/index.ts';
import { borrowFixture, pagesIn } from './bench.ts';

const FLAME = 'chapters/1-lamp/flame.ts';

/** Weaves, edits, weaves again with the same weaver, and compares with the book that a new weaver makes. */
async function reweave(...edits: ((fixture: ReturnType<typeof borrowFixture>) => void)[]): Promise<number[]> {
  const fixture = borrowFixture();
  const weaver = createWeaver({ ...fixture, draft: true });
  await weaver.weave();
  const printed: number[] = [];
  for (const edit of edits) {
    edit(fixture);
    printed.push((await weaver.weave()).printed);
    const out = join(fixture.root, 'fresh');
    await weave({ root: fixture.root, out, draft: true });
    expect(pagesIn(fixture.out)).toEqual(pagesIn(out));
    rmSync(out, { recursive: true });
  }
  return printed;
}

describe('a weaver that weaves again makes the book a new one would make', () => {
  test('when nothing has changed, and prints nothing', async () => {
    expect(await reweave(() => undefined)).toEqual([0]);
  });

  test('when a sentence has changed, and prints one page', async () => {
    expect(
      await reweave(({ edit }) => edit(FLAME, (text) => text.replace('Wicks, mostly', 'Mostly wicks'))),
    ).toEqual([1]);
  });

  test('when the inside of a function has changed, and prints one page', async () => {
    expect(
      await reweave(({ edit }) => edit(FLAME, (text) => text.replace('WARMTH * oil', 'WARMTH + oil'))),
    ).toEqual([1]);
  });

  test('when a signature has changed, with those who use it', async () => {
    const [printed] = await reweave(({ edit }) =>
      edit(FLAME, (text) => text.replace('): number {', '): 7 | number {')),
    );
    expect(printed).toBeGreaterThan(1);
  });

  test('when sections move, so that numbers everywhere are others', async () => {
    await reweave(({ edit }) =>
      edit(FLAME, (text) =>
        text.replace('/**\n * Burns', '/* ## First of all */\nexport const first = 1;\n\n/**\n * Burns'),
      ),
    );
  });

  test('when a definition moves from file to file, and comes back', async () => {
    await reweave(
      ({ edit }) => {
        edit('chapters/1-lamp/oil.ts', (text) => text.replace('export const WARMTH = 1 << 3;\n', ''));
        edit(
          FLAME,
          (text) => `${text.replace('type Oil, WARMTH', 'type Oil')}\nexport const WARMTH = 1 << 3;\n`,
        );
      },
      ({ edit }) => {
        edit('chapters/1-lamp/oil.ts', (text) => `${text}export const WARMTH = 1 << 3;\n`);
        edit(FLAME, (text) =>
          text.replace('type Oil', 'type Oil, WARMTH').replace('\nexport const WARMTH = 1 << 3;\n', ''),
        );
      },
    );
  });

  test('when a file comes and goes', async () => {
    await reweave(
      ({ root, edit }) => {
        writeFileSync(
          join(root, 'chapters/1-lamp/soot.ts'),
          "/* # Soot */\nimport { burn } from './flame.ts';\nburn({ left: 1 }, 1);\n",
        );
        edit('chapters/1-lamp/index.ts', (text) => `${text}import './soot.ts';\n`);
      },
      ({ root, edit }) => {
        rmSync(join(root, 'chapters/1-lamp/soot.ts'));
        edit('chapters/1-lamp/index.ts', (text) => text.replace("import './soot.ts';\n", ''));
      },
    );
  });

  describe('when something has changed that shows only in what others make of it:', () => {
    const OIL = 'chapters/1-lamp/oil.ts';
    const SOURCES = `
export interface Olive { shared: number }
export interface Sesame { shared: number }
export interface Blend extends Olive { own: number }
export function pick(olive: Olive, sesame: Sesame) {
  return olive ?? sesame;
}
`;
    const begin = ({ edit }: ReturnType<typeof borrowFixture>) => {
      edit(OIL, (text) => text + SOURCES);
      edit(FLAME, (text) =>
        `${text}\nexport const glow = (blend: Blend, s: Sesame): number => blend.shared + pick(blend, s).shared;\n`.replace(
          'type Oil,',
          'type Blend, type Oil, pick, type Sesame,',
        ),
      );
    };

    test('what an interface extends', async () => {
      const [, printed] = await reweave(begin, ({ edit }) =>
        edit(OIL, (text) => text.replace('extends Olive', 'extends Sesame')),
      );
      expect(printed).toBeGreaterThan(1);
    });

    test('what a function returns that does not say so', async () => {
      const [, printed] = await reweave(begin, ({ edit }) =>
        edit(OIL, (text) => text.replace('olive ?? sesame', 'sesame ?? olive')),
      );
      expect(printed).toBeGreaterThan(1);
    });

    test('where a name is passed on from', async () => {
      const [, printed] = await reweave(
        ({ root, edit }) => {
          const write = (name: string, text: string) =>
            writeFileSync(join(root, `chapters/1-lamp/${name}.ts`), `/* # ${name} */\n${text}\n`);
          write('left', 'export const side: number = 1;');
          write('right', 'export const side: number = 2;');
          write('door', "export { side } from './left.ts';\nimport './right.ts';");
          write('guest', "import { side } from './door.ts';\nexport const mine: number = side;");
          edit('chapters/1-lamp/index.ts', (text) => `${text}import './door.ts';\nimport './guest.ts';\n`);
        },
        ({ edit }) =>
          edit('chapters/1-lamp/door.ts', (text) =>
            text.replace('./left', './middle').replace('./right', './left').replace('./middle', './right'),
          ),
      );
      expect(printed).toBeGreaterThan(1);
    });
  });

  test('and leaves alone what it has not made', async () => {
    const fixture = borrowFixture();
    const weaver = createWeaver({ ...fixture, draft: true });
    await weaver.weave();
    const [mine, stale] = ['thesis.html', 'gone.html'].map((name) => join(fixture.out, name)) as [
      string,
      string,
    ];
    writeFileSync(mine, '<title>My thesis</title>');
    writeFileSync(stale, readFileSync(join(fixture.out, 'index.html')));
    await weaver.weave();
    expect([existsSync(mine), existsSync(stale)]).toEqual([true, false]);
  });

  test('when a drawing in book/figures, or the front page, has changed', async () => {
    const printed = await reweave(
      ({ edit }) => edit('book/figures/two-walks.txt', (text) => text.replace('Guest:', 'She:')),
      ({ edit }) => edit('book/front.md', (text) => text.replace('small', 'tiny')),
    );
    expect(printed).toEqual([1, 1]);
  });

  test('and still complains of what it complained of, until it is mended', async () => {
    const fixture = borrowFixture();
    const weaver = createWeaver(fixture);
    fixture.edit(FLAME, (text) => text.replace('(#cave)', '(#cavern)'));
    await expect(weaver.weave()).rejects.toThrow(/the link to #cavern leads nowhere/);
    await expect(weaver.weave()).rejects.toThrow(/the link to #cavern leads nowhere/);
    fixture.edit(FLAME, (text) => text.replace('(#cavern)', '(#cave)'));
    expect(await weaver.weave()).toMatchObject({ pages: 18, printed: 18 });
  });
});

describe('a book that is there already', () => {
  test('is woven once, as long as no source and no page has changed', async () => {
    const fixture = borrowFixture();
    expect(await weave(fixture)).toMatchObject({ files: 12, printed: 18 });
    expect(await weave(fixture)).toMatchObject({ files: 12, printed: 0 });
    expect(await weave({ ...fixture, anew: true })).toMatchObject({ files: 12, printed: 18 });
  });

  test('is woven again when a source, a page, or the theme is another', async () => {
    const fixture = borrowFixture();
    await weave(fixture);
    const before = pagesIn(fixture.out);
    writeFileSync(join(fixture.out, '1-lamp/oil.html'), 'oil');
    expect(await weave(fixture)).toMatchObject({ printed: 18 });
    expect(pagesIn(fixture.out)).toEqual(before);
    fixture.edit(FLAME, (text) => text.replace('mostly', 'rarely'));
    expect(await weave(fixture)).toMatchObject({ printed: 18 });
    fixture.edit('book/theme/lantern.css', (text) => `${text}\n`);
    expect(await weave(fixture)).toMatchObject({ printed: 18 });
  });

  test('is woven again if there was anything to complain of', async () => {
    const fixture = borrowFixture();
    fixture.edit(FLAME, (text) => text.replace('(#cave)', '(#cavern)'));
    for (const draft of [true, true])
      expect(await weave({ ...fixture, draft })).toMatchObject({ printed: 18 });
    await expect(weave(fixture)).rejects.toThrow(/#cavern leads nowhere/);
  });
});
