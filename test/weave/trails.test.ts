import { describe, expect, test } from 'vitest';

import { createWeaver, weave, WeaveError } from '../../tools/weave/index.ts';
import { borrowFixture, pagesIn } from './bench.ts';

const TABLES = 'chapters/2-cave/page-tables.ts';
const OIL = 'chapters/1-lamp/oil.ts';

/** The fixture, with a trail of three steps on the page about oil; `first` is where it starts. */
function withTrail(first: string) {
  const fixture = borrowFixture();
  fixture.edit(OIL, (text) =>
    text.replace(
      '/* # Oil */',
      `/*
 * # Oil
 *
 * :::trail{#drop name="a drop of oil"}
 * 1. It [starts](${first}), as things do,
 * 2. [comes by](chapters/1-lamp/light.ts), see \`demandPage\`, and
 *    - not without [light](chapters/1-lamp/light.ts);
 * 3. [ends](chapters/1-lamp/flame.ts). There is more to be said of that.
 * :::
 */`,
    ),
  );
  return fixture;
}

async function complaintOf(weaving: Promise<unknown>): Promise<string> {
  const error = await weaving.then(
    () => new Error('the book was woven'),
    (error: unknown) => error,
  );
  if (error instanceof WeaveError) return error.message;
  throw error;
}

const marksOn = (html: string | undefined) =>
  [...html!.matchAll(/<aside class="waymarks"[\s\S]*?<\/aside>/g)].map(([mark]) => mark);

describe('a trail', () => {
  test('leaves a mark beside each section that it passes, with the way back and the way on', async () => {
    const fixture = withTrail(`${TABLES}#demandPage`);
    await weave(fixture);
    const pages = pagesIn(fixture.out);
    const [start] = marksOn(pages.get('2-cave/page-tables.html'));
    const [middle] = marksOn(pages.get('1-lamp/light.html'));
    const [end] = marksOn(pages.get('1-lamp/flame.html'));
    expect(start).toContain(
      'On the trail of <a href="../1-lamp/oil.html#drop-1">a drop of oil</a>, 1\u00a0of\u00a03: It starts, as things do, ',
    );
    expect(pages.get('1-lamp/oil.html')).toMatch(/<li id="drop-1">.*starts/);
    expect(start).toContain('<a href="../1-lamp/light.html#');
    expect(start).not.toContain('back');
    expect(middle).toContain(', 2\u00a0of\u00a03: comes by, see demandPage, and ');
    expect(middle).toContain('<a href="../2-cave/page-tables.html#a-fault-is-a-question"');
    expect(middle).toContain('<a href="flame.html#');
    expect(end).toContain(', 3\u00a0of\u00a03: ends. ');
    expect(end).not.toContain('on →');
  });

  test('puts the mark at the section that holds the definition, and at no other', async () => {
    const fixture = withTrail(`${TABLES}#demandPage`);
    await weave(fixture);
    const sections = pagesIn(fixture.out).get('2-cave/page-tables.html')!.split('<section');
    const marked = sections.filter((section) => section.includes('waymarks'));
    expect(marked).toHaveLength(1);
    expect(marked[0]).toContain('id="def-demandPage"');
  });

  test.each([
    '#demandCake',
    '#a-fault-is-an-answer',
  ])('fails the weave if a step is gone: %s', async (anchor) => {
    const complaint = await complaintOf(weave(withTrail(`${TABLES}${anchor}`)));
    expect(complaint).toContain(`${OIL}:4`);
    expect(complaint).toContain('has a trail whose step 1 leads to no section');
  });

  test('fails the weave if a section that it visits is renamed later', async () => {
    const fixture = withTrail(`${TABLES}#a-fault-is-a-question`);
    const weaver = createWeaver(fixture);
    await weaver.weave();
    fixture.edit(TABLES, (text) => text.replace('## A fault is a question', '## A question'));
    expect(await complaintOf(weaver.weave())).toContain('has a trail whose step 1 leads to no section');
  });

  test.each([
    ['1. [one](chapters/1-lamp/light.ts)', 'has a trail that leads nowhere'],
    ['- [a](chapters/1-lamp/light.ts)\n * - [b](chapters/1-lamp/light.ts)', 'has a trail that leads nowhere'],
    ['1. one\n * 2. two', 'has a trail whose step 1 leads to no section'],
  ])('is refused without steps to go: %j', async (steps, complaint) => {
    const fixture = borrowFixture();
    const trail = `/*\n * # Oil\n *\n * :::trail{#drop name="oil"}\n * ${steps}\n * :::\n */`;
    fixture.edit(OIL, (text) => text.replace('/* # Oil */', trail));
    expect(await complaintOf(weave(fixture))).toContain(complaint);
  });

  test('moves its marks when it is changed, and nothing of the old ones is left', async () => {
    const fixture = withTrail(`${TABLES}#demandPage`);
    const weaver = createWeaver(fixture);
    await weaver.weave();
    fixture.edit(OIL, (text) => text.replace(`${TABLES}#demandPage`, `${TABLES}#twelve-bits-of-opinion`));
    await weaver.weave();
    const again = pagesIn(fixture.out);
    fixture.out = `${fixture.out}-anew`;
    await weave(fixture);
    expect(again).toEqual(pagesIn(fixture.out));
    expect(marksOn(again.get('2-cave/page-tables.html'))).toHaveLength(1);
  });
});
