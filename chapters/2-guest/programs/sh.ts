/*
 * # sh
 *
 * A shell is a loop with a prompt. Read a line, take it apart, start what it names, wait, and again. Ours speaks
 * the part of the language that you would miss: pipes, `&`, `;`, redirection and quotes. It has no variables and
 * no `if`; people who need those are the reason why there are other languages.
 *
 * Note what it does first of all: it looks whether the terminal is its own. Only then is there a person to prompt, and
 * only then may it hand the terminal to what it starts. A shell in a pipe, or behind a `&`, keeps quiet and its hands
 * to itself.
 *
 * And a line that is longer than its memory for lines it does not run. It has lost the end, and half of a
 * command may be another: `kill 1234`, cut in the wrong place, is `kill 1`.
 */
import type { i32, u32, u8 } from '../language.ts';
import { array, charCode } from '../language.ts';
import { EINTR } from '../protocol.ts';
import { catchInterrupt, exit, foregroundGroup, processId, waitNow } from './library/calls.ts';
import { END, exitAfter, openInput, readLine } from './library/input.ts';
import { flush, print, printNumber } from './library/output.ts';
import { isText } from './library/strings.ts';
import { beInFront, inFront, runJob } from './shell-jobs.ts';
import { OPEN_QUOTE, TOO_MANY, isOperator, isWord, splitLine, tokens } from './shell-words.ts';

const LINE_SIZE = 512;
const line = array<u8>(512);

/** Prompts, reads, runs, and again, until there is nothing more to read. */
export function main(_count: u32, words: u32[]): void {
  const input: i32 = openInput('sh', words, 1, 1);
  if (foregroundGroup() === processId()) {
    beInFront();
    catchInterrupt();
  }
  while (true) {
    reportEnded();
    if (inFront) print('$ ');
    flush();
    const length: i32 = readLine(input, line, LINE_SIZE);
    if (length === -EINTR) continue;
    if (length === END && inFront) print('\n');
    if (length < 0) exitAfter(length, 0);
    if (length < LINE_SIZE) runLine();
    else print('sh: the line is too long\n');
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
    if (!inFront) continue;
    print('[');
    printNumber(child as u32);
    print('] done\n');
  }
}

/*
 * ## One line, several jobs
 *
 * One command must be *built in*: a child that exits does not get its parent anywhere. All others are programs, `help`
 * too, so you may look something up with `help | grep memory`.
 */

/** Runs the jobs of a line one after the other: `;` waits for the job before it, `&` does not. */
function runLine(): void {
  const count: i32 = splitLine(line);
  if (count === OPEN_QUOTE) print('sh: a quote is open\n');
  if (count === TOO_MANY) print('sh: too many words\n');
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
  if (end === first + 1 && isWord(first) && isText(tokens[first], 'exit') && !background) exit(0);
  runJob(first, end, background);
}
