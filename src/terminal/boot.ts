/*
 * # npm run boot
 *
 * lguest had no more than this: a command line, and a Guest.
 */

import { parseCommandLine, USAGE } from '../../chapters/4-launcher/command-line.ts';
import { bootHere } from './terminal.ts';
import { atTopLevel } from './top-level.ts';

await atTopLevel(async () => {
  const options = parseCommandLine(process.argv.slice(2));
  if (options !== 'help') return bootHere(options);
  console.log(USAGE);
  return 0;
});
