/*
 * # The back door of the kernel
 *
 * `/dev/net/tun` is how a Unix program becomes a network. You open it, you say which interface you want to be the
 * inside of, and from then on whatever the kernel sends to that interface you read from the file. It was lguest's
 * only way out.
 *
 * It has one catch. The saying is done by `ioctl`, the drawer in which Unix keeps all that is neither reading nor
 * writing, and Node has no key to it. There are packages with a few lines of C in them; we have promised to do
 * without a compiler. But look at what an `ioctl` does: it changes the *open file*. And an open file can be lent to
 * another program.
 */

import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import type { Frame, Link } from '../../chapters/4-launcher/link.ts';
import { finishChecksum, segment } from '../../chapters/4-launcher/net-offload.ts';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';

/*
 * ## A favour
 *
 * So we open the file, and start somebody who knows how to say `ioctl`, with our file as its file number 3. It says
 * *this is to be lantern0* and ends. What it said stays said. Perl is part of nearly every Linux and does it in one
 * line; so does Python.
 *
 * :::figure{#ifreq caption="struct ifreq for TUNSETIFF, 0x400454ca: a name, and the flags IFF_TAP and IFF_NO_PI. The kernel writes back the name that it came to be."}
 * ```text
 *    6c 61 6e 74 65 72 6e 25 64 00 00 00 00 00 00 00   02 10   00 ... (22)
 *    l  a  n  t  e  r  n  %  d                         0x1002
 * ```
 * :::
 */

const PERL = `open my $f, "+<&=3" or die "$!\\n";
my $r = pack "Z16 S x22", $ARGV[0], 0x1002;
ioctl $f, 0x400454ca, $r or die "$!\\n";
print unpack "Z16", $r;`;

const PYTHON = `import fcntl, struct, sys
try: r = fcntl.ioctl(3, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x1002))
except OSError as e: sys.exit(e.strerror)
print(r[:16].rstrip(b"\\0").decode(), end="")`;

/** Makes an open `/dev/net/tun` the inside of a tap. @returns the name that it has */
function attach(file: number, name: string): string {
  const { spawnSync } = process.getBuiltinModule('node:child_process'); // which only taps need
  for (const [program, flag, script] of [
    ['perl', '-e', PERL],
    ['python3', '-c', PYTHON],
  ] as const) {
    const done = spawnSync(program, [flag, script, name], { stdio: ['ignore', 'pipe', 'pipe', file] });
    if (done.error) continue; // there is none
    if (done.status === 0) return String(done.stdout);
    throw new LauncherError(`--tunnet: cannot have the tap ${name}: ${String(done.stderr).trim()}`);
  }
  throw new LauncherError(
    '--tunnet: opening a tap takes an ioctl, for which Node needs perl or python3, and neither is here (--net takes nothing)',
  );
}

/*
 * ## Three ways to say it
 *
 * lguest took an address, and gave it to the host's end of the tap; or `bridge:` and the name of a bridge for the
 * tap to join. Both change the network of this computer, so both need root. The third way needs none. Somebody with
 * the right has made a tap and given it to you, `ip tuntap add dev tap0 mode tap user you`, and you name it.
 */

/** A cable to a tap: an IPv4 address for the host's end, `bridge:NAME`, or a tap's name. @throws LauncherError */
export function openTap(wanted: string): Link {
  const address = /^\d+\.\d+\.\d+\.\d+$/.test(wanted);
  const bridge = /^bridge:(\w[\w.-]{0,14})$/.exec(wanted)?.[1];
  if (!address && !bridge && !/^\w[\w.-]{0,14}$/.test(wanted))
    throw new LauncherError(`--tunnet=TAP, =ADDRESS or =bridge:NAME, but got '${wanted}'`);
  const file = openTun();
  try {
    const name = attach(file, address || bridge ? 'lantern%d' : wanted);
    if (address) ip('addr', 'add', `${wanted}/24`, 'dev', name);
    if (bridge) ip('link', 'set', name, 'master', bridge);
    if (address || bridge) ip('link', 'set', name, 'up');
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return linkTo(file);
}

function openTun(): number {
  try {
    return openSync('/dev/net/tun', constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw new LauncherError(`--tunnet: ${(error as Error).message}`);
  }
}

function ip(...words: string[]): void {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, stderr, error } = spawnSync('ip', words);
  if (error) throw new LauncherError(`--tunnet: cannot run ip: ${error.message}`);
  if (status !== 0) throw new LauncherError(`--tunnet: ip ${words.join(' ')}: ${String(stderr).trim()}`);
}

/*
 * ## Looking
 *
 * Node can wait for a socket. It cannot wait for this file, so we look into it every two milliseconds, and while
 * there is something in it, each time we are asked. One frame is one `read`, and a `write` is one frame: a tap is
 * the one file in Unix that cares about where you cut.
 *
 * The kernel wants its frames finished. (It could be told otherwise, as lguest did, by three more favours.)
 */

const EVERY = 2; // milliseconds
const LONGEST = 1 << 16;

function linkTo(file: number): Link {
  const buffer = new Uint8Array(LONGEST);
  let next: Frame | undefined;
  const look = () => {
    next ??= readFrame(file, buffer);
    if (next) link.onArrival();
  };
  const timer = setInterval(look, EVERY);
  const link: Link = {
    busy: false,
    onArrival() {},
    send(frame) {
      const whole = frame.checksum ? finishChecksum(frame) : [frame];
      for (const { bytes } of frame.segments ? segment(frame) : whole) writeFrame(file, bytes);
    },
    receive() {
      const frame = next;
      next = frame && readFrame(file, buffer);
      return frame;
    },
    close() {
      clearInterval(timer);
      closeSync(file);
    },
  };
  return link;
}

function readFrame(file: number, buffer: Uint8Array): Frame | undefined {
  try {
    return { bytes: buffer.slice(0, readSync(file, buffer)) };
  } catch {
    return undefined; // there is none, or the interface is down
  }
}

function writeFrame(file: number, bytes: Uint8Array): void {
  try {
    writeSync(file, bytes);
  } catch {
    // the kernel has no room for it, or the interface is down: it is lost, as frames are
  }
}
