import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { CardOptions, Frame, Link } from '../../chapters/4-launcher/link.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { HOST_BYTES } from '../../chapters/5-host/frames.ts';
import { Gateway } from '../../src/network/gateway.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createRealWorld } from '../../src/terminal/real-world.ts';
import { bootToPrompt, type Session } from '../guest/session.ts';
import { nearNetwork } from '../network/near.ts';

/*
 * `npm run bench -- network [--megabytes=1024]`: TCP of a Linux through its card and the small internet, to a source and
 * a sink in this process. So much goes each way, for each kind of card: a quarter of an hour, for the gibibyte that there is
 * if nothing is said.
 */

/** Of the Guest: 1,024 large buffers alone are 72. */
const MEGABYTES = 160;
/** What goes first, so that what is measured is compiled, in blocks of 64 KiB. */
const WARM_UP = 256;

/** GUEST_TSO4, GUEST_TSO6 and GUEST_ECN: without them, Linux makes its receive buffers 1,530 bytes and not 17 pages. */
const LARGE_BUFFERS = (1 << 7) | (1 << 8) | (1 << 9);
const INDIRECT = 1 << 28;

const asked = process.argv.find((word) => word.startsWith('--megabytes='))?.split('=')[1] ?? '1024';
const amount = Number(asked) << 20;
const folder = process.env.LANTERN_LINUX_DIR;

/** What has gone through a cable. */
interface Count {
  in: number;
  out: number;
  bytesIn: number;
}

/** A Linux with a network, and all that can be counted. */
interface Measured {
  session: Session;
  count: Count;
  /** Instructions so far, and trips into the Guest and out again. */
  retired(): number;
  switches(): number;
  /** Bytes that the sink has swallowed. */
  swallowed(): number;
}

async function main(): Promise<void> {
  if (!(amount >= 1 << 20)) throw new Error(`--megabytes takes a number of at least 1, but got '${asked}'`);
  if (folder === undefined) {
    console.log('network: skipped, as LANTERN_LINUX_DIR, a folder with vmlinux and initrd.gz, is not set');
    process.exit();
  }
  console.log(`\nTCP of a Linux, ${asked} MiB each way, to a source and a sink in this process`);
  console.log(
    'A packet is what comes or goes at once, up to 64 KB; an exit, a trip out of the Guest and back.',
  );
  console.log(`load of this machine: ${loadavg()[0]!.toFixed(1)}\n`);
  for (const receiveQueue of [32, 128, 256, 1024]) {
    await measure(`${receiveQueue} small buffers`, { receiveQueue, without: LARGE_BUFFERS });
    await measure(`${receiveQueue} large buffers`, { receiveQueue });
  }
  await measure('256 large buffers, none of them indirect', { receiveQueue: 256, without: INDIRECT });
  console.log(`load of this machine: ${loadavg()[0]!.toFixed(1)}`);
  process.exit();
}

/** nc makes the connection, and gives it to dd as its standard input and output. */
async function measure(name: string, card: CardOptions): Promise<void> {
  const linux = await start(card);
  const { session, count } = linux;
  await run(session, `nc 10.0.2.2 9 -e dd if=/dev/zero bs=64k count=${WARM_UP}`);
  await run(session, `nc 10.0.2.2 19 -e dd of=/dev/null bs=64k count=${WARM_UP}`);
  const free = Number(/MemFree:\s+(\d+)/.exec(await run(session, 'cat /proc/meminfo'))?.[1]) / 1024;
  console.log(`receive queue of ${name} (${free.toFixed(0)} MB free)`);
  await report(linux, 'to the Guest', 'nc 10.0.2.2 19 -e dd of=/dev/null bs=64k', () => count.bytesIn);
  const upload = `nc 10.0.2.2 9 -e dd if=/dev/zero bs=64k count=${amount >> 16}`;
  await report(linux, 'from the Guest', upload, linux.swallowed);
  session.type('poweroff -f\n');
  await session.ended;
}

/** @param carried bytes so far, in the direction that is measured */
async function report(linux: Measured, way: string, command: string, carried: () => number): Promise<void> {
  const before = {
    ...linux.count,
    retired: linux.retired(),
    switches: linux.switches(),
    carried: carried(),
  };
  const used = process.cpuUsage();
  const began = performance.now();
  await run(linux.session, command);
  await arrival(() => carried() - before.carried);
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(used);
  const [arrived, left] = [linux.count.in - before.in, linux.count.out - before.out];
  const instructions = (linux.retired() - before.retired) / amount;
  const exits = (linux.switches() - before.switches) / (arrived + left);
  console.log(
    `  ${way.padEnd(14)} ${(amount / seconds / 1e6).toFixed(1).padStart(6)} MB/s` +
      ` (${(amount / (user + system)).toFixed(1).padStart(5)} by the processor's time)` +
      ` ${String(arrived).padStart(8)} packets in ${String(left).padStart(8)} out` +
      ` ${exits.toFixed(1).padStart(6)} exits a packet ${instructions.toFixed(2).padStart(6)} instructions a byte`,
  );
}

async function start(card: CardOptions): Promise<Measured> {
  const read = (file: string) => new Uint8Array(readFileSync(join(folder!, file)));
  const machine = createMachine({ ramBytes: (MEGABYTES << 20) + HOST_BYTES });
  const world = createRealWorld();
  const host = createHost(machine, world);
  const { sockets, seen } = nearNetwork(amount);
  const count: Count = { in: 0, out: 0, bytesIn: 0 };
  const session = await bootToPrompt({
    megabytes: MEGABYTES,
    kernel: read('vmlinux'),
    initrd: read('initrd.gz'),
    kernelArguments: 'console=hvc0 quiet',
    options: ['--net'],
    prompt: '# ',
    computer: { machine, world, host },
    openLink: async (_network, address) => counting(new Gateway(sockets, world, address), card, count),
  });
  await run(session, 'ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0');
  return {
    session,
    count,
    retired: () => machine.retired,
    switches: () => host.statistics.worldSwitches,
    swallowed: () => seen.discarded,
  };
}

function counting(gateway: Gateway, card: CardOptions, count: Count): Link {
  return {
    card,
    send(frame: Frame) {
      count.out++;
      gateway.send(frame);
    },
    busy: false,
    receive() {
      const frame = gateway.receive();
      if (frame) {
        count.in++;
        count.bytesIn += frame.bytes.length;
      }
      return frame;
    },
    get onArrival() {
      return gateway.onArrival;
    },
    set onArrival(called) {
      gateway.onArrival = called;
    },
    close: () => gateway.close(),
  };
}

/** Types a line, of which the end is enough to be recognised, and waits for the prompt. */
async function run(session: Session, line: string): Promise<string> {
  session.type(`${line}\n`);
  await session.until(`${line.slice(-8)}\r\n`);
  return session.until('# ');
}

/** The Guest's kernel has the last kilobytes of what a program has sent and forgotten. */
async function arrival(carried: () => number): Promise<void> {
  for (let look = 0; carried() < amount; look++) {
    if (look === 10_000) throw new Error(`${carried()} bytes have been carried, expected ${amount}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

void main();
