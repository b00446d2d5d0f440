/*
 * # crash
 *
 * One line, and it does not come back from it. The processor faults; the Host looks into your tables and finds
 * nothing at address 0; he reflects the fault; the kernel finds nothing either, prints an epitaph and ends the
 * process; the shell prompts. Four rooms of this book worked together so that nothing happened.
 */
import type { u32 } from '../language.ts';
import { load32 } from '../language.ts';
import { exit } from './library/calls.ts';

/** Reads what is at address 0. Nothing is. */
export function main(_count: u32, _words: u32[]): void {
  exit(load32(0));
}
