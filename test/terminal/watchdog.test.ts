import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { asBuilt } from '../bench/as-built.ts';

/** What gives a program a terminal of its own, from util-linux. */
const SCRIPT = '/usr/bin/script';
const CONTROL_C = '\x03';

it.skipIf(!existsSync(SCRIPT))(
  'Whoever loops for ever gives the terminal back, and ends at ^C; who only was slow takes it again (skipped without script(1))',
  { timeout: 120_000 },
  async () => {
    // `exec`, since a shell that waited in between would be killed by the same ^C, and counted instead.
    const words = ['exec', process.execPath, ...asBuilt('test/terminal/loops.ts')].join(' ');
    const terminal = spawn(SCRIPT, ['-qec', words, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => void terminal.kill()); // a closed window, and the dog sees to the rest
    let said = '';
    const ended = new Promise<number | null>((resolve) => terminal.on('close', resolve));
    await new Promise<void>((resolve) => {
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (/after it.*nothing has moved/s.test(said)) resolve();
      });
    });
    terminal.stdin.write(CONTROL_C);
    expect(await ended).toBe(128 + 9); // as a shell counts those who are killed
    expect(said).toMatch(
      /before: raw\r?\n.*nothing has moved for 2 s.*in the loop: cooked.*after it: raw\r?\n/s,
    );
  },
);
