/*
 * # npm start
 *
 * The first program that anybody runs, and it has five seconds. In these it weaves the book, tangles a kernel,
 * builds a computer, boots the one on the other, and tells you the one thing you need to know, which is how to get
 * out again.
 */

import { parseCommandLine, USAGE } from '../../chapters/4-launcher/command-line.ts';
import { openBook } from './book.ts';
import { createScreen } from './screen.ts';
import { bootHere } from './terminal.ts';
import { atTopLevel } from './top-level.ts';

const HOW_TO_LEAVE = 'To leave: poweroff, or ^C three times within a second.';

await atTopLevel(async () => {
  const options = parseCommandLine(process.argv.slice(2));
  if (options === 'help') {
    console.log(USAGE.replaceAll('lantern ', 'npm start -- '));
    return 0;
  }
  const screen = createScreen(process.stdout, true);
  const guest = bootHere(options, screen);
  await Promise.race([guest, showBook()]);
  screen.raiseCurtain();
  return guest;
});

async function showBook(): Promise<void> {
  console.log(`${await openBook(process.stdout)}\n${HOW_TO_LEAVE}\n`);
}
