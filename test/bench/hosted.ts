import { type LaunchOptions, parseCommandLine } from '../../chapters/4-launcher/command-line.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { launch } from '../../chapters/4-launcher/launch.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { HOST_BYTES } from '../../chapters/5-host/frames.ts';
import type { Statistics } from '../../chapters/5-host/statistics.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createRealWorld } from '../../src/terminal/real-world.ts';
import type { Pup } from '../../tools/tangle/pup.ts';

/** How a kernel fared as a Guest. */
export interface HostedRun {
  said: string;
  retired: number;
  statistics: Statistics;
}

const MEGABYTES = 32;

/** Boots pup under the Host, in real time, until it switches itself off. */
export async function runHosted(pup: Pup, kernelArguments: string): Promise<HostedRun> {
  const machine = createMachine({ ramBytes: (MEGABYTES << 20) + HOST_BYTES });
  const world = createRealWorld();
  const host = createHost(machine, world);
  const files: Record<string, Uint8Array> = { pup: pup.kernel, initrd: pup.initrd };
  let said = '';
  const words = ['--initrd=initrd', String(MEGABYTES), 'pup', ...kernelArguments.split(' ')];
  await launch(parseCommandLine(words) as LaunchOptions, host, world, {
    readFile: (name) => files[name]!,
    openDisk: (name) => {
      throw new Error(`the bench has no disk ${name}`);
    },
    input: new InputQueue(),
    output: (bytes) => {
      said += String.fromCharCode(...bytes);
    },
    outputDrained: () => undefined,
    warn: (text) => console.error(text),
  });
  return { said, retired: machine.retired, statistics: host.statistics };
}
