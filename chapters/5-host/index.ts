/*
 * # Host
 *
 * You have climbed down from the Guest's dream to the people who keep it up. It is warm here, and there are a great
 * many tables.
 *
 * The Launcher opened a file and asked for a computer. This chapter is the computer, or at least everything about it
 * that a kernel can tell from the inside. The processor is real, if you accept the appendix; but its page tables are
 * not the Guest's, its interrupts do not come when the Guest thinks they do, its segments are edited, and the clock is
 * hearsay. None of it is hard. It is a job of bookkeeping with one difficulty: the client is presumed to be trying to
 * kill you.
 *
 * Keep that in mind while you read. A Guest is a kernel, kernels run what they are given, and
 * somebody out there will have spent a weekend on giving yours something special. So whatever a Guest says is a number
 * and nothing more, until it has been looked at. lguest's rule is ours as well: a Guest that talks nonsense is killed,
 * with a sentence that says what it said. Being polite to it would only be more code to get wrong.
 *
 * ## From the door to the cellar
 *
 * You come in by /dev/lguest, which is all that the Launcher sees, and meet the memory it is lent, the Guest itself,
 * and the loop in which it lives.
 */
export * from './dev-lguest.ts';
export * from './registers.ts';
export * from './windows.ts';
export * from './guest.ts';
export * from './memory.ts';
export * from './death.ts';
export * from './frames.ts';
export * from './run.ts';

/*
 * A Guest runs until it traps, and then somebody must do something about it. First what it asks for; then what happens
 * to it; then what comes from outside.
 */
export * from './traps.ts';
export * from './hypercalls.ts';
export * from './gates.ts';
export * from './interrupts.ts';
export * from './clock.ts';
export * from './pace.ts';
export * from './segments.ts';

/*
 * And in the cellar are the page tables, three for each address, where most of the time and nearly all of the bugs of
 * any hypervisor are. Take the lamp.
 */
export * from './page-tables.ts';
export * from './shadows.ts';
export * from './page-changes.ts';
export * from './stack.ts';
export * from './witness.ts';
export * from './statistics.ts';
