/*
 * # What happened
 *
 * The kinds of event, and what becomes of each. You need not read JSON to see a timeline: drop the file into
 * ui.perfetto.dev, or into chrome://tracing in a browser that still has it, and zoom. (Neither sends it anywhere. It is
 * read in the page.)
 *
 * A Guest is a *process* there, with three *threads*, and one more for each of its devices. That is not how it is
 * built, for all of it happens in one thread and in turns. But it is how it looks from a distance: where one of the
 * three has a bar, the other two wait; a device's bar lies under that of the Launcher, who plays it.
 */
import { PAGE_FAULT, pushesErrorCode } from '../1-preparation/traps.ts';
import { DETAILS, DURATION, KIND, PROCESS, RETIRED, TIME, TRACK } from './notebook.ts';
import type { Pencil } from './pencil.ts';
import { hypercallName, trapName } from './trace-names.ts';

/** The tracks of a Guest. Its devices come behind them. */
export const GUEST_TRACK = 1;
export const HOST_TRACK = 2;
export const LAUNCHER_TRACK = 3;
export const DEVICE_TRACKS = 4;

/*
 * ## Twelve kinds
 *
 * The first six last, and are drawn as bars. The next four are moments. The last two give a track its name and its
 * place: left to itself, chrome://tracing sorts tracks by name, and puts the console above the Guest that talks to it.
 */
/** The processor was with the Guest. Details: how many instructions. */
export const RAN = 0;
/** The Guest slept. */
export const HALTED = 1;
/** The Host dealt with a trap. Details: the trap, eip, how it ended, the error code, CR2. */
export const TRAPPED = 2;
/** The Host dealt with a hypercall. Details: its number, eip, how it ended, three arguments. */
export const ASKED = 3;
/**
 * The Launcher did an instruction in the Guest's place. Details: the trap, the address, four bytes of code, three more.
 */
export const ERRAND = 4;
/** A device served a request. Details: a text, the bytes of all its buffers, the bytes written into them. */
export const SERVED = 5;
/** A hypercall that had waited in the ring. Details: as ASKED. */
export const IN_PASSING = 6;
/** A trap was sent to the Guest's own handler. Details: the trap. */
export const REFLECTED = 7;
/** An interrupt was delivered. Details: the line. */
export const DELIVERED = 8;
/** The Guest died. Details: a text. */
export const DIED = 9;
/** A name, of a process or of its track. Details: a text. */
export const NAME = 10;
/** The place of a track among the others of its process, which is its number. */
export const PLACE = 11;

/*
 * Each bar of the Host's says how it ended. Most page faults are *settled*, and the Guest never learns of them.
 */
export const SETTLED = 0;
export const TO_ITS_HANDLER = 1;
export const TO_THE_LAUNCHER = 2;
export const IN_DEATH = 3;
const ENDED = ['settled', "the Guest's own handler", 'the Launcher', 'death'].map(
  (how) => `"ended":"${how}",`,
);

/*
 * ## A line for each
 *
 * Times are in microseconds there. `ph` is the phase: `X` is a bar, `i` a moment, `M` a name. Addresses are spelled as
 * everywhere in this book, in quotes, since JSON has no hexadecimal numbers.
 */
/** Writes the event that begins at `at` as a line of JSON. `texts` are those that details refer to by number. */
export function writeEvent(pencil: Pencil, events: Float64Array, at: number, texts: readonly string[]): void {
  const kind = events[at + KIND]!;
  const detail = events[at + DETAILS]!;
  pencil.text('{"name":"');
  pencil.text(nameOf(kind, detail, events[at + TRACK]!, texts));
  pencil.text(
    kind <= SERVED ? '","ph":"X","pid":' : kind >= NAME ? '","ph":"M","pid":' : '","ph":"i","s":"t","pid":',
  );
  pencil.decimal(events[at + PROCESS]!);
  pencil.text(',"tid":');
  pencil.decimal(events[at + TRACK]!);
  if (kind === NAME) {
    writeText(pencil, ',"args":{"name":', texts[detail]!);
    pencil.text('}}');
    return;
  }
  if (kind === PLACE) {
    pencil.text(',"args":{"sort_index":');
    pencil.decimal(events[at + TRACK]!);
    pencil.text('}}');
    return;
  }
  pencil.text(',"ts":');
  pencil.microseconds(events[at + TIME]!);
  if (kind <= SERVED) {
    pencil.text(',"dur":');
    pencil.microseconds(events[at + DURATION]!);
  }
  pencil.text(',"args":{');
  writeDetails(pencil, kind, events, at + DETAILS, texts);
  pencil.text('"retired":');
  pencil.decimal(events[at + RETIRED]!);
  pencil.text('}}');
}

/*
 * The name is what stands on a bar, where there is room for a word or two: `running`, `#PF`, `LHCALL_SET_PTE`. All bars
 * of one name have one colour, so that you see from afar what a boot is made of.
 */
function nameOf(kind: number, first: number, track: number, texts: readonly string[]): string {
  switch (kind) {
    case RAN:
      return 'running';
    case HALTED:
      return 'halted';
    case TRAPPED:
      return trapName(first);
    case ASKED:
    case IN_PASSING:
      return hypercallName(first);
    case ERRAND:
      return first === PAGE_FAULT ? 'device registers' : 'instruction';
    case SERVED:
      return texts[first]!;
    case REFLECTED:
      return `${trapName(first)} to the Guest`;
    case DELIVERED:
      return `IRQ ${first}`;
    case DIED:
      return 'died';
    case PLACE:
      return 'thread_sort_index';
    default:
      return track === 0 ? 'process_name' : 'thread_name';
  }
}

/*
 * ## What you see when you click
 *
 * Asked, a bar says more: where the Guest was, what it wanted, and how that ended.
 */
function writeDetails(
  pencil: Pencil,
  kind: number,
  events: Float64Array,
  at: number,
  texts: readonly string[],
): void {
  const first = events[at]!;
  switch (kind) {
    case RAN:
      return writeNumber(pencil, '"instructions":', first);
    case TRAPPED:
      if (first === PAGE_FAULT) writeHex(pencil, '"address":', events[at + 4]!);
      if (pushesErrorCode(first)) writeHex(pencil, '"error":', events[at + 3]!);
      return writeEnd(pencil, events, at);
    case ASKED:
      writeArguments(pencil, events, at + 3);
      return writeEnd(pencil, events, at);
    case IN_PASSING:
      writeArguments(pencil, events, at + 3);
      return pencil.text('"ring":true,');
    case ERRAND:
      if (first === PAGE_FAULT) writeHex(pencil, '"address":', events[at + 1]!);
      return writeCode(pencil, events[at + 2]!, events[at + 3]!);
    case SERVED:
      writeNumber(pencil, '"bytes":', events[at + 1]!);
      return writeNumber(pencil, '"written":', events[at + 2]!);
    case DIED:
      writeText(pencil, '"reason":', texts[first]!);
      return pencil.text(',');
  }
}

/*
 * ## In so many bytes
 *
 * Every detail is a label and a value, and a value is a number, an address, a text, three arguments or seven bytes of
 * code. All of it but the texts is written by hand, since a library would want an object first.
 */
/** Where the Guest was, and what became of it. */
function writeEnd(pencil: Pencil, events: Float64Array, at: number): void {
  writeHex(pencil, '"eip":', events[at + 1]!);
  pencil.text(ENDED[events[at + 2]!]!);
}

function writeArguments(pencil: Pencil, events: Float64Array, at: number): void {
  pencil.text('"arguments":[');
  for (let i = 0; i < 3; i++) {
    if (i > 0) pencil.text(',');
    pencil.hex(events[at + i]!);
  }
  pencil.text('],');
}

/** Seven bytes of code, in two numbers of four and three. */
function writeCode(pencil: Pencil, four: number, three: number): void {
  pencil.text('"code":"');
  for (let shift = 24; shift >= 0; shift -= 8) {
    pencil.byte(four >>> shift);
    pencil.text(' ');
  }
  for (let shift = 16; shift >= 0; shift -= 8) {
    pencil.byte(three >>> shift);
    pencil.text(shift > 0 ? ' ' : '",');
  }
}

function writeNumber(pencil: Pencil, label: string, value: number): void {
  pencil.text(label);
  pencil.decimal(value);
  pencil.text(',');
}

function writeHex(pencil: Pencil, label: string, value: number): void {
  pencil.text(label);
  pencil.hex(value);
  pencil.text(',');
}

/** A text that somebody else has chosen: it may hold what JSON does not allow. */
function writeText(pencil: Pencil, label: string, text: string): void {
  pencil.text(label);
  pencil.text(JSON.stringify(text));
}
