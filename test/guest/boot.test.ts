import { describe, expect, it } from 'vitest';
import { packCpio } from '../../tools/tangle/cpio.ts';
import { boot, bootToPrompt } from './session.ts';

describe('pup boots', () => {
  it.each([8, 32, 256])('with %d MB of memory', async (megabytes) => {
    const session = await bootToPrompt({ megabytes });
    expect(session.said).toContain(`pup: ${megabytes} MB of memory`);
    const free = Number(/free: (\d+) KB/.exec(await session.run('free'))?.[1]);
    expect(free).toBeGreaterThan((megabytes - 4) * 1024);
    expect(free).toBeLessThan(megabytes * 1024);
    session.type('poweroff\n');
    expect(await session.ended).toMatchObject({ code: 0 });
  });

  it('says what it is, and what it finds', async () => {
    const { said } = await bootToPrompt({ options: ['--rng'] });
    expect(said).toContain('pup: woof.');
    expect(said).toContain('slot 1, line 1: console');
    expect(said).toContain('slot 2, line 2: dice');
  });

  it('runs one command and powers off, if the command line says so', async () => {
    const session = boot({ kernelArguments: 'quiet run=primes 1000' });
    expect(await session.ended).toMatchObject({ code: 0 });
    expect(session.said).toContain('168 primes up to 1000\n');
    expect(session.said).not.toContain('$ ');
  });

  it('panics without an initial file system', async () => {
    const session = boot({ initrd: new Uint8Array(0) });
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.warnings[0]).toContain('panic: no /bin/init');
  });

  it('panics with something else in its place', async () => {
    const session = boot({ initrd: new TextEncoder().encode('x'.repeat(1000)) });
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.warnings[0]).toContain('panic: the initial file system is not a cpio archive');
  });

  it.each([
    ['a name that goes on behind its end', 94, 'the initial file system ends in a name'],
    ['a file that goes on behind its end', 54, 'the initial file system ends in a file'],
  ])('panics over %s', async (_, field, message) => {
    const initrd = packCpio([{ path: 'init', bytes: new Uint8Array(4), executable: true }]);
    initrd.fill('f'.charCodeAt(0), field, field + 8);
    const session = boot({ initrd });
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.warnings[0]).toContain(`panic: ${message}`);
  });

  it('panics over more files than it has room for', async () => {
    const bytes = new Uint8Array(4);
    const initrd = packCpio(Array.from({ length: 150 }, (_, number) => ({ path: `file${number}`, bytes })));
    const session = boot({ initrd });
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.warnings[0]).toContain('panic: more files than I can remember');
  });

  it('panics over a name in it that does not end', async () => {
    const initrd = packCpio([{ path: 'bin/init', bytes: new Uint8Array(4), executable: true }]);
    const text = new TextDecoder('latin1').decode(initrd);
    initrd[text.indexOf('bin/init') + 8] = 'x'.charCodeAt(0);
    const session = boot({ initrd });
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.warnings[0]).toContain('panic: a name in the initial file system does not end');
  });

  it('and lives in 2 MB, where what does not fit fails and the rest goes on', async () => {
    const session = await bootToPrompt({ megabytes: 2 });
    expect(await session.run('fault 100')).toMatch(/^fault: no memory left for the page at 0x[0-9a-f]{8}/);
    expect(await session.run('ps | cat | cat | cat | cat | cat')).toContain('sh: cat: out of memory\n');
    expect(await session.run('echo alive')).toBe('alive\n');
  });

  it('does the same again when it is booted the same way', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const session = boot({ kernelArguments: 'run=ls /bin' });
      await session.ended;
      runs.push({ said: session.said, retired: session.retired() });
    }
    expect(runs[0]).toEqual(runs[1]);
  });
});
