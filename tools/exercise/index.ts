/*
 * # The exercise runner
 *
 * You can read a whole book on swimming and still be surprised by water. That is why there are boxes in the chapters
 * with points on them. Each asks for a change to the real program: not to a toy beside it, not to a file with a hole
 * in the middle and *your code here* above it. The tests of an exercise boot Guests on your tree, and believe
 * nothing that they have not seen.
 *
 *     $ npm run exercise
 *     [x] chatterbox            10 points   20 min   chapters/2-guest/system-calls.ts:78
 *     [ ] give-back             20 points   40 min   chapters/2-guest/process-calls.ts:85
 *     ...
 *
 * `next` shows what is asked, `check` runs the test, `hint` helps a little more each time, and `reset` takes you back
 * to where you began, with your work in a patch beside it, because you will want it back ten minutes later.
 *
 * Whoever makes a new exercise makes a folder: a test, hints, a solution as a patch, and one line that says what the
 * test complains of before anything has been done. The book's own tests take all exercises, every day, and if moving
 * a line of the program has spoiled one, they are the first to fail it.
 */

export * from './catalogue.ts';
export * from './check.ts';
export * from './progress.ts';
export * from './proof.ts';
