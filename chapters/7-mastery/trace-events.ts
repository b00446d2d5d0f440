/*
 * # What happened
 *
 * The kinds of event, and what becomes of each. You need not read JSON to see a timeline: drop the file into
 * ui.perfetto.dev, or chrome://tracing, and zoom. (Neither sends it anywhere. It is read in the page.)
 *
 * A Guest is a *process* there, with three *threads*, and one more for each of its devices. That is not how it is
 * built, for all of it happens in one thread and in turns. But it is how it looks from a distance: where one track has a
 * bar, the others wait.
 */
import { PAGE_FAULT, pushesErrorCode } from '../1-preparation/traps.ts';
import { DETAILS, DURATION, KIND, PROCESS, RETIRED, TIME, TRACK } from './notebook.ts';
import { hypercallName, trapName } from './trace-names.ts';

/** The tracks of a Guest. Its devices come behind them. */
export const GUEST_TRACK = 1;
export const HOST_TRACK = 2;
export const LAUNCHER_TRACK = 3;
export const DEVICE_TRACKS = 4;

/*
 * ## Eleven kinds
 *
 * The first six last, and are drawn as bars. The next four are moments. The last gives a track its name.
 */
/** The processor was with the Guest. Details: how many instructions. */
export const RAN = 0;
/** The Guest slept. */
export const HALTED = 1;
/** The Host dealt with a trap. Details: the trap, eip, how it ended, the error code, CR2. */
export const TRAPPED = 2;
/** The Host dealt with a hypercall. Details: its number, eip, how it ended, three arguments. */
export const ASKED = 3;
/** The Launcher did an instruction in the Guest's place. Details: the trap, the address, four bytes of code, three more. */
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

/*
 * Each bar of the Host's says how it ended. Most page faults are *settled*, and the Guest never learns of them.
 */
export const SETTLED = 0;
export const TO_ITS_HANDLER = 1;
export const TO_THE_LAUNCHER = 2;
export const IN_DEATH = 3;
const ENDINGS = ['settled', "the Guest's own handler", 'the Launcher', 'death'];

/*
 * ## A line for each
 *
 * Times are in microseconds there, and ours are in nanoseconds, so they have three decimals. `ph` is the phase: `X` is a bar, `i`
 * a moment, `M` a name. Addresses are spelled as everywhere in this book; JSON has no hexadecimal numbers.
 */
/** The event that begins at `at`, as a line of JSON. `texts` are those that details refer to by number. */
export function printEvent(events: Float64Array, at: number, texts: readonly string[]): string {
  const kind = events[at + KIND]!;
  if (kind === NAME) return printName(events, at, texts);
  const where = `"pid":${events[at + PROCESS]},"tid":${events[at + TRACK]},"ts":${events[at + TIME]! / 1000}`;
  const lasts =
    kind <= SERVED ? `"ph":"X",${where},"dur":${events[at + DURATION]! / 1000}` : `"ph":"i","s":"t",${where}`;
  const details = printDetails(kind, events, at + DETAILS, texts);
  return `{"name":${nameOf(kind, events[at + DETAILS]!, texts)},${lasts},"args":{${details}"retired":${events[at + RETIRED]}}}`;
}

function printName(events: Float64Array, at: number, texts: readonly string[]): string {
  const track = events[at + TRACK]!;
  const what = track === 0 ? 'process_name' : 'thread_name';
  const name = JSON.stringify(texts[events[at + DETAILS]!]);
  return `{"name":"${what}","ph":"M","pid":${events[at + PROCESS]},"tid":${track},"args":{"name":${name}}}`;
}

function nameOf(kind: number, first: number, texts: readonly string[]): string {
  switch (kind) {
    case RAN:
      return '"running"';
    case HALTED:
      return '"halted"';
    case TRAPPED:
      return `"${trapName(first)}"`;
    case ASKED:
    case IN_PASSING:
      return `"${hypercallName(first)}"`;
    case ERRAND:
      return first === PAGE_FAULT ? '"device registers"' : '"instruction"';
    case SERVED:
      return JSON.stringify(texts[first]);
    case REFLECTED:
      return `"${trapName(first)} to the Guest"`;
    case DELIVERED:
      return `"IRQ ${first}"`;
    default:
      return '"died"';
  }
}

/*
 * ## What you see when you click
 */
function printDetails(kind: number, events: Float64Array, at: number, texts: readonly string[]): string {
  const [first, second, third, fourth, fifth, sixth] = events.subarray(at, at + 6) as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  switch (kind) {
    case RAN:
      return `"instructions":${first},`;
    case TRAPPED:
      return `${printTrap(first, fourth, fifth)}"eip":${hex(second)},"ended":"${ENDINGS[third]}",`;
    case ASKED:
      return `${printArguments(fourth, fifth, sixth)}"eip":${hex(second)},"ended":"${ENDINGS[third]}",`;
    case IN_PASSING:
      return `${printArguments(fourth, fifth, sixth)}"ring":true,`;
    case ERRAND:
      return `${first === PAGE_FAULT ? `"address":${hex(second)},` : ''}"code":"${printCode(third, fourth)}",`;
    case SERVED:
      return `"bytes":${second},"written":${third},`;
    case DIED:
      return `"reason":${JSON.stringify(texts[first])},`;
    default:
      return '';
  }
}

function printTrap(trap: number, error: number, address: number): string {
  if (trap === PAGE_FAULT) return `"address":${hex(address)},"error":${hex(error)},`;
  return pushesErrorCode(trap) ? `"error":${hex(error)},` : '';
}

function printArguments(first: number, second: number, third: number): string {
  return `"arguments":[${hex(first)},${hex(second)},${hex(third)}],`;
}

function printCode(four: number, three: number): string {
  const bytes = (word: number, digits: number) => word.toString(16).padStart(digits, '0').match(/../g)!;
  return [...bytes(four, 8), ...bytes(three, 6)].join(' ');
}

function hex(value: number): string {
  return `"0x${value.toString(16)}"`;
}
