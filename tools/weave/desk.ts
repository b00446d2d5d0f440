/*
 * # The desk
 *
 * A page as far as its own source can tell it, and no farther: prose set, code still a gap, links pointing at
 * words. Nothing on it depends on any other page. That is why it can stay on the desk when a neighbour changes, and
 * it is most of the reason why an edit is rewoven in a moment.
 */

import { posix } from 'node:path';

import type { SourceFile } from 'typescript';

import { type Composition, compose, composeMarkdown } from './compose.ts';
import type { Page } from './directory.ts';
import { setFences } from './fences.ts';
import { NO_FACTS } from './learn.ts';
import type { Complaints } from './problems.ts';
import type { Reading } from './program.ts';
import type { Room } from './rooms.ts';
import { FRONT } from './shelf.ts';
import { type Survey, survey } from './survey.ts';

/*
 * What was wrong with a page stays with it. A complaint is made anew at every weave, until the author has seen to
 * it, though the page itself has long been set.
 */
/** A page as it lies on the desk: composed and surveyed, with whatever trouble there was. */
export interface Draft {
  source: SourceFile | string;
  composition: Composition;
  survey: Survey;
  troubles: { line: number; message: string }[];
}

/** Composes each page once, and again only when its source is another. */
export interface Desk {
  compose(file: string, source: SourceFile | string, complaints: Complaints): Promise<Draft>;
}

export function createDesk(): Desk {
  const drafts = new Map<string, Draft>();
  return {
    async compose(file, source, complaints) {
      let draft = drafts.get(file);
      if (draft?.source !== source) {
        draft = await draftOf(file, source);
        drafts.set(file, draft);
      }
      for (const { line, message } of draft.troubles) complaints.add(file, line, message);
      return draft;
    },
  };
}

/*
 * ## Pages, with their numbers
 *
 * § 5.3.2 is the second section of the third file of chapter 5. The file that opens a room is its file 0, so that what
 * the index lists first is number 1, as everybody but a programmer would expect.
 */
/** Composes the front page and those of every room. */
export async function composePages(
  desk: Desk,
  front: string,
  rooms: readonly Room[],
  reading: Reading,
  complaints: Complaints,
  onProgress: (done: number) => void,
): Promise<Page[]> {
  const blank = { facts: NO_FACTS, version: '' };
  const cover = await desk.compose(FRONT, front, complaints);
  const pages: Page[] = [{ ...blank, ...cover, file: FRONT, output: 'index.html', number: '' }];
  for (const room of rooms) {
    for (const [index, file] of room.files.entries()) {
      onProgress(pages.length);
      const draft = await desk.compose(file, reading.trees.get(file)!, complaints);
      const number = `${room.number}.${index}`;
      for (const [at, section] of draft.survey.sections.entries()) section.number = `${number}.${at + 1}`;
      const output = posix.join(room.slug, file.slice(room.folder.length + 1).replace(/\.ts$/, '.html'));
      pages.push({ ...blank, ...draft, file, output, room, number });
    }
  }
  return pages;
}

/*
 * ## A page that says nothing
 *
 * A file has to begin by telling what it is. This is the one rule that authors meet on their first day, and the
 * message is written for that day: it says what to type.
 */
async function draftOf(file: string, source: SourceFile | string): Promise<Draft> {
  const troubles: Draft['troubles'] = [];
  const trouble = (line: number, message: string) => void troubles.push({ line, message });
  const composition =
    typeof source === 'string' ? composeMarkdown(source, trouble) : compose(source, trouble);
  complainOfSilence(composition, typeof source === 'string', trouble);
  const surveyed = survey(composition, file);
  await setFences(surveyed, trouble);
  return { source, composition, survey: surveyed, troubles };
}

function complainOfSilence(
  { text, sections, tree }: Composition,
  isMarkdown: boolean,
  trouble: (line: number, message: string) => void,
): void {
  const spoken = isMarkdown || sections[0]?.pieces.some(({ kind }) => kind === 'narration');
  const begins = isMarkdown ? /^\s*#\s/ : /^(#!.*\s*)?\/\*+\s*(\*\s*)?#\s/;
  if (text.startsWith('\ufeff'))
    trouble(1, 'starts with a byte order mark, which nobody can see: save it without');
  else if (!spoken) trouble(1, 'starts without narration: open it with /* in column 0 and a line "# Title"');
  else if (!begins.test(text))
    trouble(1, `has no title: start ${isMarkdown ? 'it' : 'its first comment'} with a line "# Title"`);
  else if (countOf(tree, 'h1') > 1)
    trouble(1, 'has more than one "# Title": a section starts with "## Title"');
}

function countOf(tree: Composition['tree'], tagName: string): number {
  let count = 0;
  const visit = (node: { children?: unknown[]; tagName?: string }) => {
    if (node.tagName === tagName) count++;
    for (const child of node.children ?? []) visit(child as typeof node);
  };
  visit(tree);
  return count;
}
