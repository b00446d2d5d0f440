import { spawn } from 'node:child_process';
import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createMachine } from '../../src/processor/index.ts';
import { openDiskImage } from '../../src/terminal/files.ts';
import { createRealWorld } from '../../src/terminal/real-world.ts';
import { traceInto } from '../../src/terminal/trace-file.ts';
import { program } from '../launcher/guest-program.ts';
import { asBuilt } from '../bench/as-built.ts';
import { tellsOpenFiles, timesOpen } from './open-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'lantern-trace-file-'));
afterAll(() => rmSync(folder, { recursive: true }));

const machine = createMachine({ ramBytes: 1 << 20 });
const trace = (file: string, ...inputs: string[]) => traceInto(file, inputs, machine, createRealWorld());

const image = join(folder, 'image');
const kept = () => readFileSync(image, 'utf8');
beforeEach(() => writeFileSync(image, 'precious'));

describe('The file of a trace', () => {
  it('begins empty', () => {
    const old = join(folder, 'old');
    writeFileSync(old, 'x'.repeat(1000));
    trace(old, image).finish();
    expect(JSON.parse(readFileSync(old, 'utf8'))).toEqual([]);
  });

  it.each([
    ['the same name', () => image],
    ['a symbolic link', (other: string) => symlinkSync(image, other)],
    ['another hard link', (other: string) => linkSync(image, other)],
  ])('is none that the Guests are made of, by %s', (how, make) => {
    const other = join(folder, how);
    const name = make(other) ?? other;
    expect(() => trace(name, join(folder, 'missing'), image)).toThrow(
      `cannot write the trace ${name}: the Guest needs what is in there, as ${image}`,
    );
    expect(kept()).toBe('precious');
  });

  it('is no disk that somebody writes to, nor can it become one', () => {
    const disk = openDiskImage(image);
    expect(() => trace(image)).toThrow(
      `cannot write the trace ${image}: this program has it open for writing already`,
    );
    expect(kept()).toBe('precious');
    disk.close();
    const running = trace(image);
    expect(() => openDiskImage(image)).toThrow('has it open for writing already');
    running.finish();
    openDiskImage(image).close();
  });

  it.skipIf(!tellsOpenFiles)('is not kept open if it cannot be one (skipped without /proc)', () => {
    for (let time = 0; time < 3; time++) expect(() => trace(image, image)).toThrow('the Guest needs');
    expect(timesOpen(image)).toBe(0);
  });

  it('may be a pipe, whose reader takes less at a time than it is given', async () => {
    const letters = [...'a long story '.repeat(3)];
    const kernel = join(folder, 'kernel');
    const print = letters.map((letter) => `mov al, ${letter.charCodeAt(0)}\n call print`).join('\n');
    writeFileSync(kernel, program(print));
    const copy = join(folder, 'copy');
    const boot = 'kernel=$1 copy=$2; shift 2; "$@" --trace=>(cat > "$copy") 4 "$kernel"';
    const child = spawn(
      'bash',
      ['-c', boot, 'bash', kernel, copy, process.execPath, ...asBuilt('src/terminal/boot.ts')],
      {
        timeout: 50_000,
      },
    );
    child.stdout.resume();
    child.stderr.resume();
    await new Promise((resolve) => child.on('close', resolve)); // cat holds stderr, too
    const written = readFileSync(copy, 'utf8');
    expect(written.length).toBeGreaterThan(1 << 16);
    expect(JSON.parse(written)).toBeInstanceOf(Array);
  });
});
