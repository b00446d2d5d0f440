import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folder, type LinuxMachine, startLinux, why } from './machine.ts';
import type { PROGRAMS } from './programs.ts';

const MINUTE = 60_000;

/*
 * One boot, many checks: what a person does at a Linux prompt, and what a hostile program does behind their back.
 */
describe.skipIf(folder === undefined)(`A Linux at work, ${why}`, { timeout: 30 * MINUTE }, () => {
  let linux: LinuxMachine;
  beforeAll(async () => {
    linux = await startLinux(['--rng']);
  }, 10 * MINUTE);
  afterAll(() => linux.kill());

  const output = async (line: string) => (await linux.run(line)).output.trimEnd();

  it('mounts, lists, and knows its processes', async () => {
    expect(await output('mount')).toMatch(/^proc on \/proc type proc /m);
    expect((await output('ls -1 /proc')).split('\n')).toEqual(
      expect.arrayContaining(['1', 'cpuinfo', 'vmstat']),
    );
    expect(await output('ps')).toMatch(/^ +2 0 +\[kthreadd\]$/m);
    await linux.run('mkdir /tmp/t; mount -t tmpfs none /tmp/t; echo inside > /tmp/t/file');
    expect(await output('cat /tmp/t/file; umount /tmp/t; ls /tmp/t')).toBe('inside');
  });

  it('pipes', async () => {
    expect(await output('seq 1 2000 | sort -rn | head -n 3 | tr "\\n" " "')).toBe('2000 1999 1998');
    expect(await output('dd if=/dev/zero bs=64k count=4 2>/dev/null | cat | cat | wc -c')).toBe('262144');
  });

  it('runs jobs in the background', async () => {
    const { output: jobs } = await linux.run('sleep 1 & (sleep 1; echo second) & jobs; wait; echo all');
    expect(jobs).toMatch(/Running +sleep 1/);
    expect(jobs).toMatch(/second[\s\S]*all/);
  });

  it('counts with a point, in many processes at once', async () => {
    expect(await output(`awk 'BEGIN { print 1 / 3, 22 / 7, 1e300 * 1e9 }'`)).toBe('0.333333 3.14286 inf');
    expect(await output(`echo 'scale=20; sqrt(2)' | bc`)).toBe('1.41421356237309504880');
    expect(await output('/programs/root-of-two')).toBe('1414213562');
    const five = Array.from({ length: 5 }, () => '(/programs/keep-a-number; echo kept $?) &').join(' ');
    expect(await output(`${five} wait`)).toBe(Array(5).fill('kept 0').join('\n'));
  });

  it('does not let one program pay for what another computed', async () => {
    const { code } = await linux.run('/programs/leave-an-error');
    expect(code).toBe(128 + 4);
    expect(await output('/programs/root-of-two')).toBe('1414213562');
  });

  it('keeps the sum of megabytes through gzip and back', async () => {
    await linux.run('dd if=/dev/urandom of=/tmp/random bs=64k count=16', 300);
    for (const name of ['/tmp/random', '/bin/busybox']) {
      const sum = (await linux.run(`md5sum < ${name}`, 300)).output.slice(0, 32);
      expect(sum).toMatch(/^[0-9a-f]{32}$/);
      const { output: again } = await linux.run(`gzip < ${name} > /tmp/z; gunzip < /tmp/z | md5sum`, 600);
      expect(again.slice(0, 32)).toBe(sum);
    }
    await linux.run('rm /tmp/random /tmp/z');
  });

  it('edits a file with vi', async () => {
    linux.type('vi /tmp/poem\n');
    await linux.until('vi /tmp/poem\r\n');
    await linux.until('\x1b[6n'); // where is the cursor, after going as far down and right as it goes?
    linux.type('\x1b[24;80R');
    await linux.until('/tmp/poem 1/1');
    linux.type('iA lantern by the door,\rand who is there?\x1b');
    await linux.until('- /tmp/poem [Modified] 2/2');
    linux.type('ggOFirst of all\x1b');
    await linux.until('First of all');
    await linux.until('- /tmp/poem [Modified] 1/3');
    linux.type(':wq\r');
    await linux.until('# ');
    expect(await output('cat /tmp/poem')).toBe('First of all\nA lantern by the door,\nand who is there?');
  });

  it('has true dice', async () => {
    expect(await output('cat /sys/class/misc/hw_random/rng_current')).toBe('virtio_rng.0');
    const draw = () => output('dd if=/dev/hwrng bs=512 count=4 2>/dev/null | md5sum');
    expect(await output('dd if=/dev/hwrng bs=512 count=4 2>/dev/null | wc -c')).toBe('2048');
    expect(await draw()).not.toBe(await draw());
  });

  it('sees a processor of family 5', async () => {
    expect(await output('grep family /proc/cpuinfo')).toMatch(/^cpu family\s*: 5$/);
  });

  it('survives a storm of forks', async () => {
    const storm = 'f() { [ $1 -gt 0 ] && { f $(($1-1)) & f $(($1-1)) & wait; }; }; f 6';
    const { output: said, code } = await linux.run(`${storm}; ps | grep -c " sh$"`, 300);
    expect({ said: said.trim(), code }).toEqual({ said: expect.stringMatching(/^\d$/), code: 0 });
  });

  it.each<[keyof typeof PROGRAMS, string, number]>([
    ['divide-by-zero', 'Floating point exception', 128 + 8],
    ['cli', 'Segmentation fault', 128 + 11],
    ['hlt', 'Segmentation fault', 128 + 11],
    ['out', 'Segmentation fault', 128 + 11],
    ['hypercall', 'Segmentation fault', 128 + 11],
    ['undefined', 'Illegal instruction', 128 + 4],
    ['breakpoint', 'Trace/breakpoint trap', 128 + 5],
    ['single-step', 'Trace/breakpoint trap', 128 + 5],
    ['read-null', 'Segmentation fault', 128 + 11],
    ['write-code', 'Segmentation fault', 128 + 11],
    ['read-kernel', 'Segmentation fault', 128 + 11],
    ['read-switcher', 'Segmentation fault', 128 + 11],
    ['jump-to-switcher', 'Segmentation fault', 128 + 11],
    ['ring-1-selector', 'Segmentation fault', 128 + 11],
    ['eat-the-stack', 'Segmentation fault', 128 + 11],
    ['keep-interrupts', '', 0],
  ])('ends the program %s: %s', async (name, words, code) => {
    expect(await linux.run(`/programs/${name}`)).toEqual({
      output: words === '' ? '' : `${words}\n`,
      code,
    });
  });

  it('interrupts a loop when somebody types ^C, and only that', async () => {
    linux.type('/programs/loop\n');
    await linux.until('/programs/loop\r\n');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    linux.type('\x03');
    await linux.until('# ');
    linux.type('echo "code ""$?"\n');
    await linux.until('code 130');
    await linux.until('# ');
    linux.type('/programs/loop & sleep 1; kill -9 $!; wait $!; echo "code ""$?"\n');
    await linux.until('code 137');
    await linux.until('# ');
  });

  it('kills whoever takes all memory, and goes on', async () => {
    const { output: said, code } = await linux.run('/programs/take-all-memory');
    expect({ said, code }).toEqual({ said: 'Killed\n', code: 128 + 9 });
    expect(await output('dmesg')).toMatch(/Out of memory: Kill process \d+ \(take-all-memor\w*\)/);
    expect(await output('echo $((6 * 7))')).toBe('42');
  });

  it('has seen no trouble that was not of its programs', () => {
    expect(linux.said).not.toMatch(/WARNING|BUG|Oops|Kernel panic/);
    expect(linux.errors).toBe('');
  });

  it('is started again from scratch by reboot', async () => {
    await linux.run('echo 1 > /tmp/here');
    linux.type('reboot -f\n');
    await linux.until('Linux version');
    await linux.until('# ');
    expect(await linux.run('ls /tmp/here 2>/dev/null')).toEqual({ output: '', code: 1 });
  });

  it('switches itself off, which is no error', async () => {
    linux.type('poweroff -f\n');
    expect(await linux.ended).toBe(0);
    expect(linux.errors).toBe('');
  });
});
