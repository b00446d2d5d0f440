import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MINUTES, optionsOf } from '../options.ts';

/**
 * `LANTERN_LINUX_DIR=... npm run soak -- --minutes N`: a Linux Guest forks, pipes, maps memory, writes to a disk and
 * reads from a network, all at once and for N minutes (30, if you do not say). It ends with 1 if any of that stopped or
 * came out wrong, if the kernel had anything to complain about, if its clock went astray by more than one in a thousand,
 * or if the launcher grew.
 */
const MOST_DRIFT = 0.001;
const MOST_GROWTH = 1.1;
const WAIT = 120_000;
const BETWEEN_SAMPLES = 10_000;
const PROMPT = '/ # ';

const root = fileURLToPath(new URL('../..', import.meta.url));
const linux = process.env.LANTERN_LINUX_DIR ?? '';
const minutes = Number(optionsOf('soak', { minutes: MINUTES }).minutes ?? 30);
if (!existsSync(join(linux, 'vmlinux')) || !existsSync(join(linux, 'initrd.gz'))) {
  console.error('soak: LANTERN_LINUX_DIR must name a folder with vmlinux and initrd.gz');
  process.exit(1);
}

const blob = randomBytes(1 << 20);
const sum = createHash('md5').update(blob).digest('hex');
const server = createServer((_, response) => response.end(blob)).listen(0, '127.0.0.1');
await new Promise((resolve) => server.on('listening', resolve));
const { port } = server.address() as AddressInfo;

const folder = mkdtempSync(join(tmpdir(), 'lantern-soak-'));
const disk = join(folder, 'disk.img');
writeFileSync(disk, '');
truncateSync(disk, 64 << 20);

/*
 * Each of the five writes a line when a round came out right, and another when it did not.
 */
const JOBS = {
  fork: 'i=0; while [ $i -lt 40 ]; do (exit 0) & i=$((i+1)); done; wait',
  pipe: '[ "$(yes lantern | head -n 50000 | wc -l)" = 50000 ]',
  memory: '[ "$(dd if=/dev/zero bs=8M count=2 2>/dev/null | wc -c)" = 16777216 ]',
  disk: `dd if=/dev/urandom of=/mnt/a bs=64k count=64 2>/dev/null; sync; cp /mnt/a /mnt/b; sync
         echo 3 > /proc/sys/vm/drop_caches; cmp /mnt/a /mnt/b; [ $? = 0 ]`,
  net: `[ "$(wget -q -O - http://10.0.2.2:${port}/ | md5sum)" = "${sum}  -" ]`,
};
const SCRIPT = [
  'ifconfig lo 127.0.0.1 up; ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up; route add default gw 10.0.2.2',
  `cd /tmp; touch ${Object.keys(JOBS).join(' ')}; cd /`,
  'now() { read up idle < /proc/uptime; echo = $up; }',
  `tell() { echo = $(for job in ${Object.keys(JOBS).join(' ')}; do
     grep -c right /tmp/$job; grep -c wrong /tmp/$job; done); }`,
  'mke2fs -q /dev/vda; mount -t ext2 /dev/vda /mnt',
  ...Object.entries(JOBS).map(
    ([name, job]) =>
      `(while :; do { ${job}; } >/dev/null 2>&1 && echo right >> /tmp/${name} || echo wrong >> /tmp/${name}; done) &`,
  ),
  'true',
];

const started = [
  '--import=tsx',
  join(root, 'src/terminal/boot.ts'),
  `--block=${disk}`,
  '--net',
  '--rng',
  `--initrd=${join(linux, 'initrd.gz')}`,
  '128',
  join(linux, 'vmlinux'),
  'console=hvc0',
];
const launcher = spawn(process.execPath, started, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
let said = '';
launcher.stdout.on('data', (bytes) => {
  said += bytes;
});
launcher.on('exit', (code) => fail(`the launcher ended with code ${code}: ${said.slice(-500)}`));

await until(PROMPT);
for (const line of SCRIPT) await ask(line);
const samples = [await sample()];
const end = samples[0]!.world + minutes * 60;
console.log('minute   rounds (wrong) of fork, pipe, memory, disk, net        launcher   clock');
for (let told = samples[0]!.world; performance.now() / 1000 < end; ) {
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_SAMPLES));
  const now = await sample();
  samples.push(now);
  if (now.world - told < 60) continue;
  told = now.world;
  say(now);
}
const complaints = await ask("dmesg | grep -E 'WARNING|BUG|Oops|rror|Call Trace|stall|hung' | head");
launcher.removeAllListeners('exit');
launcher.stdin.write('umount -l /mnt; poweroff -f\n');
const code = await new Promise((resolve) => launcher.on('exit', resolve));
server.close();
rmSync(folder, { recursive: true });
judge();

interface Sample {
  /** Seconds, of ours and of the Guest's. */
  world: number;
  guest: number;
  /** Bytes of the launcher in memory. */
  resident: number;
  rounds: { right: number; wrong: number }[];
}

async function sample(): Promise<Sample> {
  const [guest] = await numbersFrom('now', 1);
  const world = performance.now() / 1000;
  const numbers = await numbersFrom('tell', 10);
  const status = readFileSync(`/proc/${launcher.pid}/status`, 'utf8');
  const resident = Number(/VmRSS:\s*(\d+)/.exec(status)![1]) * 1024;
  const rounds = Object.keys(JOBS).map((_, i) => ({ right: numbers[2 * i]!, wrong: numbers[2 * i + 1]! }));
  return { world, guest: guest!, resident, rounds };
}

async function numbersFrom(command: string, count: number): Promise<number[]> {
  const answer = await ask(command);
  const numbers = /^= (.*)$/m.exec(answer)?.[1]?.trim().split(' ').map(Number) ?? [];
  if (numbers.length !== count) fail(`the Guest said ${JSON.stringify(answer)}`);
  return numbers;
}

/** Parts in one by which the Guest's clock is ahead of ours since the first sample. */
function drift(now: Sample): number {
  const [first] = samples as [Sample];
  return (now.guest - first.guest) / (now.world - first.world) - 1;
}

function say(now: Sample): void {
  const rounds = now.rounds.map(({ right, wrong }) => `${right} (${wrong})`.padStart(10)).join('');
  const minute = ((now.world - samples[0]!.world) / 60).toFixed(1).padStart(6);
  const megabytes = `${Math.round(now.resident / 1e6)} MB`.padStart(12);
  console.log(`${minute} ${rounds} ${megabytes} ${(drift(now) * 100).toFixed(3).padStart(8)} %`);
}

function judge(): void {
  const last = samples.at(-1)!;
  const most = (part: readonly Sample[]) => Math.max(...part.map(({ resident }) => resident));
  const third = Math.ceil(samples.length / 3);
  const growth = most(samples.slice(-third)) / most(samples.slice(third, 2 * third));
  const verdicts: [boolean, string][] = [
    [last.rounds.every(({ right, wrong }) => right > 0 && wrong === 0), 'every round came out right'],
    [complaints.trim() === '', `the kernel complains of nothing ${complaints.trim()}`],
    [
      Math.abs(drift(last)) <= MOST_DRIFT,
      `the clocks differ by ${(drift(last) * 100).toFixed(3)} %, at most 0.1`,
    ],
    [
      growth <= MOST_GROWTH,
      `the last third needed ${growth.toFixed(2)} times the memory of the second, at most 1.1`,
    ],
    [code === 0, `the launcher ended with ${code}`],
  ];
  for (const [right, what] of verdicts) console.log(`${right ? 'yes' : 'NO '}  ${what}`);
  process.exitCode = verdicts.every(([right]) => right) ? 0 : 1;
}

/** Types a line and returns what came before the next prompt. */
async function ask(line: string): Promise<string> {
  launcher.stdin.write(`${line}\n`);
  await until('\n');
  return until(PROMPT);
}

/** Waits for `text`, forgets what was said up to there, and returns it. */
async function until(text: string): Promise<string> {
  const late = performance.now() + WAIT;
  for (let at = said.indexOf(text); ; at = said.indexOf(text)) {
    if (at >= 0) {
      const before = said.slice(0, at).replaceAll('\r', '');
      said = said.slice(at + text.length);
      return before;
    }
    if (performance.now() > late)
      fail(`no ${JSON.stringify(text)} within ${WAIT / 1000} s: ${said.slice(-500)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function fail(why: string): never {
  console.error(`soak: ${why}`);
  launcher.kill();
  process.exit(1);
}
