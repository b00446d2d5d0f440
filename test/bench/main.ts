import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildBarePup, buildPup } from '../../tools/tangle/pup.ts';
import { runBare } from '../bare-machine.ts';
import { runHosted } from './hosted.ts';
import { kernels } from './kernels/main.ts';
import { line, secondsOf, spread } from './measure.ts';
import { secondsToPrompt } from './prompt.ts';
import { worldSwitchesPerSecond } from './world-switches.ts';

const ROUNDS = 5;

// `npm run bench -- kernels` is the ten kernels alone; with `--plot` they are also drawn for the book.
const words = process.argv.slice(2);
await kernels(words.includes('--plot'));
if (words.includes('kernels')) process.exit();

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const hosted = buildPup(read);
const bare = buildBarePup(read);

console.log(`\n${ROUNDS} rounds each, in turn; median (lowest to highest)\n`);

const booted: number[] = [];
const started: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  booted.push(await secondsToPrompt('boot'));
  started.push(await secondsToPrompt('start'));
}
line('npm run boot, command to prompt', `${spread(booted, 2)} s`);
line('npm start, command to prompt', `${spread(started, 2)} s`, 'with the book woven');

const compute = await compare('run=primes 300000');
const processes = await compare('run=hackbench 3');
line('million instructions a second', spread(compute.speeds, 1), 'primes 300000, on the bare silicon');
line('compute under the Host, of bare silicon', spread(compute.ratios, 3), 'primes 300000, with the boot');
line('processes under the Host, of bare silicon', spread(processes.ratios, 3), 'hackbench 3, with the boot');

const switches: number[] = [];
for (let round = 0; round < ROUNDS; round++) switches.push(worldSwitchesPerSecond(0.4) / 1000);
line('world switches a second', `${spread(switches, 0)} k`, 'out and in again, empty hypercall');

const CALLS = 10_000;
const calls = await runHosted(hosted, `run=syscall ${CALLS}`);
const none = await runHosted(hosted, 'run=syscall 1');
const switchesPerCall = (calls.statistics.worldSwitches - none.statistics.worldSwitches) / (CALLS - 1);
line('null system call', instructions(calls.said), `${switchesPerCall.toFixed(4)} world switches each`);

const faults = await runHosted(hosted, 'run=fault 1000');
line('page fault', instructions(faults.said), 'fault to retry, a fresh page each');
line('the same, bare', instructions(runBare(bare, 'run=fault 1000').said));

/** The same job on the bare silicon and under the Host, in turn: million instructions a second, and how the seconds compare. */
async function compare(job: string): Promise<{ speeds: number[]; ratios: number[] }> {
  const speeds: number[] = [];
  const ratios: number[] = [];
  await runHosted(hosted, job); // warm
  runBare(bare, job);
  for (let round = 0; round < ROUNDS; round++) {
    let retired = 0;
    const alone = await secondsOf(() => {
      retired = runBare(bare, job).retired;
    });
    const asGuest = await secondsOf(() => runHosted(hosted, job));
    speeds.push(retired / alone / 1e6);
    ratios.push(alone / asGuest);
  }
  return { speeds, ratios };
}

/** What pup says it measured. */
function instructions(said: string): string {
  const found = /(\d+) instructions each/.exec(said);
  if (!found) throw new Error(`expected a figure from pup, found ${JSON.stringify(said)}`);
  return `${found[1]} instructions`;
}
