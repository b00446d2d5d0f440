import { describe, expect, it } from 'vitest';
import { bootToPrompt } from '../guest/session.ts';

describe('the disk', () => {
  const sectors = 20;
  const disk = () => {
    const bytes = new Uint8Array(sectors * 512).fill(46);
    bytes.set(new TextEncoder().encode('first line\n'));
    bytes.set(new TextEncoder().encode('\nlast line\n'), bytes.length - 11);
    return bytes;
  };

  it('is a file that can be read from end to end', async () => {
    const session = await bootToPrompt({ options: ['--block=d'], disks: { d: disk() } });
    expect(session.said).toContain('disk, in /dev/vda');
    expect(await session.run('cat /dev/vda')).toBe(new TextDecoder().decode(disk()));
    expect(await session.run('wc < /dev/vda')).toBe(`3 5 ${sectors * 512}\n`);
  });

  it('is a file that can be written, by the byte', async () => {
    const bytes = disk();
    const session = await bootToPrompt({ options: ['--block=d'], disks: { d: bytes } });
    expect(await session.run('echo pup was here > /dev/vda')).toBe('');
    expect(new TextDecoder().decode(bytes.subarray(0, 16))).toBe('pup was here\n...');
    expect(bytes.subarray(16, 512)).toEqual(disk().subarray(16, 512));
    expect(bytes.subarray(512)).toEqual(disk().subarray(512));
    expect(await session.run('grep pup /dev/vda')).toBe('pup was here\n');
  });

  it('ends where it ends', async () => {
    const session = await bootToPrompt({ options: ['--block=d'], disks: { d: new Uint8Array(1024) } });
    expect(await session.run('cat /bin/sh > /dev/vda')).toBe('cat: /bin/sh: no room left\n');
    expect(await session.run('wc /dev/vda')).toMatch(/ 1024\n$/);
  });

  it('serves two readers at once', async () => {
    const session = await bootToPrompt({ options: ['--block=d'], disks: { d: disk() } });
    expect(await session.run('wc /dev/vda & wc /dev/vda; sleep 1')).toMatch(/(3 5 10240\n[\s\S]*){2}/);
  });

  it('is not there unless somebody brought one', async () => {
    const session = await bootToPrompt();
    expect(await session.run('cat /dev/vda')).toBe('cat: /dev/vda: no such file\n');
  });
});

describe('the dice', () => {
  it('fall differently each time', async () => {
    const session = await bootToPrompt({ options: ['--rng'] });
    const first = await session.run('random');
    const second = await session.run('random');
    expect(first).toMatch(/^[0-9a-f]{32}\n$/);
    expect(second).toMatch(/^[0-9a-f]{32}\n$/);
    expect(second).not.toBe(first);
  });

  it('are not there unless somebody brought them', async () => {
    const session = await bootToPrompt();
    expect(await session.run('random')).toBe('random: /dev/random: no such file\n');
  });

  it('and the disk live side by side, in either order', async () => {
    const disks = { d: new TextEncoder().encode(`${'x'.repeat(511)}\n`) };
    for (const options of [
      ['--rng', '--block=d'],
      ['--block=d', '--rng'],
    ]) {
      const session = await bootToPrompt({ options, disks });
      expect(await session.run('wc /dev/vda')).toBe('1 1 512\n');
      expect(await session.run('random')).toMatch(/^[0-9a-f]{32}\n$/);
    }
  });
});
