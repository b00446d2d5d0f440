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

const MEGABYTES = 160; // 1,024 large buffers alone are 72
const AMOUNT = 2 << 20;

/** GUEST_TSO4, GUEST_TSO6 and GUEST_ECN: without them, Linux makes its receive buffers 1,530 bytes and not 17 pages. */
const LARGE_BUFFERS = (1 << 7) | (1 << 8) | (1 << 9);
const INDIRECT = 1 << 28;

/** `npm run bench -- network`: TCP through the card and the small internet, to a source and a sink in this process. */
export async function network(folder: string | undefined): Promise<void> {
  if (folder === undefined) {
    console.log('network: skipped, as LANTERN_LINUX_DIR is not set');
    return;
  }
  console.log(`\nTCP of a Linux, ${AMOUNT >> 20} MB each way, to a source and a sink in this process`);
  console.log(`load of this machine: ${loadavg()[0]!.toFixed(1)}\n`);
  for (const receiveQueue of [32, 128, 256, 1024]) {
    await measure(folder, `${receiveQueue}, small receive buffers`, { receiveQueue, without: LARGE_BUFFERS });
    await measure(folder, `${receiveQueue}, large receive buffers`, { receiveQueue });
  }
  await measure(folder, '256, large receive buffers, no indirect', { receiveQueue: 256, without: INDIRECT });
}

async function measure(folder: string, name: string, card: CardOptions): Promise<void> {
  const read = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
  const machine = createMachine({ ramBytes: (MEGABYTES << 20) + HOST_BYTES });
  const world = createRealWorld();
  const host = createHost(machine, world);
  const { sockets } = nearNetwork(AMOUNT);
  const count = { out: 0, in: 0 };
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
  const free = Number(/MemFree:\s+(\d+)/.exec(await run(session, 'cat /proc/meminfo'))?.[1]) / 1024;
  console.log(`receive queue of ${name} (${free.toFixed(0)} MB free)`);
  for (const [way, command] of [
    ['to the Guest', 'nc 10.0.2.2 19 < /dev/null > /dev/null'],
    ['from the Guest', `dd if=/dev/zero bs=64k count=${AMOUNT >> 16} 2>/dev/null | nc 10.0.2.2 9`],
  ] as const) {
    const before = { ...count, retired: machine.retired, exits: host.statistics.worldSwitches };
    const began = performance.now();
    await run(session, command);
    const seconds = (performance.now() - began) / 1000;
    const packets = count.in + count.out - before.in - before.out;
    console.log(
      `  ${way.padEnd(16)} ${(AMOUNT / seconds / 1e6).toFixed(1).padStart(6)} MB/s` +
        ` ${String(count.in - before.in).padStart(6)} in ${String(count.out - before.out).padStart(6)} out` +
        ` ${((machine.retired - before.retired) / AMOUNT).toFixed(1).padStart(6)} instructions a byte` +
        ` ${((host.statistics.worldSwitches - before.exits) / packets).toFixed(1).padStart(6)} switches a packet`,
    );
  }
  session.type('poweroff -f\n');
  await session.ended;
}

function counting(gateway: Gateway, card: CardOptions, count: { in: number; out: number }): Link {
  return {
    card,
    send(frame: Frame) {
      count.out++;
      gateway.send(frame);
    },
    busy: false,
    receive() {
      const frame = gateway.receive();
      if (frame) count.in++;
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

async function run(session: Session, line: string): Promise<string> {
  session.type(`${line}\n`);
  await session.until(`${line.slice(-20)}\r\n`);
  return session.until('# ');
}
