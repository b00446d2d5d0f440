import { execFileSync, spawn, type StdioOptions } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { carrying } from '../launcher/bzimage-file.ts';
import { program } from '../launcher/guest-program.ts';
import { asBuilt } from '../bench/as-built.ts';

const folder = mkdtempSync(join(tmpdir(), 'lantern-boot-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

interface Ended {
  code: number | null;
  output: string;
  errors: string;
}

/** Milliseconds: this is no measurement. */
const HANGS = { timeout: 59_000, killSignal: 'SIGKILL' } as const;

/** Runs the launcher as `npm run boot -- WORDS` does, with `typed` on standard input, which then ends, and ends it by `signal` when it has said `at`. */
function boot(words: string[], typed = '', signal?: NodeJS.Signals, at = 'sleeping'): Promise<Ended> {
  const child = spawn(process.execPath, [...asBuilt('src/terminal/boot.ts'), ...words], HANGS);
  let output = '';
  let errors = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
    if (signal && !child.killed && output.includes(at)) child.kill(signal); // once: the second would find nobody listening
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  child.stdin.on('error', () => {}); // it may end before it has read everything
  child.stdin.end(typed);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output, errors })));
}

const print = (text: string) =>
  [...text].map((letter) => `mov al, ${letter.charCodeAt(0)}\n call print`).join('\n');

describe('npm run boot', () => {
  it('boots pup as a filter, and ends with 0 when it is switched off', async () => {
    const { code, output, errors } = await boot([], 'echo hello | cat\npoweroff\n');
    expect(output).toMatch(/^hello$/m);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });

  it('boots two pups on one machine, each with lines of its own, and ^] between them', async () => {
    const typed = 'echo hello from one\n\x1decho hello from two\npoweroff\n\x1dpoweroff\n';
    const { code, output, errors } = await boot(['--guest', '16', '--guest', '16', 'pup'], typed);
    expect(output).toMatch(/^1\| hello from one$/m);
    expect(output).toMatch(/^2\| hello from two$/m);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });

  it('tells where pup was when it panicked, in its own lines of TypeScript, and ends with 1', async () => {
    const { code, errors } = await boot(['16'], 'panic\n');
    const lines = errors.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^lguest: CRASH: /);
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {4}at panic \(chapters\/2-guest\/panic\.ts:\d+\), 0xc01/),
    );
    expect(code).toBe(1);
  });

  it('says the last word of a Guest that goes without another', async () => {
    const kernel = file('bye', program(`${print('Bye')}\n jmp power_off`));
    expect(await boot(['4', kernel])).toEqual({ code: 0, output: 'Bye', errors: '' });
    const tables = await boot(['--guest', '4', kernel, '--guest', '4', kernel]);
    expect(tables).toMatchObject({ code: 0, errors: '' });
    expect(tables.output.replace(/\[.*\]/, '').match(/[Bye]/g)).toHaveLength(6); // in whatever order
  });

  it('ends with 1 if only one of several has switched itself off', async () => {
    const good = file('good', program('jmp power_off'));
    const bad = file('bad', program('ud2'));
    expect((await boot(['--guest', '4', good, '--guest', '4', bad])).code).toBe(1);
    expect((await boot(['--guest', '4', bad, '--guest', '4', good])).code).toBe(1);
  });

  it.each([
    ['a disk', (name: string) => [`--block=${name}`]],
    ['an initial file system', (name: string) => [`--initrd=${name}`]],
  ])('writes no trace over what it is about to read, be it %s', async (_, words) => {
    const precious = file('precious', 'x'.repeat(512));
    const { code, errors } = await boot([
      `--trace=${precious}`,
      ...words(precious),
      '4',
      file('kernel', program(print('mine'))),
    ]);
    expect(errors).toContain('the Guest needs what is in there');
    expect(code).toBe(1);
    expect(readFileSync(precious, 'latin1')).toBe('x'.repeat(512));
  });

  it('gives pup a disk that keeps what is written to it', async () => {
    const disk = file('disk.img', new Uint8Array(1 << 20));
    const { code, output } = await boot([`--block=${disk}`], 'echo written in ring 3 > dev/vda\npoweroff\n');
    expect(output).toContain('/dev/vda');
    expect(code).toBe(0);
    expect(readFileSync(disk, 'latin1')).toMatch(/^written in ring 3\n\0/);
  });

  it('boots a kernel of somebody else', async () => {
    expect(await boot(['4', file('kernel', program(print('mine')))])).toEqual({
      code: 0,
      output: 'mine',
      errors: '',
    });
  });

  it('takes it out of a bzImage first, or says what is the matter with that', async () => {
    const packed = gzipSync(program(print('mine')));
    expect(await boot(['4', file('packed', carrying(packed))])).toEqual({
      code: 0,
      output: 'mine',
      errors: '',
    });
    const spoiled = file('spoiled', carrying(packed.subarray(0, -1)));
    expect(await boot(['4', spoiled])).toEqual({
      code: 1,
      output: '',
      errors: `lantern: cannot unpack ${spoiled}: unexpected end of file\n`,
    });
  });

  it('says how it is used', async () => {
    const { code, output, errors } = await boot(['--help']);
    expect(output).toMatch(/^usage: lantern /);
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
  });

  it.each([
    [['0', 'vmlinux'], 'lantern: a Guest takes 1 to 2016 MB of memory, not 0'],
    [['32', '/nonexistent'], 'lantern: cannot read /nonexistent: no such file or directory'],
    [['32', 'package.json'], 'lantern: package.json is neither an ELF kernel nor a bzImage'],
    [
      ['--block=/', '32', 'package.json'],
      'lantern: cannot open the disk image /: illegal operation on a directory',
    ],
  ])('ends %j with one line and code 1', async (words, line) => {
    expect(await boot(words)).toEqual({ code: 1, output: '', errors: `${line}\n` });
  });

  it('waits for nobody at the other end of a pipe that is no kernel', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    expect(await boot(['4', pipe])).toEqual({
      code: 1,
      output: '',
      errors: `lantern: cannot read ${pipe}: it is not a regular file\n`,
    });
    expect(await boot([`--trace=${pipe}`, '4', file('kernel', program(print('mine')))])).toEqual({
      code: 1,
      output: '',
      errors: `lantern: cannot write the trace ${pipe}: nobody reads from it\n`,
    });
  });

  it.each([
    ["a Guest's", () => ['4', file('kernel', program(print('mine')))]],
    ['its own', () => ['--help']],
  ])('says what is the matter with its output, be it %s', async (_, words) => {
    const full = openSync('/dev/full', 'w');
    const stdio: StdioOptions = ['ignore', full, 'pipe'];
    const child = spawn(process.execPath, [...asBuilt('src/terminal/boot.ts'), ...words()], {
      ...HANGS,
      stdio,
    });
    closeSync(full);
    let errors = '';
    child.stderr!.on('data', (bytes) => {
      errors += bytes;
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, errors }).toEqual({
      code: 1,
      errors: 'lantern: standard output: no space left on device\n',
    });
  });

  it('has room for a dozen, and nothing to say about that', async () => {
    const kernel = file('kernel', program(`${print('x')}\n mov eax, 10\n int 0x1f`));
    const words = Array.from({ length: 12 }, () => ['--guest', '2', kernel]).flat();
    expect(await boot(words, '', 'SIGTERM', '12| x')).toMatchObject({ code: 143, errors: '' });
  });

  it('ends at once when it is told to, even if the Guest sleeps for ever', async () => {
    const kernel = file('sleeper', program(`${print('sleeping')}\n mov eax, 10\n int 0x1f`));
    expect(await boot(['4', kernel], '', 'SIGTERM')).toMatchObject({ code: 143 });
  });
});
