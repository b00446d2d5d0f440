/*
 * # npm run boot
 *
 * lguest had no more than this: a command line, and a Guest.
 */

import { parseGuests, USAGE } from '../../chapters/4-launcher/command-line.ts';
import { bootHere } from './terminal.ts';
import { atTopLevel } from './top-level.ts';

void atTopLevel(async () => {
  const guests = parseGuests(process.argv.slice(2));
  if (guests !== 'help') return bootHere(guests);
  console.log(USAGE);
  return 0;
});
