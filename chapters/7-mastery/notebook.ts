/*
 * # A notebook
 *
 * A witness who stops to sharpen his pencil changes what he sees. Between two trips into a Guest lie a few
 * microseconds, and putting together one line of text costs about as much as one of them. So nothing is written while
 * things happen. An event is twelve numbers, copied into an array that was there before; nothing is kept of it that
 * somebody would have to tidy up. Only when the array is full does the witness sit down and write it out fair, four
 * thousand events in one go, and hand the lot over.
 *
 * :::figure{#trace-record caption="An event in the notebook: a row of twelve doubles. A double holds a nanosecond count exactly for 104 days."}
 * ```text
 *   kind | process | track | time | duration | instructions retired | six more, by kind
 * ```
 * :::
 *
 * What has not been handed over when somebody pulls the plug is lost, and that is at most these four thousand. So
 * whenever a Guest goes to sleep, and there is time, the notes go out as well; and for any end that is gentler than
 * that there is `close`.
 */

import { createPencil, type Pencil } from './pencil.ts';

/** Where a trace goes. May throw; then it is not called again. */
export interface TraceSink {
  /** The bytes are good until it returns. */
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Doubles to an event, and which of them is what. The rest is up to the kind. */
export const WIDTH = 12;
export const KIND = 0;
export const PROCESS = 1;
export const TRACK = 2;
export const TIME = 3;
export const DURATION = 4;
export const RETIRED = 5;
export const DETAILS = 6;

const EVENTS = 4096;
const PAGE = 1 << 18;
/** A reason to die of has 150 characters at most, each of which may take six. */
const LONGEST_LINE = 2048;

/** What an event has beyond the usual, by its kind. */
export type Details = [number?, number?, number?, number?, number?, number?];

/** Collects events, and writes them out a notebook at a time. */
export interface Notebook {
  /** Notes an event; what its kind has no use for is left out. */
  note(
    kind: number,
    process: number,
    track: number,
    time: number,
    duration: number,
    retired: number,
    ...details: Details
  ): void;
  /** Hands over what there is. */
  handOver(): void;
  /** The same, with the last bracket. Nothing is noted after that. */
  close(): void;
}

/*
 * ## Fair copy
 *
 * The format is Chrome's: one JSON array, an event on each line. Its inventors foresaw that a program which is being
 * traced may die, and declared the closing bracket optional. Ours is there unless somebody said `kill -9`, or Node
 * itself fell over.
 *
 * A line is written straight from the row of doubles. When the page is nearly full, it goes out, and the next line
 * begins at its top.
 */

/**
 * An empty notebook.
 *
 * @param copy writes the event that begins at `at` as a line of JSON, of at most LONGEST_LINE bytes
 * @param warn  told once, if the sink fails
 */
export function createNotebook(
  copy: (pencil: Pencil, events: Float64Array, at: number) => void,
  sink: TraceSink,
  warn: (error: unknown) => void,
): Notebook {
  const events = new Float64Array(EVENTS * WIDTH);
  const pencil = createPencil(PAGE);
  let used = 0;
  let before = '\n';
  const out = untilItFails(sink, warn);
  pencil.text('[');
  out.write(pencil.take());

  return {
    note(kind, process, track, time, duration, retired, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0) {
      if (used === events.length) handOver();
      events[used] = kind;
      events[used + PROCESS] = process;
      events[used + TRACK] = track;
      events[used + TIME] = time;
      events[used + DURATION] = duration;
      events[used + RETIRED] = retired;
      events[used + DETAILS] = a;
      events[used + DETAILS + 1] = b;
      events[used + DETAILS + 2] = c;
      events[used + DETAILS + 3] = d;
      events[used + DETAILS + 4] = e;
      events[used + DETAILS + 5] = f;
      used += WIDTH;
    },
    handOver,
    close() {
      handOver();
      pencil.text('\n]\n');
      out.write(pencil.take());
      out.close();
    },
  };

  function handOver(): void {
    for (let at = 0; at < used; at += WIDTH) {
      if (pencil.left() < LONGEST_LINE) out.write(pencil.take());
      pencil.text(before);
      copy(pencil, events, at);
      before = ',\n';
    }
    used = 0;
    out.write(pencil.take());
  }
}

/*
 * ## When the disk is full
 *
 * Then the trace ends and the Guest does not: whoever wanted to see a machine did not ask for it to be switched off.
 * They are told, once. Everything that is noted from then on goes where unheard testimony goes.
 */
/** A sink that passes everything on to `sink`, until that throws. */
function untilItFails(sink: TraceSink, warn: (error: unknown) => void): TraceSink {
  let open = true;
  return {
    write(bytes) {
      if (!open) return;
      try {
        sink.write(bytes);
      } catch (error) {
        open = false;
        warn(error);
      }
    },
    close() {
      if (open) sink.close();
      open = false;
    },
  };
}
