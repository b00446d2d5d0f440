/* # Panic */
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
