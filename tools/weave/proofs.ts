import { posix } from 'node:path';

import { type Promised, wordsIn } from './narration.ts';
import { lineAt } from './problems.ts';

/** A flaw in a printed page, at an offset of the HTML or, where it is one of coverage, of the source. */
export interface Flaw {
  offset: number;
  message: string;
}

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

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', amp: '&' };

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#x([\da-f]+)|(lt|gt|quot|amp));/gi, (_, code?: string, name?: string) =>
    code ? String.fromCodePoint(Number.parseInt(code, 16)) : ENTITIES[name!]!,
  );
}

/** What other pages may hold a page to: its ids, and where its links lead. */
export interface Ends {
  ids: Set<string>;
  doubled: Flaw[];
  links: { target: string; offset: number }[];
  loads: Flaw[];
}

/** Reads the links and ids out of a printed page. */
export function endsOf(html: string): Ends {
  const ends: Ends = { ids: new Set(), doubled: [], links: [], loads: [] };
  for (const tag of html.matchAll(/<([a-z]\w*)((?:\s+[^\s=>]+(?:="[^"]*")?)*)\s*\/?>/gi)) {
    for (const [, name, value = ''] of tag[2]!.matchAll(/\s(id|href|src)="([^"]*)"/g)) {
      const said = unescapeHtml(value);
      if (name !== 'id') noteLink(ends, tag[1]!, said, tag.index);
      else if (ends.ids.has(said))
        ends.doubled.push({ offset: tag.index, message: `the id "${said}" is on the page twice` });
      else ends.ids.add(said);
    }
  }
  return ends;
}

function noteLink(ends: Ends, tag: string, target: string, offset: number): void {
  if (!/^[a-z][a-z+.-]*:/i.test(target)) ends.links.push({ target, offset });
  else if (tag !== 'a') ends.loads.push({ offset, message: `loads ${target} from outside the book` });
}

/** Proves that every link of every page leads to a page, or a file, and to an id that is there. */
export function proveLinks(
  pages: ReadonlyMap<string, Ends>,
  files: ReadonlySet<string>,
): { output: string; flaw: Flaw }[] {
  const flaws: { output: string; flaw: Flaw }[] = [];
  for (const [output, { doubled, links, loads }] of pages) {
    const add = (flaw: Flaw) => flaws.push({ output, flaw });
    [...doubled, ...loads].forEach(add);
    for (const { target, offset } of links) {
      const [path, anchor] = target.split('#') as [string, string?];
      const to = path === '' ? output : posix.join(posix.dirname(output), path);
      const ids = pages.get(to)?.ids;
      if (!ids && !files.has(to)) add({ offset, message: `a link leads to ${to}, which is not in the book` });
      else if (anchor && !ids?.has(decodeURI(anchor)))
        add({ offset, message: `a link leads to #${anchor}, which is not on ${to}` });
    }
  }
  return flaws;
}

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

/** The line of the source that a place in a printed page came from: that of the piece it stands in. */
export function lineOfPage(html: string, offset: number, text: string): number {
  let line = 1;
  for (const piece of html.matchAll(SPAN)) {
    if (piece.index > offset) break;
    line = lineAt(text, Number(piece[2]));
  }
  return line;
}
