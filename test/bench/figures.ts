import { readFileSync } from 'node:fs';
import { buildBarePup, buildPup } from '../../tools/tangle/pup.ts';
import { runBare } from '../bare-machine.ts';
import { runHosted } from './hosted.ts';
import { line, secondsOf, spread } from './measure.ts';
import { worldSwitchesPerSecond } from './world-switches.ts';

const ROUNDS = 5;

const read = (path: string) => readFileSync(path, 'utf8');
const hosted = buildPup(read);
const bare = buildBarePup(read);

async function main(): Promise<void> {
  const switches: number[] = [];
  for (let round = 0; round < ROUNDS; round++) switches.push(worldSwitchesPerSecond(0.4) / 1000);
  line('world switches a second', `${spread(switches, 0)} k`, 'out and in again, empty hypercall');

  const compute = await compare('primes 300000', 'primes 6000000');
  line('million instructions a second', spread(compute.speeds, 0), 'primes, on the bare silicon');
  line(
    'compute under the Host, of bare silicon',
    spread(compute.ratios, 3),
    'primes 6000000 less primes 300000',
  );
  const processes = await compare('hackbench 3 2', 'hackbench 3 8');
  line(
    'processes under the Host, of bare silicon',
    spread(processes.ratios, 3),
    'hackbench 3, eight times less two',
  );

  const CALLS = 10_000;
  const calls = await runHosted(hosted, `run=syscall ${CALLS}`);
  const none = await runHosted(hosted, 'run=syscall 1');
  const switchesPerCall = (calls.statistics.worldSwitches - none.statistics.worldSwitches) / (CALLS - 1);
  line('null system call', instructions(calls.said), `${switchesPerCall.toFixed(4)} world switches each`);

  const faults = await runHosted(hosted, 'run=fault 1000');
  line('page fault', instructions(faults.said), 'fault to retry, a fresh page each');
  line('the same, bare', instructions(runBare(bare, 'run=fault 1000').said));
}

/**
 * The same work on the bare silicon and under the Host, in turn: million instructions a second, and how the seconds compare. A machine
 * boots and does a little of the job, another boots and does a lot; the difference has neither the boot in it nor what had to be compiled.
 */
async function compare(little: string, lot: string): Promise<{ speeds: number[]; ratios: number[] }> {
  const speeds: number[] = [];
  const ratios: number[] = [];
  await runHosted(hosted, `run=${little}`); // warm
  runOnBare(little);
  for (let round = 0; round < ROUNDS; round++) {
    let retired = 0;
    const alone = -(await secondsOf(() => (retired -= runOnBare(little))));
    const asGuest = -(await secondsOf(() => runHosted(hosted, `run=${little}`)));
    const all = alone + (await secondsOf(() => (retired += runOnBare(lot))));
    const allAsGuest = asGuest + (await secondsOf(() => runHosted(hosted, `run=${lot}`)));
    speeds.push(retired / all / 1e6);
    ratios.push(all / allAsGuest);
  }
  return { speeds, ratios };
}

/** Instructions that a job takes with nobody underneath, but with the clock that the Host gives: a hundred ticks a second. */
function runOnBare(job: string): number {
  return runBare(bare, `run=${job}`, { ticks: Infinity, clock: () => performance.now() }).retired;
}

/** What pup says it measured. */
function instructions(said: string): string {
  const found = /(\d+) instructions each/.exec(said);
  if (!found) throw new Error(`expected a figure from pup, found ${JSON.stringify(said)}`);
  return `${found[1]} instructions`;
}

void main();
