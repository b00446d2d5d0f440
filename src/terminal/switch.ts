/*
 * # A switch for the whole computer
 *
 * `npm run boot -- --switch=office` in one window, and the same in another, and the two Guests are on one network.
 * There is nothing to be started first. The first that comes *is* the switch, and listens on a socket in a folder
 * that nobody else can look into. The others find it there.
 *
 * When the first one goes, the switch goes with it. Then all the others find their cables cut at the same moment, and
 * each tries what it tried in the beginning: is there a switch? Then I plug in. Is there none? Then it is me.
 */

import { chmodSync, lstatSync, mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Link } from '../../chapters/4-launcher/link.ts';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import type { Frame } from '../network/cable.ts';
import { encodeFrame, FrameReader } from '../network/frame-stream.ts';
import { LearningSwitch } from '../network/learning-switch.ts';
import { whatHappened } from './complaint.ts';
import { plain } from './sockets.ts';

/** Frames that wait for a Guest. */
const MOST_KEPT = 256;
/** Bytes that may wait in a socket before frames are lost, or had better wait in the Guest. */
const MOST_BEHIND = 1 << 20;

/*
 * ## Plugging in
 */

/**
 * A cable into the switch of that name.
 *
 * @param warn told in a line, if the switch goes and no other can be found for a while
 * @throws LauncherError if there is no place for it
 */
export async function openSwitch(name: string, warn: (line: string) => void = console.error): Promise<Link> {
  try {
    const path = join(privateFolder(), `${name}.switch`);
    if (Buffer.byteLength(path) > LONGEST_PATH)
      throw new Error(`${path} is longer than the ${LONGEST_PATH} bytes that a socket's name can have`);
    const cable = new SwitchCable(path, warn);
    await findSwitch(cable);
    return cable;
  } catch (error) {
    throw new LauncherError(`--switch: ${(error as Error).message}`);
  }
}

/** What fits into a `sockaddr_un`, with the NUL behind it. */
const LONGEST_PATH = 107;

/*
 * The folder must be ours and ours alone. In a directory where everybody may write, somebody else could have made it
 * first, and would then be the switch that all our Guests tell everything to.
 */

function privateFolder(): string {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const { uid } = userInfo();
  const folder = runtime ? join(runtime, 'lantern') : join(tmpdir(), `lantern-${uid}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new Error(`cannot make ${folder}: ${whatHappened(error)}`);
  }
  const about = lstatSync(folder);
  if (!about.isDirectory() || about.uid !== uid) throw new Error(`${folder} is not a folder of yours`);
  if (about.mode & 0o077) chmodSync(folder, 0o700);
  return folder;
}

/*
 * ## A cable
 *
 * It has two lives, and may change from one to the other: plugged into a switch in this process, or into one at the
 * other end of a socket. Frames for the Guest wait here, some two hundred; after that the socket is not read, and
 * if the switch is in this process they are lost.
 */

class SwitchCable implements Link {
  onArrival: () => void = () => {};
  readonly path: string;
  readonly warn: (line: string) => void;
  readonly kept: Frame[] = [];
  /** While the switch is here: where others plug in, who has, and the hole in which our own Guest is. */
  server: Server | undefined;
  readonly sockets = new Set<Socket>();
  local: { send(frame: Frame): void } | undefined;
  /** While it is elsewhere: the way there. */
  uplink: Socket | undefined;
  closed = false;

  constructor(path: string, warn: (line: string) => void) {
    this.path = path;
    this.warn = warn;
  }

  send(frame: Frame): void {
    if (this.local) this.local.send(frame);
    else this.uplink?.write(encodeFrame(frame));
  }

  get busy(): boolean {
    if (this.local) return false;
    return this.uplink === undefined || this.uplink.writableLength > MOST_BEHIND;
  }

  receive(): Frame | undefined {
    const frame = this.kept.shift();
    if (this.kept.length === 0) this.uplink?.resume();
    return frame;
  }

  close(): void {
    this.closed = true;
    this.kept.length = 0;
    this.server?.close();
    for (const socket of this.sockets) socket.destroy();
    this.uplink?.destroy();
  }
}

/*
 * ## Guest or host?
 *
 * A socket's file may be there and nobody behind it, if its owner was killed. Only whoever holds the lock may clear it
 * away, or two would do it at once and each be a switch of its own. Everybody else waits for a moment, of a length that
 * nobody shares, and looks again.
 */

/** Finds the switch, or becomes it. */
async function findSwitch(cable: SwitchCable): Promise<void> {
  const lock = `${cable.path}.lock`;
  while (!cable.closed) {
    if (await tryPlugIn(cable)) return;
    if (tryLock(lock)) {
      try {
        if ((await tryPlugIn(cable)) || (await tryServe(cable))) return;
      } finally {
        rmSync(lock, { recursive: true, force: true }); // it may have gone, with the folder that it is in
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10 + Math.random() * 20));
  }
}

/*
 * The lock is a folder, because making one is the oldest thing in Unix that only one can succeed at. And one that is
 * five seconds old belongs to somebody who died in here.
 */

const STALE = 5000; // milliseconds

function tryLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    if (Date.now() - lstatSync(lock).mtimeMs > STALE) rmdirSync(lock);
  } catch {
    // somebody else was quicker
  }
  return false;
}

/*
 * ## Somebody else's switch
 *
 * A socket answers, and that is all there is to know: this is the way. When it closes, whoever was the switch has left,
 * and [the search begins again](#when-the-switch-has-gone).
 */

/** What a socket says behind which there is nobody. */
const NOBODY = ['ECONNREFUSED', 'ENOENT'];

function tryPlugIn(cable: SwitchCable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(cable.path);
    socket.once('connect', () => {
      useUplink(cable, socket);
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (NOBODY.includes(error.code ?? '')) resolve(false);
      else reject(error);
    });
  });
}

function useUplink(cable: SwitchCable, socket: Socket): void {
  cable.uplink = socket;
  readFrames(socket, (frame) => {
    cable.kept.push(frame);
    if (cable.kept.length >= MOST_KEPT) socket.pause();
    cable.onArrival();
  });
  socket.on('drain', () => cable.onArrival());
  socket.on('close', () => {
    cable.uplink = undefined;
    void findAnother(cable);
  });
}

/*
 * ## When the switch has gone
 *
 * It may have taken the folder along. Somebody has tidied up under /tmp; somebody has logged out, and a Guest that he
 * had left running finds that all of /run/user/1000 is no more. In the beginning such a thing would have been a reason
 * not to begin. But now there is a Guest, and a cable that ends in the air is no reason to die for anybody. So you are
 * told once, and the search goes on, less and less often.
 */

const FIRST_PAUSE = 100; // milliseconds
const LONGEST_PAUSE = 10_000;

/** Finds a switch, or becomes it, however long it takes. */
async function findAnother(cable: SwitchCable): Promise<void> {
  for (let pause = FIRST_PAUSE; !cable.closed; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    try {
      privateFolder();
      await findSwitch(cable);
      break;
    } catch (error) {
      if (pause === FIRST_PAUSE)
        cable.warn(
          `lantern: --switch: ${(error as Error).message}; until there is a switch, the cable is unplugged`,
        );
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
  if (cable.closed) cable.close();
  else cable.onArrival();
}

/*
 * ## A switch of our own
 *
 * Our own Guest is plugged in without a socket. Whoever else comes gets one hole each, and if one of them
 * reads too slowly, it is the one that loses frames.
 */

async function tryServe(cable: SwitchCable): Promise<boolean> {
  rmSync(cable.path, { force: true });
  const hub = new LearningSwitch();
  const server = createServer((socket) => welcome(cable, hub, socket));
  const listening = await new Promise<boolean>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE'
        ? resolve(false)
        : reject(new Error(`cannot make a socket at ${cable.path}: ${whatHappened(error)}`)),
    );
    server.listen(cable.path, () => resolve(true));
  });
  if (!listening) return false;
  server.on('error', () => {}); // somebody could not be let in; those who are in stay
  cable.server = server;
  cable.local = hub.plug((frame) => {
    if (cable.kept.length >= MOST_KEPT) return;
    cable.kept.push(frame);
    cable.onArrival();
  });
  return true;
}

function welcome(cable: SwitchCable, hub: LearningSwitch, socket: Socket): void {
  cable.sockets.add(socket);
  const hole = hub.plug((frame) => {
    if (socket.writableLength <= MOST_BEHIND) socket.write(encodeFrame(frame));
  });
  readFrames(socket, (frame) => hole.send(frame));
  socket.on('close', () => {
    cable.sockets.delete(socket);
    hole.unplug();
  });
}

/** Hands over each frame that comes by a socket; closes one that has something else to say. */
function readFrames(socket: Socket, take: (frame: Frame) => void): void {
  const reader = new FrameReader();
  socket.on('error', () => {}); // 'close' comes next
  socket.on('data', (bytes) => {
    const frames = reader.push(plain(bytes));
    if (!frames) socket.destroy();
    else for (const frame of frames) take(frame);
  });
}
