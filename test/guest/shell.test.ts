import { beforeAll, describe, expect, it } from 'vitest';
import { bootToPrompt, type Session } from './session.ts';

describe('at the prompt', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt();
  });

  it('help names every program', async () => {
    const help = await session.run('help');
    const names = (await session.run('ls /bin')).matchAll(/^ *\d+ (\w+)$/gm);
    for (const [, name] of names) if (!['init', 'sh'].includes(name!)) expect(help).toContain(name);
  });

  it('echo says its words again', async () => {
    expect(await session.run('echo hello  world')).toBe('hello world\n');
    expect(await session.run(`echo 'hello  world' "a | b"`)).toBe('hello  world a | b\n');
    expect(await session.run('echo')).toBe('\n');
  });

  it('ls lists the root, directories, and complains about what is not there', async () => {
    expect(await session.run('ls')).toMatch(/^ +- bin\/$/m);
    expect(await session.run('ls /dev')).toMatch(/^ +- console$/m);
    expect(await session.run('ls /bin/')).toMatch(/^ +\d+ echo$/m);
    expect(await session.run('ls /nowhere')).toBe('ls: /nowhere: no such file\n');
    expect(await session.run('ls /src/sh.ts')).toBe('ls: /src/sh.ts: not a directory\n');
    expect(await session.run('ls /dev/console')).toBe('ls: /dev/console: not a directory\n');
  });

  it('cat shows a file, and several', async () => {
    const echo = await session.run('cat /src/echo.ts');
    expect(echo).toContain('export function main');
    expect(await session.run('cat /src/echo.ts src/echo.ts')).toBe(echo + echo);
    expect(await session.run('cat /bin')).toBe('cat: /bin: is a directory\n');
  });

  it('ps lists init, the shell and itself', async () => {
    const ps = await session.run('ps');
    expect(ps).toMatch(/1 +0 +sleeping .* init\n/);
    expect(ps).toMatch(/2 +1 +sleeping .* sh\n/);
    expect(ps).toMatch(/running .* ps\n/);
  });

  it('free and uptime give numbers', async () => {
    expect(await session.run('free')).toMatch(/^memory: 32768 KB, free: \d+ KB\n$/);
    expect(await session.run('uptime')).toMatch(/^up \d+\.\d\d\d seconds\n$/);
  });

  it('primes prints primes', async () => {
    expect(await session.run('primes 30')).toBe('2 3 5 7 11 13 17 19 23 29 \n10 primes up to 30\n');
    expect(await session.run('primes many')).toBe('usage: primes N\n');
  });

  it('hackbench lets forty processes talk, loses no message and no memory', async () => {
    const before = await session.run('free');
    expect(await session.run('hackbench 2')).toMatch(/^20000 messages, \d+ instructions each\n$/);
    expect(await session.run('ps')).not.toContain('hackbench');
    expect(await session.run('free')).toBe(before);
    expect(await session.run('hackbench 4')).toMatch(/^usage: /);
  });

  it('a command that is no program is an error, not the end', async () => {
    expect(await session.run('woof')).toBe('sh: woof: no such file\n');
    expect(await session.run('/src/echo.ts')).toBe('sh: /src/echo.ts: not a program\n');
    expect(await session.run('echo "open')).toBe('sh: a quote is open\n');
    expect(await session.run('')).toBe('');
    expect(await session.run("''")).toBe('sh: : no such file\n');
    expect(await session.run(`echo ${'word '.repeat(64)}`)).toBe('sh: too many words\n');
    expect(await session.run('wc /bin')).toMatch(/wc: \/bin: is a directory\n/);
    expect(await session.run('grep x /bin')).toBe('grep: /bin: is a directory\n');
  });

  it('a name that is too long for a program is one that is not there', async () => {
    const name = 'x'.repeat(300);
    expect(await session.run(name)).toBe(`sh: ${name}: no such file\n`);
  });

  it('cat shows more files than it could have open', async () => {
    expect(await session.run(`cat${' /src/echo.ts'.repeat(20)} | grep main | wc`)).toMatch(/^20 /);
  });

  it('crash dies alone', async () => {
    expect(await session.run('crash')).toMatch(
      /^crash: segmentation fault at 0x00000000 \(eip 0x0804[0-9a-f]{4}\)\n$/,
    );
    expect(await session.run('echo still here')).toBe('still here\n');
  });

  it('memory that was used comes back', async () => {
    const free = async () => Number(/free: (\d+)/.exec(await session.run('free'))?.[1]);
    await session.run('fault 500 | cat');
    const before = await free();
    for (let i = 0; i < 5; i++) await session.run('fault 500 | cat; crash');
    expect(await free()).toBe(before);
  });

  it('more memory than there is ends the program that wants it, and nothing else', async () => {
    expect(await session.run('fault 20000')).toMatch(/^fault: no memory left for the page at 0x[0-9a-f]{8}/);
    expect(await session.run('fault 100')).toMatch(/^100 pages touched, \d+ instructions each\n$/);
  });

  it('system calls can be counted', async () => {
    expect(await session.run('syscall 1000')).toMatch(/^1000 system calls, \d+ instructions each\n$/);
  });
});

describe('jobs', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt();
  });

  it('a pipe connects two programs', async () => {
    expect(await session.run('echo one two three | wc')).toBe('1 3 14\n');
    expect(await session.run('ls /bin | grep e | grep ech')).toMatch(/echo\n$/);
  });

  it('a pipe may be long, and help goes through one', async () => {
    expect(await session.run(`echo far${' | cat'.repeat(12)}`)).toBe('far\n');
    expect(await session.run('help | grep ^C | wc')).toMatch(/^1 /);
  });

  it('a shell that has not got the terminal leaves it alone, and does not prompt', async () => {
    expect(await session.run('echo "echo inner; echo twice | cat" | sh')).toBe('inner\ntwice\n');
    expect(await session.run('sh & sleep 1; echo outer')).toMatch(/^\[\d+\]\nouter\n/);
    expect(await session.run('echo "echo quiet; echo twice" | sh & sleep 1')).toContain('quiet\ntwice\n');
    expect(await session.run('exit | cat; exit & echo here')).toContain('here\n');
    session.type('sh\necho "I am $ inside"; exit\n');
    await session.until('inside\n');
    expect(await session.run('echo back')).toContain('back\n');
  });

  it('a pipe carries more than fits into it', async () => {
    const sh = await session.run('cat /src/sh.ts');
    expect(await session.run('cat /src/sh.ts | cat | cat')).toBe(sh);
  });

  it('a writer whose reader has gone ends too', async () => {
    expect(await session.run('cat /bin/sh | echo done')).toBe('done\n');
  });

  it('; runs one after the other', async () => {
    expect(await session.run('echo one; echo two')).toBe('one\ntwo\n');
  });

  it('& does not wait, and the shell says when it is over', async () => {
    const first = await session.run('sleep 1 & echo meanwhile');
    expect(first).toContain('meanwhile\n');
    const id = /\[(\d+)\]/.exec(first)?.[1];
    expect(await session.run('ps')).toMatch(/sleeping .* sleep\n/);
    expect(await session.run('sleep 2')).toContain(`[${id}] done\n`);
  });

  it('two programs share the processor', async () => {
    await session.run('primes 100000 &');
    expect(await session.run('echo I get my turn')).toContain('I get my turn\n');
    await session.run('sleep 30');
    expect(session.said).toContain('9592 primes up to 100000\n');
  });

  it('kill ends a program in the background', async () => {
    const id = /\[(\d+)\]/.exec(await session.run('primes 900000000 &'))?.[1];
    await session.run(`kill ${id}; sleep 1`);
    expect(await session.run('ps')).not.toContain('primes');
    expect(await session.run('kill 1')).toBe('kill: 1: no such process\n');
  });

  it.each([
    ['that waits for something to come out of a pipe', 'sleep 1000 | cat &', 0],
    ['that waits for room in a pipe', 'cat /bin/sh | sleep 1000 &', -1],
    ['that waits for another', 'echo "sleep 1000" | sh &', 0],
  ])('kill ends a program %s', async (_, line, first) => {
    const id = Number(/\[(\d+)\]/.exec(await session.run(line))?.[1]) + first;
    const listed = new RegExp(`^ *${id} `, 'm');
    await session.run('sleep 1');
    expect(await session.run('ps')).toMatch(listed);
    await session.run(`kill ${id}; sleep 1`);
    expect(await session.run('ps')).not.toMatch(listed);
  });

  it('kill takes no number that is too large for it to be another', async () => {
    expect(await session.run('kill 4294967298')).toBe('usage: kill NUMBER\n'); // 2, modulo 2^32
  });

  it('a command may begin with what it is connected to, or be nothing else', async () => {
    expect(await session.run('< /src/echo.ts wc')).toMatch(/^\d+ \d+ \d+\n$/);
    expect(await session.run('> /dev/null echo nothing')).toBe('');
    expect(await session.run('> /dev/null')).toBe('');
    expect(await session.run('| wc')).toBe('sh: | without a command: failed\n0 0 0\n');
    expect(await session.run('echo lost |')).toBe('sh: | without a command: failed\n');
    expect(await session.run('> ; echo alive')).toBe('sh: < or > without a file: failed\nalive\n');
  });

  it('< and > redirect', async () => {
    expect(await session.run('wc < /src/echo.ts')).toMatch(/^\d+ \d+ \d+\n$/);
    expect(await session.run('echo nothing > /dev/null')).toBe('');
    expect(await session.run('echo nothing > /nowhere')).toBe('sh: /nowhere: no such file\n');
    expect(await session.run('echo nothing > /src/sh.ts')).toBe('sh: /src/sh.ts: not allowed\n');
    expect(await session.run('echo nothing > /src')).toBe('sh: /src: is a directory\n');
  });

  it('^C ends a program that would run for ever', async () => {
    session.type('primes 900000000\n');
    await session.until('primes 900000000\n');
    session.type('\x03');
    await session.until('^C\n');
    await session.until('$ ');
    expect(await session.run('ps')).not.toContain('primes');
  });

  it('^C ends everything in a pipe, and a program that waits for input', async () => {
    session.type('cat | cat | wc\n');
    await session.until('wc\n');
    session.type('lost\n\x03');
    await session.until('^C\n');
    await session.until('$ ');
    expect(await session.run('ps')).not.toMatch(/cat|wc/);
  });

  it('^D ends the input of a program', async () => {
    session.type('wc\n');
    await session.until('wc\n');
    session.type('one two\nthree\n\x04');
    expect(await session.until('$ ')).toContain('2 3 14\n');
  });

  it('^D gives what has been typed, though it be as much as is read at once, and a tab is a blank', async () => {
    session.type('cat\n');
    await session.until('cat\n');
    const much = 'x'.repeat(256);
    session.type(`${much}\x04`);
    await session.until(much + much);
    session.type('and\tmore\n');
    await session.until('and more\nand more\n');
    session.type('\x04');
    await session.until('$ ');
  });
});
