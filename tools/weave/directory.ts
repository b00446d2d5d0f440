/*
 * # The directory
 *
 * A page that wants to link to another asks here. It is the only place where one page can learn something about the
 * next, which makes it easy to say what a page depends on: the answers it got.
 */

import { posix } from 'node:path';

import type { Composition } from './compose.ts';
import type { Facts } from './facts.ts';
import type { Room } from './rooms.ts';
import type { SectionEntry, Survey } from './survey.ts';

/*
 * ## Pages and places
 */
/** A page that was woven from a source. */
export interface Page {
  /** The source, relative to the root. */
  file: string;
  /** The page, relative to the book. */
  output: string;
  /** Undefined for the front page. */
  room?: Room;
  /** `5.3`; `5.0` for the page that opens a room. */
  number: string;
  composition: Composition;
  survey: Survey;
  facts: Facts;
  /** Differs when anything differs that the page alone decides: its text, or what its names mean. */
  version: string;
}

/** Where a link leads: a page, and perhaps a place on it. */
export interface Place {
  output: string;
  anchor?: string;
}

export interface Directory {
  pages: readonly Page[];
  page(file: string): Page | undefined;
  /** Follows the target of a Markdown link. The answer is a place, a URL outside the book, or what is wrong. */
  follow(from: Page, target: string): Place | { url: string } | { wrong: string };
  /** The definition a name in backticks means, if it means one. */
  named(from: Page, name: string): Place | undefined;
}

/*
 * Addresses. All of them are relative, since the book has to open from a disk, a server, or a USB stick.
 */
/** The id of a definition on its page. */
export function anchorOf(name: string): string {
  return `def-${name}`;
}

/** The section that holds the character at `offset`. */
export function sectionAt(page: Page, offset: number): SectionEntry {
  const { sections } = page.survey;
  let found = sections[0]!;
  for (const section of sections) if (section.start <= offset) found = section;
  return found;
}

/** The way from one page of the book to a place in it. */
export function href(from: string, { output, anchor }: Place): string {
  const path = output === from ? '' : wayTo(posix.dirname(from), output);
  return path + (anchor === undefined ? '' : `#${encodeURI(anchor)}`) || posix.basename(output);
}

const ways = new Map<string, string>();

/** The way from a folder to a page, which a hundred thousand links ask for, and of which there are not two thousand. */
function wayTo(folder: string, output: string): string {
  const both = `${folder}>${output}`;
  let way = ways.get(both);
  if (way === undefined) {
    way = posix.relative(folder, output);
    ways.set(both, way);
  }
  return way;
}

/*
 * ## The switchboard
 *
 * Four card indexes: pages by file, pages by what a reader would call them, places by their ids, and exported
 * names.
 */
/** Knows every page, and so answers whatever one page asks about another. */
export function createDirectory(pages: readonly Page[]): Directory {
  const exported = (page: Page) => [...page.facts.definitions.values()].filter(({ exported }) => exported);
  const cards: Cards = {
    pages,
    byFile: new Map(pages.map((page) => [page.file, page])),
    bySlug: gather(pages, slugsOf),
    byAnchor: gather(pages, (page) => [...page.survey.anchors]),
    byName: gather(pages, (page) => exported(page).map(({ name }) => name)),
  };
  return {
    pages,
    page: (file) => cards.byFile.get(file),
    follow: (from, target) => follow(cards, from, target),
    named: (from, name) => named(cards, from, name),
  };
}

interface Cards {
  pages: readonly Page[];
  byFile: Map<string, Page>;
  bySlug: Map<string, Page[]>;
  byAnchor: Map<string, Page[]>;
  byName: Map<string, Page[]>;
}

function gather(pages: readonly Page[], keysOf: (page: Page) => string[]): Map<string, Page[]> {
  const map = new Map<string, Page[]>();
  for (const page of pages) {
    for (const key of keysOf(page)) {
      const list = map.get(key);
      if (list) list.push(page);
      else map.set(key, [page]);
    }
  }
  return map;
}

/*
 * What a reader may call a page: its file's name; or, for one that opens a room, the folder's, with its number or
 * without.
 */
function slugsOf(page: Page): string[] {
  const base = posix.basename(page.file).replace(/\.\w+$/, '');
  const folder = posix.basename(posix.dirname(page.file));
  return base === 'index' ? [...new Set([folder, folder.replace(/^\d+-/, '')])] : [base];
}

/*
 * ## Following a link
 *
 * What an author may write behind `](`: a URL; a file, seen from the own one or from the root; or a `#` and a name.
 * The name is looked for at home first, then among rooms, pages, and everything in the book that has an id. Found
 * twice is as bad as not found at all: today it would lead to one of the two, and after the next chapter to the other.
 */
function follow(cards: Cards, from: Page, target: string): ReturnType<Directory['follow']> {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return { url: target };
  const decoded = decode(target);
  if (decoded === undefined) return { wrong: 'is no address: a % in it does not stand before two digits' };
  const [path = '', anchor = ''] = decoded.split('#');
  if (path !== '') return toFile(cards, from, path, target.includes('#') ? anchor : undefined);
  if (from.survey.anchors.has(anchor)) return { output: from.output, anchor };
  const named = cards.bySlug.get(anchor) ?? [];
  const rooms = named.filter((page) => page.room?.files[0] === page.file);
  const pages = rooms.length === 1 ? rooms : named;
  if (pages.length === 1) return { output: pages[0]!.output };
  const homes = cards.byAnchor.get(anchor) ?? [];
  if (pages.length === 0 && homes.length === 1) return { output: homes[0]!.output, anchor };
  const places = [...pages, ...homes].map((page) => page.file);
  if (places.length > 1)
    return { wrong: `could mean ${places.join(' or ')}: write the file in front of the #` };
  return { wrong: 'leads nowhere: no page, section, figure or exercise has that name' };
}

function decode(target: string): string | undefined {
  try {
    return decodeURI(target);
  } catch {
    return undefined;
  }
}

function toFile({ byFile }: Cards, from: Page, path: string, anchor?: string): Place | { wrong: string } {
  const near = posix.join(posix.dirname(from.file), path);
  const page = [near, path, `${near}/index.ts`, `${path}/index.ts`]
    .map((file) => byFile.get(file))
    .find(Boolean);
  if (!page) return { wrong: `leads to ${path}, which is not a page of the book` };
  if (anchor === undefined) return { output: page.output };
  if (page.survey.anchors.has(anchor)) return { output: page.output, anchor };
  if (page.facts.definitions.has(anchor)) return { output: page.output, anchor: anchorOf(anchor) };
  return { wrong: `leads to #${anchor}, which ${page.file} does not have` };
}

/*
 * ## A name in backticks
 *
 * Authors write `demandPage` and mean the function. They also write `error` and mean the parameter two lines below,
 * although some other chapter exports a function of that name. So the nearest meaning wins: a definition on this page;
 * then what the page's own code means by the word; and if the code uses it for something local, it is nobody's
 * business. Only a word that the code does not know is looked up in the whole book, and only if one place has it.
 */
function named(cards: Cards, from: Page, written: string): Place | undefined {
  const name = written.replace(/\(\)$/, '');
  if (/^[\w./-]+\.ts$/.test(name)) return fileNamed(cards, from, name);
  if (!/^[A-Za-z_$][\w$]*(\.[\w$]+)*$/.test(name)) return undefined;
  if (from.facts.definitions.has(name)) return { output: from.output, anchor: anchorOf(name) };
  const spoken = vocabularyOf(from);
  const meant = cards.byFile.get(spoken.foreign.get(name) ?? '');
  if (meant) return { output: meant.output, anchor: anchorOf(name) };
  if (spoken.local.has(name)) return undefined;
  const homes = cards.byName.get(name) ?? [];
  const near = homes.filter((page) => page.room === from.room);
  const home = homes.length === 1 ? homes[0] : near.length === 1 ? near[0] : undefined;
  return home && { output: home.output, anchor: anchorOf(name) };
}

function fileNamed({ pages, byFile }: Cards, from: Page, name: string): Place | undefined {
  const exact = byFile.get(posix.join(posix.dirname(from.file), name)) ?? byFile.get(name);
  if (exact) return { output: exact.output };
  const ending = pages.filter((page) => page.file.endsWith(`/${name.replace(/^\.\//, '')}`));
  return ending.length === 1 ? { output: ending[0]!.output } : undefined;
}

/*
 * ## Vocabulary
 */

/** The names a page's code speaks: those defined elsewhere in the book, with where; and those of nobody's concern. */
interface Vocabulary {
  foreign: Map<string, string>;
  local: Set<string>;
}

const vocabularies = new WeakMap<Facts, Vocabulary>();

function vocabularyOf({ facts, composition }: Page): Vocabulary {
  const known = vocabularies.get(facts);
  if (known) return known;
  const vocabulary: Vocabulary = { foreign: new Map(), local: new Set() };
  for (const { at, file, name } of facts.mentions.values()) {
    if (file !== undefined && name !== undefined) vocabulary.foreign.set(name, file);
    else if (file === undefined)
      vocabulary.local.add(/^[\w$]+/.exec(composition.text.slice(at, at + 80))?.[0] ?? '');
  }
  vocabularies.set(facts, vocabulary);
  return vocabulary;
}
