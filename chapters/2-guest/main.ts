/*
 * # Main, a table of contents
 *
 * You have landed on your feet at 0xC0100000 and may use variables again. Below is everything that happens between now
 * and the first process, in order; nearly every line is a file.
 *
 * Getting a voice comes first, since everything that goes wrong afterwards goes wrong more pleasantly if you can
 * say so. The line pup greets you with is the first thing that you see on the screen, and it travels there letter
 * by letter through a hole in the wall that chapter 3 is going to show you.
 *
 * The last line calls `schedule`, which looks for somebody to run, finds process 1, and abandons this stack for
 * ever.
 */
import { forgetIdentityMap } from './address-space.ts';
import { BARE } from './bare.ts';
import { readArchive } from './archive.ts';
import { startClock } from './clock.ts';
import { readCommandLine } from './command-line.ts';
import { startDevices } from '../3-drivers/devices.ts';
import { startEarlyConsole } from '../3-drivers/early-console.ts';
import { print } from './print.ts';
import { startFirstProcess } from './first-process.ts';
import { countPages, describeMemory } from './pages.ts';
import { schedule } from './scheduler.ts';
import { loadSegments } from './segments.ts';
import { loadTraps } from './trap-table.ts';

const BANNER = '\npup: woof. I asked for ring 0 and got ring 1; nobody has noticed so far.\n';

/** All that happens between the jump to high addresses and the first process. Never returns. */
export function kernelMain(): void {
  startEarlyConsole();
  print(BARE ? '\npup: ring 0, and all this silicon to myself. It is very quiet here.\n' : BANNER);
  loadSegments();
  loadTraps();
  forgetIdentityMap();
  countPages();
  readCommandLine();
  readArchive();
  describeMemory();
  startDevices();
  startClock();
  startFirstProcess();
  schedule();
}
