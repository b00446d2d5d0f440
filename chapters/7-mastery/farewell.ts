/*
 * # How it ended
 *
 * Nothing dramatic happened to lguest. The code that it had been written to exercise, the hooks in Linux for kernels
 * that are guests, got other users and then fewer. virtio, which grew up in its Launcher because somebody needed
 * devices that were easy to explain, went out into the world and is in most clouds there are. In the summer of 2017
 * somebody who wanted to tidy up those hooks noticed that for two years lguest had been patched only so that it still
 * compiled. Linux 4.14 came out in November without it. Ten years is a long life for a program that was written to be
 * understood.
 *
 * That is worth a thought on the slope, among the goats. Most programs are written to be run, and nobody reads them;
 * they are kept alive by being needed. This one was needed by hardly anybody and was kept alive by being *read*. Ask
 * around among people who work on kernels: you will find some who met the first page table of their lives in a comment
 * with a joke in it.
 *
 * ## Where you stand
 *
 * You know, now, what is under every `$ ` you will ever type at. A process in a ring, a table that says where it is, a
 * gate for when it wants something; and beneath that, perhaps, somebody who keeps the books and has never let on. You
 * cannot tell from the inside. You knew that when you came in. But you have seen the twenty-six instructions.
 *
 * The lamp is yours. Leave the cave tidier than you found it, run the tests, and if you meet somebody at the entrance
 * who asks whether it is dangerous in there: tell them that there are four rings, and that they will be lied to in
 * three.
 */
export {};
