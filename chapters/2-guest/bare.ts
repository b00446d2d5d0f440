/*
 * # Bare
 *
 * One bit decides whether there is a hypervisor in your life.
 *
 * It is false in the sources and the tangler turns it over for the build that runs on the bare silicon. That build is
 * there to answer a question which every user of a virtual machine has asked, usually with a sigh: what does it *cost*?
 * You run the same job with the Host underneath and without him, hold a watch to both, and divide. `npm run bench` does
 * that for you.
 *
 * It is also a fine way to find out whose fault something is.
 */

/** Whether this kernel is tangled for the bare silicon: ring 0, no Host underneath. The tangler overrides it. */
export const BARE: boolean = false;
