import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

import { bindCode, type Binding, bindPage, type Uses } from './bind.ts';
import { createDesk } from './desk.ts';
import { createDirectory, type Page, sectionAt } from './directory.ts';
import type { Facts } from './facts.ts';
import type { Sheet } from './layout.ts';
import { learn, NO_FACTS } from './learn.ts';
import { backMatter } from './matter.ts';
import { createPress } from './press.ts';
import { type Complaints, createComplaints, lineAt, type Problem, WeaveError } from './problems.ts';
import { createLibrary, type Reading } from './program.ts';
import { findRooms, type Room } from './rooms.ts';
import { checkExercises, FRONT, readShelf } from './shelf.ts';

export interface WeaveOptions {
  /** The repository: the folder that holds `chapters`, `src`, `tools` and `book`. */
  root: string;
  /** Where the book goes. HTML pages there that this book does not have are removed. */
  out: string;
  /** Turns what is not finished (a file without narration, a link to a page that is not there yet) into warnings. */
  draft?: boolean;
  onProgress?(progress: Progress): void;
}

export interface Progress {
  stage: 'reading' | 'composing' | 'linking' | 'printing' | 'proving' | 'writing';
  done: number;
  total: number;
}

/** What was woven and proved. */
export interface Report {
  files: number;
  bytes: number;
  sections: number;
  definitions: number;
  links: number;
  figures: number;
  exercises: number;
  pages: number;
  /** How many pages differ from those of the last weave, and so were proved and written. */
  printed: number;
  warnings: Problem[];
  milliseconds: number;
}

export interface Weaver {
  /**
   * Weaves what has changed since the last time.
   *
   * @throws WeaveError when a proof fails; the book on the disk is then still the last one that was right
   */
  weave(): Promise<Report>;
}

/**
 * Weaves a book once.
 *
 * @throws WeaveError when a proof fails
 */
export function weave(options: WeaveOptions): Promise<Report> {
  return createWeaver(options).weave();
}

/** Makes a weaver, which remembers what it read: its second book costs what differs from the first. */
export function createWeaver(options: WeaveOptions): Weaver {
  const root = resolve(options.root);
  const out = resolve(options.out);
  if (existsSync(join(out, 'package.json')))
    throw new Error(`${out} holds a package.json: the book needs a folder of its own`);
  const library = createLibrary(root);
  const desk = createDesk();
  const press = createPress(out);
  const coded = new Map<string, string>();
  let facts = new Map<string, Facts>();

  return {
    async weave() {
      const began = performance.now();
      const complaints = createComplaints();
      const shelf = readShelf(root, complaints);
      const rooms = findRooms(root, complaints);
      const reading = library.read(rooms.flatMap(({ files }) => files));
      complainOfSyntax(reading, complaints);

      const pages = await composePages(shelf.front, rooms, reading, complaints);
      tell('linking', pages.length, pages.length);
      learnFacts(pages, reading);
      checkExercises(root, pages, complaints);
      const directory = createDirectory(pages);
      const binding = { directory, uses: usesOf(pages), drawing: shelf.drawing, complain: complaints.add };
      const sheets = bindAll(pages, binding, coded);

      tell('printing', 0, sheets.length);
      const printed = press.print(sheets, directory);
      tell('proving', 0, sheets.length);
      const links = press.prove(pages, shelf.assets, complaints);
      const warnings = verdict(complaints, options.draft ?? false);
      tell('writing', 0, printed);
      press.write(shelf.assets);
      return {
        ...countsOf(pages),
        links,
        pages: sheets.length,
        printed,
        warnings,
        milliseconds: performance.now() - began,
      };
    },
  };

  function tell(stage: Progress['stage'], done: number, total: number): void {
    options.onProgress?.({ stage, done, total });
  }

  async function composePages(
    front: string,
    rooms: Room[],
    reading: Reading,
    complaints: Complaints,
  ): Promise<Page[]> {
    const pages: Page[] = [];
    const total = reading.trees.size;
    const { composition, survey } = await desk.compose(FRONT, front, complaints);
    pages.push({
      file: FRONT,
      output: 'index.html',
      number: '',
      composition,
      survey,
      facts: NO_FACTS,
      version: '',
    });
    for (const room of rooms) {
      for (const [index, file] of room.files.entries()) {
        tell('composing', pages.length, total);
        const { composition, survey } = await desk.compose(file, reading.trees.get(file)!, complaints);
        const number = `${room.number}.${index}`;
        for (const [at, section] of survey.sections.entries()) section.number = `${number}.${at + 1}`;
        const output = posix.join(room.slug, file.slice(room.folder.length + 1).replace(/\.ts$/, '.html'));
        pages.push({ file, output, room, number, composition, survey, facts: NO_FACTS, version: '' });
      }
    }
    return pages;
  }

  function learnFacts(pages: Page[], reading: Reading): void {
    const tokens = new Map(pages.map(({ file, composition }) => [file, composition.tokens]));
    facts = learn(
      root,
      reading,
      (file) => tokens.get(file)!,
      facts,
      (done) => tell('linking', done, reading.trees.size),
    );
    for (const page of pages) {
      page.facts = facts.get(page.file) ?? NO_FACTS;
      page.version = `${serialOf(page.composition)}.${serialOf(page.facts)}`;
    }
  }
}

function complainOfSyntax({ program, trees }: Reading, complaints: Complaints): void {
  for (const [file, tree] of trees) {
    for (const { start, messageText } of program.getSyntacticDiagnostics(tree)) {
      const message = typeof messageText === 'string' ? messageText : messageText.messageText;
      complaints.add(file, lineAt(tree.text, start), `is not TypeScript: ${message}`);
    }
  }
}

/** Who uses what: for each definition the sections of the book that mention it, once each, in reading order. */
function usesOf(pages: readonly Page[]): Uses {
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

/** Fills every page in, and lists all sheets of the book with the keys by which the press knows what is new. */
function bindAll(pages: readonly Page[], binding: Binding, coded: Map<string, string>): Sheet[] {
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

function sheetOf(page: Page, key: string): Sheet {
  const { output, file, survey, composition, facts } = page;
  const content = () => composition.tree.children.filter((node) => node.type !== 'doctype');
  return { output, file, page, title: survey.title, key, content, hovers: facts.hovers };
}

const serials = new WeakMap<object, number>();
let made = 0;

/** A number that no other object has. */
function serialOf(thing: object): number {
  const serial = serials.get(thing) ?? ++made;
  serials.set(thing, serial);
  return serial;
}

function verdict({ found }: Complaints, draft: boolean): Problem[] {
  const problems = found.map(({ file, line, message }) => ({ file, line, message }));
  if (found.some(({ fatal }) => fatal || !draft)) throw new WeaveError(problems);
  return problems;
}

function countsOf(
  pages: readonly Page[],
): Pick<Report, 'files' | 'bytes' | 'sections' | 'definitions' | 'figures' | 'exercises'> {
  const sum = (count: (page: Page) => number) => pages.reduce((total, page) => total + count(page), 0);
  return {
    files: pages.length,
    bytes: sum(({ composition }) => Buffer.byteLength(composition.text)),
    sections: sum(({ survey }) => survey.sections.length),
    definitions: sum(({ facts }) => facts.definitions.size),
    figures: sum(({ survey }) => survey.figures.length),
    exercises: sum(({ survey }) => survey.exercises.length),
  };
}
