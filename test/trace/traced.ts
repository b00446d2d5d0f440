import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import type { TraceSink } from '../../chapters/7-mastery/notebook.ts';
import { createTrace, type Trace } from '../../chapters/7-mastery/trace.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';
import type { Computer } from '../guest/session.ts';

/** A line of a trace, in the names of Chrome's format. */
export interface Event {
  name: string;
  ph: 'X' | 'i' | 'M';
  pid: number;
  tid: number;
  ts: number;
  dur: number;
  args: Record<string, unknown>;
}

/** A computer in a deterministic World, with a witness on its Host. */
export interface TracedComputer extends Computer {
  readonly trace: Trace;
  /** What went wrong with the sink. */
  readonly complaints: unknown[];
  /** All that was handed over so far. */
  written(): string;
  events(): Event[];
}

/** @param sink where the trace goes, if not into memory */
export function createTracedComputer(megabytes: number, sink?: TraceSink): TracedComputer {
  const machine = createMachine({ ramBytes: (megabytes + 32) << 20 });
  const world = createDeterministicWorld(machine);
  const complaints: unknown[] = [];
  let text = '';
  const toMemory: TraceSink = {
    write: (bytes) => {
      text += new TextDecoder().decode(bytes);
    },
    close: () => {},
  };
  const trace = createTrace(machine, world, sink ?? toMemory, (error) => complaints.push(error));
  return {
    machine,
    world,
    host: createHost(machine, world, trace.witness),
    onlooker: trace.onlooker,
    trace,
    complaints,
    written: () => text,
    events: () => JSON.parse(text) as Event[],
  };
}

/** The tracks of a process by name. */
export function tracksOf(events: readonly Event[], process: number): Map<string, number> {
  const names = events.filter(({ name, pid }) => name === 'thread_name' && pid === process);
  return new Map(names.map(({ args, tid }) => [args.name as string, tid]));
}

/** How many there are, by name. */
export function tally(events: readonly Event[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of events) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
