import { type LaunchOptions, parseCommandLine } from '../../chapters/4-launcher/command-line.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { type ExitStatus, launch } from '../../chapters/4-launcher/launch.ts';
import { LauncherError, type Outside } from '../../chapters/4-launcher/outside.ts';
import type { World } from '../../chapters/1-preparation/world.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';

export interface Run extends ExitStatus {
  said: string;
  warnings: string[];
  retired: number;
  /** How often it let others have the thread. */
  letGo: number;
}

export interface Circumstances {
  /** Files besides the kernel, which is `k`. */
  files?: Record<string, Uint8Array>;
  input?: InputQueue;
  signal?: AbortSignal;
  onOutput?(said: string): void;
  outputDrained?: Outside['outputDrained'];
  openDisk?: Outside['openDisk'];
  openLink?: NonNullable<Outside['openLink']>;
  arguments?: string[];
}

/** Boots a kernel on a machine of its own, in a deterministic World, and waits for its end. */
export async function bootKernel(kernel: Uint8Array, circumstances: Circumstances = {}): Promise<Run> {
  const {
    files = {},
    input = new InputQueue(),
    signal,
    onOutput,
    outputDrained = () => undefined,
    openDisk = (name) => {
      throw new LauncherError(`cannot open the disk image ${name}: no such file or directory`);
    },
    openLink,
    arguments: words = ['4', 'k'],
  } = circumstances;
  const machine = createMachine({ ramBytes: 40 << 20 });
  const deterministic = createDeterministicWorld(machine);
  let letGo = 0;
  const world: World = {
    ...deterministic,
    sleep(nanoseconds) {
      if (nanoseconds === 0) letGo++;
      return deterministic.sleep(nanoseconds);
    },
  };
  let said = '';
  const warnings: string[] = [];
  const outside: Outside = {
    readFile(name) {
      const file = name === 'k' ? kernel : files[name];
      if (!file) throw new LauncherError(`cannot read ${name}: no such file or directory`);
      return file;
    },
    openDisk,
    input,
    output(bytes) {
      said += new TextDecoder().decode(bytes);
      onOutput?.(said);
    },
    outputDrained,
    warn: (line) => warnings.push(line),
    ...(openLink && { openLink }),
  };
  const options = parseCommandLine(words) as LaunchOptions;
  const status = await launch(options, createHost(machine, world), world, outside, signal);
  return { ...status, said, warnings, retired: machine.retired, letGo };
}
