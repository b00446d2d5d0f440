/*
 * # The proofs
 *
 * Until here, everything was meant well. This page knows nothing of it. It imports no tree and no survey; what it
 * gets is a string of HTML that somebody claims is a page, and a file that somebody claims is on it. It tries to
 * prove them wrong.
 *
 * That it works on the printed page is the point. A proof about our own data structures would show that we did what
 * we thought. It is in the last step, between the tree and the text, that a comma is lost.
 */

import { posix } from 'node:path';

import { type Promised, wordsIn } from './narration.ts';
import { lineAt } from './problems.ts';

/** A flaw in a printed page, at an offset of the HTML or, where it is one of coverage, of the source. */
export interface Flaw {
  offset: number;
  message: string;
}

/*
 * ## Every byte, once
 *
 * Each box on the page says from where to where it stands for the source. Read one after the other, they have to be
 * the file: begin at 0, leave no gap, never go back, stop at the end. That leaves the question whether what is *in*
 * a box is what was in the source, which for code means the same characters and for prose the same words.
 */
const SPAN = /<(?:div|details) class="(narration|contract|code|imports)" data-span="(\d+)-(\d+)"/g;

/**
 * Proves that a printed page holds its source: the pieces on it, one behind the other, are the file from its first
 * character to its last; the code on it is the code; and the prose keeps its words and its drawings.
 *
 * @param promised for each piece of prose, by where it starts, what a reader must find
 * @returns the first flaw, or undefined
 */
export function proveCoverage(
  text: string,
  html: string,
  promised: ReadonlyMap<number, Promised>,
): Flaw | undefined {
  let at = 0;
  const pieces = [...html.matchAll(SPAN)];
  for (const [index, piece] of pieces.entries()) {
    const start = Number(piece[2]);
    const end = Number(piece[3]);
    if (start > at)
      return { offset: at, message: `is lost: ${start - at} characters are in no section of the book` };
    if (start < at) return { offset: start, message: 'is in the book twice, or out of order' };
    const shown = html.slice(piece.index, pieces[index + 1]?.index ?? html.indexOf('</main>', piece.index));
    const flaw = isCode(piece[1]!)
      ? compareCode(text, start, end, shown)
      : compareProse(start, shown, promised.get(start));
    if (flaw) return flaw;
    at = end;
  }
  if (at !== text.length)
    return { offset: at, message: `is lost: ${text.length - at} characters are in no section of the book` };
  return undefined;
}

function isCode(kind: string): boolean {
  return kind === 'code' || kind === 'imports';
}

/*
 * ## Is it the code?
 *
 * Take the tags out, turn the entities back, and compare. The only difference allowed is blank space around the
 * edges. If something differs, you are told what it says here and what it says there.
 */
function compareCode(text: string, start: number, end: number, shown: string): Flaw | undefined {
  const source = text.slice(start, end);
  const found = unescapeHtml((/<code>([\s\S]*?)<\/code>/.exec(shown)?.[1] ?? '').replace(/<[^>]*>/g, ''));
  const blank = /^(?:[ \t]*\n)*/.exec(source)![0].length;
  const wanted = source.slice(blank).trimEnd();
  if (found === wanted) return undefined;
  let same = 0;
  while (same < found.length && found[same] === wanted[same]) same++;
  return {
    offset: start + blank + same,
    message: `reads ${show(wanted, same)} in the source and ${show(found, same)} in the book`,
  };
}

function show(text: string, at: number): string {
  return at >= text.length ? 'nothing' : JSON.stringify(text.slice(at, at + 12));
}

/*
 * ## Is it the prose?
 *
 * Markdown's stars and brackets are not on the page, so we cannot compare with the comment. But when the comment
 * was read, a [promise](#what-is-promised) was made, and here it falls due. A directive that nobody has turned into
 * an element, a table that came out empty, a line of HTML that was swallowed: they all cost words, and words are
 * counted by the letter.
 */
/** Every letter of the prose must come again on the page, in order. What the weaver adds may stand between. */
function compareProse(start: number, shown: string, promised: Promised | undefined): Flaw | undefined {
  if (!promised) return { offset: start, message: 'is prose that was never read' };
  const plain = unescapeHtml(shown.replace(/<[^>]*>/g, ''));
  const lost = promised.blocks.find((block) => !plain.includes(block));
  if (lost !== undefined)
    return { offset: start, message: `opens a comment whose drawing is not on the page: ${show(lost, 0)}` };
  const found = wordsIn(plain).join('');
  let at = 0;
  for (const word of promised.words) {
    for (const letter of word) {
      const next = found.indexOf(letter, at);
      if (next === -1)
        return {
          offset: start,
          message: `opens a comment whose word "${word}" is lost on the way to the page`,
        };
      at = next + letter.length;
    }
  }
  return undefined;
}

/*
 * Four of HTML's two thousand named characters are ever written by us.
 */
const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&' };

function unescapeHtml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([\da-f]+)|(lt|gt|quot|amp));/gi, (_, code?: string, name?: string) =>
    code ? String.fromCodePoint(Number.parseInt(code, 16)) : ENTITIES[name!]!,
  );
}

/*
 * ## Loose ends
 *
 * Everything on a page that another could refer to, and everything it refers to itself, as read from its tags. What
 * it *loads* has to be in the book, too. A page that fetches a font from somewhere tells somebody that you are
 * reading it.
 */
/** What other pages may hold a page to: its ids, and where its links lead. */
export interface Ends {
  ids: Set<string>;
  doubled: Flaw[];
  links: { target: string; offset: number }[];
  loads: Flaw[];
}

/*
 * Two tags in three are only there for the colours. So we do not take every tag and search it for these attributes; we
 * look for tags that have one. Behind the first there may be another.
 */
const TAG = new RegExp(
  String.raw`<([a-zA-Z]\w*)(?=\s)(?:[^">\s]|"[^"]*"|\s(?!(?:id|href|src)="))*` +
    String.raw`\s(id|href|src)="([^"]*)"((?:[^">]|"[^"]*")*)>`,
  'g',
);

/** Reads the links and ids out of a printed page. */
export function endsOf(html: string): Ends {
  const ends: Ends = { ids: new Set(), doubled: [], links: [], loads: [] };
  for (const { 1: tag, 2: name, 3: value, 4: more, index } of html.matchAll(TAG)) {
    noteEnd(ends, tag!, name!, value!, index);
    if (!/\s(?:id|href|src)="/.test(more!)) continue;
    for (const [, name, value] of more!.matchAll(/\s(id|href|src)="([^"]*)"/g))
      noteEnd(ends, tag!, name!, value!, index);
  }
  return ends;
}

function noteEnd(ends: Ends, tag: string, name: string, value: string, offset: number): void {
  const said = unescapeHtml(value);
  if (name === 'id') {
    if (ends.ids.has(said)) ends.doubled.push({ offset, message: `the id "${said}" is on the page twice` });
    ends.ids.add(said);
  } else if (!/^[a-z][a-z+.-]*:/i.test(said)) ends.links.push({ target: said, offset });
  else if (tag !== 'a') ends.loads.push({ offset, message: `loads ${said} from outside the book` });
}

/*
 * ## Every link arrives
 *
 * Links within the book, that is. What is outside may vanish at any time, and a build that fails because a
 * university has a new web server is a build that is soon run without its proofs.
 */
/** Proves that every link of every page leads to a page, or a file, and to an id that is there. */
export function proveLinks(
  pages: ReadonlyMap<string, Ends>,
  files: ReadonlySet<string>,
): { output: string; flaw: Flaw }[] {
  const flaws: { output: string; flaw: Flaw }[] = [];
  const arrivals = new Map<string, string>(); // of a hundred thousand ways, two thousand are different
  for (const [output, { doubled, links, loads }] of pages) {
    const add = (flaw: Flaw) => flaws.push({ output, flaw });
    [...doubled, ...loads].forEach(add);
    const folder = posix.dirname(output);
    const followed = new Set<string>(); // a page has hundreds of links to a dozen others
    for (const { target, offset } of links) {
      if (followed.has(target)) continue;
      followed.add(target);
      const [path, anchor] = target.split('#') as [string, string?];
      const way = `${folder}>${path}`;
      let to = path === '' ? output : arrivals.get(way);
      if (to === undefined) {
        to = posix.join(folder, path);
        arrivals.set(way, to);
      }
      const ids = pages.get(to)?.ids;
      if (!ids && !files.has(to)) add({ offset, message: `a link leads to ${to}, which is not in the book` });
      else if (anchor && !ids?.has(decodeURI(anchor)))
        add({ offset, message: `a link leads to #${anchor}, which is not on ${to}` });
    }
  }
  return flaws;
}

/*
 * ## The order of reading
 *
 * We have a list of files in the order that the indexes give them. A reader has something else: a link that says
 * *Onward*. Starting from the first page we click it until there is nothing to click any more, and look which files
 * went by.
 */
/**
 * Proves that turning the pages, from the first to the last, is reading the files in order.
 *
 * @param files the sources in reading order
 * @returns the first file that does not come when it should, or undefined
 */
export function proveOrder(
  pages: ReadonlyMap<string, string>,
  first: string,
  files: readonly string[],
): string | undefined {
  const turned: string[] = [];
  const seen = new Set<string>();
  for (let output: string | undefined = first; output !== undefined && !seen.has(output); ) {
    seen.add(output);
    const html: string = pages.get(output) ?? '';
    const file = /<main data-file="([^"]*)"/.exec(html)?.[1];
    if (file !== undefined) turned.push(file);
    const next: string | undefined = /<a rel="next" href="([^"]*)"/.exec(html)?.[1];
    output = next === undefined ? undefined : posix.join(posix.dirname(output), next);
  }
  return files.find((file, index) => turned[index] !== file) ?? turned[files.length];
}

/*
 * A flaw in the HTML is reported at the line of the source that it came from, or rather of the piece it came from,
 * which is as near as HTML remembers.
 */
/** The line of the source that a place in a printed page came from: that of the piece it stands in. */
export function lineOfPage(html: string, offset: number, text: string): number {
  let line = 1;
  for (const piece of html.matchAll(SPAN)) {
    if (piece.index > offset) break;
    line = lineAt(text, Number(piece[2]));
  }
  return line;
}
