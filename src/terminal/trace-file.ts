/*
 * # Where the trace goes
 *
 * `--trace=FILE` is a file that is written from the front to the back. It may be a pipe as well: with bash,
 * `--trace=>(gzip > trace.json.gz)` works, and Perfetto opens what comes out of it.
 *
 * The last page of the notebook is handed over when the program ends, and a program can end in more ways than one likes
 * to think: the Guest switches itself off, the Guest dies, somebody says ^C three times, a shell says `kill`. All of
 * them pass by `exit`, as you have seen [with the keyboard](#a-keyboard). It must be done at once there, and so
 * the writing is of the old kind, which returns when it is done.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { World } from '../../chapters/1-preparation/world.ts';
import { createTrace, type Trace } from '../../chapters/7-mastery/trace.ts';
import type { TraceSink } from '../../chapters/7-mastery/notebook.ts';
import type { Machine } from '../processor/index.ts';
import { complaining } from './files.ts';

/**
 * Begins a trace into a file, which is then complete however the program ends, but for `kill -9`.
 *
 * @throws LauncherError in one line, if it cannot be written
 */
export function traceInto(file: string, machine: Machine, world: World): Trace {
  const sink = createTraceFile(file);
  const trace = createTrace(machine, world, sink, (error) =>
    console.error(`lantern: ${(error as Error).message}; the trace ends here`),
  );
  process.on('exit', trace.finish);
  return trace;
}

function createTraceFile(name: string): TraceSink {
  const file = complaining(`cannot write the trace ${name}`, () => openSync(name, 'w'));
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        at += complaining(`trace ${name}`, () => writeSync(file, bytes, at));
      }
    },
    close: () => closeSync(file),
  };
}
