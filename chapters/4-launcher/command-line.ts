import { LauncherError } from './outside.ts';

/** What one Guest is made of. */
export interface LaunchOptions {
  /** Guest memory in MiB, 1 to `MOST_MEMORY`. */
  memory: number;
  /** Name of the kernel image, for `Outside.readFile`. */
  kernel: string;
  /** The kernel's command line. */
  kernelArguments: string;
  /** Name of a file to leave at the top of memory. */
  initrd?: string;
  /** Devices in the order they were asked for, which is the order of their slots. */
  devices: DeviceOption[];
  verbose: boolean;
}

export type DeviceOption = { kind: 'block'; file: string } | { kind: 'rng' };

/** A Guest of more would not leave its kernel room to map it. */
export const MOST_MEMORY = 2048;
/** The kernel that needs no file. A file of that name is spelled `./pup`. */
export const PUP = 'pup';
export const PUP_MEMORY = 32;

export const USAGE = `usage: lantern [options] MEMORY_MB KERNEL [kernel arguments]
       lantern [options] [MEMORY_MB [pup [kernel arguments]]]

Boots KERNEL (an ELF vmlinux or a bzImage that knows lguest) in MEMORY_MB megabytes, 1 to ${MOST_MEMORY}.
Without a KERNEL, or with the word pup for it, boots pup, the book's own kernel, in ${PUP_MEMORY} MB or as told.

  --block=FILE    a disk; give it again for a second one
  --rng           a source of entropy
  --initrd=FILE   a file for the kernel to find at the top of its memory
  -v, --verbose   say what goes where
  -h, --help      this

Options may stand anywhere. Behind -- everything is the kernel's. Press ^C three times within a second to leave.`;

/**
 * Reads lguest's command line (fact: the first word that is no option is the memory, the second the kernel).
 *
 * @returns 'help' if that is what was asked for
 * @throws LauncherError for anything that does not make sense
 */
export function parseCommandLine(words: readonly string[]): LaunchOptions | 'help' {
  const options: LaunchOptions = {
    memory: PUP_MEMORY,
    kernel: PUP,
    kernelArguments: '',
    devices: [],
    verbose: false,
  };
  const positional: string[] = [];
  for (const [index, word] of words.entries()) {
    if (word === '--') {
      positional.push(...words.slice(index + 1));
      break;
    }
    if (word === '--help' || word === '-h') return 'help';
    if (word.startsWith('-')) applyOption(options, word);
    else positional.push(word);
  }

  const [memory, kernel, ...rest] = positional;
  if (memory !== undefined) options.memory = parseMemory(memory);
  if (kernel !== undefined) options.kernel = kernel;
  options.kernelArguments = rest.join(' ');
  return options;
}

function applyOption(options: LaunchOptions, word: string): void {
  const [name, value] = splitOnce(word, '=');
  switch (name) {
    case '--block':
      options.devices.push({ kind: 'block', file: needsFile(name, value) });
      return;
    case '--initrd':
      options.initrd = needsFile(name, value);
      return;
    case '--rng':
    case '--verbose':
    case '-v':
      if (value !== undefined) throw new LauncherError(`${name} takes no value, but got '${value}'`);
      if (name === '--rng') options.devices.push({ kind: 'rng' });
      else options.verbose = true;
      return;
    default:
      throw new LauncherError(`unknown option '${name}' (--help lists them; kernel arguments go behind --)`);
  }
}

function splitOnce(word: string, separator: string): [string, string | undefined] {
  const at = word.indexOf(separator);
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

function needsFile(name: string, value: string | undefined): string {
  if (!value) throw new LauncherError(`${name} needs a file: ${name}=FILE`);
  return value;
}

function parseMemory(word: string): number {
  const megabytes = /^[0-9]{1,9}$/.test(word) ? Number(word) : Number.NaN;
  if (Number.isNaN(megabytes)) {
    throw new LauncherError(
      `expected the memory in MB, a number from 1 to ${MOST_MEMORY}, but found '${word}'`,
    );
  }
  if (megabytes < 1 || megabytes > MOST_MEMORY) {
    throw new LauncherError(`a Guest takes 1 to ${MOST_MEMORY} MB of memory, not ${megabytes}`);
  }
  return megabytes;
}
