/*
 * # Pipes
 *
 * "We should have some ways of connecting programs like garden hose", wrote Doug McIlroy in October 1964. It took
 * eight years and one night: in January 1973 Thompson put pipes into Unix, and the next day everybody in the room
 * wrote one-liners.
 *
 * A hose is 2,048 bytes and two counters that only ever grow. The difference between them is what is in it; where
 * they are in the ring is their remainder. When they wrap after four gigabytes nothing happens at all, since 2,048
 * divides 2^32. A size of 2,000 would have been a bug that shows up once in a very long pipe.
 */
import { KIND_PIPE } from './archive.ts';
import type { OpenFile } from './files.ts';
import { closeFile, newFile } from './files.ts';
import type { i32, Inline, u32, u8 } from './language.ts';
import { addressOf, at } from './language.ts';
import { kill } from './life.ts';
import { allocatePage, releasePage } from './pages.ts';
import { cpu } from './process.ts';
import { EFAULT, EINTR, EPIPE, OPEN_READ, OPEN_WRITE } from './protocol.ts';
import { sleepOn, wake } from './scheduler.ts';
import { copyFromUser, copyToUser } from './user-memory.ts';

/** Two counters that only grow, and 2048 bytes between them. Lives in a page of its own. */
export interface Pipe {
  written: u32;
  read: u32;
  readers: u32;
  writers: u32;
  writer: OpenFile;
  bytes: Inline<u8, 2048>;
}

const CAPACITY = 2048;

/** A new pipe: returns its reading end, whose `pipe` knows the other. Null: no memory, or too many open files. */
export function makePipe(): OpenFile | null {
  const page: u32 = allocatePage();
  if (page === 0) return null;
  const reader: OpenFile | null = newFile(KIND_PIPE, OPEN_READ);
  const writer: OpenFile | null = reader === null ? null : newFile(KIND_PIPE, OPEN_WRITE);
  if (reader === null || writer === null) {
    if (reader !== null) closeFile(reader);
    releasePage(page);
    return null;
  }
  const pipe = at<Pipe>(page);
  pipe.readers = 1;
  pipe.writers = 1;
  pipe.writer = writer;
  reader.pipe = pipe;
  writer.pipe = pipe;
  return reader;
}

/** The last holder of one end is gone. The other end hears of it; with both gone, the pipe is. */
export function closePipeEnd(pipe: Pipe, writing: boolean): void {
  if (writing) pipe.writers = 0;
  else pipe.readers = 0;
  wake(addressOf(pipe));
  if (pipe.writers === 0 && pipe.readers === 0) releasePage(addressOf(pipe));
}

/*
 * ## Water in
 *
 * A writer waits when the hose is full. And if there is nobody at the other end any more, and never will be? Then
 * it is told so and killed. It looks harsh, and it is what lets `cat /dev/vda | crash` come to an end: programs do
 * not look at the result of every write, and a dead end must be stronger than politeness.
 */

/** Writes all of it, waiting for room as often as need be. Nobody left to read it: that kills the writer, quietly. */
export function writePipe(file: OpenFile, address: u32, count: u32): i32 {
  const pipe: Pipe = file.pipe!;
  let done: u32 = 0;
  while (done < count) {
    if (pipe.readers === 0) {
      kill(cpu.process, BROKEN_PIPE);
      return -EPIPE;
    }
    if (cpu.process.killed) return -EINTR;
    const chunk: u32 = contiguous(pipe.written, pipe.read + CAPACITY, count - done);
    if (chunk === 0) {
      sleepOn(addressOf(pipe));
      continue;
    }
    if (!copyFromUser(addressOf(pipe.bytes) + (pipe.written % CAPACITY), address + done, chunk))
      return -EFAULT;
    pipe.written += chunk;
    done += chunk;
    wake(addressOf(pipe));
  }
  return count as i32;
}

/** The status of a process that wrote into a pipe nobody read. */
const BROKEN_PIPE = 130;

/*
 * Bytes are moved in as few pieces as possible, and a piece ends where the ring does.
 */

/** How many bytes, at most `wanted`, lie between two counters without going round the corner. */
function contiguous(from: u32, to: u32, wanted: u32): u32 {
  let count: u32 = to - from;
  const corner: u32 = CAPACITY - (from % CAPACITY);
  if (count > corner) count = corner;
  return count < wanted ? count : wanted;
}

/*
 * ## Water out
 *
 * A reader takes what there is and does not wait for more. Only when there is nothing does it sleep; and with
 * nobody left to write, nothing is the answer.
 */

/** Reads what is there, waiting only if nothing is. 0: nobody is left to write. */
export function readPipe(file: OpenFile, address: u32, count: u32): i32 {
  const pipe: Pipe = file.pipe!;
  while (pipe.written === pipe.read && count !== 0) {
    if (pipe.writers === 0) return 0;
    if (cpu.process.killed) return -EINTR;
    sleepOn(addressOf(pipe));
  }
  const chunk: u32 = contiguous(pipe.read, pipe.written, count);
  if (!copyToUser(address, addressOf(pipe.bytes) + (pipe.read % CAPACITY), chunk)) return -EFAULT;
  pipe.read += chunk;
  wake(addressOf(pipe));
  return chunk as i32;
}
