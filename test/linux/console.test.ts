import { createHash, randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folder, type LinuxMachine, scratch, startLinux, why } from './machine.ts';

const MEGABYTE = 1 << 20;
const MINUTE = 60_000;

/*
 * What pup does in test/launcher/floods.test.ts, with a terminal driver that none of us wrote.
 */
describe.skipIf(folder === undefined)(`The console of Linux, ${why}`, { timeout: 20 * MINUTE }, () => {
  const files = scratch();
  const text = Array.from({ length: 32_768 }, (_, line) => `${line} `.padEnd(63, '.').concat('\n')).join('');
  let linux: LinuxMachine;
  beforeAll(async () => {
    writeFileSync(files.path('text'), text);
    linux = await startLinux([`--block=${files.path('text')}`]);
  }, 10 * MINUTE);
  afterAll(async () => {
    await linux.kill();
    files.remove();
  });

  it('takes a paste of a megabyte, all 256 kinds of byte, and loses none', async () => {
    const paste = randomFillSync(new Uint8Array(MEGABYTE));
    // With CONFIG_MAGIC_SYSRQ a Linux takes ^O on this console for a key of its own, and the byte behind it for an order.
    const { output: sysrq } = await linux.run('ls /proc/sysrq-trigger 2>/dev/null');
    if (sysrq !== '') for (let at = 0; at < MEGABYTE; at++) if (paste[at] === 0x0f) paste[at] = 0x0e;
    const count = MEGABYTE / 4096;
    linux.type(
      `stty raw -echo; echo "rea""dy"; dd of=/tmp/paste bs=4096 iflag=fullblock count=${count} 2>/dev/null; stty sane; echo "ta""ken"\n`,
    );
    await linux.until('ready');
    linux.type(paste);
    await linux.until('taken', 1000);
    await linux.until('# ');
    const { output } = await linux.run('md5sum < /tmp/paste');
    expect(output).toContain(createHash('md5').update(paste).digest('hex'));
  });

  it('takes a line for each command of a long script, ahead of time', async () => {
    const lines = Array.from({ length: 300 }, (_, line) => `echo $((${line} * ${line}))`);
    linux.type(`cat > /tmp/script\n${lines.join('\n')}\n\x04`);
    await linux.until(`${lines.at(-1)}\r\n`);
    await linux.until('# ');
    const { output } = await linux.run('sh /tmp/script');
    expect(output).toBe(lines.map((_, line) => `${line * line}\n`).join(''));
  });

  it('prints two megabytes and loses nothing', async () => {
    const { output } = await linux.run('cat /dev/vda', 1000);
    expect(output.length).toBe(text.length);
    expect(output === text).toBe(true);
  });
});
