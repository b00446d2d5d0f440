import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveBook } from './book-server.ts';
import { ROOT } from './root.ts';

/** Where the woven book lies. */
export const BOOK = join(ROOT, 'book', 'html');

/** What the weaving process tells: how far it is, that it is done, or why it gave up. */
export type WeaverNews =
  | { kind: 'progress'; done: number; total: number; what: string }
  | { kind: 'done' }
  | { kind: 'failed'; why: string };

/** Weaves the book, with something to see meanwhile, and serves it. @returns what to say about it */
export async function openBook(screen: NodeJS.WriteStream): Promise<string> {
  const began = performance.now();
  try {
    const [server] = await Promise.all([serveBook(BOOK), weaveAside(showProgress(screen))]);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    return `The book is woven (${seconds} s): ${server.address}`;
  } catch (error) {
    return `The book is not to be had: ${(error as Error).message.split('\n', 1)[0]}`;
  } finally {
    if (screen.isTTY) screen.write('\r\x1b[K');
  }
}

const BAR = 30;

/** One line that is written over and over; nothing on a screen that cannot go back. */
function showProgress(screen: NodeJS.WriteStream): (done: number, total: number, what: string) => void {
  return (done, total, what) => {
    if (!screen.isTTY) return;
    const filled = Math.round((done / Math.max(total, 1)) * BAR);
    const bar = '#'.repeat(filled).padEnd(BAR, '.');
    screen.write(`\r\x1b[KWeaving the book [${bar}] ${what}`.slice(0, screen.columns + 3));
  };
}

/** Weaves in a process of its own, so that the Guest has this one to itself. */
function weaveAside(onProgress: (done: number, total: number, what: string) => void): Promise<void> {
  const weaver = fork(fileURLToPath(new URL('./weaver-process.ts', import.meta.url)), [ROOT, BOOK], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    weaver.on('error', reject);
    weaver.on('exit', (code) => reject(new Error(`the weaver ended with code ${code}`)));
    weaver.on('message', (news: WeaverNews) => {
      if (news.kind === 'progress') onProgress(news.done, news.total, news.what);
      else if (news.kind === 'done') resolve();
      else reject(new Error(news.why));
    });
  });
}
