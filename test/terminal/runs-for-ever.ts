/** A program at the top level that has to be ended: what `top-level.test.ts` does with it. */
import { atTopLevel } from '../../src/terminal/top-level.ts';

process.on('exit', () => console.log('put back'));
void atTopLevel(() => new Promise(() => setInterval(() => console.log('running'), 10)));
