/*
 * # Panic
 *
 * There is a moment in the life of a kernel when the right thing is to fall over, loudly, where everybody can see
 * it. A table that should exist does not; a promise to the Host is broken; somebody typed `panic`. Going on would
 * mean writing with confidence into memory that may be someone else's.
 *
 * The Host takes 128 bytes of last words, no more and no fewer: he copies that many from the address you give, and
 * they had better all exist. So they are gathered in a buffer of that size that has been lying ready since boot. A
 * panic that had to allocate memory would have a nice paradox on its hands when memory is what ran out.
 */
import { BARE } from './bare.ts';
import type { u32, u8 } from './language.ts';
import { addressOf, array, at } from './language.ts';
import { switchOff } from './paravirt.ts';
import { print } from './print.ts';
import { copyBytes, lengthOf } from './text.ts';

/** The Host reads exactly this many bytes of our last words. */
const LAST_WORDS = 128;
const lastWords = array<u8>(128, 128);
let written: u32 = 0;

/** Appends the text at `address` to the last words, as far as there is room for it and a zero. */
function say(address: u32): void {
  const room: u32 = LAST_WORDS - 1 - written;
  const length: u32 = lengthOf(address);
  const count: u32 = length < room ? length : room;
  copyBytes(addressOf(lastWords) + written, address, count);
  written += count;
  lastWords[written] = 0;
}

/*
 * Both ends use the same call. The Launcher tells them apart by the two words it knows, and by nothing else: exit
 * status 0 for "Power down", and for all other poetry a 1, the message, and a list of the functions you died in,
 * which it finds by following your saved `ebp` up the stack. That register is why every function of pup bothers to
 * have a frame.
 */

/** The kernel gives up: nothing it knows can be trusted. The Host shows `reason` to whoever asks. Never returns. */
export function panic(reason: string): void {
  written = 0;
  say(addressOf('panic: '));
  say(addressOf(reason));
  if (BARE) {
    print(at<string>(addressOf(lastWords))); // no Launcher there to say it for us
    print('\n');
  }
  switchOff(addressOf(lastWords), true);
}

/** The end as it should be. The Launcher knows these two words. Never returns. */
export function powerOff(): void {
  written = 0;
  say(addressOf('Power down'));
  switchOff(addressOf(lastWords), false);
}
