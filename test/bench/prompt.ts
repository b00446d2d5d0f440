import { spawn } from 'node:child_process';

/** Something that boots: what to start, how its prompt looks, and what to type there so that it ends. */
export interface Boot {
  command: string;
  words: readonly string[];
  prompt: RegExp;
  /** Without it the process is killed. */
  farewell?: string;
}

/**
 * Without certificates: where this variable names a file of them, each Node that starts reads it, and npm is a Node, too. A tenth of a second
 * each time, which is the machine's, and no part of a boot.
 */
const ENVIRONMENT = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };

/** Seconds from starting the command to the first prompt of the guest it boots. Waits until the command has ended. */
export function secondsToPrompt({ command, words, prompt, farewell }: Boot): Promise<number> {
  const began = performance.now();
  const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'], env: ENVIRONMENT });
  let said = '';
  let seconds: number | undefined;
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1');
    if (seconds !== undefined || !prompt.test(said)) return;
    seconds = (performance.now() - began) / 1000;
    if (farewell === undefined) child.kill();
    else child.stdin.end(farewell);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      if (seconds === undefined) reject(new Error(`${command}: no prompt in ${JSON.stringify(said)}`));
      else resolve(seconds);
    });
  });
}

/** pup, by one of the two scripts that boot it. */
export function pup(script: 'boot' | 'start', ...options: string[]): Boot {
  const words = ['run', '--silent', script, '--', ...options];
  return { command: 'npm', words, prompt: /^\$ /m, farewell: 'poweroff\n' };
}
