/*
 * # The line discipline
 *
 * Type a letter, and it appears. Who did that? Not the keyboard, not the shell, which is asleep until you press
 * return. It was a piece of the kernel with the best name in all of Unix, the *line discipline*. It collects what
 * is typed until there is a line; until then everything can still be taken back, and no program knows.
 *
 * Its keys go back to machines with ink. ^C, ^D, ^U and ^W are the capital letters with one bit cleared, which is all
 * that the control key of a teletype did.
 */
import { consoleReady, consoleWrite } from '../3-drivers/console.ts';
import { BARE } from './bare.ts';
import type { OpenFile } from './files.ts';
import type { i32, u32, u8 } from './language.ts';
import { addressOf, array, charCode } from './language.ts';
import { kill } from './life.ts';
import { PROCESSES, RUNNABLE, SLEEPING, UNUSED, cpu, processes } from './process.ts';
import { EFAULT, EINTR } from './protocol.ts';
import { sleepOn, wake } from './scheduler.ts';
import { copyFromUser, copyToUser } from './user-memory.ts';

/** Keys with a meaning of their own. */
const CONTROL_C = 3;
const CONTROL_D = 4;
const BACKSPACE = 8;
const TAB = 9;
const NEWLINE = 10;
const RETURN = 13;
const CONTROL_U = 21;
const CONTROL_W = 23;
const DELETE = 127;

/**
 * Typed characters, in a ring, and counters that only grow: how many were read, are in complete lines, were typed, were
 * shown.
 */
const CAPACITY = 1024;
const line = array<u8>(1024);
let readTo: u32 = 0;
let completeTo: u32 = 0;
let editedTo: u32 = 0;
let shownTo: u32 = 0;

/** How many processes wait for a line. */
let readers: u32 = 0;

/*
 * Somebody typed something. It may come from a person, one key at a time, or from `printf 'ls\n' | npm run boot`,
 * a thousand lines at once; the discipline is the same.
 */

/** A key was pressed. */
export function typeCharacter(character: u32): void {
  if (character === CONTROL_C) interruptForeground();
  else if (character === CONTROL_U) eraseLine();
  else if (character === CONTROL_W) eraseWord();
  else if (character === BACKSPACE || character === DELETE) eraseCharacter();
  else if (character === RETURN || character === NEWLINE) endLine(NEWLINE);
  else if (character === CONTROL_D) endLine(CONTROL_D);
  else if (character === TAB) addCharacter(charCode(' '));
  else if (character >= charCode(' ')) addCharacter(character);
  if (readers !== 0) showFirstLine();
}

/*
 * And it has to be possible to say *not now*. The ring holds 1,024 characters. A driver that is told there is no
 * room leaves the rest where it is and comes back, so nothing is lost, however fast they type. The price is that a ^C
 * behind all that has to wait, too. Whoever has typed a thousand letters ahead cannot stop anything any more.
 *
 * Unless there is no whole line in the ring yet. Then everything is let in, and letters that find no place fall on the
 * floor: behind them comes the Return without which nobody would ever read, and the ring would stay full.
 */

/** Whether another character finds room: a driver that is told no keeps it, and asks again when somebody has read. */
export function hasRoom(): boolean {
  return editedTo - readTo < CAPACITY - 1 || completeTo === readTo;
}

/*
 * ## Adding
 *
 * A line is cut when the ring is full but for one place. That one is for its end: a line that could never be finished
 * would be a terminal that could never be used again. And a tab becomes a blank, since nobody could say later how many
 * columns to take back for it.
 */

/** The last place in the ring is kept for the end of the line. */
function addCharacter(character: u32): void {
  if (editedTo - readTo >= CAPACITY - 1) return;
  line[editedTo % CAPACITY] = character;
  editedTo++;
}

/** ^D ends a line as well, but is no part of it. */
function endLine(character: u32): void {
  if (editedTo - readTo >= CAPACITY) return;
  line[editedTo % CAPACITY] = character;
  editedTo++;
  completeTo = editedTo;
  wake(addressOf(line));
}

/*
 * ## Showing
 *
 * Old terminals echo a character when it is typed. If you type ahead while a program prints, the two get mixed up
 * like voices at a party. Here a line is shown when somebody wants to *read* it: a little later if you were early,
 * but always behind its own prompt. A script that is piped into pup comes out as a proper transcript, question,
 * answer, question.
 */

/**
 * Shows what is typed of the first line that nobody has read yet. The lines behind it wait until somebody asks for
 * them.
 */
function showFirstLine(): void {
  let end: u32 = readTo;
  while (end !== editedTo && !endsLine(line[end % CAPACITY])) end++;
  if (end !== editedTo && line[end % CAPACITY] === NEWLINE) end++;
  while (((end - shownTo) as i32) > 0) {
    const place: u32 = shownTo % CAPACITY;
    const left: u32 = end - shownTo;
    const straight: u32 = left < CAPACITY - place ? left : CAPACITY - place;
    consoleWrite(addressOf(line) + place, straight);
    shownTo += straight;
  }
  if (end === shownTo && end !== editedTo && line[end % CAPACITY] === CONTROL_D) shownTo++;
}

function endsLine(character: u32): boolean {
  return character === NEWLINE || character === CONTROL_D;
}

/*
 * ## Erasing
 *
 * A terminal has no eraser. Step back, print a blank over it, step back again; and only if it has been shown at
 * all.
 */

/**
 * Takes back one character, on the screen too if it was shown; false if the line is empty.
 */
function eraseCharacter(): boolean {
  if (editedTo === completeTo) return false;
  editedTo--;
  if (((shownTo - editedTo) as i32) > 0) {
    shownTo = editedTo;
    consoleWrite(addressOf('\b \b'), 3);
  }
  return true;
}

function eraseLine(): void {
  while (eraseCharacter());
}

/** First the blanks behind the word, then the word. */
function eraseWord(): void {
  while (lastIsBlank()) eraseCharacter();
  while (editedTo !== completeTo && !lastIsBlank()) eraseCharacter();
}

function lastIsBlank(): boolean {
  return editedTo !== completeTo && line[(editedTo - 1) % CAPACITY] === charCode(' ');
}

/*
 * ## ^C
 *
 * ^C is not for whoever reads. The program that you want to stop is usually the one that does *not*. It is for a
 * whole group of processes, the job in front, and every one of them finds a note to end. The shell asked to be
 * spared: it is woken with an error instead of a line, and prompts you anew.
 */

/** The group that ^C is for. */
let foreground: u32 = 0;

/** Gives the terminal to a group of processes. */
export function setForeground(group: u32): void {
  foreground = group;
  wake(addressOf(line)); // whoever was in front and waits for a line waits in vain
}

/** Which group has the terminal. */
export function foregroundGroup(): u32 {
  return foreground;
}

/** Forgets what was typed, and ends every process of the foreground group, except those that would rather be told. */
function interruptForeground(): void {
  consoleWrite(addressOf('^C\n'), 3);
  readTo = editedTo;
  completeTo = editedTo;
  shownTo = editedTo;
  for (let i: u32 = 0; i < PROCESSES; i++) {
    const process = processes[i];
    if (process.state === UNUSED || process.group !== foreground || process.id === 1) continue;
    if (!process.catchesInterrupt) {
      kill(process, INTERRUPTED);
    } else if (process.state === SLEEPING && process.channel === addressOf(line)) {
      process.interrupted = true;
      process.state = RUNNABLE;
    }
  }
}

/** The status of a process that ended by ^C. */
export const INTERRUPTED = 131;

/*
 * ## Reading
 *
 * One line at a time, even if more are there. For a program in the background the terminal is silent, as otherwise
 * two would fight over each line you type. And ^D is, if you look closely, no character at all: it means "give
 * them what you have". On an empty line that is nothing, and nothing is how a file ends.
 */

const transfer = array<u8>(256);
const TRANSFER_SIZE = 256;

/**
 * Gives at most one line. 0 if that is all it was asked for, for ^D on an empty line, for a process in the background,
 * and where nobody can type.
 */
export function readTerminal(_file: OpenFile, address: u32, count: u32): i32 {
  if (BARE || count === 0 || cpu.process.group !== foreground) return 0;
  showFirstLine();
  while (readTo === completeTo) {
    if (cpu.process.killed) return -EINTR;
    readers++;
    sleepOn(addressOf(line));
    readers--;
    if (cpu.process.interrupted) {
      cpu.process.interrupted = false;
      return -EINTR;
    }
    if (cpu.process.group !== foreground) return 0;
  }
  const length: u32 = takeLine(count < TRANSFER_SIZE ? count : TRANSFER_SIZE);
  consoleReady(); // there is room again
  return copyToUser(address, addressOf(transfer), length) ? (length as i32) : -EFAULT;
}

/**
 * Moves up to `count` bytes of the first line to `transfer`. A ^D is taken away, but not given, also if it comes just
 * behind the last byte that was asked for: only as the first byte it means the end.
 */
function takeLine(count: u32): u32 {
  let length: u32 = 0;
  while (readTo !== completeTo) {
    const character: u32 = line[readTo % CAPACITY];
    if (length === count && character !== CONTROL_D) break;
    readTo++;
    if (character === CONTROL_D) break;
    transfer[length] = character;
    length++;
    if (character === NEWLINE) break;
  }
  return length;
}

/*
 * ## Writing
 *
 * The other direction has no discipline whatsoever. (A real one turns each newline into two characters, because a
 * printer's carriage had to be sent back and the paper forward. Ours leaves that to whoever owns a printer.)
 */

/** Writes to the screen. */
export function writeTerminal(_file: OpenFile, address: u32, count: u32): i32 {
  for (let done: u32 = 0; done < count; ) {
    const left: u32 = count - done;
    const chunk: u32 = left < TRANSFER_SIZE ? left : TRANSFER_SIZE;
    if (!copyFromUser(addressOf(transfer), address + done, chunk)) return -EFAULT;
    consoleWrite(addressOf(transfer), chunk);
    done += chunk;
  }
  return count as i32;
}
