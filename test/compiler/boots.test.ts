import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine, type Engine, type Machine } from '../../src/processor/index.ts';
import { buildBarePup } from '../../tools/tangle/pup.ts';
import { runBare } from '../bare-machine.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';
import { boot } from '../guest/session.ts';

const EVERY = 10_000_000;

/** Notes the state of a machine, with a hash of its memory, at the first stop behind every ten million instructions. */
function createLog() {
  const notes: string[] = [];
  let next = 0;
  return {
    notes,
    look(machine: Machine) {
      if (machine.retired < next) return;
      next += EVERY;
      const hash = createHash('sha1').update(machine.ram.view(0, machine.ram.size)).digest('hex');
      notes.push(`${machine.retired} ${hash} ${JSON.stringify(machine.registers)}`);
    },
  };
}

const barePup = buildBarePup((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));

function bootBare(engine: Engine, job: string): string[] {
  const log = createLog();
  const { said, exit, retired } = runBare(barePup, job, { engine, onTick: log.look });
  return [...log.notes, `${exit} ${retired} ${said}`];
}

async function bootHosted(engine: Engine, job: string): Promise<string[]> {
  const log = createLog();
  const machine = createMachine({ ramBytes: 64 << 20, engine });
  const watched: Machine = Object.create(machine, {
    run: {
      value(limit: number) {
        const stop = machine.run(limit);
        log.look(machine);
        return stop;
      },
    },
  });
  const world = createDeterministicWorld(machine);
  const session = boot({
    kernelArguments: job,
    computer: { machine, world, host: createHost(watched, world) },
  });
  const { reason } = await session.ended;
  return [...log.notes, `${reason} ${machine.retired} ${session.said}`];
}

test.each([
  'run=primes 100000',
  'run=syscall 30000',
  'run=fault 1000',
])('Bare pup boots alike on both engines: %s', (job) => {
  expect(bootBare('compiler', job)).toEqual(bootBare('interpreter', job));
});

test.each([
  'run=primes 60000',
  'run=hackbench 1',
])('Pup under the Host boots alike on both engines: %s', async (job) => {
  expect(await bootHosted('compiler', job)).toEqual(await bootHosted('interpreter', job));
});
