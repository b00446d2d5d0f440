/*
 * # The first process
 *
 * All processes are forked from another one, so the first of them needs a miracle. It is a modest one: claim a
 * slot, load a program into it, forge a frame, give it the terminal three times over and mark it runnable. There
 * is no parent to copy anything from, and it never returned from a trap in its life. Nobody will be able to tell.
 *
 * If this goes wrong there is nothing to go on with, and the panic says what is missing.
 */
import type { Node } from './archive.ts';
import { findNode } from './archive.ts';
import { argumentAddress } from './command-line.ts';
import { addLine, addWord, nameProcess, startImage } from './exec.ts';
import { openConsoleFor } from './files.ts';
import type { i32, u32 } from './language.ts';
import { addressOf, at, struct } from './language.ts';
import { setFirstReturn } from './life.ts';
import { allocatePage, releasePage } from './pages.ts';
import { panic } from './panic.ts';
import type { Process } from './process.ts';
import { RUNNABLE, claimProcess, stackTop } from './process.ts';
import type { Image, Words } from './program-loader.ts';
import { loadProgram } from './program-loader.ts';
import { lengthOf } from './text.ts';
import type { TrapFrame } from './traps.ts';
import { frameBelow } from './traps.ts';

const FIRST_PROGRAM = '/bin/init';
const firstImage = struct<Image>();

/** Makes process 1 out of nothing: the only one that was not forked. Its words are those behind `run=`. */
export function startFirstProcess(): void {
  const name: u32 = addressOf(FIRST_PROGRAM);
  const file: Node | null = findNode(name);
  if (file === null) panic('no /bin/init: is there an initial file system?');
  const process: Process = claimProcess()!;
  loadFirstImage(file!, name);
  const frame: TrapFrame = frameBelow(stackTop(process));
  startImage(process, firstImage, frame);
  setFirstReturn(process, frame);
  nameProcess(process, name);
  openConsoleFor(process);
  process.group = process.id;
  process.state = RUNNABLE;
}

function loadFirstImage(file: Node, name: u32): void {
  const page: u32 = allocatePage();
  if (page === 0) panic('no memory for the first process');
  const words = at<Words>(page);
  addWord(words, name, lengthOf(name));
  const command: u32 = argumentAddress('run=');
  if (command !== 0) addLine(words, command);
  const result: i32 = loadProgram(file, words, firstImage);
  if (result !== 0) panic('/bin/init is not a program, or too big');
  releasePage(addressOf(words));
}
