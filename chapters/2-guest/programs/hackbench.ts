/*
 * # hackbench
 *
 * The opposite of `primes`: a program that hardly computes at all. Twenty processes are born, ten of them talk, ten
 * listen, everybody to everybody, a hundred messages from each to each, and then they all die. The first hackbench is
 * from about 2001, when Linux was in need of a scheduler and everybody had one to offer. Its author wanted something
 * to measure them with. He was Rusty Russell, the same whose hypervisor you are reading about.
 *
 * It is the hypervisor's worst case. Each fork takes the right to write from every page of the parent, each first write
 * gives one back, each change of process is a change of page tables, and all of that is the Host's business. A
 * thousand instructions of ours here can be a thousand of his.
 */
import type { i32, u32, u8 } from '../language.ts';
import { addressOf, array } from '../language.ts';
import { close, exit, fork, instructionCount, lastStatus, pipe, read, wait, write } from './library/calls.ts';
import { print, printNumber, usage } from './library/output.ts';
import { parseNumber } from './library/strings.ts';

/** How many talk in a group; as many listen. */
const TALKERS = 10;
/** What each of them says to each listener: so many messages, of so many bytes. */
const MESSAGES = 100;
const LENGTH = 100;
/** Three groups are 60 processes, and there is room for 64. */
const MOST_GROUPS = 3;

const message = array<u8>(100);
const hoses = array<i32>(TALKERS);
const ends = array<i32>(2);

/** Lets N groups of processes talk among themselves, as often as it is told, and says what a message costs. */
export function main(count: u32, words: u32[]): void {
  const groups: i32 = count > 1 ? parseNumber(words[1]) : 1;
  const times: i32 = count > 2 ? parseNumber(words[2]) : 1;
  if (groups <= 0 || groups > MOST_GROUPS || times <= 0) {
    usage('hackbench N [TIMES] (1 to 3 groups of 20 processes)');
    exit(2);
  }
  const before: u32 = instructionCount();
  let failed: u32 = 0;
  for (let time: i32 = 0; time < times; time++) {
    for (let i: i32 = 0; i < groups; i++) makeGroup();
    while (wait(0) > 0) if (lastStatus() !== 0) failed++;
  }
  const spent: u32 = instructionCount() - before;
  const sent: u32 = (groups as u32) * (times as u32) * (TALKERS * TALKERS * MESSAGES);
  printNumber(sent);
  print(' messages, ');
  printNumber(spent / sent);
  print(' instructions each\n');
  exit(failed === 0 ? 0 : 1);
}

/*
 * ## A group
 *
 * Look at the order in which doors are closed. Each listener is forked as soon as its pipe is there, and the parent
 * keeps only the end that takes water in: so it never has more than fourteen of its sixteen places in use. The talkers
 * come last, inherit all ten ends, and that is the whole of the wiring. Nobody has been told anybody's name.
 */
function makeGroup(): void {
  for (let i: u32 = 0; i < TALKERS; i++) {
    if (pipe(ends) < 0) giveUp('no more pipes');
    hoses[i] = ends[1];
    const child: i32 = fork();
    if (child < 0) giveUp('no more processes');
    if (child === 0) listen(ends[0], i + 1);
    close(ends[0]);
  }
  for (let i: u32 = 0; i < TALKERS; i++) {
    const child: i32 = fork();
    if (child < 0) giveUp('no more processes');
    if (child === 0) talk();
  }
  for (let i: u32 = 0; i < TALKERS; i++) close(hoses[i]);
}

/** Says everything to everybody, in turn, and ends. */
function talk(): void {
  for (let round: u32 = 0; round < MESSAGES; round++) {
    for (let i: u32 = 0; i < TALKERS; i++) write(hoses[i], addressOf(message), LENGTH);
  }
  exit(0);
}

/*
 * A listener first closes the `inherited` ends it will not write to, or its own hose would have a writer for as long as
 * it lives, and nobody would ever see the end of it. It counts what it hears: if a byte is missing, it says so with its
 * last breath.
 */
function listen(hose: i32, inherited: u32): void {
  for (let i: u32 = 0; i < inherited; i++) close(hoses[i]);
  let heard: u32 = 0;
  let some: i32 = 0;
  do {
    some = read(hose, addressOf(message), LENGTH);
    if (some > 0) heard += some as u32;
  } while (some > 0);
  exit(heard === TALKERS * MESSAGES * LENGTH ? 0 : 1);
}

function giveUp(why: string): void {
  print('hackbench: ');
  print(why);
  print('\n');
  exit(1);
}
