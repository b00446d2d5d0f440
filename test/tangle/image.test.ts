import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLines, readSymbols } from '../../chapters/4-launcher/symbols.ts';
import { packCpio } from '../../tools/tangle/index.ts';
import { tangleSource } from './harness.ts';

const SOURCE = `
let counter: u32 = 5;
let zero: u32 = 0;
const room = array<u8>(5000, 4096);
const table: u32[] = [1, 2, 3];
function unused(): u32 { return 1; }
function used(): u32 {
  counter += table[2];
  return counter;
}
export function main(): u32 {
  zero = used();
  return zero + room[7];
}`;

describe('an image', () => {
  const image = tangleSource(SOURCE);

  test('contains what the entry reaches, and nothing else', () => {
    expect(image.symbols.map(({ name }) => name).sort()).toEqual([
      'counter',
      'main',
      'room',
      'table',
      'used',
      'zero',
    ]);
  });

  test('begins with its entry', () => {
    expect(image.entry).toBe(image.text.address);
    expect(image.symbols[0]).toMatchObject({ name: 'main', address: image.entry, kind: 'function' });
  });

  test('has code, then data on a page of its own, then zeros that take no room in the file', () => {
    expect(image.data.address % 4096).toBe(0);
    expect(image.data.address).toBeGreaterThanOrEqual(image.text.address + image.text.size);
    expect(image.zeroed.address).toBe(image.data.address + image.data.size);
    const room = image.symbols.find(({ name }) => name === 'room')!;
    expect(room.address % 4096).toBe(0);
    expect(room.address).toBeGreaterThanOrEqual(image.zeroed.address);
  });

  test('has symbols that do not overlap, each as long as what it names', () => {
    for (const [index, { address, size }] of image.symbols.entries()) {
      const next = image.symbols[index + 1]?.address ?? Number.POSITIVE_INFINITY;
      expect(address + size).toBeLessThanOrEqual(next);
      expect(size).toBeGreaterThan(0);
    }
    expect(image.symbols.find(({ name }) => name === 'counter')!.size).toBe(4);
  });

  test('knows the source line of every instruction', () => {
    const lineAt = (address: number): number => image.lines.findLast((line) => line.address <= address)!.line;
    const used = image.symbols.find(({ name }) => name === 'used')!;
    expect(lineAt(used.address)).toBe(7);
    expect(lineAt(used.address + used.size - 1)).toBe(9);
    expect(lineAt(image.entry)).toBe(11);
    expect(new Set(image.lines.map(({ file }) => file))).toEqual(new Set(['main.ts']));
  });

  test('carries both in the file, for the Launcher to read', () => {
    expect(readSymbols(image.elf)).toEqual(
      image.symbols.map(({ name, address, size }) => ({ name, address, size })),
    );
    expect(readLines(image.elf)).toEqual(image.lines);
  });

  test('tangles to the same bytes every time', () => {
    expect(tangleSource(SOURCE).elf).toEqual(image.elf);
  });
});

test('an image may be loaded elsewhere than it runs, and its entry is where it is loaded', () => {
  const image = tangleSource(SOURCE, { physicalBase: 0x200000 });
  const view = new DataView(image.elf.buffer);
  expect(view.getUint32(24, true)).toBe(0x200000);
  const [virtual, physical] = [view.getUint32(52 + 8, true), view.getUint32(52 + 12, true)];
  expect([virtual, physical]).toEqual([0x10000, 0x200000]);
});

test('a machine knows where its image ends', () => {
  const image = tangleSource(
    'const room = array<u32>(3000); export function main(): u32 { room[0] = 1; return imageEnd() - imageStart(); }',
  );
  expect(image.assembly).toContain('$image.end');
  expect(image.zeroed.address + image.zeroed.size).toBeLessThanOrEqual(0x10000 + 0x5000);
});

describe('a cpio archive', () => {
  const files = [
    { path: 'bin/hello', bytes: new TextEncoder().encode('run me'), executable: true },
    { path: 'bin/deep/note.txt', bytes: new TextEncoder().encode('hi') },
    { path: 'empty', bytes: new Uint8Array(0) },
  ];

  test('has a header of hexadecimal digits for each directory and file, and a trailer', () => {
    const text = new TextDecoder().decode(packCpio(files));
    const names = [...text.matchAll(/070701[0-9A-F]{104}([^\0]+)/g)].map(([, name]) => name);
    expect(names).toEqual(['bin', 'bin/deep', 'bin/hello', 'bin/deep/note.txt', 'empty', 'TRAILER!!!']);
    expect(packCpio(files).length % 4).toBe(0);
  });

  const cpio = commandExists('cpio');
  test.skipIf(!cpio)('is unpacked by cpio itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lantern-cpio-'));
    try {
      writeFileSync(join(folder, 'archive'), packCpio(files));
      const listed = execFileSync('sh', ['-c', 'cpio -itv --quiet < archive'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(listed).toMatch(/drwxr-xr-x.*bin\n[\s\S]*-rwxr-xr-x.* 6 .*bin\/hello\n/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function commandExists(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
}
