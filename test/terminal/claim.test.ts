import { spawn } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Disk, LauncherError } from '../../chapters/4-launcher/outside.ts';
import { openDiskImage } from '../../src/terminal/files.ts';
import { asBuilt } from '../bench/as-built.ts';
import { tellsOpenFiles, timesOpen } from './open-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'lantern-claims-'));
const normalTemporary = process.env.TMPDIR;
process.env.TMPDIR = folder; // claims of this test lie here
afterAll(() => {
  if (normalTemporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = normalTemporary;
  rmSync(folder, { recursive: true });
});

const image = join(folder, 'disk.img');
let open: Disk[] = [];
beforeEach(() => writeFileSync(image, new Uint8Array(512)));
afterEach(() => {
  for (const disk of open) disk.close();
  open = [];
  rmSync(image);
});

function openHere(name = image): Disk {
  const disk = openDiskImage(name);
  open.push(disk);
  return disk;
}

const claims = () => readdirSync(join(folder, 'lantern-disks'));

/** Another process that opens the image and then sits there. Resolves once it has said how that went. */
async function openElsewhere(name = image) {
  const child = spawn(process.execPath, [...asBuilt('test/terminal/disk-holder.ts'), name]);
  const said = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes) => resolve(String(bytes).trimEnd()));
    child.stderr.once('data', (bytes) => reject(new Error(String(bytes))));
  });
  return {
    said,
    process: child.pid!,
    end: (signal: NodeJS.Signals) =>
      new Promise<void>((resolve) => {
        child.once('close', () => resolve());
        child.kill(signal);
      }),
  };
}

describe('A disk image', () => {
  it('is open for writing once in a process', () => {
    openHere();
    expect(() => openHere()).toThrow(
      `cannot open the disk image ${image}: this program has it open for writing already`,
    );
  });

  it('can be opened again when it was closed', () => {
    openHere().close();
    open = [];
    openHere();
    expect(claims()).toHaveLength(1);
  });

  it.each([
    ['a symbolic link', (other: string) => symlinkSync(image, other)],
    ['another hard link', (other: string) => linkSync(image, other)],
  ])('is the same image by %s', (_, make) => {
    const other = join(folder, 'other.img');
    make(other);
    try {
      openHere();
      expect(() => openHere(other)).toThrow('has it open for writing');
    } finally {
      rmSync(other);
    }
  });

  it('is the same image by a relative path', () => {
    openHere();
    expect(() => openHere(relative(process.cwd(), image))).toThrow('has it open for writing');
  });

  it('is open for writing in one process', async () => {
    const other = await openElsewhere();
    expect(other.said).toBe('open');
    expect(() => openHere()).toThrow(
      `cannot open the disk image ${image}: process ${other.process} has it open for writing`,
    );
    await other.end('SIGKILL');
    openHere();
  });

  it('stays with whoever has it when another is turned away', async () => {
    openHere();
    const other = await openElsewhere();
    expect(other.said).toBe(
      `cannot open the disk image ${image}: process ${process.pid} has it open for writing`,
    );
    expect(claims()).toHaveLength(1);
    await other.end('SIGKILL');
  });

  it('is not held by a claim whose process has gone, nor by one whose number has a new owner', () => {
    openHere().close();
    open = [];
    openHere();
    const [own] = claims();
    const key = own!.split('.')[0];
    const here = own!.split('-').at(-1);
    writeFileSync(join(folder, 'lantern-disks', `${key}.${process.ppid}-1-${here}`), '');
    writeFileSync(join(folder, 'lantern-disks', `${key}.4194303-77-${here}`), '');
    open.pop()!.close();
    openHere();
    expect(claims()).toEqual([own]);
  });

  it.skipIf(!existsSync('/proc/self/stat'))(
    'is not held by the claim of a process that nobody has buried yet (skipped without /proc)',
    async () => {
      const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 100']);
      const dead = await new Promise<string>((resolve) =>
        parent.stdout.once('data', (bytes) => resolve(String(bytes).trim())),
      );
      const fields = () => readFileSync(`/proc/${dead}/stat`, 'latin1').split(') ')[1]!.split(' ');
      await expect.poll(() => fields()[0], { timeout: 20_000 }).toBe('Z');
      openHere();
      const [own] = claims();
      const zombies = own!.replace(/\.(\d+)-(\d+)-/, `.${dead}-${fields()[19]}-`);
      open.pop()!.close();
      writeFileSync(join(folder, 'lantern-disks', zombies), '');
      openHere();
      expect(claims()).toEqual([own]);
      parent.kill();
    },
  );

  it.skipIf(!tellsOpenFiles)('is not kept open by whoever is turned away (skipped without /proc)', () => {
    openHere();
    for (let time = 0; time < 3; time++) expect(() => openHere()).toThrow(LauncherError);
    expect(timesOpen(image)).toBe(1);
  });

  it('may be claimed by every user, and given back by nobody else', () => {
    openHere();
    expect(statSync(join(folder, 'lantern-disks')).mode & 0o7777).toBe(0o1777);
  });

  it('is held by a claim out of another container, whose processes cannot be asked', () => {
    openHere().close();
    open = [];
    openHere();
    const foreign = claims()[0]!.replace(/\.(\d+)-(\d+)-\d+$/, '.4194303-$2-1');
    open.pop()!.close();
    const path = join(folder, 'lantern-disks', foreign);
    writeFileSync(path, '');
    expect(() => openHere()).toThrow(
      `cannot open the disk image ${image}: process 4194303 of another container has it open for writing (if there is none, remove ${path})`,
    );
    expect(claims()).toEqual([foreign]);
    rmSync(path);
    openHere();
  });

  it('is not what is blamed when no claim can be made', () => {
    const other = join(folder, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'lantern-disks'), '');
    process.env.TMPDIR = other;
    try {
      expect(() => openHere()).toThrow(
        `cannot open the disk image ${image}: cannot keep claims in ${other}/lantern-disks: file already exists`,
      );
    } finally {
      process.env.TMPDIR = folder;
    }
  });

  it('is given back when its process ends by a signal that can be heard', async () => {
    const other = await openElsewhere();
    expect(claims()).toHaveLength(1);
    await other.end('SIGTERM');
    expect(claims()).toEqual([]);
  });

  it('goes to at most one of many who come at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => openElsewhere()));
    expect(all.filter(({ said }) => said === 'open').length).toBeLessThanOrEqual(1);
    await Promise.all(all.map((one) => one.end('SIGKILL')));
  });
});
