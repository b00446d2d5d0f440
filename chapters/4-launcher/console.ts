/*
 * # The console
 *
 * The first device you ever talked to, and one of the smallest. It has two queues. Into one the
 * driver puts empty buffers, which come back with what was typed. Into the other it puts full ones, which come back
 * when they have been printed.
 *
 * Nothing in it knows of lines, of echo, of the backspace key. A console is a wire. The echo you see when you type
 * at pup's prompt is pup's doing, and when you hit backspace, pup sends three characters to make the letter go
 * away: back, blank, back.
 */

import type { InputQueue } from './input-queue.ts';
import type { Behaviour } from './virtio-device.ts';
import { BadDriver } from './virtqueue.ts';

const CONSOLE = 3;
const PCI_SIMPLE_COMMUNICATION = 0x0700;
const EMERGENCY_WRITE = 1 << 2;
const CONFIG_SIZE = 12;
const EMERGENCY_REGISTER = 8;

const INPUT = 0;
const OUTPUT = 1;

/*
 * ## Input, output and a letter box
 *
 * `ready` says when a buffer for input may be touched: when there is something to put in. One key makes one used
 * buffer and one interrupt, since a person is waiting at the other end.
 *
 * And there is a register in the configuration that is not like the others. Whatever is written to `emerg_wr` gets
 * printed, at any time, in any state: before the handshake, before there are queues, before the Guest has so much
 * as a stack. Somebody on the committee had debugged a kernel before. It is how the very first *woof* of pup gets
 * out, through the window in the configuration space.
 */

/** virtio-console with one port (virtio 1.0, section 5.3). */
export function createConsole(input: InputQueue, output: (bytes: Uint8Array) => void): Behaviour {
  return {
    name: 'console',
    type: CONSOLE,
    pciClass: PCI_SIMPLE_COMMUNICATION,
    features: EMERGENCY_WRITE,
    queues: ['input', 'output'],
    config: new Uint8Array(CONFIG_SIZE),

    ready: (queue) => queue === OUTPUT || input.length > 0,

    serve(queue, request, memory, label) {
      if (queue === INPUT) {
        if (request.readable.length > 0)
          throw new BadDriver(label, 'a buffer for input that is not for writing');
        let written = 0;
        for (const { address, length } of request.writable) {
          const typed = input.take(length);
          memory.write(address, typed);
          written += typed.length;
        }
        return written;
      }
      if (request.writable.length > 0)
        throw new BadDriver(label, 'a buffer of output that is not for reading');
      for (const { address, length } of request.readable) output(memory.read(address, length));
      return 0;
    },

    writeConfig(offset, width, value) {
      if (offset !== EMERGENCY_REGISTER || width !== 4) return false;
      output(Uint8Array.of(value & 0xff));
      return true;
    },
  };
}
