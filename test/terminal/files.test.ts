import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { openDiskImage, readWholeFile } from '../../src/terminal/files.ts';
import { tellsOpenFiles, timesOpen } from './open-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'lantern-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('Files', () => {
  it('are read whole', () => {
    const name = join(folder, 'kernel');
    writeFileSync(name, 'abc');
    expect([...readWholeFile(name)]).toEqual([97, 98, 99]);
  });

  it.each([
    ['missing', `${folder}/nothing`, 'no such file or directory'],
    ['a directory', folder, 'it is a directory'],
    ['a device', '/dev/null', 'it is not a regular file'],
    ['below a file', '/dev/null/x', 'not a directory'],
  ])('that are %s give one line', (_, name, why) => {
    expect(() => readWholeFile(name)).toThrow(new LauncherError(`cannot read ${name}: ${why}`));
  });

  it.each([
    ['missing', `${folder}/nothing`, 'no such file or directory'],
    ['a directory', folder, 'illegal operation on a directory'],
    ['a device', '/dev/null', 'it is not a regular file'],
  ])('that are %s are no disk images', (_, name, why) => {
    expect(() => openDiskImage(name)).toThrow(
      new LauncherError(`cannot open the disk image ${name}: ${why}`),
    );
  });

  it.skipIf(!tellsOpenFiles)('that are no files are not kept open (skipped without /proc)', () => {
    for (let time = 0; time < 3; time++) expect(() => readWholeFile(folder)).toThrow(LauncherError);
    expect(timesOpen(folder)).toBe(0);
  });

  it('serve as disks: written, read back, synced, closed', () => {
    const name = join(folder, 'disk');
    writeFileSync(name, new Uint8Array(1024));
    const disk = openDiskImage(name);
    expect(disk).toMatchObject({ size: 1024, readOnly: false });
    expect(disk.write(512, Uint8Array.of(1, 2, 3))).toBe(3);
    disk.sync();
    const back = new Uint8Array(4);
    expect(disk.read(511, back)).toBe(4);
    expect([...back]).toEqual([0, 1, 2, 3]);
    expect(disk.read(1024, back)).toBe(0);
    disk.close();
    expect(readFileSync(name)[513]).toBe(2);
    expect(() => disk.sync()).toThrow(LauncherError);
  });

  // a file that even root may not write
  const sealed = '/sys/class/net/lo/address';
  it.runIf(existsSync(sealed))('that may not be written serve as disks for reading, and say so', () => {
    const disk = openDiskImage(sealed);
    expect(disk.readOnly).toBe(true);
    const back = new Uint8Array(17);
    expect(disk.read(0, back)).toBe(17);
    expect(new TextDecoder().decode(back)).toBe('00:00:00:00:00:00');
    expect(() => disk.write(0, Uint8Array.of(1))).toThrow(LauncherError);
    disk.close();
  });
});
