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
  const curtain = createScreen(process.stdout, true);
  const guest = bootHere(options, curtain);
  const book = openBook(process.stdout).then((line) => {
    console.log(`${line}\n${HOW_TO_LEAVE}\n`);
  });
  await Promise.race([guest, book]);
  curtain.raiseCurtain();
  return guest;
});
