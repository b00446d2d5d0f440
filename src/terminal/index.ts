/*
 * # The front door
 *
 * Everything in the chapters is careful not to know where it is. Somebody has to. This appendix is the little
 * program around Lantern that you start when you type `npm start`: it has a clock, files, a keyboard and a screen,
 * and hands them in through the interfaces that the chapters have left open for them.
 *
 * It is also where a program shows its manners. A terminal that comes back from a crash without its echo, a filter
 * that drops the last line, forty lines of stack trace for a misspelt file name: none of these is interesting to
 * get right, and all of them are what people remember.
 */

export * from './terminal.ts';
export * from './keyboard.ts';
export * from './watchdog.ts';
export * from './screen.ts';
export * from './seats.ts';
export * from './real-world.ts';
export * from './files.ts';
export * from './complaint.ts';
export * from './network.ts';
export * from './sockets.ts';
export * from './switch.ts';
export * from './tap.ts';
export * from './trace-file.ts';
export * from './claim.ts';
export * from './pup.ts';
export * from './root.ts';

/*
 * `npm start` also brings you this book. That takes a second process and a very small web server.
 */

export * from './book.ts';
export * from './weaver-process.ts';
export * from './book-server.ts';

/*
 * And around all of it goes a net.
 */

export * from './top-level.ts';
