/*
 * # panic
 *
 * This one takes everybody along. It exists to let you see what a kernel's death looks like from outside: a line
 * with the reason, the functions it died in, exit status 1. On a system with users one would ask for a password at
 * this point.
 */
import type { u32 } from '../language.ts';
import { SHUTDOWN_PANIC } from '../protocol.ts';
import { shutdown } from './library/calls.ts';

/** Asks the kernel to lose its nerve. */
export function main(_count: u32, _words: u32[]): void {
  shutdown(SHUTDOWN_PANIC);
}
