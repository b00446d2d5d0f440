/*
 * # Nine ways to say no
 *
 * Unix has no exceptions. It has small numbers with names from a time when vowels were dear, and /dev/lguest speaks
 * them, negated, as every driver in Linux does. Two are worth a second look. ENOENT, *no such entry*, is what you read
 * from a Guest that is no longer among us. And ERESTARTSYS is not an error at all: in lguest it meant that the Launcher
 * had a signal to see to, here it means that a few milliseconds are over and somebody else may want the processor.
 */

/** Errors of /dev/lguest, as Linux numbers them. Calls return them negated. */
export const ENOENT = 2;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EFAULT = 14;
export const EBUSY = 16;
export const EINVAL = 22;
/** The Guest asked for a reboot. */
export const ERESTART = 85;
/** The slice is over, nothing is wrong: read again. */
export const ERESTARTSYS = 512;
