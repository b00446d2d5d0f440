import { createHash, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { HOST_BYTES } from '../../chapters/5-host/frames.ts';
import { createMachine } from '../../src/processor/index.ts';
import { openNetwork } from '../../src/terminal/network.ts';
import { createRealWorld } from '../../src/terminal/real-world.ts';
import { bootToPrompt, type Session } from '../guest/session.ts';

/*
 * The kernel of `boot.test.ts`, which has a driver for the network card in it, with a busybox that has `udhcpc`, `nc`,
 * `tftp`, `wget`, `ping`, `nslookup` and `httpd`. It runs in real time, as the world that it talks to does.
 */
const folder = process.env.LANTERN_LINUX_DIR;
const why = folder === undefined ? 'skipped, as LANTERN_LINUX_DIR is not set' : `from ${folder}`;

const MEGABYTES = 64;
const MINUTES = 60_000;
/** The first word of a TFTP request for a file; what comes back here is all of it, in one datagram. */
const TFTP_READ = 1;
const TFTP_DATA = 3;
const TFTP_ACK = 4;
const PAYLOAD = randomBytes(10 << 20);
/** More than the kernel of this computer keeps for a connection that nobody reads from. */
const LONG = new Uint8Array(32 << 20);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const md5 = (bytes: Uint8Array) => createHash('md5').update(bytes).digest('hex');

let guests: Session[] = [];

/** Types a line, short enough that the terminal does not break it, and returns what it printed. */
async function run(session: Session, line: string): Promise<string> {
  session.type(`${line}\n`);
  await session.until(`${line}\r\n`);
  return session.until('# ');
}

async function start(...options: string[]): Promise<Session> {
  const read = (name: string) => new Uint8Array(readFileSync(join(folder!, name)));
  const machine = createMachine({ ramBytes: (MEGABYTES << 20) + HOST_BYTES });
  const world = createRealWorld();
  const session = await bootToPrompt({
    megabytes: MEGABYTES,
    kernel: read('vmlinux'),
    initrd: read('initrd.gz'),
    kernelArguments: 'console=hvc0 quiet',
    options,
    prompt: '# ',
    computer: { machine, world, host: createHost(machine, world) },
    openLink: (network, address) => openNetwork(network, address, world),
  });
  guests.push(session);
  return session;
}

async function withAddress(session: Session, address = '10.0.2.15'): Promise<void> {
  await run(session, 'ip link set eth0 up');
  await run(session, `ip addr add ${address}/24 dev eth0`);
}

/** A Guest with an address, and a file of `LONG.length` zeros in /r/p. */
async function startWithSomethingLong(): Promise<Session> {
  const guest = await start('--net');
  await withAddress(guest);
  await run(guest, 'mkdir /r; mount -t tmpfs -o size=99m r /r');
  await run(guest, `truncate -s ${LONG.length} /r/p`);
  return guest;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

describe.skipIf(folder === undefined)(`The network of a Linux, ${why}`, () => {
  const servers: Server[] = [];

  beforeAll(() => {
    process.env.XDG_RUNTIME_DIR = mkdtempSync(join(tmpdir(), 'lantern-linux-'));
  });

  afterEach(async () => {
    for (const guest of guests) guest.type('\x03\npoweroff -f\n');
    await Promise.all(guests.map(({ ended }) => ended));
    guests = [];
    for (const server of servers.splice(0)) server.close();
  });

  afterAll(() => rmSync(process.env.XDG_RUNTIME_DIR!, { recursive: true }));

  it(
    'gives it an address, a gateway and names',
    async () => {
      const guest = await start('--net');
      for (const line of [
        'echo "#!/bin/sh" > /tmp/d; chmod +x /tmp/d',
        'echo \'[ "$1" = bound ] || exit 0\' >> /tmp/d',
        "echo 'ip addr add $ip/24 dev eth0' >> /tmp/d",
        "echo 'ip route add default via $router' >> /tmp/d",
        "echo 'echo got $ip $router $dns' >> /tmp/d",
        'ip link set eth0 up',
      ])
        await run(guest, line);
      expect(await run(guest, 'udhcpc -i eth0 -s /tmp/d -n -q 2>&1')).toContain(
        'got 10.0.2.15 10.0.2.2 10.0.2.3',
      );
      expect(await run(guest, 'ping -c 2 10.0.2.2')).toContain('2 packets received');
      expect(await run(guest, 'nslookup localhost 10.0.2.3')).toMatch(/Address: 10\.0\.2\.2/);
      expect(await run(guest, 'nslookup no.such.name.invalid 10.0.2.3')).toMatch(/NXDOMAIN|can't|SERVFAIL/i);
    },
    10 * MINUTES,
  );

  it(
    'carries ten megabytes in, ten megabytes out, a datagram, and a refusal',
    async () => {
      const web = createHttp((_request, response) => response.end(PAYLOAD));
      let uploaded = () => {};
      const sum = createHash('md5');
      const done = new Promise<void>((resolve) => {
        uploaded = resolve;
      });
      const sink = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('data', (bytes) => sum.update(bytes));
        socket.on('end', () => {
          socket.end();
          uploaded();
        });
      });
      servers.push(web, sink);
      const webPort = await listening(web);
      const sinkPort = await listening(sink);
      const files = createSocket('udp4', (bytes, from) => {
        if (bytes[1] === TFTP_READ)
          files.send(Buffer.from('\0\x03\0\x01carried over\n', 'latin1'), from.port, from.address);
      });
      await new Promise<void>((resolve) => files.bind(0, '127.0.0.1', resolve));

      const guest = await start('--net');
      await withAddress(guest);
      await run(guest, 'mkdir /r; mount -t tmpfs -o size=20m r /r');
      await run(guest, `wget -q -O /r/p http://10.0.2.2:${webPort}/`);
      expect(await run(guest, 'md5sum /r/p')).toContain(md5(PAYLOAD));
      await run(guest, `nc 10.0.2.2 ${sinkPort} < /r/p`);
      await done;
      expect(sum.digest('hex')).toBe(md5(PAYLOAD));
      const line = `tftp -g -r x -l - 10.0.2.2 ${files.address().port}`;
      expect(await run(guest, line)).toContain('carried over');
      files.close();
      sink.close();
      expect(await run(guest, `nc 10.0.2.2 ${sinkPort} 2>&1`)).toContain('refused');
    },
    10 * MINUTES,
  );

  it(
    'puts together what its kernel has cut, and cuts what is too long for it',
    async () => {
      const question = Buffer.from('\0\x06blksize\x004000\0', 'latin1');
      let written: Uint8Array | undefined;
      const files = createSocket('udp4', (bytes, from) => {
        if (bytes[1] === TFTP_DATA) written = bytes.subarray(4);
        const answer = bytes[1] === TFTP_DATA ? Buffer.of(0, TFTP_ACK, bytes[2]!, bytes[3]!) : question;
        files.send(answer, from.port, from.address);
      });
      await new Promise<void>((resolve) => files.bind(0, '127.0.0.1', resolve));
      const guest = await start('--net');
      await withAddress(guest);
      await run(guest, 'seq 1000 > /p');
      await run(guest, `tftp -p -b 4000 -l /p -r x 10.0.2.2 ${files.address().port}`);
      expect(new TextDecoder().decode(written)).toBe(
        Array.from({ length: 1000 }, (_, i) => `${i + 1}\n`).join(''),
      );
      files.close();
      expect(await run(guest, 'ping -c 1 -s 60000 10.0.2.2')).toContain('1 packets received');
    },
    10 * MINUTES,
  );

  it(
    'waits for a slow reader outside, who gets everything, and nothing piles up',
    async () => {
      const sum = createHash('md5');
      let reader: Socket | undefined;
      let got = 0;
      const sink = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
        reader = socket;
        socket.on('data', (bytes) => {
          sum.update(bytes);
          got += bytes.length;
        });
        socket.pause();
        socket.on('end', () => socket.end());
      });
      servers.push(sink);
      const port = await listening(sink);
      const guest = await startWithSomethingLong();
      const before = process.memoryUsage().arrayBuffers;
      let done = false;
      const upload = run(guest, `nc 10.0.2.2 ${port} < /r/p`).then(() => {
        done = true;
      });
      while (!reader) await pause(10);
      await pause(6000);
      expect(done).toBe(false);
      expect(got).toBe(0);
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 << 20);
      reader.resume();
      await upload;
      expect(got).toBe(LONG.length);
      expect(sum.digest('hex')).toBe(md5(LONG));
    },
    10 * MINUTES,
  );

  it(
    'makes a sender outside wait for a slow reader of its own, who gets everything',
    async () => {
      let sender: Socket | undefined;
      const source = createServer((socket) => {
        sender = socket;
        socket.end(LONG);
      });
      servers.push(source);
      const port = await listening(source);
      const guest = await start('--net');
      await withAddress(guest);
      const sum = run(guest, `nc 10.0.2.2 ${port} < /dev/null | (sleep 9; md5sum)`);
      while (!sender) await pause(10);
      await pause(3000);
      expect(sender.writableLength).toBeGreaterThan(LONG.length / 2); // what is not even this computer's kernel's
      expect(await sum).toContain(md5(LONG));
    },
    10 * MINUTES,
  );

  it(
    'hears of a reset in the middle of a long upload, and goes on with the next',
    async () => {
      const sink = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.resetAndDestroy());
      });
      servers.push(sink);
      const port = await listening(sink);
      const guest = await startWithSomethingLong();
      for (let i = 0; i < 3; i++) {
        expect(await run(guest, `nc 10.0.2.2 ${port} < /r/p; echo "code $?"`)).toMatch(/code 1/);
      }
      expect(await run(guest, 'ping -c 1 10.0.2.2')).toContain('1 packets received');
    },
    10 * MINUTES,
  );

  it(
    'lets others in by a door',
    async () => {
      const free = createServer();
      const port = await listening(free);
      await new Promise((resolve) => free.close(resolve));
      const guest = await start('--net', `--forward=${port}:80`);
      await withAddress(guest);
      await run(guest, 'mkdir /r; mount -t tmpfs -o size=20m r /r');
      await run(guest, 'head -c 3000000 /dev/urandom > /r/p');
      const expected = /[0-9a-f]{32}/.exec(await run(guest, 'md5sum /r/p'))![0];
      await run(guest, 'httpd -p 80 -h /r');
      const response = await fetch(`http://127.0.0.1:${port}/p`);
      expect(md5(new Uint8Array(await response.arrayBuffer()))).toBe(expected);
      await run(guest, 'kill $(pidof httpd)');
      const refused = connect(port, '127.0.0.1');
      const error = await new Promise<NodeJS.ErrnoException>((resolve) => refused.once('error', resolve));
      expect(error.code).toBe('ECONNRESET');
    },
    10 * MINUTES,
  );

  it(
    'connects two of them by a switch',
    async () => {
      const a = await start('--switch=test');
      await withAddress(a, '10.1.1.1');
      const b = await start('--switch=test');
      await withAddress(b, '10.1.1.2');
      expect(await run(b, 'ping -c 3 10.1.1.1')).toContain('3 packets received');
      a.type('nc -l -p 99 | md5sum\n');
      await a.until('md5sum\r\n');
      const expected = md5(new Uint8Array(2_000_000));
      await run(b, 'head -c 2000000 /dev/zero | nc 10.1.1.1 99');
      expect(await a.until('# ')).toContain(expected);
    },
    10 * MINUTES,
  );
});
