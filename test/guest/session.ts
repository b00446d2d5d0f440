import { readFileSync } from 'node:fs';
import { type LaunchOptions, parseCommandLine } from '../../chapters/4-launcher/command-line.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { type ExitStatus, launch } from '../../chapters/4-launcher/launch.ts';
import { type Disk, LauncherError, type Onlooker, type Outside } from '../../chapters/4-launcher/outside.ts';
import type { World } from '../../chapters/1-preparation/world.ts';
import { createHost, type Host } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine, type Machine } from '../../src/processor/index.ts';
import { gunzip } from '../../src/terminal/files.ts';
import { buildPup, type Pup } from '../../tools/tangle/pup.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';

let tangled: Pup | undefined;

/** Pup, tangled once for all tests of a file. */
export function pup(): Pup {
  tangled ??= buildPup((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
  return tangled;
}

/** A booted pup: what was said, and a keyboard. */
export interface Session {
  /** Everything printed so far. */
  readonly said: string;
  /** What the Launcher had to say. */
  readonly warnings: string[];
  readonly ended: Promise<ExitStatus>;
  /** Waits for `text` in what is printed from now on, or was since the last call; returns what came before it. */
  until(text: string): Promise<string>;
  type(text: string): void;
  /** Types a line at the prompt and returns what the command printed. */
  run(line: string): Promise<string>;
  /** Instructions retired so far, by everybody. */
  retired(): number;
}

/** A machine with a Host on it, for one pup or several. */
export interface Computer {
  readonly machine: Machine;
  readonly world: World;
  readonly host: Host;
  /** Who looks on while devices serve. */
  readonly onlooker?: Onlooker;
}

/** @param megabytes for all Guests together; the Host has its own */
export function createComputer(megabytes: number): Computer {
  const machine = createMachine({ ramBytes: (megabytes + 32) << 20 });
  const world = createDeterministicWorld(machine);
  return { machine, world, host: createHost(machine, world) };
}

export interface Circumstances {
  megabytes?: number;
  options?: string[];
  kernelArguments?: string;
  disks?: Record<string, Uint8Array>;
  /** The disks may only be read. */
  readOnly?: boolean;
  /** Instead of `disks`: opens them. */
  openDisk?: (name: string) => Disk;
  kernel?: Uint8Array;
  initrd?: Uint8Array;
  /** Can anybody outside take a kernel out of its bzImage? If not, it has to do so itself. */
  unpacks?: boolean;
  /** What its shell says when it wants a line. */
  prompt?: string;
  /** Where it runs: a computer of its own, unless there is one to share. */
  computer?: Computer;
  /** What a network card is plugged into. */
  openLink?: NonNullable<Outside['openLink']>;
}

/** Boots pup on the real Host, with the real Launcher. */
export function boot(circumstances: Circumstances = {}): Session {
  const {
    megabytes = 32,
    options = [],
    kernelArguments = '',
    disks = {},
    readOnly = false,
    openDisk = (name) => diskOf(disks[name] ?? fail(name), readOnly),
    kernel = pup().kernel,
    initrd = pup().initrd,
    unpacks = false,
    prompt = '$ ',
    computer = createComputer(megabytes),
    openLink,
  } = circumstances;
  const { machine, world, host, onlooker } = computer;
  const input = new InputQueue();
  const name = circumstances.kernel ? 'kernel' : 'pup';
  const files: Record<string, Uint8Array> = { [name]: kernel, initrd };
  const warnings: string[] = [];
  let said = '';
  let seen = 0;
  let look = () => {};

  const words = [
    ...options,
    '--initrd=initrd',
    String(megabytes),
    name,
    ...kernelArguments.split(' ').filter(Boolean),
  ];
  const ended = launch(parseCommandLine(words) as LaunchOptions, host, world, {
    readFile: (name) => files[name] ?? fail(name),
    openDisk,
    input,
    output(bytes) {
      said += new TextDecoder('latin1').decode(bytes);
      look();
    },
    outputDrained: () => undefined,
    warn: (line) => warnings.push(line),
    onlooker,
    ...(unpacks && { gunzip }),
    ...(openLink && { openLink }),
  });
  ended.then(
    () => look(),
    () => look(),
  );
  let over = false;
  ended.finally(() => (over = true)).catch(() => {});

  const session: Session = {
    get said() {
      return said;
    },
    warnings,
    ended,
    until(text) {
      return new Promise((resolve, reject) => {
        look = () => {
          const at = said.indexOf(text, seen);
          if (at >= 0) {
            look = () => {};
            const before = said.slice(seen, at);
            seen = at + text.length;
            resolve(before);
          } else if (over) {
            reject(
              new Error(
                `no ${JSON.stringify(text)} in ${JSON.stringify(said.slice(seen))}; ${warnings.join(' | ')}`,
              ),
            );
          }
        };
        ended.then(() => setImmediate(() => look()), reject);
        look();
      });
    },
    type(text) {
      const bytes = new TextEncoder().encode(text);
      if (input.push(bytes) !== bytes.length) throw new Error('the keyboard is full');
    },
    async run(line) {
      session.type(`${line}\n`);
      await session.until(`${line}\n`);
      return session.until(prompt);
    },
    retired: () => machine.retired,
  };
  return session;
}

/** Boots pup to its prompt. */
export async function bootToPrompt(circumstances: Circumstances = {}): Promise<Session> {
  const session = boot(circumstances);
  await session.until(circumstances.prompt ?? '$ ');
  return session;
}

function fail(name: string): never {
  throw new LauncherError(`cannot read ${name}: no such file or directory`);
}

/** A disk that is a piece of memory. */
export function diskOf(bytes: Uint8Array, readOnly = false): Disk {
  return {
    size: bytes.length,
    readOnly,
    read(position, into) {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
    write(position, part) {
      bytes.set(part, position);
      return part.length;
    },
    sync() {},
    close() {},
  };
}
