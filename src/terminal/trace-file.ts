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

import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { World } from '../../chapters/1-preparation/world.ts';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { createTrace, type Trace } from '../../chapters/7-mastery/trace.ts';
import type { TraceSink } from '../../chapters/7-mastery/notebook.ts';
import type { Machine } from '../processor/index.ts';
import { claim } from './claim.ts';
import { complaining } from './complaint.ts';

/**
 * Begins a trace into a file, which is then complete however the program ends, but for `kill -9` and a crash of Node
 * itself.
 *
 * @param inputs names of the files that this command reads, none of which is to be written over
 * @throws LauncherError in one line, if it cannot be written
 */
export function traceInto(file: string, inputs: readonly string[], machine: Machine, world: World): Trace {
  const sink = createTraceFile(file, inputs);
  const trace = createTrace(machine, world, sink, (error) =>
    console.error(`lantern: ${(error as Error).message}; the trace ends here`),
  );
  process.prependListener('exit', trace.finish); // while the file is still ours
  return trace;
}

function createTraceFile(name: string, inputs: readonly string[]): TraceSink {
  const { file, release } = complaining(`cannot write the trace ${name}`, () => openEmpty(name, inputs));
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        at += complaining(`trace ${name}`, () => writeSome(file, bytes, at));
      }
    },
    close() {
      closeSync(file);
      release();
    },
  };
}

/*
 * ## Look before you wipe
 *
 * A trace begins in an empty file, and the usual way to one is to have it emptied in opening. That is one careless
 * `--trace=disk.img` away from an empty disk. So it is opened as it is, and before anything is thrown away we look at
 * what we have in our hands. It must be none of the files that this command is about to read, by whatever name. And
 * nobody may be writing to it, which is the question that is asked about [a disk](#one-writer), too.
 */

function openEmpty(name: string, inputs: readonly string[]): { file: number; release: () => void } {
  const file = openForWriting(name);
  try {
    const about = fstatSync(file, { bigint: true });
    const input = inputs.find((other) => isSame(about, other));
    if (input !== undefined) throw new LauncherError(`the Guest needs what is in there, as ${input}`);
    if (!about.isFile()) return { file, release: () => {} };
    const release = claim(about);
    ftruncateSync(file);
    return { file, release };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function isSame(about: BigIntStats, name: string): boolean {
  try {
    const other = statSync(name, { bigint: true });
    return other.dev === about.dev && other.ino === about.ino;
  } catch {
    return false; // whoever tries to read it will be told
  }
}

/*
 * ## Pipes
 *
 * Nobody can be kept waiting who does not wait. A pipe is opened without waiting for its reader, and if there is none,
 * Unix has a curious way to put it: *no such device or address*. From then on it does not wait in writing either. It
 * takes what it has room for, 64 KiB at most, and then says *try again*. That is what we do, each millisecond, for as
 * long as a reader may take to have a thought. A reader that has stopped for good takes the trace with it, and not the
 * Guest, nor the keys by which you leave.
 */

const { O_WRONLY, O_CREAT, O_NONBLOCK } = constants;

function openForWriting(name: string): number {
  try {
    return openSync(name, O_WRONLY | O_CREAT | O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error;
    throw new LauncherError('nobody reads from it');
  }
}

/** Milliseconds that a pipe may have no room before nobody reads it. */
const PATIENCE = 5000;
/** What nobody changes, to wait for. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** @returns how many bytes it has taken */
function writeSome(file: number, bytes: Uint8Array, from: number): number {
  for (let waited = 0; waited < PATIENCE; waited++) {
    try {
      return writeSync(file, bytes, from);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(NEVER, 0, 0, 1);
    }
  }
  throw new LauncherError(`nobody has read from it for ${PATIENCE / 1000} seconds`);
}
