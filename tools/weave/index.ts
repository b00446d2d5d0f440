/*
 * # The weaver
 *
 * You have been looking at its work for more than three hundred pages, and it has been looking at you: every line
 * number, every link and every margin note on the way here was put there by the program in this appendix. Now it turns
 * round and weaves itself.
 *
 * A book about a program has a natural enemy, which is the program. The book lguest told about itself began to rot
 * the day after it was written. When somebody counted, in version 3.10, 23 lines of code in every hundred had never
 * been in it, and a whole chapter had withered to 41 lines, because the code had moved to another file and nobody
 * had told the chapter. There was no way to notice. What printed the book was a small shell script with a
 * good heart.
 *
 * So this weaver does not trust itself, or you. It makes the book, and then takes the finished pages apart again
 * and tries to prove that they are wrong: that a byte of some source is in no section, or in two; that a link leads
 * nowhere; that the order of the pages is not the order of reading. Only when it has failed at all of this does it
 * let the pages go.
 *
 * :::figure{#weaving caption="The way of a source to a page. The proofs read the HTML, and know nothing of how it was made."}
 * ```text
 *   chapters/5-host/shadows.ts                                5-host/shadows.html
 *         |                                                            ^
 *         v                                                            |
 *    syntax tree ---> tokens ---> sections ---> mdast ---> hast ---> HTML
 *         |                                                  ^         |
 *         v                                                  |         v
 *    names, types ---> facts ---> directory ---> links ------+      proofs ---> the source, again,
 *                                                                               or no book
 * ```
 * :::
 *
 * Two libraries do the heavy lifting. TypeScript's own compiler reads the code, since nobody else knows what a
 * slash means in it. And unified, with its flock of plugins, reads the Markdown: mdast is its tree for that, hast
 * its tree for HTML. What is left for us is what this book needs and no other: who speaks in a comment, what a
 * section is, and how to be suspicious.
 */

/*
 * First, all of it in one page; then how the sources are found and read.
 */
export * from './weave.ts';
export * from './rooms.ts';
export * from './program.ts';
export * from './compiler.ts';
export * from './tokens.ts';
export * from './sections.ts';

/*
 * From a source alone a page can be composed: everything but its numbers, its links and its colours.
 */
export * from './desk.ts';
export * from './compose.ts';
export * from './narration.ts';
export * from './plain.ts';
export * from './directives.ts';
export * from './punctuation.ts';
export * from './contract.ts';
export * from './survey.ts';
export * from './fences.ts';

/*
 * Then it is asked what the names in the code mean, and pages learn about each other.
 */
export * from './learn.ts';
export * from './outline.ts';
export * from './facts.ts';
export * from './signatures.ts';
export * from './scopes.ts';
export * from './types.ts';
export * from './values.ts';
export * from './calls.ts';
export * from './expected.ts';
export * from './language.ts';
export * from './directory.ts';
export * from './sheets.ts';
export * from './bind.ts';
export * from './trails.ts';
export * from './typeset.ts';
export * from './assembly.ts';

/*
 * A page gets its frame, joins the others, and goes to press, where it is tried.
 */
export * from './layout.ts';
export * from './matter.ts';
export * from './advance.ts';
export * from './shelf.ts';
export * from './markup.ts';
export * from './press.ts';
export * from './proofs.ts';
export * from './ledger.ts';
export * from './problems.ts';
