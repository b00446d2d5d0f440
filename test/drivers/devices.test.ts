import { describe, expect, it } from 'vitest';
import { initrdWith } from '../guest/own-programs.ts';
import { bootToPrompt, diskOf } from '../guest/session.ts';

/** Four processes read one open file to its end, in pieces that do not fit together. */
const SHARE = `
import type { i32, u32, u8 } from '../language.ts';
import { addressOf, array } from '../language.ts';
import { OPEN_READ } from '../protocol.ts';
import { exit, fork, open, read, wait } from './library/calls.ts';
import { print, printNumber, flush } from './library/output.ts';
const piece = array<u8>(5000);
export function main(_count: u32, _words: u32[]): void {
  const place: i32 = open(addressOf('/dev/vda'), OPEN_READ);
  const first: i32 = fork();
  const second: i32 = fork();
  const size: u32 = first === 0 ? (second === 0 ? 100 : 4096) : second === 0 ? 700 : 5000;
  let bytes: u32 = 0;
  let sum: u32 = 0;
  while (true) {
    const count: i32 = read(place, addressOf(piece), size);
    if (count <= 0) break;
    for (let i: u32 = 0; i < (count as u32); i++) sum += piece[i];
    bytes += count as u32;
  }
  if (second !== 0) wait(second);
  printNumber(bytes);
  print(' bytes, sum ');
  printNumber(sum);
  print('\\n');
  flush();
  if (first !== 0) wait(first);
  exit(0);
}`;

/** Writes its letters one by one, more of them than a counter of sixteen bits can count. */
const DRIBBLE = `
import type { u32, u8 } from '../language.ts';
import { addressOf, array } from '../language.ts';
import { exit, write } from './library/calls.ts';
const letter = array<u8>(4);
export function main(_count: u32, _words: u32[]): void {
  for (let i: u32 = 0; i < 66000; i++) {
    letter[0] = 0x61 + i % 26;
    write(1, addressOf(letter), 1);
  }
  exit(0);
}`;

describe('the console', () => {
  it('prints however often it is asked to', async () => {
    const session = await bootToPrompt({ initrd: initrdWith(['init', 'sh'], { dribble: DRIBBLE }) });
    const said = await session.run('dribble');
    const alphabet = 'abcdefghijklmnopqrstuvwxyz';
    expect(said === alphabet.repeat(2539).slice(0, 66_000)).toBe(true);
  });
});

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

  it('serves two who share a position, each byte to one of them', async () => {
    const bytes = Uint8Array.from({ length: 60 * 512 }, (_, i) => (i * 7 + (i >> 9)) & 0xff);
    const initrd = initrdWith(['init', 'sh', 'echo'], { share: SHARE });
    const session = await bootToPrompt({ initrd, options: ['--block=d'], disks: { d: bytes } });
    const parts = [...(await session.run('share')).matchAll(/(\d+) bytes, sum (\d+)/g)];
    const total = (column: number) => parts.reduce((sum, part) => sum + Number(part[column]), 0);
    expect(parts).toHaveLength(4);
    expect(total(1)).toBe(bytes.length);
    expect(total(2)).toBe(bytes.reduce((sum, byte) => sum + byte));
  });

  it.each([
    ['of 4 GiB', 4 * 2 ** 30],
    ['of 2 TiB', 2 ** 41],
  ])('%s is not an empty one', async (_, size) => {
    const bytes = new Uint8Array(1024);
    const large = { ...diskOf(bytes), size };
    const session = await bootToPrompt({ options: ['--block=d'], openDisk: () => large });
    expect(await session.run('echo woof > /dev/vda')).toBe('');
    expect(new TextDecoder().decode(bytes.subarray(0, 5))).toBe('woof\n');
  });

  it('is no program', async () => {
    const session = await bootToPrompt({ options: ['--block=d'], disks: { d: disk() } });
    expect(await session.run('/dev/vda')).toBe('sh: /dev/vda: not a program\n');
    expect(await session.run('/dev/console')).toBe('sh: /dev/console: not a program\n');
    expect(await session.run('/bin')).toBe('sh: /bin: is a directory\n');
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
