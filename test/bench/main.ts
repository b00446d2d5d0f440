import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAsBuilt } from './as-built.ts';
import { kernels } from './kernels/main.ts';
import { linux } from './linux.ts';
import { line, spread } from './measure.ts';
import { pup, secondsToPrompt } from './prompt.ts';

const ROUNDS = 5;

// `npm run bench -- kernels` is the ten kernels alone; with `--plot` they are also drawn for the book. `-- figures` is the rest, and
// `-- network` the network of a Linux, with `--megabytes=64` if a quarter of an hour is too long.
const USAGE = 'usage: npm run bench -- [kernels [--plot] | figures | network [--megabytes=NUMBER]]';
const words = process.argv.slice(2);
const strange = words.find((word) => !/^(kernels|--plot|figures|network|--megabytes=.*)$/.test(word));
if (strange !== undefined) {
  console.error(strange === '--help' ? USAGE : `bench: ${strange} means nothing to it; ${USAGE}`);
  process.exit(strange === '--help' ? 0 : 1);
}
if (words.includes('network')) {
  runAsBuilt('test/bench/network.ts', ...words);
  process.exit();
}
if (!words.includes('figures')) await kernels(words.includes('--plot'));
if (words.includes('kernels')) process.exit();

console.log(`\n${ROUNDS} rounds each, in turn; median (lowest to highest)`);
console.log(`load of this machine: ${loadavg()[0]!.toFixed(1)}\n`);
runAsBuilt('test/bench/figures.ts');

const booted: number[] = [];
const watched: number[] = [];
const started: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  booted.push(await secondsToPrompt(pup('boot')));
  const traced = await secondsToPrompt(pup('boot', `--trace=${join(tmpdir(), 'lantern-bench-trace.json')}`));
  watched.push(traced / booted.at(-1)!);
  started.push(await secondsToPrompt(pup('start')));
}
line('npm run boot, command to prompt', `${spread(booted, 2)} s`);
line('with --trace, of without', spread(watched, 2));
line('npm start, command to prompt', `${spread(started, 2)} s`, 'with the book woven');
await linux(process.env.LANTERN_LINUX_DIR);
process.exit();
