/*
 * # npm start
 *
 * The first program that anybody runs, and it has five seconds. In these it weaves the book, tangles a kernel,
 * builds a computer, boots the one on the other, and tells you the one thing you need to know, which is how to get
 * out again.
 *
 * It is in a hurry before it has begun. Read one by one, through a loader that takes the types out, its three hundred
 * modules and the weaver's three hundred and seventy cost more than a second. So they are poured into two files first,
 * without types, and the next time they are there already. [The foundry](#the-foundry) sees to that. Look at the script
 * in `package.json`: it is one line, and what it leaves lies in `node_modules/.lantern`.
 *
 * That line has six words for V8 as well, the engine that runs us all. Two are about rubbish: young objects may fill 64
 * MB before anybody looks who is still alive, since most of what a decoder makes lives for ever. The other four are
 * about ambition. V8 watches us run and optimizes what runs often, on four threads, and on a machine of two processors
 * that makes five who want to work and one who is needed. So it gets one thread (`--v8-pool-size=1`), which takes
 * nothing from us: on two processors that alone brings a Linux from 4.1 seconds to its shell down to 3.5. It gets
 * smaller tasks: not so much of one function may be put into another (`--max-inlined-bytecode-size-cumulative=600`). No
 * more than two of our functions may stand in line for it (`--concurrent-recompilation-queue-length=2`), since the
 * guest's own code, which has become WebAssembly, stands in the same line behind them, and has fewer milliseconds to
 * live. And what is new is compiled quickly and badly at once (`--always-sparkplug`), instead of being interpreted for
 * a while to see whether it is worth it: it is, the guest waits for it.
 */

import { parseGuests, USAGE } from '../../chapters/4-launcher/command-line.ts';
import { type Bar, createBar, openBook } from './book.ts';
import { createScreen, type Screen } from './screen.ts';
import { bootHere } from './terminal.ts';
import { atTopLevel } from './top-level.ts';

const HOW_TO_LEAVE = 'To leave: poweroff, or ^C three times within a second.';

/*
 * ## Both at once
 *
 * The weaver is called first. While its process wakes up, this one tangles. Your screen belongs to the book until its
 * front page is there, and what the Guest has to say meanwhile waits behind a curtain.
 */
void atTopLevel(async () => {
  const guests = parseGuests(process.argv.slice(2));
  if (guests === 'help') {
    console.log(USAGE.replaceAll('lantern ', 'npm start -- '));
    return 0;
  }
  const bar = createBar(process.stdout);
  const screen = createScreen(process.stdout, bar.remove);
  const book = showBook(bar, screen);
  const guest = bootHere(guests, screen);
  try {
    await Promise.race([guest, book]);
  } finally {
    screen.raiseCurtain();
  }
  return guest;
});

async function showBook(bar: Bar, screen: Screen): Promise<void> {
  const warn = (line: string) => {
    screen.flush();
    console.error(line);
  };
  console.log(`${await openBook(bar, warn)}\n${HOW_TO_LEAVE}\n`);
}
