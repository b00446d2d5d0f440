import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Engine } from '../../../src/processor/index.ts';
import { asBuilt } from '../as-built.ts';
import type { Stopwatch } from './image.ts';
import { LANTERN_ENGINES } from './lantern.ts';
import { openNative } from './native.ts';
import { KERNELS, type Kernel } from './programs.ts';
import { qemuVersion, runOnQemu } from './qemu.ts';

type Rounds = Stopwatch['rounds'];

/** One column: somebody who runs kernels, in a process of their own each time. */
interface Contestant {
  name: string;
  /** Cold rounds at most, if there would be no end to it, and the warm ones behind them. */
  mostCold?: number;
  warmRounds: number;
  run(kernel: Kernel, rounds: number): Promise<Rounds>;
}

/**
 * Milliseconds as multiples of the real processor's, by contestant: of a process' first round, of the first rounds together that take the
 * real processor COLD_MILLISECONDS, and of the rounds behind them. What happens before a processor's first instruction counts for nobody:
 * QEMU starts, v86 compiles its WebAssembly, our engines practise.
 */
export interface Row {
  kernel: string;
  nativeMilliseconds: number;
  first: number[];
  cold: number[];
  warm: number[];
}

export interface Results {
  contestants: string[];
  rows: Row[];
}

/**
 * Processes of each contestant for each kernel. A shared machine makes some rounds slow, for half a minute on end, and so all kernels are gone through once before any has its next turn; and QEMU's rounds are timed by when its serial line is
 * heard, which now and then makes one too short. So of what was found, the lower quartile counts.
 */
const PROCESSES = 5;
/**
 * What takes the real processor so long is run cold. One round alone says little of several kernels: two milliseconds natively are over
 * before anybody has compiled anything. Of 50, v86 needs one and a half times to twice what it needs when it is warm, and QEMU hardly more.
 */
const COLD_MILLISECONDS = 50;
const NATIVE_ROUNDS = 7;
const COLUMN = 22;
const BENCH = fileURLToPath(new URL('..', import.meta.url));
const BY_TSX = ['--import', 'tsx', fileURLToPath(new URL('child.ts', import.meta.url))];
const ENGINE = fileURLToPath(new URL('engine.ts', import.meta.url));
const MINUTES = 60_000;

/** Measures everybody on every kernel, all side by side and several times over, and prints a table. */
export async function benchKernels(): Promise<Results | undefined> {
  const native = await openNative();
  if (typeof native === 'string') {
    console.log(`the ten kernels are skipped, for there is nothing to compare with: ${native}`);
    return undefined;
  }
  const poured = asBuilt(ENGINE);
  const ourselves = (engine: Engine): Contestant => ({
    name: engine,
    ...(engine === 'interpreter' ? { mostCold: 2, warmRounds: 1 } : { warmRounds: 5 }),
    run: (kernel, rounds) => inChild([...poured, engine], kernel, rounds),
  });
  const contestants = [...LANTERN_ENGINES.map(ourselves), ...peers()];
  const found = KERNELS.map((kernel) => new Found(kernel, contestants.length));
  for (let turn = 0; turn < PROCESSES; turn++) {
    for (const each of found) await measure(each, contestants);
    console.log(`turn ${turn + 1} of ${PROCESSES} is done`);
  }
  console.log(
    `\nten kernels: multiples of native time, lower quartile of ${PROCESSES} processes: first round of a process / its first ${COLD_MILLISECONDS} ms of native work / the rounds behind\n`,
  );
  const columns = contestants.map(({ name }) => name.padStart(COLUMN)).join('');
  console.log(`${''.padEnd(16)}${'native ms'.padStart(10)}${columns}`);
  const rows = found.map(rowOf);
  for (const row of rows) print(row.kernel, row.nativeMilliseconds.toFixed(2), row);
  print('geometric mean', '', meanOf('geometric mean', rows));
  const others = rows.filter(({ kernel }) => kernel !== 'rep movs');
  print('without rep movs', '', meanOf('without rep movs', others));
  console.log(
    `\nload while measuring: ${loadavg()
      .map((load) => load.toFixed(1))
      .join(' ')}`,
  );
  return { contestants: contestants.map(({ name }) => name), rows };
}

/** Those that are here; of the others it is said why not. */
function peers(): Contestant[] {
  const found: Contestant[] = [];
  const missing = installV86();
  if (missing === undefined)
    found.push({
      name: 'v86',
      warmRounds: 5,
      run: (kernel, rounds) => inChild([...BY_TSX, 'v86'], kernel, rounds),
    });
  else console.log(`v86 is skipped: ${missing}`);
  const version = qemuVersion();
  if (version === undefined) console.log('QEMU is skipped: there is no qemu-system-i386 on this machine');
  else found.push({ name: 'QEMU TCG', warmRounds: 5, run: runOnQemu });
  return found;
}

/** Installs the bench's own packages, if they are not there. */
function installV86(): string | undefined {
  if (existsSync(`${BENCH}node_modules/v86/build/v86.wasm`)) return undefined;
  const { status, error, stderr } = spawnSync('npm', ['ci', '--ignore-scripts'], {
    cwd: BENCH,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return `npm ci in ${BENCH} failed: ${error?.message ?? stderr.trim().split('\n').at(-1)}`;
}

/** Runs node with some words, a kernel, and how often. */
async function inChild(words: readonly string[], kernel: Kernel, rounds: number): Promise<Rounds> {
  const all = [...words, kernel.name, String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, all, { timeout: 5 * MINUTES });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Rounds;
}

/** What was found for one kernel: all rounds of the real processor but the first of each process, and the processes of each contestant. */
class Found {
  readonly kernel: Kernel;
  readonly native: Rounds = [];
  readonly processes: { cold: Rounds; warm: Rounds }[][];
  /** Set by the first turn, and the same for all that follow. */
  coldRounds = 0;

  constructor(kernel: Kernel, contestants: number) {
    this.kernel = kernel;
    this.processes = Array.from({ length: contestants }, () => []);
  }
}

/** One turn of everybody on one kernel; the real processor goes first. */
async function measure(found: Found, contestants: Contestant[]): Promise<void> {
  const { kernel, native, processes } = found;
  native.push(...(await inChild([...BY_TSX, 'native'], kernel, NATIVE_ROUNDS)).slice(1));
  found.coldRounds ||= Math.ceil(COLD_MILLISECONDS / quartile(native.map(lasted)));
  const { coldRounds } = found;
  const { checksum } = native[0]!;
  for (const [n, { name, mostCold = coldRounds, warmRounds, run }] of contestants.entries()) {
    const cold = Math.min(coldRounds, mostCold);
    const rounds = await run(kernel, cold + warmRounds);
    const wrong = rounds.find((round) => round.checksum !== checksum);
    if (wrong) throw new Error(`${name}: ${kernel.name} is ${wrong.checksum}, expected ${checksum}`);
    processes[n]!.push({ cold: rounds.slice(0, cold), warm: rounds.slice(cold) });
  }
}

function rowOf({ kernel, native, processes }: Found): Row {
  const nativeMilliseconds = quartile(native.map(lasted));
  const times = (milliseconds: number[]) => quartile(milliseconds) / nativeMilliseconds;
  const mean = (rounds: Rounds) => rounds.reduce((sum, round) => sum + lasted(round), 0) / rounds.length;
  return {
    kernel: kernel.name,
    nativeMilliseconds,
    first: processes.map((each) => times(each.map(({ cold }) => lasted(cold[0]!)))),
    cold: processes.map((each) => times(each.map(({ cold }) => mean(cold)))),
    warm: processes.map((each) => times(each.flatMap(({ warm }) => warm.map(lasted)))),
  };
}

function lasted({ milliseconds }: Rounds[number]): number {
  return milliseconds;
}

/** What a quarter of the others are not slower than. */
function quartile(milliseconds: number[]): number {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 2]!;
}

export function meanOf(name: string, rows: Row[]): Row {
  const mean = (figures: number[]) =>
    Math.exp(figures.reduce((sum, figure) => sum + Math.log(figure), 0) / figures.length);
  const column = (of: (row: Row) => number[]) =>
    of(rows[0]!).map((_, n) => mean(rows.map((row) => of(row)[n]!)));
  return {
    kernel: name,
    nativeMilliseconds: 0,
    first: column((row) => row.first),
    cold: column((row) => row.cold),
    warm: column((row) => row.warm),
  };
}

function print(name: string, native: string, { first, cold, warm }: Row): void {
  const figures = warm.map((figure, n) =>
    [first[n]!, cold[n]!, figure].map(short).join(' / ').padStart(COLUMN),
  );
  console.log(`${name.padEnd(16)}${native.padStart(10)}${figures.join('')}`);
}

/** Three figures. */
export function short(figure: number): string {
  return figure >= 99.5 ? figure.toFixed(0) : figure >= 9.95 ? figure.toFixed(1) : figure.toFixed(2);
}
