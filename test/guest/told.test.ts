import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bootToPrompt } from './session.ts';

/** What the book shows of a terminal is what a terminal shows, but for how long it took. */
const withoutTicks = (text: string) => text.replaceAll(/(sleeping|running) +\d+/g, '$1 n');

test('The screen in front of the book is what pup says', async () => {
  const figure = readFileSync('book/figures/screen.svg', 'utf8');
  const lines = [...figure.matchAll(/<text [^>]*>(.*)<\/text>/g)].map(([, line]) =>
    line!.replaceAll(/<[^>]*>/g, '').replaceAll('\u00a0', ' '),
  );
  const session = await bootToPrompt();
  const said = withoutTicks(session.said + (await session.run('ps')) + (await session.run('crash')));
  const ofPup = lines
    .slice(lines.findIndex((line) => line.startsWith('pup:')))
    .filter((line) => !line.startsWith('$'));
  expect(ofPup).toHaveLength(9);
  for (const line of ofPup)
    expect(said, 'book/figures/screen.svg is of another pup').toContain(withoutTicks(line));
});

test('The last words in the autopsy are those of a panic', async () => {
  const autopsy = readFileSync('chapters/4-launcher/autopsy.ts', 'utf8');
  const told = [...autopsy.matchAll(/^ \* {5}(lguest: .*| {4}at .*)$/gm)].map(([, line]) => line);
  const session = await bootToPrompt();
  session.type('panic\n');
  expect(await session.ended).toMatchObject({ code: 1 });
  expect(session.warnings, 'the first comment of autopsy.ts is of another panic').toEqual(told);
});
