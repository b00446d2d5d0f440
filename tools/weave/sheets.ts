/*
 * # Gathering the sheets
 *
 * All pages are composed, and every name is known. Now they meet. Who uses what is counted, gaps are filled, and
 * each page becomes a sheet for the press, together with a key: a text that differs when the page would. The press
 * compares keys. A sheet whose key it knows from last time is not even laid out.
 */

import { createHash } from 'node:crypto';

import { bindCode, type Binding, bindPage, type Uses } from './bind.ts';
import { type Page, sectionAt } from './directory.ts';
import type { Sheet } from './layout.ts';
import { backMatter } from './matter.ts';

/*
 * ## Used in
 *
 * *TeX: The Program* has a small index on every spread, so that nobody who meets a name has to go and look for it in
 * the back. Under our sections stands its reverse, which readers of kernels need most. *Who on earth calls this?* Once
 * for each section, in reading order, and not from the section itself.
 */
/** Who uses what: for each definition the sections of the book that mention it, once each, in reading order. */
export function usesOf(pages: readonly Page[]): Uses {
  const uses: Uses = new Map();
  for (const page of pages) {
    for (const { at, file, name, use } of page.facts.mentions.values()) {
      if (!use || file === undefined || name === undefined || name.includes('.')) continue;
      const key = `${file}#${name}`;
      const section = sectionAt(page, at);
      const known = uses.get(key);
      if (!known) uses.set(key, [{ page, section }]);
      else if (known.at(-1)!.section !== section) known.push({ page, section });
    }
  }
  return uses;
}

/*
 * ## Keys
 *
 * A page's code depends on its own text, on what its names mean, and on the list of all pages, because that is
 * where links lead. Prose and margins depend on the answers that the directory gave. The first kind of gap is dear
 * to fill, so it is filled only when its part of the key has changed. The second is filled always, and its result
 * *is* the other part of the key.
 */
/** Fills every page in, and lists all sheets of the book with the keys by which the press knows what is new. */
export function bindAll(pages: readonly Page[], binding: Binding, coded: Map<string, string>): Sheet[] {
  const frame = digest(
    pages.map(({ output, number, survey }) => `${output} ${number} ${survey.title}`).join('\n'),
  );
  const keys = new Map<string, string>();
  for (const page of pages) {
    const shape = `${page.version} ${frame}`;
    if (coded.get(page.file) !== shape) bindCode(page, binding.directory);
    coded.set(page.file, shape);
    keys.set(page.file, `${shape} ${digest(bindPage(page, binding))}`);
  }
  return [...pages.map((page) => sheetOf(page, keys.get(page.file)!)), ...backMatter(binding, keys)];
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('base64');
}

/** The sheet of a page that is filled in. */
export function sheetOf(page: Page, key: string): Sheet {
  const { output, file, survey, composition, facts } = page;
  const content = () => composition.tree.children.filter((node) => node.type !== 'doctype');
  return { output, file, page, title: survey.title, key, content, hovers: facts.hovers };
}

/*
 * Comparing compositions would mean comparing trees. Since a changed page has a new tree, it is enough to give
 * every tree a number.
 */
const serials = new WeakMap<object, number>();
let made = 0;

/** A number that no other object has. */
export function serialOf(thing: object): number {
  const serial = serials.get(thing) ?? ++made;
  serials.set(thing, serial);
  return serial;
}
