/*
 * # An advance copy
 *
 * A book takes five seconds, and whoever has just typed `npm start` wants one page of it. Printers have always known
 * that reader. They pull a copy of the first sheet while the rest is still being set, and hang it in the window.
 *
 * Ours can have it because the front page has no code on it. It talks of rooms, and it links to a few files by their
 * names. So it can be made from what it talks of: the page that opens each room, for its title, and the files it
 * links to. These are two dozen sources out of more than four hundred, and the window is hung within a second.
 */

import { bindPage } from './bind.ts';
import { composePages, type Desk } from './desk.ts';
import { createDirectory, type Page } from './directory.ts';
import { layOut } from './layout.ts';
import { createComplaints } from './problems.ts';
import type { Library } from './program.ts';
import type { Room } from './rooms.ts';
import { sheetOf } from './sheets.ts';
import type { Shelf } from './shelf.ts';

/** What can be looked at before there is a book: the front page and the theme, by their paths in the book. */
export type AdvanceCopy = ReadonlyMap<string, Uint8Array>;

/*
 * ## A very small book
 *
 * It is the same book with fewer pages, and the same hands make it. Nothing is done twice: the trees stay in the
 * library and the pages on the desk, until it is their turn in the real one.
 *
 * What only the whole book could answer (a name in backticks, a heading in some file) is not a link yet, and nobody
 * listens to complaints. They will come again when they count. This copy is for looking at; the page that goes into the
 * book is printed anew, and proved like all the others. A test compares the two.
 */
/** Prints the front page, from as little of the book as it speaks of. */
export async function printFront(
  shelf: Shelf,
  rooms: readonly Room[],
  library: Library,
  desk: Desk,
): Promise<AdvanceCopy> {
  const few = rooms.map((room) => ({
    ...room,
    files: room.files.filter((file, index) => index === 0 || shelf.front.includes(file)),
  }));
  const reading = library.read(few.flatMap(({ files }) => files));
  const pages = await composePages(desk, shelf.front, few, reading, createComplaints(), () => {});
  const directory = createDirectory(pages);
  const nobody = { uses: new Map(), waymarks: new Map(), complain: () => {} };
  const [cover] = pages as [Page];
  bindPage(cover, { ...nobody, directory, drawing: shelf.drawing });
  const html = layOut(sheetOf(cover, ''), directory);
  return new Map([[cover.output, new TextEncoder().encode(html)], ...shelf.assets]);
}
