/*
 * # Programs
 *
 * A kernel on its own is a very quiet thing. What follows are the programs that make it talk: first the library that
 * all of them share, then the two that hold the system together, then the small ones, most of them a page long. They
 * are ordinary files in `/bin`, and they know no more of the kernel than `protocol.ts` tells them.
 *
 * If you want to change something in this book and see it happen, begin here. Add a file with a `main`, name it in
 * the list below, type `npm run boot`, and there it is.
 */

// Each file here that exports a main becomes a program in /bin: tools/tangle reads this list.
export {} from './library/index.ts';
export {} from './init.ts';
export {} from './sh.ts';
export {} from './shell-words.ts';
export {} from './shell-jobs.ts';
export {} from './help.ts';
export {} from './echo.ts';
export {} from './ls.ts';
export {} from './cat.ts';
export {} from './wc.ts';
export {} from './grep.ts';
export {} from './ps.ts';
export {} from './free.ts';
export {} from './uptime.ts';
export {} from './sleep.ts';
export {} from './kill.ts';
export {} from './primes.ts';
export {} from './random.ts';
export {} from './crash.ts';
export {} from './fault.ts';
export {} from './hackbench.ts';
export {} from './panic.ts';
export {} from './poweroff.ts';
export {} from './syscall.ts';
