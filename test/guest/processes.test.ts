import { beforeAll, describe, expect, it } from 'vitest';
import { initrdWith } from './own-programs.ts';
import { bootToPrompt, type Session } from './session.ts';

const HEAD = `
import type { i32, u32 } from '../language.ts';
import { addressOf, array, at, store32 } from '../language.ts';
import { close, duplicate, exit, fork, kill, lastStatus, open, pipe, sleep, wait, write } from './library/calls.ts';
import { print, printNumber } from './library/output.ts';
import { parseNumber } from './library/strings.ts';
const ends = array<i32>(2);
function say(answer: i32): void {
  if (answer < 0) print('-');
  printNumber((answer < 0 ? -answer : answer) as u32);
  print(' ');
}
function openNull(): i32 {
  return open(addressOf('/dev/null'), 1);
}`;

/** Has children, who end in one way or another. */
const PARENT = `${HEAD}
function die(how: i32): void {
  if (how === 0) exit(42);
  if (how === 1) store32(0, 0);
  if (how === 2) sleep(1000000);
  pipe(ends);
  close(ends[0]);
  write(ends[1], addressOf(ends), 4);
}
export function main(_count: u32, words: u32[]): void {
  const how: i32 = parseNumber(words[1]);
  const child: i32 = fork();
  if (how === 4) {
    if (child === 0) exit(1);
    sleep(100); // and nobody asks how it went
  } else if (how === 5) {
    if (child === 0) sleep(3000);
  } else {
    if (child === 0) die(how);
    if (how === 2) {
      sleep(10);
      kill(child);
    }
    wait(child);
    say(lastStatus());
  }
  exit(0);
}`;

/** Takes more than there is, two hundred times, and says what it was told the last time. */
const GREEDY = `${HEAD}
const TIMES = 200;
function all(): void {
  while (openNull() >= 0);
}
export function main(_count: u32, words: u32[]): void {
  const what: i32 = parseNumber(words[1]);
  let answer: i32 = 0;
  if (what === 0) {
    for (let i: u32 = 0; i < TIMES; i++) answer = pipe(at<i32[]>(0xc0000000));
    say(pipe(ends));
    say(ends[0]);
    say(ends[1]);
  }
  if (what === 1) {
    while (pipe(ends) >= 0);
    for (let i: u32 = 0; i < TIMES; i++) answer = pipe(ends);
    say(openNull());
  }
  if (what === 2) {
    all();
    for (let i: u32 = 0; i < TIMES; i++) answer = openNull();
  }
  if (what === 3) {
    const spare: i32 = openNull();
    for (let i: u32 = 0; i < 12; i++) {
      if (fork() !== 0) continue;
      close(spare);
      all();
      sleep(500);
      exit(0);
    }
    sleep(100);
    for (let i: u32 = 0; i < TIMES; i++) answer = pipe(ends);
    close(spare); // which is one, and a pipe takes two
    for (let i: u32 = 0; i < TIMES; i++) answer = pipe(ends);
    say(openNull());
    while (wait(0) > 0);
  }
  say(answer);
  print('\\n');
  exit(0);
}`;

const PROGRAMS = ['init', 'sh', 'echo', 'cat', 'ps', 'sleep', 'free', 'uptime'];

describe('a process that has ended', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt({ initrd: initrdWith(PROGRAMS, { parent: PARENT }) });
  });

  it.each([
    [0, 'by itself', '42'],
    [1, 'by a fault', 'parent: segmentation fault at 0x00000000 (eip 0x0804____)\n128'],
    [2, 'because it was killed', '129'],
    [3, 'by writing where nobody reads', '130'],
  ])('%d: %s leaves a status that says so', async (how, _, said) => {
    expect((await session.run(`parent ${how}`)).replace(/(?<=eip 0x0804)..../, '____')).toBe(`${said} `);
  });

  it('is buried by the first process when its parent has ended without asking', async () => {
    await session.run('parent 4');
    expect(await session.run('ps')).not.toContain('parent');
  });

  it('leaves its children to the first process, which goes on until its own child ends', async () => {
    await session.run('parent 5');
    expect(await session.run('ps')).toMatch(/^ +\d+ +1 +sleeping .* parent$/m);
    await session.run('sleep 4');
    expect(await session.run('ps')).not.toContain('parent');
  });
});

describe('a process that sleeps', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt({ initrd: initrdWith(PROGRAMS, { parent: PARENT }) });
  });

  /** Seconds that a line takes. */
  async function duration(line: string): Promise<number> {
    const uptime = async () => Number(/up ([\d.]+)/.exec(await session.run('uptime'))?.[1]);
    const before = await uptime();
    await session.run(line);
    return (await uptime()) - before;
  }

  it('wakes when it wanted to, though another sleeps longer', async () => {
    await session.run('parent 5');
    expect(await duration('parent 4')).toBeLessThan(1);
  });

  it('dies when it is killed, and does not sleep on first', async () => {
    expect(await duration('parent 2')).toBeLessThan(1);
  });
});

describe('a program that takes all that it can get', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt({ initrd: initrdWith(PROGRAMS, { greedy: GREEDY }) });
  });

  it.each([
    [0, 'pipes, but no place to be told of them', '0 3 4 -14 \n'],
    [1, 'pipes, up to the last place but one', '15 -24 \n'],
    [2, 'every place', '-24 \n'],
    [3, 'with its children every open file there is', '3 -12 \n'],
  ])('%d: %s, loses nothing by asking on', async (what, _, said) => {
    await session.run('free');
    const before = await session.run('free');
    expect(await session.run(`greedy ${what}`)).toBe(said);
    expect(await session.run(`echo alive${' | cat'.repeat(12)}`)).toBe('alive\n');
    expect(await session.run('free')).toBe(before);
  });
});
