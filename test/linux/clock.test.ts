import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootToPrompt, createComputer, type Session } from '../guest/session.ts';
import { LOAD, lagOf, readClock } from './clock.ts';

const folder = process.env.LANTERN_LINUX_DIR;
const why = folder === undefined ? 'skipped, as LANTERN_LINUX_DIR is not set' : `from ${folder}`;

/** Types a line at a Linux prompt and returns what came before the next. */
async function run(session: Session, line: string): Promise<string> {
  session.type(`${line}\n`);
  await session.until(`${line}\r\n`);
  return session.until('# ');
}

describe.skipIf(folder === undefined)(`The clock of a Linux, ${why}`, () => {
  it('keeps the time of its World under load: 0.1 % in twenty seconds, and its date is the World’s', async () => {
    const computer = createComputer(64);
    const { world } = computer;
    const session = await bootToPrompt({
      computer,
      megabytes: 64,
      kernel: new Uint8Array(readFileSync(join(folder!, 'vmlinux'))),
      initrd: new Uint8Array(readFileSync(join(folder!, 'initrd.gz'))),
      kernelArguments: 'console=hvc0 loglevel=1',
      prompt: '# ',
    });
    const inGuest = (line: string) => run(session, line);
    const now = () => world.now() / 1e9;

    const source = '/sys/devices/system/clocksource/clocksource0';
    expect(await inGuest(`cat ${source}/current_clocksource`)).toMatch(/^lguest/);
    await inGuest(LOAD);
    const before = await readClock(inGuest, now);
    await inGuest('sleep 20');
    const after = await readClock(inGuest, now);

    const passed = after[0]!.host - before[0]!.host;
    expect(passed).toBeGreaterThan(20);
    expect(Math.abs(lagOf(after) - lagOf(before)) / passed).toBeLessThan(0.001);

    const date = Number(/^\d+/.exec(await inGuest('date +%s'))![0]);
    expect(Math.abs(date - world.wallClock().seconds)).toBeLessThanOrEqual(1);
  }, 600_000);
});
