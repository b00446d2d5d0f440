/*
 * # Filling in
 *
 * In a bindery, this is the bench where numbers are stamped. Each page comes by with its notebook from the survey,
 * and gets what only the whole book could tell: its numbers, the way to its neighbours, its code, and the list of
 * those who use it.
 *
 * Everything here can be done twice. A page that comes by again is stamped over, and the second stamp hides the
 * first without a trace.
 */

import type { Element } from 'hast';

import { anchorOf, type Directory, href, type Page, sectionAt } from './directory.ts';
import { everyElement } from './compose.ts';
import { raw } from './fences.ts';
import { lineAt } from './problems.ts';
import { made, type Pointer, type SectionEntry } from './survey.ts';
import { markTrails, type Waymarks } from './trails.ts';
import { escapeHtml, typeset } from './typeset.ts';

/**
 * Where the uses of each definition are: by file and name, the sections of other parts of the book, in reading order.
 */
export type Uses = Map<string, { page: Page; section: SectionEntry }[]>;

/**
 * What binding needs: the directory, the uses, the marks of trails, the drawings in `book/figures`, and somebody to
 * complain to.
 */
export interface Binding {
  directory: Directory;
  uses: Uses;
  waymarks: Waymarks;
  drawing(id: string): string | undefined;
  complain(file: string, line: number, message: string): void;
}

/*
 * ## Numbers and answers
 *
 * What comes back is everything that was filled in, as one long text, which is ugly and exactly what a key has to
 * be.
 */
/**
 * Fills a composed page in: numbers, links, figures, code. May be done again when the rest of the book has
 * changed.
 *
 * @returns a text that differs when the page does
 */
export function bindPage(page: Page, binding: Binding): string {
  page.survey.sections.forEach((section) => {
    const [mark] = section.element.children as [Element];
    mark.children = section.number === '' ? [] : [{ type: 'text', value: `§ ${section.number}` }];
    if (section.number === '')
      mark.properties.tabIndex = -1; // there is nothing to see of it
    else delete mark.properties.tabIndex;
  });
  bindPointers(page.survey.pointers, page, page.output, binding);
  const numbers = page.survey.sections.map(({ number }) => number);
  const links = page.survey.pointers.map(({ element }) => element.properties.href);
  const marks = markTrails(page, binding.waymarks);
  return [...numbers, ...links, ...marks, ...bindFigures(page, binding), ...bindUses(page, binding)].join(
    ' ',
  );
}

/*
 * ## Figures
 *
 * They are lettered through a page: 5.3a, 5.3b. Numbered through a chapter, half of them would change their names
 * whenever somebody draws one more.
 */
function bindFigures(page: Page, { drawing, complain }: Binding): string[] {
  const drawings: string[] = [];
  for (const [index, { element, id, line }] of page.survey.figures.entries()) {
    const number = page.room ? `${page.number}${String.fromCharCode(97 + (index % 26))}` : `${index + 1}`;
    everyElement(element, (node) => {
      const classes = node.properties.className as string[] | undefined;
      if (classes?.includes('figure-number')) node.children = [{ type: 'text', value: `Figure ${number} ` }];
    });
    if (!element.properties.dataDrawing) continue;
    const drawn = drawing(id);
    drawings.push(drawn ?? '');
    const caption = element.children.at(-1)!;
    if (drawn === undefined) {
      complain(
        page.file,
        line,
        `shows figure ${id}, but there is no book/figures/${id}.svg and no ${id}.txt`,
      );
    } else element.children = [raw(drawn), caption];
  }
  return drawings;
}

/*
 * ## Pointers
 *
 * A name that means nothing stays a word in another typeface. A *link* that means nothing is a complaint.
 */
/** Turns links and names in backticks towards their places, as seen from `output`. */
export function bindPointers(
  pointers: readonly Pointer[],
  page: Page,
  output: string,
  binding: Binding,
): void {
  const { directory, complain } = binding;
  for (const { kind, element, target, line } of pointers) {
    if (kind === 'name') {
      const place = directory.named(page, target);
      if (place) element.properties.href = href(output, place);
      else delete element.properties.href;
      continue;
    }
    const found = directory.follow(page, target);
    if ('wrong' in found) {
      delete element.properties.href;
      complain(page.file, line, `the link to ${target} ${found.wrong}`);
    } else if ('url' in found)
      element.properties = { ...element.properties, href: found.url, rel: ['external'] };
    else element.properties.href = href(output, found);
  }
}

/*
 * ## Code
 *
 * The typesetter is told two things about every identifier: whether this is the place where it is defined, and if
 * not, where that is. A line number rides along for the reader who wants to get from the page to the editor; it
 * shows when you point at the code.
 */
/** Sets the code of a page. It stays right as long as the page's text, its facts and the list of pages are the same. */
export function bindCode(page: Page, directory: Directory): void {
  const anchors = new Map([...page.facts.definitions.values()].map(({ at, name }) => [at, anchorOf(name)]));
  const setter = {
    anchor: (at: number) => anchors.get(at),
    link: ({ file, name }: { file?: string; name?: string }) => {
      const to = file === undefined ? undefined : directory.page(file);
      if (!to) return undefined;
      return href(
        page.output,
        name === undefined ? { output: to.output } : { output: to.output, anchor: anchorOf(name) },
      );
    },
  };
  const { text, tokens } = page.composition;
  for (const { element, piece } of page.survey.code) {
    const start = piece.start + /^(?:[ \t]*\n)*/.exec(text.slice(piece.start, piece.end))![0].length;
    const end = piece.start + text.slice(piece.start, piece.end).trimEnd().length;
    const html = raw(
      `<pre tabindex="0"><code>${typeset(text, tokens, start, end, page.facts, setter)}</code></pre>`,
    );
    if (piece.kind === 'imports') {
      element.children = [
        raw(`<summary>${escapeHtml(summaryOfImports(text.slice(start, end)))}</summary>`),
        html,
      ];
    } else {
      element.children = [html];
      element.properties.dataLine = `${lineAt(text, start)}`;
    }
  }
}

function summaryOfImports(text: string): string {
  const modules = [...text.matchAll(/from\s+'([^']+)'/g)].map(([, name]) =>
    name!.replace(/^.*\//, '').replace(/\.ts$/, ''),
  );
  return modules.length === 0 ? 'imports' : `imports from ${[...new Set(modules)].join(', ')}`;
}

/*
 * ## The list of those who call
 *
 * Old lists come off before new ones go on. Eight are shown. `Machine` is used in so many places that the rest
 * waits behind a little triangle.
 */
/** The list under a section of where else in the book its definitions are used. */
function bindUses(page: Page, { uses }: Binding): string[] {
  const said: string[] = [];
  for (const section of page.survey.sections) {
    const { element } = section;
    const last = element.children.at(-1) as Element;
    if ((last.properties?.className as string[] | undefined)?.includes('uses')) element.children.pop();
  }
  const lists = new Map<SectionEntry, Element[]>();
  for (const { name, at } of page.facts.definitions.values()) {
    const own = sectionAt(page, at);
    const found = (uses.get(`${page.file}#${name}`) ?? []).filter(({ section }) => section !== own);
    if (found.length === 0) continue;
    lists.set(own, [...(lists.get(own) ?? []), useList(page, name, found)]);
    said.push(
      name,
      ...found.map(({ page, section }) => `${page.output}#${section.id} ${section.number} ${section.title}`),
    );
  }
  for (const [section, items] of lists)
    section.element.children.push(made('div', { className: ['uses'] }, items));
  return said;
}

/*
 * A section without a heading has no name to show you before you go. Its page has.
 */
const SHOWN = 8;

function useList(page: Page, name: string, found: { page: Page; section: SectionEntry }[]): Element {
  const links = found.map(({ page: from, section }) => {
    const to = href(page.output, { output: from.output, anchor: section.id });
    const title = section.title || from.survey.title;
    return made('a', { href: to, title }, [{ type: 'text', value: section.number }]);
  });
  const spaced = (list: Element[]) => list.flatMap((link) => [{ type: 'text', value: ' ' } as const, link]);
  const term = made('code', {}, [{ type: 'text', value: name }]);
  const start: Element['children'] = [
    term,
    { type: 'text', value: ' is used in §' },
    ...spaced(links.slice(0, SHOWN)),
  ];
  if (links.length <= SHOWN) return made('p', {}, start);
  const more = made('summary', {}, [{ type: 'text', value: `and ${links.length - SHOWN} more` }]);
  return made('div', {}, [
    made('p', {}, start),
    made('details', {}, [more, made('p', {}, spaced(links.slice(SHOWN)))]),
  ]);
}
