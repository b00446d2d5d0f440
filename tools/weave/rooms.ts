/*
 * # Rooms
 *
 * In which order should you read a program? Ask the file system, and it says `abi`, `bare`, `boot`: the alphabet,
 * which has never told a good story. Ask the imports, and you get every detail before the thing it is a detail of.
 *
 * So the order is written down by the author, in code, where it cannot be forgotten: a room's `index.ts` re-exports
 * its files, and the list *is* the table of contents. It costs nothing at run time and it is checked by the
 * compiler. A file that the list leaves out is a file you would never have read, and the weaver refuses.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

import ts from './compiler.ts';
import { type Complaints, lineAt } from './problems.ts';

/** A folder of narrated files in the order in which they are read. Paths are relative to the root, with slashes. */
export interface Room {
  folder: string;
  /** The folder's own name, which is also where its pages go in the book. */
  slug: string;
  /** `1` to `7` for chapters, `A`, `B`, ... for appendices. */
  number: string;
  appendix: boolean;
  files: string[];
}

/*
 * ## The way through the house
 *
 * Chapters come by their number. What they stand on follows as appendices, which have no natural order, so here is
 * one: from the silicon upwards, and what checks your homework last. A folder that nobody has thought of yet goes to
 * the end.
 */
const APPENDICES = [
  'src/processor',
  'src/assembler',
  'tools/tangle',
  'tools/weave',
  'src/network',
  'src/terminal',
  'tools/exercise',
];

/** Finds every room under `root`, chapters first, each with its files in reading order. */
export function findRooms(root: string, complaints: Complaints): Room[] {
  const chapters = foldersIn(root, 'chapters')
    .filter((folder) => /\/\d+-[^/]+$/.test(folder))
    .sort((a, b) => chapterNumber(a) - chapterNumber(b));
  const others = [...foldersIn(root, 'src'), ...foldersIn(root, 'tools')].sort(byPlace);
  const entries = programEntries(root);
  for (const [index, folder] of chapters.entries())
    if (index > 0 && chapterNumber(folder) === chapterNumber(chapters[index - 1]!))
      complaints.add(
        folder,
        1,
        `has the number of ${chapters[index - 1]}: every chapter needs one of its own`,
      );

  const rooms: Room[] = [];
  for (const folder of [...chapters, ...others]) {
    const files = readingOrder(root, folder, entries, complaints);
    if (files.length === 0) continue;
    const appendix = !folder.startsWith('chapters/');
    const number = appendix
      ? letter(rooms.filter((room) => room.appendix).length)
      : `${chapterNumber(folder)}`;
    rooms.push({ folder, slug: posix.basename(folder), number, appendix, files });
  }
  complainOfHomeless(root, rooms, complaints);
  return rooms;
}

/*
 * The numbers and letters of rooms are the first part of every § in the book. Sorting `10-cave` behind `2-guest` is
 * the one thing that can go wrong with them.
 */
function chapterNumber(folder: string): number {
  return Number.parseInt(posix.basename(folder), 10);
}

function letter(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}

function byPlace(a: string, b: string): number {
  const known = (folder: string) =>
    APPENDICES.includes(folder) ? APPENDICES.indexOf(folder) : APPENDICES.length;
  return known(a) - known(b) || (a < b ? -1 : 1);
}

/*
 * ## Inside a room
 *
 * Two kinds of file need not be in the list. A program that `package.json` starts *cannot* be: re-exporting it would
 * run it, and whoever imported the room's index would find a kernel booting in the middle of his own program. It is
 * read last, like the door you leave by. So is a `.d.ts`, which declares things and exports none.
 *
 * And a small room may do without an index. Then we start at what nobody imports and go inward.
 */
function readingOrder(root: string, folder: string, entries: Set<string>, complaints: Complaints): string[] {
  const present = sourcesIn(root, folder);
  const index = `${folder}/index.ts`;
  const doors = present.filter((file) => entries.has(file) || file.endsWith('.d.ts'));
  if (!present.includes(index)) return dependencyOrder(root, present, doors);

  const read: string[] = [];
  follow(root, index, new Set(present), read, complaints);
  for (const door of doors) if (!read.includes(door)) read.push(door);
  for (const file of present.filter((file) => !read.includes(file))) {
    complaints.add(file, 1, `is read by nobody: ${index} does not re-export it, nor does a file it does`);
    read.push(file);
  }
  return read;
}

/*
 * An index may name another index, one folder down; its files are then read at that place. Everything is followed
 * once. A file that two lists claim would be in the book twice, and its sections would have two numbers each.
 */
function follow(
  root: string,
  file: string,
  within: Set<string>,
  read: string[],
  complaints: Complaints,
): void {
  if (read.includes(file)) {
    complaints.add(file, 1, 'is reached twice in the reading order; re-export it from one place');
    return;
  }
  read.push(file);
  if (posix.basename(file) !== 'index.ts') return;
  for (const reference of referencesOf(root, file)) {
    if (reference.kind === 'import') continue;
    if (within.has(reference.file)) follow(root, reference.file, within, read, complaints);
    else if (!existsSync(join(root, reference.file))) {
      complaints.add(file, reference.line, `re-exports ${reference.file}, which does not exist`);
    }
  }
}

/*
 * ## Without an index
 *
 * From the outside in: first the doors, then whatever else is imported by nobody, and behind each file what it
 * imports, in the order in which it does. It is the order in which you would open the files yourself.
 */
function dependencyOrder(root: string, present: string[], doors: string[]): string[] {
  const imports = new Map(present.map((file) => [file, referencesOf(root, file).map(({ file }) => file)]));
  const wanted = new Set([...imports.values()].flat());
  const read = new Set<string>();
  const visit = (file: string) => {
    if (read.has(file) || !imports.has(file)) return;
    read.add(file);
    for (const next of imports.get(file)!) visit(next);
  };
  for (const file of [...doors, ...present.filter((file) => !wanted.has(file)), ...present]) visit(file);
  return [...read];
}

/*
 * For both we need to know what a file names. Its own syntax tree says so; a regular expression would be shorter by
 * ten lines and would find the example in a comment.
 */
/** The files a source names, in order; a bare `import './x.ts'` counts as a re-export, for it is there to be read. */
function referencesOf(
  root: string,
  file: string,
): { file: string; line: number; kind: 'import' | 'export' }[] {
  const text = readFileSync(join(root, file), 'utf8');
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
  return tree.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const specifier = statement.moduleSpecifier;
    if (!specifier || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.')) return [];
    const kind = ts.isImportDeclaration(statement) && statement.importClause ? 'import' : 'export';
    const named = posix.join(posix.dirname(file), specifier.text);
    return [{ file: named, line: lineAt(text, specifier.getStart(tree)), kind } as const];
  });
}

/*
 * ## What lies around
 *
 * The rest is fetching. Programs, from the scripts of `package.json`:
 */
/** Sources that package.json starts as programs. An index cannot re-export those: they would run. */
function programEntries(root: string): Set<string> {
  const file = join(root, 'package.json');
  if (!existsSync(file)) return new Set();
  const scripts: Record<string, string> = JSON.parse(readFileSync(file, 'utf8')).scripts ?? {};
  return new Set(
    Object.values(scripts).flatMap((line) => line.split(/\s+/).filter((word) => word.endsWith('.ts'))),
  );
}

/*
 * folders, and the sources in them:
 */
function foldersIn(root: string, parent: string): string[] {
  const path = join(root, parent);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => !name.startsWith('.') && statSync(join(path, name)).isDirectory())
    .map((name) => `${parent}/${name}`);
}

function sourcesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith('.ts') && !name.includes('/.'))
    .filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile())
    .sort();
}

/*
 * And at last the opposite question. So far we have asked of each room what is in it; now we ask of each file what
 * room it is in. Without this, a source right under `src/` would belong to no room, be in no book, and break no
 * proof.
 */
function complainOfHomeless(root: string, rooms: Room[], complaints: Complaints): void {
  for (const parent of ['chapters', 'src', 'tools']) {
    if (!existsSync(join(root, parent))) continue;
    for (const file of sourcesIn(root, parent)) {
      if (!rooms.some((room) => file.startsWith(`${room.folder}/`))) {
        complaints.add(
          file,
          1,
          'stands in no room of the book: a room is a folder of src, of tools, or of chapters, where its name begins with a number',
        );
      }
    }
  }
}
