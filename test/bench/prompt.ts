import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Seconds from `npm run ARGUMENTS` to the first prompt of the guest it boots; then switches the guest off. */
export function secondsToPrompt(script: string): Promise<number> {
  const began = performance.now();
  const child = spawn('npm', ['run', '--silent', script], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  let seconds: number | undefined;
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1');
    if (seconds === undefined && /^\$ /m.test(said)) {
      seconds = (performance.now() - began) / 1000;
      child.stdin.end('poweroff\n');
    }
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      if (seconds === undefined) reject(new Error(`npm run ${script}: no prompt in ${JSON.stringify(said)}`));
      else resolve(seconds);
    });
  });
}
