/*
 * # sh runs a job
 *
 * Here is where the kernel's odd ideas turn out to fit together. `fork` without `exec`, the lowest free place,
 * files that survive `exec`: each looks arbitrary alone. Now watch: a pipe is made; the child is forked, and *in
 * the child*, before it becomes someone else, the pipe's end is moved to place 1. The program that starts knows
 * nothing of it. It prints.
 */
import type { i32, u32 } from '../language.ts';
import { addressOf, array, charCode } from '../language.ts';
import { OPEN_READ, OPEN_WRITE } from '../protocol.ts';
import {
  close,
  duplicate,
  exit,
  foreground,
  fork,
  open,
  pipe,
  processId,
  setGroup,
  wait,
} from './library/calls.ts';
import { INPUT, OUTPUT, complain, print, printNumber } from './library/output.ts';
import { become } from './library/run.ts';
import { MOST_TOKENS, isOperator, isWord, tokens } from './shell-words.ts';

/*
 * ## Whose terminal?
 *
 * A shell that you type at lends its terminal to each job and takes it back. A shell in a pipe has no terminal to lend.
 * If it gave away what belongs to somebody else, the shell in front would read nothing the next time, take that for ^D,
 * and go home. It happened here: `sh &`, one more command, and good night.
 */

/** Whether the terminal is this shell's own, to give to its jobs and to take back. */
export let inFront: boolean = false;

export function beInFront(): void {
  inFront = true;
}

/*
 * ## The plumbing
 *
 * `ls | grep e | wc` is three children and two pipes, and the loop sees one of each at a time. The end that the last
 * pipe is read at becomes the next child's input. The parent closes what it has handed on; a pipe of which anybody
 * still holds the writing end never ends.
 */

/** One more than there can be pipes in a line. */
const children = array<i32>(MOST_TOKENS + 1);
const ends = array<i32>(2);

/**
 * Runs the commands in tokens `first` to `end`, each reading what the one before it printed, and waits for all of them.
 */
export function runJob(first: u32, end: u32, background: boolean): void {
  let count: u32 = 0;
  let input: i32 = INPUT;
  let start: u32 = first;
  while (start <= end) {
    let stop: u32 = start;
    while (stop < end && !isOperator(stop, charCode('|'))) stop++;
    let output: i32 = OUTPUT;
    let next: i32 = INPUT;
    if (stop < end) {
      const failed: i32 = pipe(ends);
      if (failed < 0) {
        complain('sh', addressOf('pipe'), failed);
        break;
      }
      next = ends[0];
      output = ends[1];
    }
    children[count] = startCommand(
      start,
      stop,
      input,
      output,
      next,
      count === 0 ? 0 : children[0],
      background,
    );
    if (input !== INPUT) close(input);
    if (output !== OUTPUT) close(output);
    input = next;
    if (children[count] > 0) count++;
    start = stop + 1;
  }
  if (input !== INPUT) close(input);
  if (background) announce(count);
  else waitForAll(count);
}

/*
 * And then wait, or do not. After a job in the foreground the shell takes the terminal back: its own ^C is
 * harmless, the job's was not.
 */

function announce(count: u32): void {
  if (count === 0 || !inFront) return;
  print('[');
  printNumber(children[count - 1] as u32);
  print(']\n');
}

function waitForAll(count: u32): void {
  for (let i: u32 = 0; i < count; i++) wait(children[i]);
  if (inFront) foreground(processId());
}

/*
 * ## One command
 *
 * Parent and child run on at the same time, and both set the child's group. It looks like a mistake. But whichever
 * of them comes first, the group has to be right by the time the *other* relies on it; and neither knows who comes
 * first.
 */

/**
 * Forks and becomes the command; the parent gets the child's number. The first child founds a group, the others join
 * it.
 */
function startCommand(
  first: u32,
  end: u32,
  input: i32,
  output: i32,
  unwanted: i32,
  group: i32,
  background: boolean,
): i32 {
  const child: i32 = fork();
  if (child < 0) complain('sh', isWord(first) ? tokens[first] : addressOf('fork'), child);
  if (child > 0) joinJob(child, group, background);
  if (child !== 0) return child;

  joinJob(processId(), group, background);
  if (unwanted !== INPUT) close(unwanted);
  move(input, INPUT);
  move(output, OUTPUT);
  becomeCommand(first, end);
  return 0;
}

function joinJob(child: i32, group: i32, background: boolean): void {
  if (!inFront) return;
  setGroup(child, group);
  if (group === 0 && !background) foreground(child);
}

/*
 * Close a place, duplicate into it, close the original: three lines that are the entire implementation of `|`, `<`
 * and `>`.
 */

/** Puts what is open in `from` into place `to`: close the one, and the lowest free place is it. */
function move(from: i32, to: i32): void {
  if (from === to) return;
  close(to);
  duplicate(from);
  close(from);
}

/*
 * The child is alone now, with its pipes in place, and goes through its words once. A `<` or `>` takes the word behind
 * it; all others become the command. What it finds wrong it says on place 2, and then it dies of it: of a command
 * that is not there with the status that shells have agreed on, 127.
 */

const words = array<u32>(65);

/** Opens what `<` and `>` name, gathers the words, and goes. Never returns. */
function becomeCommand(first: u32, end: u32): void {
  let count: u32 = 0;
  for (let i: u32 = first; i < end; i++) {
    if (isOperator(i, charCode('<')) || isOperator(i, charCode('>'))) {
      if (i + 1 === end || !isWord(i + 1)) {
        complain('sh', addressOf('< or > without a file'), 0);
        exit(2);
      }
      redirect(tokens[i + 1], isOperator(i, charCode('>')));
      i++;
    } else if (count < MOST_TOKENS) {
      words[count] = tokens[i];
      count++;
    }
  }
  if (first === end) {
    complain('sh', addressOf('| without a command'), 0);
    exit(2);
  }
  if (count === 0) exit(0);
  complain('sh', words[0], become(words));
  exit(127);
}

function redirect(path: u32, output: boolean): void {
  const place: i32 = open(path, output ? OPEN_WRITE : OPEN_READ);
  if (place < 0) {
    complain('sh', path, place);
    exit(1);
  }
  move(place, output ? OUTPUT : INPUT);
}
