import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, describe, it } from 'vitest';
import type { Link } from '../../chapters/4-launcher/link.ts';
import { openSwitch } from '../../src/terminal/switch.ts';

const before = process.env.XDG_RUNTIME_DIR;
const open: Link[] = [];
let runtime = '';

beforeEach(() => {
  runtime = mkdtempSync(join(tmpdir(), 'lantern-switch-'));
  process.env.XDG_RUNTIME_DIR = runtime;
});

afterEach(() => {
  for (const link of open.splice(0)) link.close();
  if (before === undefined) delete process.env.XDG_RUNTIME_DIR;
  else process.env.XDG_RUNTIME_DIR = before;
  rmSync(runtime, { recursive: true, force: true });
});

async function plugIn(warn?: (line: string) => void): Promise<Link> {
  const link = await openSwitch('office', warn);
  open.push(link);
  return link;
}

async function until(so: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !so(); i++) await pause(10);
  expect(so()).toBe(true);
}

describe('A switch that goes', () => {
  it('may take its folder along: whoever is left makes it again', async () => {
    const [a, b] = [await plugIn(), await plugIn()];
    a.close();
    rmSync(join(runtime, 'lantern'), { recursive: true });
    await until(() => existsSync(join(runtime, 'lantern', 'office.switch')) && !b.busy);
  });

  it('leaves a cable unplugged while there is no place for another, and says so once', async () => {
    const said: string[] = [];
    const [a, b] = [await plugIn(), await plugIn((line) => said.push(line))];
    a.close();
    rmSync(runtime, { recursive: true });
    await until(() => said.length > 0);
    await pause(150); // another attempt
    expect(said).toEqual([
      `lantern: --switch: cannot make ${runtime}/lantern: no such file or directory; until there is a switch, the cable is unplugged`,
    ]);
    expect(b.busy).toBe(true);
    mkdirSync(runtime);
    await until(() => !b.busy);
  });

  it('does not mind if its lock has gone', async () => {
    const lock = join(runtime, 'lantern', 'office.switch.lock');
    let found = 0;
    const remove = () => {
      if (!existsSync(lock)) return;
      rmSync(lock, { recursive: true });
      found++;
    };
    subscribe('net.client.socket', remove); // whoever has locked looks once more
    try {
      expect((await plugIn()).busy).toBe(false);
      expect(found).toBe(1);
    } finally {
      unsubscribe('net.client.socket', remove);
    }
  });
});
