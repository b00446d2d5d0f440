/*
 * # sh
 *
 * A shell is a loop with a prompt. Read a line, take it apart, start what it names, wait, and again. Ours speaks
 * the part of the language that you would miss: pipes, `&`, `;`, redirection and quotes. It has no variables and
 * no `if`; people who need those are the reason why there are other languages.
 *
 * Note what it does first of all. It founds a group of its own, asks to be spared by ^C, and takes the terminal.
 */
import type { i32, u32, u8 } from '../language.ts';
import { array, charCode } from '../language.ts';
import { EINTR } from '../protocol.ts';
import { catchInterrupt, exit, foreground, processId, setGroup, waitNow } from './library/calls.ts';
import { END, readLine } from './library/input.ts';
import { INPUT, flush, print, printNumber } from './library/output.ts';
import { isText } from './library/strings.ts';
import { runJob } from './shell-jobs.ts';
import { isOperator, isWord, splitLine, tokens } from './shell-words.ts';

const LINE_SIZE = 512;
const line = array<u8>(512);

/** Prompts, reads, runs, and again, until there is nothing more to read. */
export function main(_count: u32, _words: u32[]): void {
  setGroup(0, 0);
  catchInterrupt();
  foreground(processId());
  while (true) {
    reportEnded();
    print('$ ');
    flush();
    const length: i32 = readLine(INPUT, line, LINE_SIZE);
    if (length === -EINTR) continue;
    if (length < 0) {
      print(length === END ? '\n' : 'sh: cannot read\n');
      exit(0);
    }
    runLine();
  }
}

/*
 * A job in the background ends without anybody waiting for it, and stays a zombie until it is asked about. So the
 * shell asks, before each prompt.
 */

/** Says which background jobs have ended since the last prompt. */
function reportEnded(): void {
  while (true) {
    const child: i32 = waitNow();
    if (child <= 0) return;
    print('[');
    printNumber(child as u32);
    print('] done\n');
  }
}

/*
 * ## One line, several jobs
 *
 * `help` and `exit` must be *built in*, the second because a child that exits does not get its parent anywhere.
 * The first only because it is easier.
 */

/** Runs the jobs of a line one after the other: `;` waits for the job before it, `&` does not. */
function runLine(): void {
  const count: i32 = splitLine(line);
  if (count < 0) print('sh: a quote is open\n');
  let first: u32 = 0;
  for (let i: u32 = 0; (i as i32) < count; i++) {
    if (!isOperator(i, charCode(';')) && !isOperator(i, charCode('&'))) continue;
    run(first, i, isOperator(i, charCode('&')));
    first = i + 1;
  }
  if (count > 0) run(first, count as u32, false);
}

function run(first: u32, end: u32, background: boolean): void {
  if (first === end) return;
  if (isCommand(first, 'help')) help();
  else if (isCommand(first, 'exit')) exit(0);
  else runJob(first, end, background);
}

/** Whether token `index` is that word. An operator is no address of a word, and so it is asked first. */
function isCommand(index: u32, name: string): boolean {
  return isWord(index) && isText(tokens[index], name);
}

/*
 * ## help
 *
 * Eleven lines for whoever is lost. A test checks that every program in `/bin` that you could want to start is in here,
 * since nobody else would.
 */

function help(): void {
  print('echo WORDS       says them again       ls [PATH]      what there is\n');
  print('cat [FILES]      shows files           wc [FILE]      counts lines, words, bytes\n');
  print('grep TEXT [FILE] lines with TEXT       random         sixteen bytes from the dice\n');
  print('ps               who is there          kill NUMBER    not for long\n');
  print('free             memory left           uptime         time gone\n');
  print('primes N         numbers, odd mostly   sleep SECONDS  none of the above\n');
  print('syscall N        what a call costs     fault N        what a page costs\n');
  print('hackbench N      everybody talks       crash          dies alone\n');
  print('panic            takes us all along\n');
  print('poweroff         good night            exit           the same, from here\n');
  print('A | B, A & B, A; B, < FILE and > FILE work as you hope. ^C stops what runs, ^D is the end.\n');
}
