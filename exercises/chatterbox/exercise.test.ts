import { beforeAll, describe, expect, it } from 'vitest';
import { initrdWith } from '../../test/guest/own-programs.ts';
import { bootToPrompt, type Session } from '../../test/guest/session.ts';

/** A program that calls so many times for what there is not, and sleeps. */
const MUMBLE = `
import type { i32, u32 } from '../language.ts';
import { asm } from '../language.ts';
import { sleep } from './library/calls.ts';
import { parseNumber } from './library/strings.ts';
export function main(_count: u32, words: u32[]): void {
  const times: i32 = parseNumber(words[1]);
  for (let i: i32 = 0; i < times; i++) asm\`mov eax, 999\n int 0x80\`;
  sleep(1000000);
}`;

/** A program that calls 900 times for what there is not, and becomes that one. */
const MOLT = `
import type { i32, u32 } from '../language.ts';
import { addressOf, array, asm } from '../language.ts';
import { become } from './library/run.ts';
const words = array<u32>(3);
export function main(_count: u32, _words: u32[]): void {
  for (let i: i32 = 0; i < 900; i++) asm\`mov eax, 999\n int 0x80\`;
  words[0] = addressOf('mumble');
  words[1] = addressOf('0');
  become(words);
}`;

/** The rows of what `ps` prints, by the words of its first line. */
function rows(printed: string): Record<string, string>[] {
  const [head, ...lines] = printed.slice(printed.indexOf('  PID')).trimEnd().split('\n');
  const columns = head!.trim().split(/ +/);
  return lines.map((line) => {
    const words = line.trim().split(/ +/);
    return Object.fromEntries(columns.map((column, index) => [column, words[index]!]));
  });
}

/** How many system calls each process has made, by its name, if `ps` is right. */
function callsIn(printed: string): Record<string, number> {
  return Object.fromEntries(rows(printed).map(({ NAME, CALLS }) => [NAME, Number(CALLS)]));
}

describe('ps', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt({
      initrd: initrdWith(['init', 'sh', 'ps', 'syscall', 'echo', 'kill'], { mumble: MUMBLE, molt: MOLT }),
    });
  });

  it('has a column CALLS, with a number for everybody', async () => {
    for (const row of rows(await session.run('ps'))) {
      expect(row.CALLS ?? 'nothing', 'ps has no column CALLS with a number in every line').toMatch(/^\d+$/);
    }
  });

  it('has it before NAME', async () => {
    const [first] = rows(await session.run('ps'));
    expect(Object.keys(first!).slice(-2), 'the last two columns of ps are not CALLS and NAME').toEqual([
      'CALLS',
      'NAME',
    ]);
  });

  it('counts what the shell does, and not what others do', async () => {
    const before = callsIn(await session.run('ps'));
    await session.run('syscall 2000');
    const after = callsIn(await session.run('ps'));
    expect(after.sh! - before.sh!, 'the shell has done something between two prompts').toBeGreaterThan(5);
    expect(after.sh! - before.sh!, 'the shell is blamed for the calls of its child').toBeLessThan(500);
    expect(after.init, 'init was asleep all the time').toBe(before.init);
  });

  it('counts every call that a program makes', async () => {
    const id = /\[(\d+)\]/.exec(await session.run('syscall 400000000 &'))?.[1];
    await session.run('echo let it talk');
    const calls = callsIn(await session.run('ps')).syscall!;
    const later = callsIn(await session.run('ps')).syscall!;
    await session.run(`kill ${id}`);
    await session.run('echo and now it is quiet');
    expect(calls, 'a program that does nothing but call has not called').toBeGreaterThan(100);
    expect(later, 'a program that goes on calling stays where it was').toBeGreaterThan(calls);
  });

  it('starts from nothing with each new process, whoever had the place before', async () => {
    const own = async () => callsIn(await session.run('ps')).ps!;
    const first = await own();
    await session.run('syscall 3000');
    expect(await own(), 'a new process begins with the calls of somebody else').toBe(first);
    expect(first, 'a new process begins with the calls of its parent').toBeLessThan(40);
  });

  it('counts a call that ends in an error', async () => {
    const prompts = async (empty: number) => {
      const before = callsIn(await session.run('ps')).sh!;
      for (let i = 0; i < empty; i++) await session.run('');
      return callsIn(await session.run('ps')).sh! - before;
    };
    // for a line with nothing on it the shell asks in vain who has died, prompts, and reads
    expect(
      (await prompts(10)) - (await prompts(0)),
      'a call that ends in an error has not been counted',
    ).toBe(30);
  });

  it('counts a call with a number that means nothing', async () => {
    const mumbled = async (times: number) => {
      const id = /\[(\d+)\]/.exec(await session.run(`mumble ${times} &`))?.[1];
      await session.run('syscall 20000'); // long enough for it to have said everything
      const calls = callsIn(await session.run('ps')).mumble!;
      await session.run(`kill ${id}`);
      await session.run('echo and now it is quiet');
      return calls;
    };
    expect(
      (await mumbled(700)) - (await mumbled(0)),
      'a call for what there is not has not been counted',
    ).toBe(700);
  });

  it('counts from birth, and it is not a birth to become another program', async () => {
    const id = /\[(\d+)\]/.exec(await session.run('molt &'))?.[1];
    await session.run('syscall 20000');
    const calls = callsIn(await session.run('ps')).mumble!;
    await session.run(`kill ${id}`);
    await session.run('echo and now it is quiet');
    expect(calls, 'what a process has said before it became another program is forgotten').toBeGreaterThan(
      900,
    );
  });

  it('and finds its names where it found them before', async () => {
    expect(rows(await session.run('ps')).map(({ NAME }) => NAME)).toEqual(['init', 'sh', 'ps']);
  });
});
