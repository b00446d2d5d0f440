/** A program at the top level that fails with a word still in its mouth: what `top-level.test.ts` does with it. */
import { createScreen } from '../../src/terminal/screen.ts';
import { atTopLevel } from '../../src/terminal/top-level.ts';

void atTopLevel(async () => {
  createScreen(process.stdout).output(new TextEncoder().encode('the last word'));
  throw new Error('bug');
});
