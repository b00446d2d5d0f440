import { MINUTES, optionsOf } from '../options.ts';
import { COMPILER, INTERPRETER, SPRINTER } from './engines.ts';
import { createLanternStage } from './lantern.ts';
import { openNativeStage } from './native.ts';
import { type Report, runTrials, showFailure } from './oracle.ts';

/**
 * `npm run silicon -- --minutes N`: goes on with new seeds.
 * `npm run silicon -- --trial SEED:NUMBER`: one trial again.
 */
const BATCH = 10_000;
const ENGINES = [INTERPRETER, SPRINTER, COMPILER];

const { minutes = '1', trial } = optionsOf('silicon', { minutes: MINUTES, trial: /^\d+:\d+$/ });

const native = await openNativeStage();
if (typeof native === 'string') {
  console.log(`the silicon oracle is skipped: ${native}`);
} else {
  const stages = ENGINES.map(createLanternStage);
  if (trial !== undefined) {
    const [seed, number] = trial.split(':').map(Number);
    say(runTrials(native, stages, { seed: seed!, from: number!, to: number! + 1 }));
  } else {
    const end = performance.now() + Number(minutes) * 60_000;
    const all: Report = { tried: 0, skipped: new Map(), failures: [] };
    const began = performance.now();
    for (let seed = Date.now() >>> 8; performance.now() < end && all.failures.length < 100; seed++) {
      const report = runTrials(native, stages, { seed, from: 0, to: BATCH });
      all.tried += report.tried;
      all.failures.push(...report.failures);
      for (const failure of report.failures) {
        process.exitCode = 1;
        console.log(showFailure(failure));
      }
      for (const [reason, count] of report.skipped)
        all.skipped.set(reason, (all.skipped.get(reason) ?? 0) + count);
    }
    all.failures.length = 0;
    say(all);
    console.log(`${Math.round(all.tried / ((performance.now() - began) / 1000))} trials a second`);
  }
}

function say({ tried, skipped, failures }: Report): void {
  for (const failure of failures) {
    process.exitCode = 1;
    console.log(showFailure(failure));
  }
  console.log(
    `${tried} trials compared with the real processor: ${ENGINES.map(({ name }) => name).join(', ')}`,
  );
  for (const [reason, count] of [...skipped].sort((a, b) => b[1] - a[1]))
    console.log(`${count} left out: ${reason}`);
}
