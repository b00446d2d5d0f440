import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { describeFailure } from '../../src/terminal/top-level.ts';
import { asBuilt } from '../bench/as-built.ts';

describe('A failure at the top level', () => {
  it('is one line', () => {
    expect(describeFailure(new LauncherError('no\nway'), false)).toBe('lantern: no');
    expect(describeFailure('thrown', false)).toBe(
      'lantern: failed: thrown (this should not happen; LANTERN_DEBUG=1 tells where it did)',
    );
  });

  it('says that it is ours, if nobody at the keyboard could have caused it', () => {
    expect(describeFailure(new TypeError('x is not a function'), false)).toBe(
      'lantern: TypeError: x is not a function (this should not happen; LANTERN_DEBUG=1 tells where it did)',
    );
  });

  it('names the function in which it happened', () => {
    const demandPage = () => new RangeError('no such page');
    expect(describeFailure(demandPage(), false)).toMatch(/^lantern: RangeError in demandPage: no such page /);
  });

  it('comes with its stack for those who ask', () => {
    expect(describeFailure(new TypeError('x'), true)).toContain('top-level.test.ts');
  });
});

describe('A program that fails', () => {
  it('says first what its screen was still holding', () => {
    const words = asBuilt('test/terminal/breaks-off.ts');
    const { status, stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'the last word' });
  });
});

describe('A program whose reader goes home', () => {
  it('ends, and says nothing about it', async () => {
    const child = spawn(process.execPath, asBuilt('test/terminal/runs-for-ever.ts'));
    let errors = '';
    child.stderr.on('data', (bytes) => {
      errors += bytes;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, errors }).toEqual({ code: 1, errors: '' });
  });
});

describe('A signal', () => {
  /** Ends a program at the top level by a signal, and says what its last words were. */
  function end(signal: NodeJS.Signals): Promise<{ code: number | null; said: string }> {
    const child = spawn(process.execPath, asBuilt('test/terminal/runs-for-ever.ts'));
    let said = '';
    child.stdout.once('data', () => child.kill(signal));
    child.stdout.on('data', (bytes) => {
      said += bytes;
    });
    return new Promise((resolve) =>
      child.on('close', (code) => resolve({ code, said: said.trimEnd().split('\n').at(-1)! })),
    );
  }

  it('ends a program by way of `exit`, where the terminal is put back', async () => {
    const signals = ['SIGINT', 'SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGTERM', 'SIGHUP'] as const;
    const said = 'put back';
    expect(await Promise.all(signals.map(end))).toEqual([
      { code: 130, said },
      { code: 131, said },
      { code: 140, said },
      { code: 142, said },
      { code: 143, said },
      { code: null, said }, // of this one it dies
    ]);
  });
});
