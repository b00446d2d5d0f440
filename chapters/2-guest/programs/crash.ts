/* # crash */
import type { u32 } from '../language.ts';
import { load32 } from '../language.ts';
import { exit } from './library/calls.ts';

/** Reads what is at address 0. Nothing is. */
export function main(_count: u32, _words: u32[]): void {
  exit(load32(0));
}
