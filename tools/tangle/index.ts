/*
 * # The tangler
 *
 * In 1984 Donald Knuth gave the world two programs with the same diet. Both ate one file, in which a program was
 * told as a story. WEAVE made a book of it. TANGLE made a program of it, and what came out was so thoroughly
 * stripped of comments, blanks and sense of order that nobody would ever be tempted to edit the wrong one. You are
 * reading the product of our weaver. This appendix is the other one.
 *
 * Ours has farther to go than Knuth's, which stopped at Pascal and left the rest to a compiler. Chapters 2 and 3
 * are TypeScript, and what the silicon wants looks like `55 89 e5 53`. In between lie types that have to become
 * distances, names that have to become addresses, and one very small army of registers. No C compiler is called
 * for help: whoever changes pup needs nothing that is not in this book, and so it works in the page of a browser
 * as well.
 *
 * What comes out is honest machine code. This goes in:
 *
 * ```ts
 * function mark(step: u32, limit: u32): void {
 *   for (let i: u32 = step * step; i < limit; i += step) sieve[i] = 1;
 * }
 * ```
 *
 * And this comes out, with the labels renamed and a prologue and an epilogue left aside:
 *
 * ```text
 *       mov esi, [ebp+8]             ; step
 *       mov edi, [ebp+12]            ; limit
 *       mov ebx, esi
 *       imul ebx, esi                ; i = step * step
 *       jmp test
 * again:
 *       mov byte [sieve+ebx], 1
 *       add ebx, esi
 * test:
 *       cmp ebx, edi
 *       jb again
 * ```
 *
 * Four instructions a round. You could have written it yourself, and by the end of this appendix you could have
 * written what wrote it: some three and a half thousand lines, most of them on the single question of where things
 * are.
 *
 * :::aside
 * The language itself is introduced where its user meets it, in `chapters/2-guest/language.ts`, at the start of
 * pup's story.
 * :::
 *
 * The way leads from the outside in. First the whole image, and the modules and names it is made of. Then types.
 * Then the long descent through a function: statements, expressions, operands, to the point where one tree has
 * become one instruction. The last rooms are for what is not code: data, and the boxes in which it all travels.
 */

export * from './tangle.ts';
export * from './modules.ts';
export * from './errors.ts';
export * from './program.ts';
export * from './storage.ts';
export * from './types.ts';
export * from './layout.ts';
export * from './constants.ts';
export * from './folding.ts';
export * from './scope.ts';
export * from './frame.ts';
export * from './functions.ts';
export * from './statements.ts';
export * from './switches.ts';
export * from './expressions.ts';
export * from './operators.ts';
export * from './typing.ts';
export * from './operands.ts';
export * from './places.ts';
export * from './need.ts';
export * from './effects.ts';
export * from './conditions.ts';
export * from './assignments.ts';
export * from './changes.ts';
export * from './calls.ts';
export * from './machine-code.ts';
export * from './data.ts';
export * from './elf.ts';
export * from './cpio.ts';
export * from './pup.ts';
