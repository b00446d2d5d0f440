import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { asBuilt } from '../bench/as-built.ts';

/** What gives a program a terminal of its own, from util-linux. */
const SCRIPT = '/usr/bin/script';

it.skipIf(!existsSync(SCRIPT) || !existsSync('/proc/self/task'))(
  'The terminal stays in raw mode when the weaver has woven (skipped without script(1) and /proc)',
  { timeout: 120_000 },
  () => {
    const words = [process.execPath, ...asBuilt('test/terminal/keeps-raw.ts')].join(' ');
    const { stdout } = spawnSync(SCRIPT, ['-qec', words, '/dev/null'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 110_000,
    });
    expect(stdout).toContain('weaver seen, terminal raw');
    expect(stdout).toMatch(/The book.* http:/);
    expect(stdout).not.toContain('could not be woven');
  },
);
