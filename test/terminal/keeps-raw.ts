/** Weaves the book beside a terminal in raw mode, as `npm start` does, and says in what mode it finds that when the weaver has gone: for `raw-mode.test.ts`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createBar, openBook } from '../../src/terminal/book.ts';
import { atTopLevel } from '../../src/terminal/top-level.ts';

const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim();
const isRaw = () => execFileSync('stty', ['-a'], { stdio: [0, 'pipe', 'inherit'] }).includes('-icanon');

void atTopLevel(async () => {
  const book = openBook(createBar(process.stdout), console.error);
  const weaver = children();
  process.stdin.setRawMode(true);
  console.log(await book);
  while (children() !== '') await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(`weaver ${weaver === '' ? 'missing' : 'seen'}, terminal ${isRaw() ? 'raw' : 'cooked'}`);
  return 0;
});
