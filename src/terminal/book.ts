/*
 * # The book beside the Guest
 *
 * A fresh clone has no book. It has the sources, and the weaver, and about five seconds before you lose patience.
 */

import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { AdvanceCopy, Progress } from '../../tools/weave/index.ts';
import { serveBook } from './book-server.ts';
import { ROOT } from './root.ts';

/*
 * ## Weaving aside
 *
 * The weaver is made of the same stuff as this program and could run in it. But JavaScript has one thread, and a
 * second of TypeScript's parser is a second in which pup stands still. So it gets a process of its own, and sends
 * word.
 */

/** Where the woven book lies. */
export const BOOK = join(ROOT, 'book', 'html');

/** What has come of the weaving: so many pages, and what is wrong with them, each `file:line: message`. */
export interface Woven {
  pages: number;
  mistakes: string[];
}

/** What the weaving process tells: how far it is, what the front page will be, that it is done, or why it gave up. */
export type WeaverNews =
  | { kind: 'progress'; progress: Progress }
  | { kind: 'front'; copy: AdvanceCopy }
  | { kind: 'done'; woven: Woven }
  | { kind: 'failed'; why: string };

/*
 * A whole book takes longer than anybody should wait for a prompt. But its [front page](#advance) is there in a second,
 * and that is enough: somebody can open the door, and start to read in the hall, while upstairs they are still making
 * the beds. Who runs up at once is kept waiting on the stairs for a moment, and then has a page and not an apology.
 *
 * On a small or a busy computer even the front page may take its time. Then the curtain goes up without it, and the
 * browser that comes too early is the one who waits.
 *
 * A book that cannot be woven is a pity, and no reason to keep you from booting. You are told why, in a line, even if
 * that turns out when you are long at the prompt. So you are of the first mistake in one that can, a link to nowhere
 * perhaps, in the paragraph that you have just written.
 */
/** Milliseconds after the start of this program when the Guest need not wait for the book any longer. */
const PATIENCE = 3500;

/**
 * Weaves the book, with something to see meanwhile, and serves it.
 *
 * @param warn told in a line if it comes to nothing after all, or has a mistake in it
 * @returns what to say about it
 */
export async function openBook(bar: Bar, warn: (line: string) => void): Promise<string> {
  const began = performance.now();
  bar.show({ stage: 'reading', done: 0, total: 1 });
  let hang = (_: AdvanceCopy) => {};
  const front = new Promise<AdvanceCopy>((resolve) => {
    hang = resolve;
  });
  const woven = weaveAside(ROOT, BOOK, hang, bar.show);
  try {
    const { address } = await serveBook(BOOK, woven, front);
    const done = await Promise.race([
      woven,
      front.then(() => undefined),
      waitFor(Math.max(0, PATIENCE - performance.now())),
    ]);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (done === undefined) {
      woven.then(
        ({ mistakes }) => mistakes.length > 0 && warn(`lantern: ${inShort(mistakes)}`),
        (error: Error) => {
          const old = existsSync(join(BOOK, 'index.html')) ? ', and what is there is of old' : '';
          warn(`lantern: the book could not be woven${old}: ${firstLine(error)}`);
        },
      );
      return `The book is being woven, front page first: ${address}`;
    }
    const { pages, mistakes } = done;
    const but = mistakes.length > 0 ? `\nlantern: ${inShort(mistakes)}` : '';
    return `The book, ${pages} pages, woven in ${seconds} s: ${address}${but}`;
  } catch (error) {
    woven.catch(() => {}); // it may be this that has been caught
    return `The book is not to be had: ${firstLine(error as Error)}`;
  } finally {
    bar.remove();
  }
}

/** The first of several mistakes, and where one is told of the others. */
export function inShort([first, ...others]: readonly string[]): string {
  return others.length === 0 ? first! : `${first} (and ${others.length} more, which npm run book tells)`;
}

function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0]!;
}

function waitFor(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, undefined));
}

/*
 * A bar that moves is worth a second of waiting. Where nobody can see it, there is none.
 */

/** Something to see while one waits. */
export interface Bar {
  show(progress: Progress): void;
  /** Leaves the line empty, for others, and is not seen again. */
  remove(): void;
}

const BAR = 24;
const START_OF_LINE = '\r\x1b[K';

export function createBar(screen: NodeJS.WriteStream): Bar {
  let isShown = screen.isTTY;
  return {
    show(progress) {
      if (!isShown) return;
      const line = progressLine(progress).slice(0, screen.columns - 1); // a second line would stay
      screen.write(`${START_OF_LINE}${line}`);
    },
    remove() {
      if (isShown) screen.write(START_OF_LINE);
      isShown = false;
    },
  };
}

function progressLine({ stage, done, total }: Progress): string {
  const filled = Math.round((done / Math.max(total, 1)) * BAR);
  return `Weaving the book [${'#'.repeat(filled).padEnd(BAR, '.')}] ${stage}`;
}

/*
 * ## News
 *
 * The two processes share nothing but a channel, and what goes over it is one of four things. A weaver that ends
 * without a word has failed, too.
 *
 * The weaver is a program like this one, and comes from the same [foundry](#the-foundry). And it is given room. Left to
 * itself, V8 would search a growing heap for rubbish early on, and this one is syntax trees, which all stay: a quarter
 * of a second, and nothing found.
 *
 * What it has to complain about comes by a pipe. It could have our standard error as it is. But when Node ends, it puts
 * every terminal that it was given back to what it was at the beginning, and by then this one is in raw mode, for a
 * Guest whose keys those are.
 */

/**
 * Megabytes that may fill up before anybody looks for rubbish among what has lived for long; a book needs half of it.
 */
const ROOM_FOR_A_BOOK = 512;

/*
 * The engine below us compiles what runs often, on a thread of its own, and counts on its being worth it. In a life of
 * five seconds it mostly is not: of eight seconds of work, that thread had two. Two seconds that the tangler and the
 * Guest, who are starting in this process, would have liked. So it is asked to wait six times as long. That is, in Node
 * 20. The engines that came after it have a mind of their own, and whoever uses this word to them is not let in.
 */
/** How much a function runs before V8 thinks of optimizing it, in bytes of its bytecode; V8's own choice is 67,584. */
const BEFORE_OPTIMIZING = 400_000;
const TAKES_ITS_TIME = process.versions.node.startsWith('20.')
  ? [`--interrupt-budget=${BEFORE_OPTIMIZING}`]
  : [];

const FOUNDRY = join(ROOT, 'node_modules/.lantern/foundry.cjs');
const WEAVER = 'src/terminal/weaver-process.ts';

/** Weaves the book of `root` into `out` in a process of its own, so that the Guest has this one to itself. */
export function weaveAside(
  root: string,
  out: string,
  onFront: (copy: AdvanceCopy) => void,
  onProgress: (progress: Progress) => void,
): Promise<Woven> {
  const weaver = fork(FOUNDRY, [WEAVER, root, out], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...process.execArgv, `--initial-old-space-size=${ROOM_FOR_A_BOOK}`, ...TAKES_ITS_TIME],
    serialization: 'advanced', // a copy is made of bytes, which JSON has never heard of
  });
  weaver.stderr?.pipe(process.stderr);
  process.on('exit', () => weaver.kill());
  return new Promise((resolve, reject) => {
    weaver.on('error', reject);
    weaver.on('exit', (code) => reject(new Error(`the weaver ended with code ${code}`)));
    weaver.on('message', (news: WeaverNews) => {
      if (news.kind === 'progress') onProgress(news.progress);
      else if (news.kind === 'front') onFront(news.copy);
      else if (news.kind === 'done') resolve(news.woven);
      else reject(new Error(news.why));
    });
  });
}
