/*
 * # The library
 *
 * Change hats for a few pages. You are a program now: ring 3, an address space of your own, no privileges, and a
 * kernel that trusts you as far as it can throw you. Everything beyond arithmetic begins with `int 0x80`.
 *
 * A program here is a file with a function `main`. Whatever it imports comes along, out of this small library, and
 * what it does not use stays behind; `crash` is 9 KB on disk, most of that being padding and names.
 */

export {} from './calls.ts';
export {} from './output.ts';
export {} from './input.ts';
export {} from './strings.ts';
export {} from './run.ts';
