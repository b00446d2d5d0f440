/* # panic */
import type { u32 } from '../language.ts';
import { SHUTDOWN_PANIC } from '../protocol.ts';
import { shutdown } from './library/calls.ts';

/** Asks the kernel to lose its nerve. */
export function main(_count: u32, _words: u32[]): void {
  shutdown(SHUTDOWN_PANIC);
}
