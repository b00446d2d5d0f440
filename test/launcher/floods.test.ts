import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type FrontEnd, startLauncher } from './front-end.ts';
import { program } from './guest-program.ts';

const MEGABYTE = 1 << 20;
const MINUTE = 60_000;
const folder = mkdtempSync(join(tmpdir(), 'lantern-floods-'));
afterAll(() => rmSync(folder, { recursive: true }));
let launcher: FrontEnd;
afterEach(() => launcher.kill());

function file(name: string, bytes: Uint8Array | string): string {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

/** Numbered lines of sixty-four bytes. */
function lines(bytes: number): string {
  return Array.from({ length: bytes / 64 }, (_, line) => `${line} `.padEnd(63, '.').concat('\n')).join('');
}

const sum = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The launcher's memory in bytes, of which the Guest's is a part. */
function memoryOf({ child }: FrontEnd): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'latin1');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

describe('A flood through the front end', () => {
  it(
    'of input loses nothing, though the Guest sleeps first and then reads slowly',
    async () => {
      launcher = startLauncher([]);
      await launcher.until('$ ');
      const paste = lines(MEGABYTE + MEGABYTE / 8); // more than fits into the queue
      launcher.type(`sleep 2\nwc\n${paste}\x04`);
      const said = await launcher.until(` ${paste.length}\n`, 1000);
      expect(said).toMatch(/\n18432 \d+$/); // lines and words
      launcher.type('poweroff\n');
      expect(await launcher.ended).toBe(0);
    },
    20 * MINUTE,
  );

  it(
    'of output loses nothing, though the reader makes a pause',
    async () => {
      const text = lines(10 * MEGABYTE);
      launcher = startLauncher([`--block=${file('text', text)}`]);
      await launcher.until('$ ');
      launcher.type('cat dev/vda\n');
      await launcher.until('cat dev/vda\n');
      await launcher.until('\n10000 ');
      launcher.child.stdout!.pause();
      const before = memoryOf(launcher);
      await pause(3000);
      expect(memoryOf(launcher) - before).toBeLessThan(16 * MEGABYTE);
      launcher.child.stdout!.resume();
      const rest = await launcher.until('$ ', 500);
      const end = launcher.said.length - '$ '.length;
      expect(rest.length).toBeGreaterThan(9 * MEGABYTE);
      expect(sum(launcher.said.slice(end - text.length, end))).toBe(sum(text));
      launcher.type('poweroff\n');
      expect(await launcher.ended).toBe(0);
    },
    20 * MINUTE,
  );

  it('of input that nobody reads stops at the door', async () => {
    const kernel = file(
      'sleeper',
      program('mov al, 0x21\n call print\nasleep:\n mov eax, 10\n int 0x1f\n jmp asleep'),
    );
    launcher = startLauncher(['4', kernel]);
    await launcher.until('!');
    const before = memoryOf(launcher);
    for (let megabytes = 0; megabytes < 64; megabytes++) launcher.type(new Uint8Array(MEGABYTE).fill(0x78));
    const { stdin } = launcher.child;
    let waiting = -1;
    while (waiting !== stdin!.writableLength) {
      waiting = stdin!.writableLength;
      await pause(1500);
    }
    expect(64 * MEGABYTE - waiting).toBeLessThanOrEqual(2 * MEGABYTE);
    expect(memoryOf(launcher) - before).toBeLessThan(16 * MEGABYTE);
  }, 120_000);
});
