/*
 * # Whose turn it is
 *
 * With nine kinds of news you would expect nine kinds of bookkeeping. There is one idea behind all of it. One thread,
 * one Guest: at any time it is somebody's *turn*. It is the Guest's, until it traps. Then it is the Host's, until he
 * goes in again or has an errand for the Launcher. Then it is the Launcher's, until he calls. Or the Guest sleeps. Six
 * of the nine end one turn and begin another; the other three leave a mark in the one that is going on. When a turn
 * ends, it becomes a bar: it has a beginning, a length, and by now one knows what it was about.
 *
 * So bars cannot overlap, and there are no holes between them but for those in which it was another Guest's turn, your
 * own, or the Host's before it first goes in, for which there is no name.
 */
import type { Machine } from '../../src/processor/machine.ts';
import type { World } from '../1-preparation/world.ts';
import type { Exit } from '../5-host/traps.ts';
import type { Notebook } from './notebook.ts';
import {
  ASKED,
  ERRAND,
  GUEST_TRACK,
  HALTED,
  HOST_TRACK,
  LAUNCHER_TRACK,
  NAME,
  PLACE,
  RAN,
  SETTLED,
  TRAPPED,
} from './trace-events.ts';

/*
 * ## Who is who
 *
 * The witness knows Guests by their objects, the onlooker has never heard of such a thing. What both can see is where
 * in the machine's RAM a Guest's memory begins, so that is its name here. Addresses are let again when a Guest is gone;
 * hence a Guest that restarts is a new process on the timeline, as it should be.
 */
/** A trace in the making, as those see it who write it. */
export interface Book {
  readonly machine: Machine;
  readonly world: World;
  readonly notebook: Notebook;
  /** Words that events refer to by their number. */
  readonly texts: string[];
  /** By where their memory begins in the machine's. */
  readonly lives: Map<number, Life>;
  begun: number;
}

/** What is known of a Guest to somebody who only looks on. */
export interface Life {
  readonly process: number;
  readonly devices: string[];
  /** Whose turn it is, and since when: nanoseconds, instructions. */
  turn: number;
  since: number;
  retired: number;
  /** What brought it out, if the turn is the Host's; NOTHING if it has not been in. */
  trap: number;
  eip: number;
  error: number;
  address: number;
  ending: number;
  /** The hypercall being served, or NOTHING. */
  call: number;
  readonly words: [number, number, number];
  errand: Exit | undefined;
}

/** No trap, no hypercall. */
export const NOTHING = -1;

export const NOBODY = 0;
export const GUEST = 1;
export const SLEEP = 2;
export const HOST = 3;
export const LAUNCHER = 4;

/*
 * Zero is for a Guest that merely waits for its next slice, while the event loop has a look at the keyboard, or the
 * Guest next door runs. Nobody is doing anything for it, and a bar for that would only be in the way.
 */
/** Ends somebody's turn, which is when it becomes an event, and begins the next. */
export function turn(book: Book, life: Life, next: number): void {
  const now = book.world.now();
  const { retired } = book.machine;
  const { notebook } = book;
  const { process, since } = life;
  const lasted = now - since;
  if (life.turn === GUEST) {
    notebook.note(RAN, process, GUEST_TRACK, since, lasted, life.retired, retired - life.retired);
  } else if (life.turn === SLEEP) notebook.note(HALTED, process, GUEST_TRACK, since, lasted, life.retired);
  else if (life.turn === HOST) endOfHosts(notebook, life, lasted);
  else if (life.turn === LAUNCHER) endOfErrand(notebook, life, lasted);
  life.turn = next;
  life.since = now;
  life.retired = retired;
}

/*
 * A hypercall is a trap as well, and one of the Host's turns may be for several: what waits in the ring is served
 * first. The bar gets the name of the last, which is the one that the Guest knocked for. The others become moments on
 * it.
 */
function endOfHosts(notebook: Notebook, life: Life, lasted: number): void {
  const { process, since, retired, trap, eip, ending, call, words, error, address } = life;
  if (call !== NOTHING) {
    notebook.note(ASKED, process, HOST_TRACK, since, lasted, retired, call, eip, ending, ...words);
  } else if (trap !== NOTHING) {
    notebook.note(TRAPPED, process, HOST_TRACK, since, lasted, retired, trap, eip, ending, error, address);
  }
  life.call = NOTHING;
  life.trap = NOTHING;
  life.ending = SETTLED;
}

function endOfErrand(notebook: Notebook, life: Life, lasted: number): void {
  const { trap, address, instruction: code } = life.errand!;
  const four = ((code[0]! << 24) | (code[1]! << 16) | (code[2]! << 8) | code[3]!) >>> 0;
  const three = (code[4]! << 16) | (code[5]! << 8) | code[6]!;
  notebook.note(
    ERRAND,
    life.process,
    LAUNCHER_TRACK,
    life.since,
    lasted,
    life.retired,
    trap,
    address,
    four,
    three,
  );
}

/*
 * ## First sight
 *
 * Nobody introduces a Guest to those who only look on. It gets a number when it is first seen, and its tracks their
 * names.
 */
/** The Guest whose memory begins at `base`. */
export function lifeAt(book: Book, base: number): Life {
  let life = book.lives.get(base);
  if (life === undefined) {
    life = begin(++book.begun, book);
    book.lives.set(base, life);
  }
  return life;
}

function begin(process: number, book: Book): Life {
  const life: Life = {
    process,
    devices: [],
    turn: NOBODY,
    since: 0,
    retired: 0,
    trap: NOTHING,
    eip: 0,
    error: 0,
    address: 0,
    ending: SETTLED,
    call: NOTHING,
    words: [0, 0, 0],
    errand: undefined,
  };
  name(book, life, 0, `Guest ${process}`);
  name(book, life, GUEST_TRACK, 'Guest');
  name(book, life, HOST_TRACK, 'Host');
  name(book, life, LAUNCHER_TRACK, 'Launcher');
  return life;
}

/** Gives a process a name; or one of its tracks, and a place, if `track` is not 0. */
export function name({ notebook, texts }: Book, { process }: Life, track: number, text: string): void {
  notebook.note(NAME, process, track, 0, 0, 0, texts.push(text) - 1);
  if (track !== 0) notebook.note(PLACE, process, track, 0, 0, 0);
}
