import { weave } from '../../tools/weave/index.ts';
import type { WeaverNews } from './book.ts';

const [root, out] = process.argv.slice(2);
const tell = (news: WeaverNews) => process.send?.(news);

process.on('disconnect', () => process.exit(1)); // nobody is waiting any longer
try {
  await weave({
    root: root!,
    out: out!,
    onProgress: (done, total, what) => tell({ kind: 'progress', done, total, what }),
  });
  tell({ kind: 'done' });
} catch (error) {
  tell({ kind: 'failed', why: (error as Error).message });
}
process.disconnect?.();
