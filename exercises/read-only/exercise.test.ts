import { beforeAll, expect, it } from 'vitest';
import { initrdWith } from '../../test/guest/own-programs.ts';
import { bootToPrompt, type Session } from '../../test/guest/session.ts';

/** A program that opens the disk for reading and writing. */
const BOTH = `
import type { i32, u32 } from '../language.ts';
import { addressOf } from '../language.ts';
import { OPEN_READ, OPEN_WRITE } from '../protocol.ts';
import { exit, open } from './library/calls.ts';
import { print } from './library/output.ts';
export function main(_count: u32, _words: u32[]): void {
  const file: i32 = open(addressOf('/dev/vda'), OPEN_READ | OPEN_WRITE);
  print(file < 0 ? 'refused\\n' : 'opened\\n');
  exit(0);
}`;

const disk = () => new TextEncoder().encode(`${'x'.repeat(511)}\n`);
const boot = (readOnly: boolean, bytes = disk()) =>
  bootToPrompt({
    options: ['--block=d'],
    disks: { d: bytes },
    readOnly,
    initrd: initrdWith(['init', 'sh', 'echo', 'wc'], { both: BOTH }),
  });

let session: Session;
beforeAll(async () => {
  session = await boot(true);
});

it('a disk that may not be written cannot be opened for writing', async () => {
  expect(
    await session.run('echo pup was here > /dev/vda'),
    'a disk that may only be read is opened for writing',
  ).toBe('sh: /dev/vda: not allowed\n');
});

it('nor for both', async () => {
  expect(await session.run('both'), 'a disk that may only be read is opened for reading and writing').toBe(
    'refused\n',
  );
});

it('the boot messages say so', async () => {
  expect(session.said, 'nobody says that the disk may only be read').toContain(
    'disk, in /dev/vda, read-only\n',
  );
});

it('it can be read like any other', async () => {
  expect(await session.run('wc /dev/vda')).toBe('1 1 512\n');
  expect(await session.run('wc < /dev/vda')).toBe('1 1 512\n');
});

it('who is refused leaves nothing open', async () => {
  const fifteen = Array(15).fill('echo>/dev/vda').join(';');
  for (let i = 0; i < 9; i++) await session.run(fifteen); // there is room for 128 open files
  expect(await session.run('wc /dev/vda'), 'an open that was refused has left an open file behind').toBe(
    '1 1 512\n',
  );
});

it('what is no disk can be written as before', async () => {
  for (const place of ['/dev/null', '/dev/console'])
    expect(
      await session.run(`echo still > ${place}`),
      `${place} is not allowed, and it is no disk`,
    ).not.toContain('not allowed');
});

it('any other can be written as before', async () => {
  const bytes = disk();
  const session = await boot(false, bytes);
  expect(session.said).toContain('disk, in /dev/vda\n');
  expect(await session.run('echo pup was here > /dev/vda')).toBe('');
  expect(new TextDecoder().decode(bytes.subarray(0, 13))).toBe('pup was here\n');
});
