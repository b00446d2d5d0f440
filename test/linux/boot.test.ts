import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootToPrompt, type Session } from '../guest/session.ts';

/*
 * A kernel that none of us wrote. LANTERN_LINUX_DIR names a folder with `vmlinux`, `bzImage` and `initrd.gz`: an i386
 * Linux 4.1 to 4.13 with CONFIG_LGUEST_GUEST, and an initial file system whose init ends in a shell on hvc0.
 */
const folder = process.env.LANTERN_LINUX_DIR;
const why = folder === undefined ? 'skipped, as LANTERN_LINUX_DIR is not set' : `from ${folder}`;

/** Types a line at a Linux prompt and returns what came before the next. A Linux terminal ends its lines in two bytes. */
async function run(session: Session, line: string): Promise<string> {
  session.type(`${line}\n`);
  await session.until(`${line}\r\n`);
  return session.until('# ');
}

describe.skipIf(folder === undefined)(`Linux, ${why}`, () => {
  const read = (name: string) => new Uint8Array(readFileSync(join(folder!, name)));
  const start = (kernel: string, unpacks = true) =>
    bootToPrompt({
      megabytes: 64,
      kernel: read(kernel),
      unpacks,
      initrd: read('initrd.gz'),
      kernelArguments: 'console=hvc0',
      options: ['--rng'],
      prompt: '# ',
    });

  it.each(
    ['vmlinux', 'bzImage'].filter((name) => folder && existsSync(join(folder, name))),
  )('boots %s to a shell, which runs programs, and switches itself off', async (kernel) => {
    const session = await start(kernel);
    expect(session.said).toContain('Booting paravirtualized kernel on lguest');
    expect(session.said).toContain('Calibrating delay loop (skipped)');
    expect(await run(session, 'uname -sm')).toMatch(/Linux i\d86/);
    expect(await run(session, 'cat /proc/cpuinfo')).toMatch(/cpu family\s*: 5/);
    expect(await run(session, 'echo $((6 * 7)) | cat')).toContain('42');
    expect(await run(session, '(sleep 1; echo done) & wait')).toContain('done');
    session.type('poweroff -f\n');
    expect(await session.ended).toMatchObject({ code: 0 });
    expect(session.said).not.toMatch(/WARNING|BUG|Oops|Call Trace/);
  }, 600_000);

  /** Which Linux it is, by the text that its setup header points to. */
  const versionOf = (bzImage: Uint8Array) => {
    const text = 0x200 + new DataView(bzImage.buffer).getUint16(0x20e, true);
    return new TextDecoder('latin1').decode(bzImage.subarray(text, text + 80));
  };

  it('boots a bzImage that has to unpack itself', async ({ skip }) => {
    skip(!existsSync(join(folder!, 'bzImage')), `there is no bzImage in ${folder}`);
    const lost = /^4\.[5-8]\./.test(versionOf(read('bzImage')));
    skip(lost, 'unpackers of 4.5 to 4.8, linked by binutils from 2.26 on, do not find their command line');
    const session = await start('bzImage', false);
    expect(await run(session, 'echo $((6 * 7)) | cat')).toContain('42');
    session.type('poweroff -f\n');
    expect(await session.ended).toMatchObject({ code: 0 });
  }, 600_000);

  it('says that it panicked, and with what', async () => {
    const session = await start('vmlinux');
    session.type('echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger; kill -9 1; exit\n');
    const { code, reason } = await session.ended;
    expect(code).toBe(1);
    expect(reason).toMatch(/CRASH: /);
  }, 600_000);

  it('does the same again when it is booted the same way', async () => {
    const runs = [];
    for (let i = 0; i < 2; i++) {
      const session = await start('vmlinux');
      session.type('poweroff -f\n');
      await session.ended;
      runs.push({ said: session.said, retired: session.retired() });
    }
    expect(runs[0]).toEqual(runs[1]);
  }, 600_000);
});
