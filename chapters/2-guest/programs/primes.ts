/*
 * # primes
 *
 * The one program here that works for its living: no system calls, no memory to speak of, divisions until the end. In
 * other words, the hypervisor's best case. The benchmark runs it with and without a Host underneath; what differs is
 * what the ticks cost.
 *
 * Try `primes 900000000`, and ^C.
 */
import type { i32, u32 } from '../language.ts';
import { exit } from './library/calls.ts';
import { print, printNumber, usage } from './library/output.ts';
import { parseNumber } from './library/strings.ts';

/** Up to here they are printed, and not only counted. */
const PRINTED = 1000;

/** Counts the primes up to N by dividing, which is what processors are for. */
export function main(count: u32, words: u32[]): void {
  const limit: i32 = count > 1 ? parseNumber(words[1]) : 100;
  if (limit < 0) {
    usage('primes N');
    exit(2);
  }
  let found: u32 = 0;
  for (let number: i32 = 2; number <= limit; number++) {
    if (!isPrime(number as u32)) continue;
    found++;
    if (limit > PRINTED) continue;
    printNumber(number as u32);
    print(found % 16 === 0 ? '\n' : ' ');
  }
  if (limit <= PRINTED && found % 16 !== 0) print('\n');
  printNumber(found);
  print(' primes up to ');
  printNumber(limit as u32);
  print('\n');
  exit(0);
}

/** Whether nothing up to its root divides `number`. */
function isPrime(number: u32): boolean {
  if (number % 2 === 0) return number === 2;
  for (let divisor: u32 = 3; divisor * divisor <= number; divisor += 2) {
    if (number % divisor === 0) return false;
  }
  return true;
}
