/*
 * # A book in eight steps
 *
 * Read `createWeaver` and you have read the weaver. Find the rooms, read their files, compose a page from each, ask
 * what the names mean, fill the pages in, print them, prove them, write them. The rest of this appendix is
 * what those verbs mean.
 */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type AdvanceCopy, printFront } from './advance.ts';
import { composePages, createDesk } from './desk.ts';
import { createDirectory, type Page } from './directory.ts';
import type { Facts } from './facts.ts';
import { learn, NO_FACTS } from './learn.ts';
import { createPress } from './press.ts';
import { type Complaints, createComplaints, lineAt, type Problem, WeaveError } from './problems.ts';
import { createLibrary, faultsIn, type Reading } from './program.ts';
import { findRooms } from './rooms.ts';
import { bindAll, serialOf, usesOf } from './sheets.ts';
import { checkExercises, readShelf } from './shelf.ts';
import { walkTrails } from './trails.ts';

/*
 * ## What goes in, what comes out
 *
 * The caller says where the repository is and where the book should go. What comes back is a list of counts, and
 * each of them is something that was not merely made but checked.
 *
 * A draft is for the weeks in which half of the files have no narration yet. It turns complaints into warnings; all
 * but one kind. A byte that is lost is a mistake of the weaver, not of an author who has not got round to it, and
 * no draft excuses it.
 */
export interface WeaveOptions {
  /** The repository: the folder that holds `chapters`, `src`, `tools` and `book`. */
  root: string;
  /** Where the book goes. HTML pages there that this book does not have are removed. */
  out: string;
  /** Turns what is not finished (a file without narration, a link to a page that is not there yet) into warnings. */
  draft?: boolean;
  /** Weaves even if the book in `out` is that of these very sources. */
  anew?: boolean;
  onProgress?(progress: Progress): void;
  /** Told early in a first weave: the front page, and all that it takes to look at it, by their paths in the book. */
  onFront?(copy: AdvanceCopy): void;
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
  /** How many pages were not on the disk yet as they are now, and so were proved and written. */
  printed: number;
  warnings: Problem[];
  milliseconds: number;
}

/*
 * ## Once, or again and again
 *
 * A front end weaves once and is done. An author in an editor changes a sentence and wants to see it before the eye
 * has left the keyboard. So there are two doors: `weave`, which looks at most into the [ledger](#ledger),
 * and `createWeaver`, which remembers.
 */
export interface Weaver {
  /**
   * Weaves what has changed since the last time.
   *
   * @throws WeaveError when a proof fails; the book on the disk is then still the last one that was right
   */
  weave(): Promise<Report>;
}

/*
 * ## The eight steps
 *
 * What is remembered lives in the few constants at the top, each a thing with its own memory: syntax trees in the
 * library, composed pages on the desk, printed ones at the press. The steps in between are written as if everything
 * were new each time. None of them asks whether something has changed, and so none can forget to.
 *
 * The order matters at one place. `verdict` throws before `press.write`: if the new book is wrong, the one on your disk
 * is still the last that was right. Who cannot wait for that gets [an advance copy](#advance), which touches no disk.
 */
/**
 * Makes a weaver, which remembers what it read: its second book costs what differs from the first.
 *
 * @throws WeaveError if the folder it is to write to holds a package.json, and so is somebody's project
 */
export function createWeaver(options: WeaveOptions): Weaver {
  const root = resolve(options.root);
  const out = resolve(options.out);
  if (existsSync(join(out, 'package.json')))
    throw new WeaveError([
      { file: out, line: 1, message: 'it holds a package.json: the book needs a folder of its own' },
    ]);
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
      if (options.onFront && facts.size === 0) options.onFront(await printFront(shelf, rooms, library, desk));
      const reading = library.read(rooms.flatMap(({ files }) => files));
      complainOfSyntax(reading, complaints);

      const composed = (done: number) => tell('composing', done, reading.trees.size);
      const pages = await composePages(desk, shelf.front, rooms, reading, complaints, composed);
      facts = learnFacts(pages, reading, facts, tell);
      checkExercises(root, pages, complaints);
      const directory = createDirectory(pages);
      const complain = complaints.add;
      const waymarks = walkTrails(pages, directory, complain);
      const binding = { directory, uses: usesOf(pages), waymarks, drawing: shelf.drawing, complain };
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
}

type Tell = (stage: Progress['stage'], done: number, total: number) => void;

/*
 * What names mean is found out [elsewhere](#learn). Here the answers are handed to the pages.
 */
/** Gives each page its facts, and a version that changes with its text or its facts. Returns all facts. */
function learnFacts(
  pages: readonly Page[],
  reading: Reading,
  known: ReadonlyMap<string, Facts>,
  tell: Tell,
): Map<string, Facts> {
  const tokens = new Map(pages.map(({ file, composition }) => [file, composition.tokens]));
  const progress = (done: number) => tell('linking', done, reading.trees.size);
  const facts = learn(reading, (file) => tokens.get(file)!, known, progress);
  for (const page of pages) {
    page.facts = facts.get(page.file) ?? NO_FACTS;
    page.version = `${serialOf(page.composition)}.${serialOf(page.facts)}`;
  }
  return facts;
}

/*
 * ## Verdict
 *
 * A file with a syntax error still has a tree, since TypeScript is a forgiving reader. The book would even come
 * out. We are less forgiving: a program that does not parse is no program, and a book of it is fiction.
 */
function complainOfSyntax({ trees }: Reading, complaints: Complaints): void {
  for (const [file, tree] of trees) {
    for (const { start, messageText } of faultsIn(tree)) {
      const message = typeof messageText === 'string' ? messageText : messageText.messageText;
      complaints.add(file, lineAt(tree.text, start ?? 0), `is not TypeScript: ${message}`);
    }
  }
}

function verdict({ found }: Complaints, draft: boolean): Problem[] {
  const problems = (of: typeof found) => of.map(({ file, line, message }) => ({ file, line, message }));
  const wrong = draft ? found.filter(({ fatal }) => fatal) : found;
  if (wrong.length > 0) throw new WeaveError(problems(wrong));
  return problems(found);
}

/*
 * And what `Report` says, added up.
 */
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
