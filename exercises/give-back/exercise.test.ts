import { beforeAll, expect, it } from 'vitest';
import { initrdWith } from '../../test/guest/own-programs.ts';
import { bootToPrompt, type Session } from '../../test/guest/session.ts';

/** A program whose heap goes up and down, in seven ways. */
const HOARD = `
import type { i32, u32 } from '../language.ts';
import { load8, store8, struct } from '../language.ts';
import type { MemoryInformation } from '../protocol.ts';
import { exit, fork, grow, memoryInformation, sleep, wait } from './library/calls.ts';
import { print, printNumber } from './library/output.ts';
import { parseNumber } from './library/strings.ts';
const PAGE = 4096;
const report = struct<MemoryInformation>();
function free(): u32 {
  memoryInformation(report);
  return report.free / PAGE;
}
function shrink(bytes: u32): void { grow(-(bytes as i32) as u32); }
function say(what: string, number: u32): void {
  print(what);
  printNumber(number);
  print('\\n');
}
export function main(_count: u32, words: u32[]): void {
  const start: u32 = grow(200 * PAGE) as u32;
  for (let i: u32 = 0; i < 200; i++) store8(start + i * PAGE, 7);
  switch (parseNumber(words[1])) {
    case 1: {
      free();
      const before: u32 = free();
      shrink(150 * PAGE);
      say('came back: ', free() - before);
      break;
    }
    case 2:
      shrink(100 * PAGE);
      say('still kept: ', load8(start + 99 * PAGE));
      say('still there: ', load8(start + 100 * PAGE));
      break;
    case 6:
      shrink(100 * PAGE);
      say('still there: ', load8(start + 199 * PAGE));
      break;
    case 7: {
      free();
      shrink(100);
      const before: u32 = free();
      shrink(10 * PAGE);
      say('came back: ', free() - before);
      say('still there: ', load8(start + 190 * PAGE));
      break;
    }
    case 3:
      shrink(100 * PAGE);
      grow(100 * PAGE);
      say('new page: ', load8(start + 150 * PAGE));
      break;
    case 4:
      shrink(100);
      say('last page: ', load8(start + 199 * PAGE));
      shrink(PAGE - 200);
      say('last page: ', load8(start + 199 * PAGE));
      break;
    case 8:
      say('in all: ', grow(0x4000000) < 0 ? 0 : 1);
      shrink(0x4000000);
      say('untouched: ', 1);
      break;
    case 9: {
      const far: u32 = grow(200 * PAGE) as u32;
      for (let i: u32 = 0; i < 200; i += 50) store8(far + i * PAGE, 7);
      free();
      const before: u32 = free();
      shrink(200 * PAGE);
      say('came back: ', free() - before);
      break;
    }
    case 5: {
      const child: i32 = fork();
      if (child === 0) {
        sleep(100);
        say('the child has: ', load8(start + 150 * PAGE));
        exit(0);
      }
      shrink(200 * PAGE);
      wait(child);
      break;
    }
  }
  exit(0);
}`;

let session: Session;
beforeAll(async () => {
  session = await bootToPrompt({ initrd: initrdWith(['init', 'sh', 'echo'], { hoard: HOARD }) });
});

it('pages of a heap that shrinks can be had by others', async () => {
  const [, count] = /came back: (\d+)/.exec(await session.run('hoard 1')) ?? [];
  expect(Number(count), 'a heap that shrinks keeps its pages').toBe(150);
});

it('and are gone for the program, up to the byte, as if they had never been there', async () => {
  const said = await session.run('hoard 2');
  expect(said).toContain('still kept: 7\n');
  expect(said, 'the program can still read what it gave back').toMatch(/segmentation fault at 0x0[0-9a-f]+/);
});

it('so is the last of them, of which the Host hears last', async () => {
  expect(await session.run('hoard 6'), 'the program can still read what it gave back').toMatch(
    /^hoard: segmentation fault at 0x0[0-9a-f]+/,
  );
});

it('the page in which the heap ended goes, too, once nothing of it is left', async () => {
  const said = await session.run('hoard 7');
  expect(said, 'a page was forgotten of which the last part was given back').toContain('came back: 10\n');
  expect(said, 'the program can still read what it gave back').toMatch(/segmentation fault at 0x0[0-9a-f]+/);
});

it('a heap that grows again is full of zeros', async () => {
  expect(await session.run('hoard 3'), 'what was given back comes back with its old contents').toBe(
    'new page: 0\n',
  );
});

it('what was never touched has nothing to give', async () => {
  expect(await session.run('hoard 9'), 'pages came back that had never been there').toBe('came back: 4\n');
  expect(await session.run('hoard 8'), 'memory without a page in it cannot be given back').toContain(
    'untouched: 1\n',
  );
});

it('a page of which only a part was given back stays', async () => {
  expect(await session.run('hoard 4'), 'a page went that was still in use').toBe(
    'last page: 7\nlast page: 7\n',
  );
});

it('what a child shares stays with the child', async () => {
  expect(await session.run('hoard 5'), 'the child has lost what its parent gave back').toBe(
    'the child has: 7\n',
  );
  expect(await session.run('echo alive')).toBe('alive\n');
});
