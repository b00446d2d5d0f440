import { posix } from 'node:path';

import type { Composition } from './compose.ts';
import type { Facts } from './facts.ts';
import type { Room } from './rooms.ts';
import type { SectionEntry, Survey } from './survey.ts';

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
  const path = output === from ? '' : posix.relative(posix.dirname(from), output);
  return path + (anchor === undefined ? '' : `#${encodeURI(anchor)}`) || posix.basename(output);
}

/** Knows every page, and so answers whatever one page asks about another. */
export function createDirectory(pages: readonly Page[]): Directory {
  const byFile = new Map(pages.map((page) => [page.file, page]));
  const bySlug = gather(pages.flatMap((page) => slugsOf(page).map((slug) => [slug, page] as const)));
  const byAnchor = gather(
    pages.flatMap((page) => [...page.survey.anchors].map((anchor) => [anchor, page] as const)),
  );
  const byName = gather(
    pages.flatMap((page) =>
      [...page.facts.definitions.values()]
        .filter(({ exported }) => exported)
        .map(({ name }) => [name, page] as const),
    ),
  );

  return { pages, page: (file) => byFile.get(file), follow, named };

  function follow(from: Page, target: string): Place | { url: string } | { wrong: string } {
    if (/^[a-z][a-z+.-]*:/i.test(target)) return { url: target };
    const [path = '', anchor] = target.split('#');
    if (path !== '') return toFile(from, decodeURI(path), anchor);
    if (from.survey.anchors.has(anchor!)) return { output: from.output, anchor: anchor! };
    const pagesSo = bySlug.get(anchor!) ?? [];
    if (pagesSo.length === 1) return { output: pagesSo[0]!.output };
    const anchorsSo = byAnchor.get(anchor!) ?? [];
    if (pagesSo.length === 0 && anchorsSo.length === 1)
      return { output: anchorsSo[0]!.output, anchor: anchor! };
    const places = [...pagesSo, ...anchorsSo].map((page) => page.file);
    if (places.length > 1)
      return { wrong: `could mean ${places.join(' or ')}: write the file in front of the #` };
    return { wrong: 'leads nowhere: no page, section, figure or exercise has that name' };
  }

  function toFile(from: Page, path: string, anchor: string | undefined): Place | { wrong: string } {
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

  function named(from: Page, written: string): Place | undefined {
    const name = written.replace(/\(\)$/, '');
    if (/^[\w./-]+\.ts$/.test(name)) return fileNamed(from, name);
    if (!/^[A-Za-z_$][\w$]*(\.[\w$]+)*$/.test(name)) return undefined;
    if (from.facts.definitions.has(name)) return { output: from.output, anchor: anchorOf(name) };
    const spoken = vocabularyOf(from);
    const meant = spoken.foreign.get(name);
    if (meant && byFile.get(meant)) return { output: byFile.get(meant)!.output, anchor: anchorOf(name) };
    if (spoken.local.has(name)) return undefined;
    const homes = byName.get(name) ?? [];
    const near = homes.filter((page) => page.room === from.room);
    const home = homes.length === 1 ? homes[0] : near.length === 1 ? near[0] : undefined;
    return home && { output: home.output, anchor: anchorOf(name) };
  }

  function fileNamed(from: Page, name: string): Place | undefined {
    const exact = byFile.get(posix.join(posix.dirname(from.file), name)) ?? byFile.get(name);
    if (exact) return { output: exact.output };
    const ending = pages.filter((page) => page.file.endsWith(`/${name.replace(/^\.\//, '')}`));
    return ending.length === 1 ? { output: ending[0]!.output } : undefined;
  }
}

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

/** What a reader may call a page: its file's name, or for the page that opens a room the folder's, with and without its number. */
function slugsOf(page: Page): string[] {
  const base = posix.basename(page.file).replace(/\.\w+$/, '');
  const folder = posix.basename(posix.dirname(page.file));
  return base === 'index' ? [...new Set([folder, folder.replace(/^\d+-/, '')])] : [base];
}

function gather(entries: readonly (readonly [string, Page])[]): Map<string, Page[]> {
  const map = new Map<string, Page[]>();
  for (const [key, page] of entries) {
    const list = map.get(key);
    if (list) list.push(page);
    else map.set(key, [page]);
  }
  return map;
}
