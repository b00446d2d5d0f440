/*
 * # poweroff
 *
 * And this is how it should end.
 */
import type { u32 } from '../language.ts';
import { SHUTDOWN_POWER_OFF } from '../protocol.ts';
import { shutdown } from './library/calls.ts';

/** Good night. */
export function main(_count: u32, _words: u32[]): void {
  shutdown(SHUTDOWN_POWER_OFF);
}
