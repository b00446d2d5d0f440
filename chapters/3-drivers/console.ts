/*
 * # The console
 *
 * Two queues, one for each direction, and they are used in opposite ways. For output you give the device a full
 * buffer and get it back empty. For input you must hand out *empty* ones in advance, and wait. Four buffers of 64
 * bytes lie there, like nets. A keyboard fills one with a single letter; a pipe fills them all.
 */
import { BARE } from '../2-guest/bare.ts';
import type { u32, u8 } from '../2-guest/language.ts';
import { addressOf, array, load8, struct } from '../2-guest/language.ts';
import { hasRoom, typeCharacter } from '../2-guest/terminal.ts';
import { copyBytes } from '../2-guest/text.ts';
import { earlyWrite } from './early-console.ts';
import type { VirtioDevice } from './virtio.ts';
import { driverIsReady, listen, negotiate } from './virtio.ts';
import type { Virtqueue } from './virtqueue.ts';
import {
  DEVICE_WRITES,
  describe,
  hasUsed,
  offer,
  openQueue,
  takeUsed,
  usedAddress,
  usedLength,
  wantNoInterrupts,
} from './virtqueue.ts';

/** Queue 0 brings what is typed, queue 1 takes what is printed. */
const INPUT = 0;
const OUTPUT = 1;
const input = struct<Virtqueue>();
const output = struct<Virtqueue>();
let ready: boolean = false;

const INPUT_BUFFERS = 4;
const INPUT_SIZE = 64;
const inputBuffers = array<u8>(256);

/** Takes over from the early console. False: the device did not agree. */
export function startConsole(device: VirtioDevice): boolean {
  if (!negotiate(device, 0)) return false;
  openQueue(input, device, INPUT);
  openQueue(output, device, OUTPUT);
  wantNoInterrupts(output);
  driverIsReady(device);
  listen(device, consoleReady);
  for (let i: u32 = 0; i < INPUT_BUFFERS; i++) offerInput(addressOf(inputBuffers) + i * INPUT_SIZE);
  ready = true;
  return true;
}

function offerInput(buffer: u32): void {
  offer(input, describe(input, buffer, INPUT_SIZE, DEVICE_WRITES));
}

/*
 * ## In
 *
 * The interrupt says only "something was used". What was typed goes to the line discipline, letter by letter, as
 * long as it has room. If not, the buffer is kept, half read, and no net is put out in its place: so the Launcher
 * has nowhere to put the rest, leaves it in its own queue, and stops reading from your pipe. Flow control, all the
 * way from the kernel to the other program, and nobody wrote a line of code to negotiate it.
 */

/** How much of the buffer that is next in line has been typed already. */
let typed: u32 = 0;

/** Takes what was typed, as far as the terminal has room for it: called by the interrupt, and by whoever made room. */
export function consoleReady(): void {
  while (ready && hasUsed(input)) {
    const buffer: u32 = usedAddress(input);
    const length: u32 = usedLength(input);
    while (typed < length) {
      if (!hasRoom()) return;
      typed++;
      typeCharacter(load8(buffer + typed - 1));
    }
    typed = 0;
    takeUsed(input);
    offerInput(buffer);
  }
}

/*
 * ## Out
 *
 * Sixteen buffers go round in turn. For output we asked for no interrupts: nobody waits for a line to have been
 * printed, only for a free buffer, and buffers are collected whenever the next one is wanted.
 *
 * If all are under way we spin. A Guest that spins is a rude guest, burning time on a machine which belongs to
 * someone else; here it has never been seen to happen, since the device takes all there is at each knock.
 */

const OUTPUT_BUFFERS = 16;
const OUTPUT_SIZE = 256;
const outputBuffers = array<u8>(4096);
let nextOutput: u32 = 0;

/** Prints `count` bytes at a kernel address: through the keyhole at first, through the queue once there is one. */
export function consoleWrite(address: u32, count: u32): void {
  if (BARE || !ready) {
    earlyWrite(address, count);
    return;
  }
  for (let done: u32 = 0; done < count; ) {
    const left: u32 = count - done;
    const chunk: u32 = left < OUTPUT_SIZE ? left : OUTPUT_SIZE;
    writeBuffer(address + done, chunk);
    done += chunk;
  }
}

/*
 * A kernel message may come from anywhere, an interrupt included, so this function must not sleep. That is the
 * real reason for the spinning.
 */

/** One buffer's worth. If all sixteen are on their way we wait for the oldest: it cannot be long. */
function writeBuffer(address: u32, count: u32): void {
  while (hasUsed(output)) takeUsed(output);
  while (output.size - output.freeCount === OUTPUT_BUFFERS) {
    if (hasUsed(output)) takeUsed(output);
  }
  const buffer: u32 = addressOf(outputBuffers) + nextOutput * OUTPUT_SIZE;
  nextOutput = (nextOutput + 1) % OUTPUT_BUFFERS;
  copyBytes(buffer, address, count);
  offer(output, describe(output, buffer, count, 0));
}
