/*
 * # The weaver's own process
 *
 * This file is read by you as a part of the book, and run by Node as a program; it can tell which by asking whether
 * it is what was started. It weaves as for a draft: a book with a hole in it is of more use to somebody who is just
 * writing that page than no book at all.
 *
 * Nobody waits for a book when the Guest has gone. Its parent ends it on the way out; and if that had no time to, the
 * weaver finds the channel to it closed, the next time that it has something to tell.
 */

import { fileURLToPath } from 'node:url';
import type { AdvanceCopy, Progress } from '../../tools/weave/index.ts';
import type { WeaverNews } from './book.ts';

/*
 * News costs more to send than you would think. With every message the other process wakes up, and takes this one's
 * place on a processor. For a bar of twenty-four marks, eight hundred messages are too many.
 */
/** Milliseconds from one word about progress to the next. */
const BETWEEN_NEWS = 50;

/** Weaves, and tells the process that started this one how it goes. */
async function weaveForParent(): Promise<void> {
  const [root, out] = process.argv.slice(2);
  const leave = () => process.exit(1); // nobody is waiting any longer
  const tell = (news: WeaverNews) => process.send?.(news, undefined, undefined, (error) => error && leave());
  process.on('disconnect', leave);
  try {
    const { weave } = await import('../../tools/weave/ledger.ts');
    const { inOneLine } = await import('../../tools/weave/problems.ts');
    let told = 0;
    const onProgress = (progress: Progress) => {
      if (performance.now() - told < BETWEEN_NEWS) return;
      told = performance.now();
      tell({ kind: 'progress', progress });
    };
    const onFront = (copy: AdvanceCopy) => tell({ kind: 'front', copy });
    const { pages, warnings } = await weave({ root: root!, out: out!, draft: true, onProgress, onFront });
    tell({ kind: 'done', woven: { pages, mistakes: warnings.map(inOneLine) } });
  } catch (error) {
    tell({ kind: 'failed', why: (error as Error).message });
  }
  process.disconnect?.();
}

/*
 * Only down here has everything above been said, the number included; so this line comes last.
 */
if (process.argv[1] === fileURLToPath(import.meta.url)) void weaveForParent();
