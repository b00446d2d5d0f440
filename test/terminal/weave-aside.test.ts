import { expect, it } from 'vitest';
import { inShort, weaveAside } from '../../src/terminal/book.ts';
import { asBuilt } from '../bench/as-built.ts';
import { borrowFixture, pagesIn } from '../weave/bench.ts';

const LINKS_TO_NOWHERE = 'chapters/1-lamp/oil.ts';

it('A book that is woven beside a Guest says what is wrong with it', { timeout: 60_000 }, async () => {
  asBuilt('src/terminal/start.ts'); // the weaver runs in the foundry
  const { root, out, edit } = borrowFixture();
  edit(LINKS_TO_NOWHERE, (text) =>
    text.replace('# Oil', '# Oil\n * [nowhere](#not-here) and [elsewhere](#nor-there)'),
  );
  const { pages, mistakes } = await weaveAside(
    root,
    out,
    () => {},
    () => {},
  );
  expect(pages).toBe([...pagesIn(out).keys()].length);
  expect(mistakes).toEqual([
    expect.stringMatching(/^chapters\/1-lamp\/oil\.ts:\d+: .*not-here/),
    expect.stringMatching(/^chapters\/1-lamp\/oil\.ts:\d+: .*nor-there/),
  ]);
  expect(inShort(mistakes)).toBe(`${mistakes[0]} (and 1 more, which npm run book tells)`);
  expect(inShort(mistakes.slice(1))).toBe(mistakes[1]);
});
