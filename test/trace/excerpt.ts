import { type Event, tracksOf } from './traced.ts';

/** The drawings of the trails, by their names in `book/figures`: excerpts of a trace, a line to an event. */
export function drawTrails(events: readonly Event[], kernel: string): Record<string, string> {
  const lines = inOrder(events);
  const head = `${kernel}, ping -c 1 10.0.2.2, in a deterministic World\n\ninstructions  track      event`;
  const draw = (chosen: readonly (Line | string)[]) =>
    `${[head, ...chosen.map((line) => (typeof line === 'string' ? line : print(line)))].join('\n')}\n`;
  return {
    'trail-page-fault': draw(pageFault(lines)),
    'trail-hypercall': draw(hypercalls(lines)),
    'trail-packet': draw(packet(lines)),
  };
}

/** An event, and the name of its track. */
interface Line extends Event {
  track: string;
}

/*
 * With a deterministic World the Host takes no time, so what it did at one count of instructions is put in the order in which
 * it does things. That a trap went to the Guest is said by its bar; the moment for it is left out.
 */
function inOrder(events: readonly Event[]): Line[] {
  const tracks = new Map([...tracksOf(events, 1)].map(([name, track]) => [track, name]));
  return events
    .filter(({ ph, name }) => ph !== 'M' && !name.endsWith(' to the Guest'))
    .map((event) => ({ ...event, track: tracks.get(event.tid)! }))
    .sort((a, b) => retiredAt(a) - retiredAt(b) || rank(a) - rank(b));
}

const retiredAt = ({ args }: Event) => args.retired as number;

function rank({ track, name, ph }: Line): number {
  if (name === 'running') return 6;
  if (name.startsWith('IRQ')) return 5;
  if (name === 'halted') return 2;
  if (track === 'Host') return ph === 'i' ? 0 : 1;
  return track === 'Launcher' ? 3 : 4;
}

/** A page that is really not there: to the Guest's handler, and what that reports; then a hole in a shadow. */
function pageFault(lines: readonly Line[]): Line[] {
  const real = lines.findIndex(
    ({ name, args }, at) =>
      name === '#PF' &&
      args.ended === "the Guest's own handler" &&
      args.error === '0x6' && // a process has written where nothing was
      lines[at + 2]?.name === 'LHCALL_SET_PTE' &&
      lines[at + 4]?.name === '#PF' &&
      lines[at + 4]?.args.ended === 'settled',
  );
  return slice(lines, real, real + 6);
}

/** Another process's turn, for want of anything to do: two that wait in the ring or not, and to sleep. */
function hypercalls(lines: readonly Line[]): Line[] {
  const came = lines.findIndex(({ name }) => name === 'net receive');
  const halt = lines.findLastIndex(({ name }, at) => at < came && name === 'LHCALL_HALT');
  const flush = lines.findLastIndex(({ name }, at) => at < halt && name === 'LHCALL_FLUSH_ASYNC');
  let first = flush;
  while (lines[first - 1]?.args.ring === true) first--;
  return slice(lines, first - 1, halt + 1);
}

/** Out by the network card; what the Guest does meanwhile is not shown; and in again. */
function packet(lines: readonly Line[]): (Line | string)[] {
  const sent = lines.findIndex(({ name }) => name === 'net transmit');
  const came = lines.findIndex(({ name }) => name === 'net receive');
  const rung = lines.findLastIndex(({ name }, at) => at < sent && name === '#PF');
  const asleep = lines.findLastIndex(({ name }, at) => at < came && name === 'LHCALL_HALT');
  const seen = lines.findIndex(({ name }, at) => at > came && name === 'device registers');
  const before = slice(lines, rung - 1, sent + 2);
  const after = slice(lines, asleep, seen + 1);
  return [...before, `              (${asleep - sent - 2} more, none of them of the network)`, ...after];
}

function slice(lines: readonly Line[], from: number, to: number): Line[] {
  if (from < 0 || to <= from) throw new Error('the trace does not have what the trail is about');
  return lines.slice(from, to);
}

function print(line: Line): string {
  const count = retiredAt(line).toLocaleString('en-US').padStart(12);
  const text = `${count}  ${line.track.padEnd(9)}  ${line.name}${detailsOf(line)}`;
  return text.trimEnd();
}

function detailsOf({ name, args }: Line): string {
  if (name === 'running') return `, ${(args.instructions as number).toLocaleString('en-US')} instructions`;
  if (name === '#PF') return ` ${args.address}, error ${args.error}: ${args.ended}`;
  if (name.startsWith('LHCALL')) {
    const used = (args.arguments as string[]).join(' ').replace(/( ?0x0)+$/, '');
    return `${used && ` ${used}`}${args.ring ? ', from the ring' : ''}`;
  }
  if (name === 'device registers') return ` ${args.address}, code ${args.code}`;
  if (args.bytes !== undefined) return `, ${args.bytes} bytes, ${args.written} of them written`;
  return args.ended ? `: ${args.ended}` : '';
}
