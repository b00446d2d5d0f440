/*
 * # Around the page
 *
 * The page itself is done. What surrounds it should be worth a glance when you are lost and otherwise keep its
 * mouth shut: where you are, what is next, how to get out. On a wide screen the chapter is at your left, and notes
 * hang in the margin at the right. On a telephone there are no sides, and the chapter goes to the foot of the page,
 * where a link at the top leads to it. There is no script involved in any of that.
 */

import type { Element, ElementContent } from 'hast';
import { h } from 'hastscript';

import { type Directory, href, type Page } from './directory.ts';
import { raw } from './fences.ts';
import { printHtml } from './markup.ts';
import type { Room } from './rooms.ts';
import { escapeHtml } from './typeset.ts';

/** What stands around a page: all that the layout needs to know of the one page and of the book. */
export interface Sheet {
  output: string;
  title: string;
  /** The source the page was woven from, if it was. */
  file?: string;
  page?: Page;
  /** Two sheets with the same key print the same. */
  key: string;
  content(): ElementContent[];
  /** What a pointing finger is told, by the numbers in `data-h`. */
  hovers?: readonly { signature: string; summary: string }[];
}

/** The pages that are made and not woven, in the order in which they stand behind the others. */
export const BACK_MATTER = [
  { output: 'contents.html', title: 'Contents' },
  { output: 'definitions.html', title: 'Definitions' },
  { output: 'reference.html', title: 'Reference' },
];

/*
 * ## A sheet of HTML
 *
 * Built with `h`, which makes hast out of thin air, and [printed](#markup). The one script is loaded
 * before the body on purpose: at night, a page that turns dark only after it has been white for a tenth of a second
 * is worse than no dark page.
 */
/** Prints a page as HTML: head, navigation, text. */
export function layOut(sheet: Sheet, directory: Directory): string {
  const to = (output: string) => href(sheet.output, { output });
  const head = h('head', [
    h('meta', { charset: 'utf-8' }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('title', sheet.output === 'index.html' ? sheet.title : `${sheet.title} · Lantern`),
    h('link', { rel: 'icon', href: to('assets/lantern.svg') }),
    h('link', { rel: 'stylesheet', href: to('assets/lantern.css') }),
    h('script', { src: to('assets/lantern.js') }),
  ]);
  const body = h('body', [
    topBar(sheet, to),
    h('div', { className: ['frame'] }, [
      h('main', { dataFile: sheet.file, className: [sheet.page?.room ? 'page' : 'matter'] }, [
        ...pageHead(sheet, directory, to),
        ...sheet.content(),
        turning(sheet, directory, to),
      ]),
      sideBar(sheet, directory, to),
    ]),
    ...(sheet.hovers ? [hoverTable(sheet.hovers)] : []),
  ]);
  return `<!doctype html>\n${printHtml(h('html', { lang: 'en' }, [head, body]))}\n`;
}

/*
 * ## Above and below
 *
 * Over the title, where you are. Under the last line, the two pages between which you are. These two links are also
 * evidence: the proof of reading order turns the pages by them.
 */
type To = (output: string) => string;

function topBar(sheet: Sheet, to: To): Element {
  const links = BACK_MATTER.map(({ output, title }) =>
    h('a', { href: to(output), ariaCurrent: sheet.output === output ? 'page' : undefined }, title),
  );
  return h('header', { className: ['top'] }, [
    h('a', { className: ['brand'], href: to('index.html') }, 'Lantern'),
    h('a', { className: ['jump'], href: '#navigation' }, 'Chapter'),
    h('nav', { ariaLabel: 'Book' }, links),
    h(
      'button',
      { className: ['theme'], type: 'button', ariaLabel: 'Light or dark', title: 'Light or dark' },
      '◐',
    ),
  ]);
}

/** Above the title: which room we are in, and which file this is. */
function pageHead({ page }: Sheet, directory: Directory, to: To): Element[] {
  if (!page?.room) return [];
  const opening = openingOf(directory, page.room);
  const name = `${kindOf(page.room)} ${page.room.number}`;
  const crumbs =
    page === opening
      ? [h('span', name)]
      : [h('a', { href: to(opening.output) }, `${name} · ${opening.survey.title}`)];
  return [h('div', { className: ['page-head'] }, [...crumbs, h('span', { className: ['file'] }, page.file)])];
}

export function kindOf(room: Room): string {
  return room.appendix ? 'Appendix' : 'Chapter';
}

/** The page a room is entered by. */
export function openingOf(directory: Directory, room: Room): Page {
  return directory.page(room.files[0]!)!;
}

/*
 * Behind the last appendix come the definitions and the reference; the contents are where you expect them, in front.
 */
function turning(sheet: Sheet, directory: Directory, to: To): Element {
  const pages = orderOf(directory);
  const at = pages.findIndex(({ output }) => output === sheet.output);
  const previous = at > 0 ? pages[at - 1] : undefined;
  const next = at >= 0 ? pages[at + 1] : undefined;
  return h('nav', { className: ['turn'], ariaLabel: 'Pages' }, [
    previous
      ? h('a', { rel: 'prev', href: to(previous.output) }, [h('small', 'Back'), previous.title])
      : h('span'),
    next ? h('a', { rel: 'next', href: to(next.output) }, [h('small', 'Onward'), next.title]) : h('span'),
  ]);
}

const orders = new WeakMap<Directory, { output: string; title: string }[]>();

/** All pages in the order in which they are turned. */
function orderOf(directory: Directory): { output: string; title: string }[] {
  let order = orders.get(directory);
  if (!order) {
    const [first, ...rest] = directory.pages.map((page) => ({
      output: page.output,
      title: page.survey.title,
    }));
    const [contents, ...back] = BACK_MATTER;
    order = [first!, contents!, ...rest, ...back];
    orders.set(directory, order);
  }
  return order;
}

/*
 * ## At the side
 *
 * All chapters, the files of the one you are in, the sections of the page that is open. Never more: a table of
 * contents that shows everything is a wall.
 */
function sideBar(sheet: Sheet, directory: Directory, to: To): ElementContent {
  const rooms = [...new Set(directory.pages.map(({ room }) => room))].filter((room) => room !== undefined);
  const list = (chosen: Room[]) =>
    `<ol>${chosen.map((room) => roomEntry(room, sheet, directory, to)).join('')}</ol>`;
  const appendices = rooms.filter(({ appendix }) => appendix);
  const foot = appendices.length > 0 ? `<p>Appendices</p>${list(appendices)}` : '';
  const chapters = list(rooms.filter(({ appendix }) => !appendix));
  return raw(`<nav class="side" id="navigation" aria-label="Chapters">${chapters}${foot}</nav>`);
}

function roomEntry(room: Room, sheet: Sheet, directory: Directory, to: To): string {
  const opening = openingOf(directory, room);
  const entry =
    numbered(room.number, opening, sheet, to) + (sheet.page === opening ? outlineOf(opening) : '');
  if (sheet.page?.room !== room) return `<li>${entry}</li>`;
  const pages = room.files.slice(1).map((file) => pageEntry(directory.page(file)!, sheet, to));
  return `<li class="here">${entry}${pages.length > 0 ? `<ol>${pages.join('')}</ol>` : ''}</li>`;
}

/*
 * Numbers stand apart from titles, so that the titles line up. It is what tables of contents did with dots. (These few
 * are strings and no trees. There are fifty of them on each of four hundred pages.)
 */
function pageEntry(page: Page, sheet: Sheet, to: To): string {
  return `<li>${numbered(page.number, page, sheet, to)}${sheet.page === page ? outlineOf(page) : ''}</li>`;
}

function numbered(number: string, page: Page, sheet: Sheet, to: To): string {
  const current = sheet.page === page ? ' aria-current="page"' : '';
  return `<a href="${escapeHtml(to(page.output))}"${current}><b>${number}</b> ${escapeHtml(page.survey.title)}</a>`;
}

function outlineOf(page: Page): string {
  const { headings } = page.survey;
  if (headings.length === 0) return '';
  const entries = headings.map(
    ({ id, title }) => `<li><a href="#${encodeURI(id)}">${escapeHtml(title)}</a></li>`,
  );
  return `<ul class="outline">${entries.join('')}</ul>`;
}

/*
 * ## Slips of paper
 *
 * What all the names on the page are, as a table at its end; the code refers to it by number. As a `title` on each
 * name it would double the size of the book. The `<` must be written otherwise, since in a script even a string can
 * end the script.
 */
function hoverTable(hovers: readonly { signature: string; summary: string }[]): Element {
  const table = hovers.map(({ signature, summary }) => (summary ? [signature, summary] : [signature]));
  const json = JSON.stringify(table)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', ' ')
    .replaceAll('\u2029', ' ');
  return h('script', { type: 'application/json', id: 'hovers' }, [raw(json)]);
}
