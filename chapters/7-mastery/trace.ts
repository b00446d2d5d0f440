/*
 * # A timeline
 *
 * You cannot speed up what you cannot see, and a hypervisor is something of which you see as little as possible. That
 * was the point of it. The tallies tell you how often a boot of Linux comes out, and why. They do not tell you when, or
 * what it was in the middle of, or who kept whom waiting.
 *
 * A picture does. `npm run boot -- --trace=FILE` writes one down: who had the processor, from when to when, and why it
 * was taken from them. Drop the file into ui.perfetto.dev, and there is a boot from end to end, which you can zoom into
 * until a bar is one trip and you can read which page was missing. People who have worked on a system for years go
 * quiet at this point and then say *what is it doing there?*
 *
 * There was a chair for [a witness](chapters/5-host/witness.ts) in the Host, and an
 * [onlooker](chapters/4-launcher/launch.ts#watched) may stand behind the devices. Here is who comes to sit in them.
 */
import type { Machine } from '../../src/processor/machine.ts';
import { EAGAIN } from '../1-preparation/errno.ts';
import { PAGE_FAULT } from '../1-preparation/traps.ts';
import type { World } from '../1-preparation/world.ts';
import type { Onlooker } from '../4-launcher/outside.ts';
import type { Guest } from '../5-host/guest.ts';
import type { Witness } from '../5-host/witness.ts';
import { FRAME_EIP, FRAME_ERROR } from '../6-switcher/pages.ts';
import { createNotebook, type Details, type TraceSink } from './notebook.ts';
import {
  DELIVERED,
  DEVICE_TRACKS,
  DIED,
  HOST_TRACK,
  IN_DEATH,
  IN_PASSING,
  REFLECTED,
  SERVED,
  SETTLED,
  TO_ITS_HANDLER,
  TO_THE_LAUNCHER,
  writeEvent,
} from './trace-events.ts';
import {
  type Book,
  GUEST,
  HOST,
  LAUNCHER,
  type Life,
  lifeAt,
  name,
  NOBODY,
  NOTHING,
  SLEEP,
  turn,
} from './turns.ts';

/*
 * ## Two pairs of eyes
 *
 * One pair for the Host and one for the Launcher, since neither of the two would let you look into the other, and they
 * write into the same notebook. That is the whole of what a front end has to know.
 *
 * Time comes from the World, as for everybody here, and beside it stands the number of instructions that the processor
 * has retired. With a clock on the wall the first is what you want. In a deterministic World both come out the same
 * each time: trace a boot twice, and the two files do not differ by a byte. When they do, somebody has let chance in,
 * and the first line that differs says where.
 */
/** A trace in the making: two who look on, and an end. */
export interface Trace {
  /** For `createHost`. */
  readonly witness: Witness;
  /** For `Outside`. */
  readonly onlooker: Onlooker;
  /** Ends what has not ended, and hands everything over. May be done twice. */
  finish(): void;
}

/**
 * Begins a trace of all Guests of a machine.
 *
 * @param warn told once, if `sink` fails; the trace then ends there, and nothing else does
 */
export function createTrace(
  machine: Machine,
  world: World,
  sink: TraceSink,
  warn: (error: unknown) => void,
): Trace {
  const texts: string[] = [];
  const notebook = createNotebook((pencil, events, at) => writeEvent(pencil, events, at, texts), sink, warn);
  const book: Book = { machine, world, notebook, texts, lives: new Map(), begun: 0 };
  return {
    witness: witnessOf(book),
    onlooker: (base, device) => lookAt(book, lifeAt(book, base), device),
    finish() {
      for (const life of book.lives.values()) turn(book, life, NOBODY);
      notebook.close();
    },
  };
}

/*
 * ## The witness
 *
 * And here he sits. `leaves` is where he has to be quick with his eyes: CR2 is the processor's own register, and the
 * next page fault of anybody will overwrite it.
 */
function witnessOf(book: Book): Witness {
  const lifeOf = (guest: Guest) => lifeAt(book, guest.memory.base);
  const moment = (life: Life, kind: number, ...details: Details) =>
    book.notebook.note(kind, life.process, HOST_TRACK, book.world.now(), 0, book.machine.retired, ...details);
  return {
    called: (guest) => turn(book, lifeOf(guest), HOST),
    enters: (guest) => turn(book, lifeOf(guest), GUEST),

    leaves(guest, trap) {
      const life = lifeOf(guest);
      turn(book, life, HOST);
      life.trap = trap;
      life.eip = guest.register(FRAME_EIP);
      life.error = guest.register(FRAME_ERROR);
      life.address = trap === PAGE_FAULT ? book.machine.registers.cr2 : 0;
    },

    asks(guest, number, ...words) {
      const life = lifeOf(guest);
      if (life.call !== NOTHING) moment(life, IN_PASSING, life.call, life.eip, SETTLED, ...life.words);
      life.call = number;
      [life.words[0], life.words[1], life.words[2]] = words;
    },

    reflects(guest, trap) {
      const life = lifeOf(guest);
      life.ending = TO_ITS_HANDLER;
      moment(life, REFLECTED, trap);
    },

    interrupts: (guest, irq) => moment(lifeOf(guest), DELIVERED, irq),

    returns(guest, outcome) {
      const life = lifeOf(guest);
      const errand = typeof outcome === 'number' ? undefined : outcome;
      if (errand) life.ending = TO_THE_LAUNCHER;
      turn(book, life, errand ? LAUNCHER : outcome === -EAGAIN ? SLEEP : NOBODY);
      life.errand = errand;
      if (life.turn === SLEEP) book.notebook.handOver();
    },

    dies(guest, reason) {
      const life = lifeOf(guest);
      life.ending = IN_DEATH;
      moment(life, DIED, book.texts.push(reason) - 1);
      turn(book, life, NOBODY);
    },

    closes(base) {
      const life = book.lives.get(base);
      if (life) turn(book, life, NOBODY);
      book.lives.delete(base);
    },
  };
}

/*
 * ## The onlooker
 *
 * He stands behind one device and sees requests go in and come back. Two disks are `block` and `block 2`, in the order
 * of their slots.
 */
function lookAt(book: Book, life: Life, device: string): ReturnType<Onlooker> {
  const { notebook, texts, world, machine } = book;
  const same = life.devices.filter((name) => name === device).length;
  life.devices.push(device);
  const track = DEVICE_TRACKS + life.devices.length - 1;
  name(book, life, track, same === 0 ? device : `${device} ${same + 1}`);

  const queues = new Map<string, number>();
  return (queue, bytes, serve) => {
    const text = queues.get(queue) ?? texts.push(`${device} ${queue}`) - 1;
    queues.set(queue, text);
    const began = world.now();
    const written = serve();
    const lasted = world.now() - began;
    notebook.note(SERVED, life.process, track, began, lasted, machine.retired, text, bytes, written);
    return written;
  };
}
