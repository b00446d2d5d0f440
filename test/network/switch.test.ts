import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Link } from '../../chapters/4-launcher/link.ts';
import type { Frame } from '../../src/network/cable.ts';
import { encodeFrame, FrameReader } from '../../src/network/frame-stream.ts';
import { LearningSwitch } from '../../src/network/learning-switch.ts';
import { openSwitch } from '../../src/terminal/switch.ts';

const EVERYBODY = 0xff;
/** A frame from one card to another; a card is the last byte of its address. */
const frame = (to: number, from: number, data = 0): Frame => ({
  bytes: Uint8Array.of(
    ...(to === EVERYBODY ? [255, 255, 255, 255, 255] : [2, 0, 0, 0, 0]),
    to,
    2,
    0,
    0,
    0,
    0,
    from,
    8,
    0,
    data,
  ),
});

describe('A switch', () => {
  function office(...names: string[]) {
    const box = new LearningSwitch();
    const got: Record<string, Frame[]> = {};
    return {
      got,
      holes: names.map((name) => {
        got[name] = [];
        return box.plug((each) => got[name]!.push(each));
      }),
    };
  }

  it('passes on to everybody else what is for somebody it does not know', () => {
    const { got, holes } = office('a', 'b', 'c');
    holes[0]!.send(frame(2, 1));
    expect([got.a!.length, got.b!.length, got.c!.length]).toEqual([0, 1, 1]);
  });

  it('learns where who is', () => {
    const { got, holes } = office('a', 'b', 'c');
    holes[1]!.send(frame(EVERYBODY, 2));
    holes[0]!.send(frame(2, 1));
    holes[0]!.send(frame(2, 1));
    expect([got.a!.length, got.b!.length, got.c!.length]).toEqual([1, 2, 1]);
  });

  it('takes nobody’s word that he is everybody', () => {
    const { got, holes } = office('a', 'b', 'c');
    const liar = frame(EVERYBODY, 2);
    liar.bytes.fill(255, 6, 12);
    holes[1]!.send(liar);
    holes[0]!.send(frame(EVERYBODY, 1));
    expect([got.a!.length, got.b!.length, got.c!.length]).toEqual([1, 1, 2]);
  });

  it('notices who moves', () => {
    const { got, holes } = office('a', 'b', 'c');
    holes[1]!.send(frame(EVERYBODY, 2));
    holes[2]!.send(frame(EVERYBODY, 2));
    holes[0]!.send(frame(2, 1));
    expect(got.b!.length).toBe(1);
    expect(got.c!.length).toBe(2);
  });

  it('forgets who is unplugged', () => {
    const { got, holes } = office('a', 'b', 'c');
    holes[1]!.send(frame(EVERYBODY, 2));
    holes[1]!.unplug();
    holes[0]!.send(frame(2, 1));
    holes[1]!.send(frame(1, 2));
    expect([got.a!.length, got.b!.length, got.c!.length]).toEqual([1, 0, 2]);
  });

  it('gives each a copy of its own', () => {
    const { got, holes } = office('a', 'b', 'c');
    holes[0]!.send(frame(EVERYBODY, 1, 7));
    got.b![0]!.bytes[14] = 9;
    expect(got.c![0]!.bytes[14]).toBe(7);
  });
});

describe('Frames on a string', () => {
  const note = fc.record({ start: fc.nat(65535), offset: fc.nat(65535) });
  const cut = fc.record({ type: fc.nat(255), headers: fc.nat(65535), size: fc.nat(65535) });
  const any = fc.record({
    bytes: fc.uint8Array({ maxLength: 300 }),
    checksum: fc.option(note, { nil: undefined }),
    segments: fc.option(cut, { nil: undefined }),
  });

  it('come off it as they went on, wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(any, { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 100 })),
        (frames, cuts) => {
          const all = Uint8Array.from(frames.flatMap((each) => [...encodeFrame(each)]));
          const reader = new FrameReader();
          const got: Frame[] = [];
          let at = 0;
          for (const length of [...cuts, all.length]) {
            got.push(...reader.push(all.subarray(at, at + length))!);
            at += length;
          }
          expect(got).toEqual(frames);
        },
      ),
      { seed: 31 },
    );
  });

  it('are not looked for where there are none', () => {
    expect(
      new FrameReader().push(Uint8Array.of(0x47, 0x45, 0x54, 32, 47, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    ).toBeUndefined();
  });
});

describe('--switch', () => {
  let folder = '';
  const before = process.env.XDG_RUNTIME_DIR;
  const open: Link[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lantern-switch-'));
    process.env.XDG_RUNTIME_DIR = folder;
  });

  afterEach(() => {
    for (const link of open.splice(0)) link.close();
    if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
    else process.env.XDG_RUNTIME_DIR = before;
    rmSync(folder, { recursive: true });
  });

  async function plugIn(name = 'office'): Promise<Link> {
    const link = await openSwitch(name);
    open.push(link);
    return link;
  }

  async function next(link: Link): Promise<Frame> {
    for (let i = 0; i < 500; i++) {
      const got = link.receive();
      if (got) return got;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('no frame has come');
  }

  it('connects those who name the same one, notes and all', async () => {
    const [a, b, c] = [await plugIn(), await plugIn(), await plugIn('another')];
    b.send({ ...frame(EVERYBODY, 2), checksum: { start: 3, offset: 4 } });
    expect(await next(a)).toMatchObject({ ...frame(EVERYBODY, 2), checksum: { start: 3, offset: 4 } });
    a.send(frame(2, 1));
    expect(await next(b)).toMatchObject(frame(2, 1));
    expect(c.receive()).toBeUndefined();
  });

  it('connects two who both are not the first', async () => {
    const [, b, c] = [await plugIn(), await plugIn(), await plugIn()];
    b.send(frame(EVERYBODY, 2));
    expect(await next(c)).toMatchObject(frame(EVERYBODY, 2));
  });

  it('lives on when the first one goes', async () => {
    const [a, b, c] = [await plugIn(), await plugIn(), await plugIn()];
    a.close();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([b.busy, c.busy]).toEqual([false, false]);
    b.send(frame(EVERYBODY, 2));
    expect(await next(c)).toMatchObject(frame(EVERYBODY, 2));
    c.send(frame(2, 3));
    expect(await next(b)).toMatchObject(frame(2, 3));
  });

  it('clears away what somebody left who was killed', async () => {
    await plugIn('first'); // makes the folder
    const path = join(folder, 'lantern', 'office.switch');
    writeFileSync(path, ''); // a name with nobody behind it
    const [a, b] = [await plugIn(), await plugIn()];
    a.send(frame(EVERYBODY, 1));
    expect(await next(b)).toMatchObject(frame(EVERYBODY, 1));
  });

  it("is nobody else's business", async () => {
    await plugIn();
    expect(statSync(join(folder, 'lantern')).mode & 0o777).toBe(0o700);
  });

  it('closes the folder to others, if somebody has opened it', async () => {
    mkdirSync(join(folder, 'lantern'));
    chmodSync(join(folder, 'lantern'), 0o777);
    await plugIn();
    expect(statSync(join(folder, 'lantern')).mode & 0o777).toBe(0o700);
  });

  it('trusts no folder that is a link to another', async () => {
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'lantern'));
    await expect(plugIn()).rejects.toThrow(`--switch: ${folder}/lantern is not a folder of yours`);
  });

  it('has a name that fits into an address, or is one line', async () => {
    const name = 'x'.repeat(100);
    const path = join(folder, 'lantern', `${name}.switch`);
    await expect(plugIn(name)).rejects.toThrow(
      `--switch: ${path} is longer than the 107 bytes that a socket's name can have`,
    );
  });

  it('breaks a lock that somebody left who was killed', { timeout: 20_000 }, async () => {
    const lock = join(folder, 'lantern', 'office.switch.lock');
    mkdirSync(lock, { recursive: true });
    utimesSync(lock, 0, 0);
    expect((await plugIn()).busy).toBe(false);
  });

  it('hangs up on who speaks something else', async () => {
    await plugIn();
    const stranger = connect(join(folder, 'lantern', 'office.switch'));
    stranger.write('GET / HTTP/1.0\r\n\r\n');
    await new Promise((resolve) => stranger.once('close', resolve));
  });

  it('does not pile up frames for a Guest that takes none', async () => {
    const [a, b] = [await plugIn(), await plugIn()];
    for (let i = 0; i < 5000; i++) {
      b.send({ bytes: frame(EVERYBODY, 2, i).bytes });
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    let kept = 0;
    while (a.receive()) kept++;
    expect(kept).toBe(256);
  });

  it('keeps frames waiting in the cable of a Guest that takes none, until it does', async () => {
    const [a, b] = [await plugIn(), await plugIn()];
    const long = new Uint8Array(1000);
    long.set(frame(EVERYBODY, 1).bytes);
    for (let i = 0; i < 900; i++) {
      a.send({ bytes: long });
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    let got = 0;
    while (b.receive()) got++;
    expect(got).toBeLessThan(400); // 256, and what came with the last of them
    for (; got < 900; got++) await next(b);
  });

  it('loses what is for somebody who is a megabyte behind', async () => {
    const a = await plugIn();
    const slow = connect(join(folder, 'lantern', 'office.switch'));
    await new Promise((resolve) => slow.once('connect', resolve));
    slow.pause();
    const say = async (data: number) => {
      const bytes = new Uint8Array(1400).fill(data);
      bytes.set(frame(EVERYBODY, 1).bytes);
      a.send({ bytes });
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let i = 0; i < 5000; i++) await say(0);
    let got = 0;
    let isOver = false;
    slow.on('data', (bytes) => {
      got += bytes.length;
      isOver ||= bytes.includes('\x07'.repeat(100));
    });
    slow.resume();
    for (let i = 0; i < 100_000 && !isOver; i++) await say(7);
    expect(got).toBeGreaterThan(1 << 20);
    expect(got).toBeLessThan(4 << 20); // of 7 MB
    slow.destroy();
  });
});
