import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { program } from '../launcher/guest-program.ts';
import { asBuilt } from '../bench/as-built.ts';
import { type Event, tally } from './traced.ts';

const folder = mkdtempSync(join(tmpdir(), 'lantern-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  code: number | null;
  errors: string;
}

/** A kernel that says `text`, a letter a trip, and then does `last`. */
function kernel(name: string, text: string, last: string): string {
  const path = join(folder, name);
  const letters = [...text].map((letter) => `mov al, ${letter.charCodeAt(0)}\n call print`);
  writeFileSync(path, program([...letters, last].join('\n')));
  return path;
}

const SLEEPS = kernel('sleeper', 'sleeping', 'mov eax, 10\n int 0x1f');
const ENDS = kernel('ender', 'ending', '');
const CRASHES = kernel('crasher', 'crashing', 'ud2');

/** Runs `npm run boot -- --trace=FILE 4 KERNEL`. @param asleep what to do when it says that it is sleeping */
function boot(file: string, image: string, asleep = (_child: ChildProcess) => {}): Promise<Ended> {
  const child = spawn(process.execPath, [...asBuilt('src/terminal/boot.ts'), `--trace=${file}`, '4', image]);
  let output = '';
  let errors = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
    if (output.endsWith('sleeping')) setTimeout(asleep, 100, child);
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, errors })));
}

const eventsIn = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Event[];

const reasonIn = (events: readonly Event[]) => events.find(({ name }) => name === 'died')?.args.reason;

/** How often `print` says `out` for a letter. */
const OUTS = 8;

/** A trace from which nothing is missing: each trip has two halves, and each letter was printed. */
function expectWhole(events: readonly Event[], letters: number): void {
  const trips = events.filter(({ ph, tid }) => ph === 'X' && tid === 2);
  expect(tally(events).running).toBe(trips.length);
  expect(tally(events).instruction).toBe(letters * OUTS);
}

describe('--trace=FILE', () => {
  it('is a whole file when the Guest has switched itself off', async () => {
    const file = join(folder, 'off.json');
    expect(await boot(file, ENDS)).toEqual({ code: 0, errors: '' });
    expectWhole(eventsIn(file), 'ending'.length);
    expect(reasonIn(eventsIn(file))).toBe('CRASH: Power down');
  });

  it('is a whole file when the Guest has crashed', async () => {
    const file = join(folder, 'crash.json');
    expect(await boot(file, CRASHES)).toMatchObject({ code: 1 });
    expectWhole(eventsIn(file), 'crashing'.length);
    expect(reasonIn(eventsIn(file))).toMatch(/^unhandled trap 6 at /);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', null], // of which it dies
  ] as const)('is a whole file when the program is ended by %s', async (signal, code) => {
    const file = join(folder, `${signal}.json`);
    expect(await boot(file, SLEEPS, (child) => child.kill(signal))).toMatchObject({ code });
    expectWhole(eventsIn(file), 'sleeping'.length);
    expect(tally(eventsIn(file)).halted).toBe(1);
  });

  it('lacks only the bracket when the program is killed in its sleep', async () => {
    const file = join(folder, 'killed.json');
    await boot(file, SLEEPS, (child) => child.kill('SIGKILL'));
    expectWhole(JSON.parse(`${readFileSync(file, 'utf8')}]`), 'sleeping'.length);
  });

  it.each([
    ['', 'lantern: --trace needs a file: --trace=FILE'],
    ['/', 'lantern: cannot write the trace /: illegal operation on a directory'],
    ['/nowhere/trace', 'lantern: cannot write the trace /nowhere/trace: no such file or directory'],
  ])('that cannot be written, as %j, is one line and code 1', async (file, line) => {
    expect(await boot(file, ENDS)).toEqual({ code: 1, errors: `${line}\n` });
  });

  it('that is full ends the trace and not the Guest', async () => {
    expect(await boot('/dev/full', ENDS)).toEqual({
      code: 0,
      errors: 'lantern: trace /dev/full: no space left on device; the trace ends here\n',
    });
  });
});
