import { spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { bootToPrompt, diskOf, type Session } from '../guest/session.ts';
import { startLauncher } from '../launcher/front-end.ts';
import { folder, type LinuxMachine, QUIET, scratch, startLinux, why } from './machine.ts';

const MEGABYTE = 1 << 20;
const MINUTE = 60_000;

let files = scratch();
let linux: LinuxMachine | undefined;
afterEach(async () => {
  await linux?.kill();
  linux = undefined;
  files.remove();
  files = scratch();
});

/** An image of zeros that takes no room yet. */
function blank(name: string, megabytes: number): string {
  const path = files.path(name);
  writeFileSync(path, '');
  truncateSync(path, megabytes * MEGABYTE);
  return path;
}

const has = (program: string, ...words: string[]) => spawnSync(program, words).error === undefined;
const run = (program: string, ...words: string[]) => {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} ${words.join(' ')}: ${stdout} ${stderr}`);
  return stdout;
};

/** Runs a line that must work. */
async function must(line: string, seconds = 300): Promise<string> {
  const { output, code } = await linux!.run(line, seconds);
  expect({ line, output, code }).toMatchObject({ code: 0 });
  return output;
}

async function switchOff(): Promise<void> {
  linux!.type('poweroff -f\n');
  expect(await linux!.ended).toBe(0);
}

describe.skipIf(folder === undefined)(`A disk of Linux, ${why}`, () => {
  it(
    'keeps a hundred megabytes that were written through 64 MB of memory, over a reboot',
    async () => {
      const block = randomFillSync(new Uint8Array(MEGABYTE));
      const source = files.path('source');
      writeFileSync(source, block);
      const image = blank('disk', 160);
      linux = await startLinux([`--block=${image}`, `--block=${source}`]);
      await must('mke2fs -b 4096 /dev/vda && mount -t ext2 /dev/vda /mnt && cat /dev/vdb > /tmp/block');
      await must('i=0; while [ $i -lt 100 ]; do echo $i; cat /tmp/block; i=$((i+1)); done > /mnt/big');
      await must('sync');
      linux.type('reboot -f\n');
      await linux.until('Linux version', 300);
      await linux.until('# ', 300);
      await must(`${QUIET}; mount -t ext2 /dev/vda /mnt`);
      const expected = createHash('md5');
      for (let i = 0; i < 100; i++) expected.update(`${i}\n`).update(block);
      expect(await must('md5sum /mnt/big', 600)).toBe(`${expected.digest('hex')}  /mnt/big\n`);
      await must('umount /mnt');
      await switchOff();
      if (has('e2fsck', '-V')) run('e2fsck', '-fn', image);
    },
    30 * MINUTE,
  );

  it.skipIf(!has('mke2fs', '-V') || !has('debugfs', '-V'))(
    'may be an ext4 that another computer has made, and goes back to it',
    async () => {
      const image = blank('disk', 64);
      const lines = Array.from({ length: 50_000 }, (_, line) => `${line}\n`).join('');
      mkdirSync(files.path('content'));
      writeFileSync(join(files.path('content'), 'lines'), lines);
      run('mke2fs', '-q', '-t', 'ext4', '-d', files.path('content'), image);
      linux = await startLinux([`--block=${image}`]);
      await must('mount -t ext4 /dev/vda /mnt');
      expect(await must('md5sum < /mnt/lines')).toContain(createHash('md5').update(lines).digest('hex'));
      await must(
        'sort -rn /mnt/lines > /mnt/backwards && mkdir /mnt/d && mv /mnt/lines /mnt/d && umount /mnt',
      );
      await switchOff();
      run('e2fsck', '-fn', image);
      const backwards = lines.trimEnd().split('\n').reverse().join('\n').concat('\n');
      expect(run('debugfs', '-R', 'cat backwards', image)).toBe(backwards);
      expect(run('debugfs', '-R', 'cat d/lines', image)).toBe(lines);
    },
    10 * MINUTE,
  );

  it(
    'is nobody else’s while it runs, by whatever name',
    async () => {
      const image = blank('disk', 1);
      symlinkSync(image, files.path('symbolic'));
      linkSync(image, files.path('hard'));
      linux = await startLinux([`--block=${image}`]);
      for (const name of [image, relative('.', image), files.path('symbolic'), files.path('hard')]) {
        const second = startLauncher([`--block=${name}`, '64', join(folder!, 'vmlinux')]);
        expect(await second.ended).toBe(1);
        expect(second.said).toBe('');
        expect(second.errors).toBe(
          `lantern: cannot open the disk image ${name}: process ${linux.child.pid} has it open for writing\n`,
        );
      }
      await must('echo mine > /dev/vda');
      await linux.kill();
      linux = await startLinux([`--block=${image}`]);
      expect(await must('head -n 1 /dev/vda')).toBe('mine\n');
      await switchOff();
    },
    10 * MINUTE,
  );

  it.skipIf(process.getuid?.() !== 0)(
    'that is full on the outside, or not for writing, is an I/O error on the inside',
    async () => {
      const [small, sealed] = ['small', 'sealed'].map((name) => {
        mkdirSync(files.path(name));
        run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'none', files.path(name));
        return blank(`${name}/disk`, 8);
      });
      try {
        run('mount', '-o', 'remount,ro', files.path('sealed'));
        linux = await startLinux([`--block=${small}`, `--block=${sealed}`]);
        const full = await linux.run('dd if=/dev/urandom of=/dev/vda bs=64k count=64 conv=fsync');
        expect(full.code).not.toBe(0);
        expect(full.output).toMatch(/Input\/output error|No space left/);
        expect(await must('dmesg')).toMatch(/I\/O error, dev vda/);
        expect(linux.errors).toBe(
          `lantern: disk image ${small}: no space left on device; the Guest gets an I/O error\n`,
        );
        expect(await must('cat /sys/block/vdb/ro')).toBe('1\n');
        const written = await linux.run('echo no > /dev/vdb');
        expect(written.code).not.toBe(0);
        expect((await linux.run('dd if=/dev/vdb of=/dev/null bs=64k')).output).toContain('128+0 records in');
        await switchOff();
      } finally {
        await linux?.kill();
        for (const name of ['small', 'sealed']) spawnSync('umount', [files.path(name)]);
      }
    },
    10 * MINUTE,
  );
});

describe.skipIf(folder === undefined)(`A disk of Linux that we watch, ${why}`, () => {
  it(
    'has synced before a program is told so, and may break at any time',
    async () => {
      const log: string[] = [];
      let broken = '';
      const attempt = (what: string) => {
        log.push(what);
        if (broken !== '') throw new LauncherError(broken);
      };
      const bytes = new Uint8Array(8 * MEGABYTE);
      const disk = diskOf(bytes);
      const session: Session = await bootToPrompt({
        megabytes: 64,
        kernel: readFileSync(join(folder!, 'vmlinux')),
        initrd: readFileSync(join(folder!, 'initrd.gz')),
        kernelArguments: 'console=hvc0',
        options: ['--block=disk'],
        openDisk: () => ({
          ...disk,
          write(position, part) {
            attempt('write');
            return disk.write(position, part);
          },
          sync: () => attempt('sync'),
        }),
        prompt: '# ',
      });
      let lines = 0;
      const code = async (line: string) => {
        session.type(`${line}; echo "[""${++lines}:$?]"\n`);
        await session.until(`[${lines}:`);
        const answer = await session.until(']');
        await session.until('# ');
        return answer;
      };

      expect(await code('echo kept | dd of=/dev/vda bs=512 seek=3 conv=fsync')).toBe('0');
      expect(log).toContain('write');
      expect(log.at(-1)).toBe('sync');
      expect(new TextDecoder().decode(bytes.subarray(1536, 1541))).toBe('kept\n');

      broken = 'no space left on device';
      expect(await code('echo lost | dd of=/dev/vda bs=512 conv=fsync')).not.toBe('0');
      expect(session.warnings).toEqual(['lantern: no space left on device; the Guest gets an I/O error']);
      broken = '';
      expect(await code('echo again | dd of=/dev/vda bs=512 conv=fsync')).toBe('0');
      session.type('poweroff -f\n');
      expect(await session.ended).toMatchObject({ code: 0 });
    },
    10 * MINUTE,
  );
});
