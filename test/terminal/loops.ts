/** Takes the terminal, and loops: for a while, then for ever. For `watchdog.test.ts`. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { watchTerminal } from '../../src/terminal/watchdog.ts';

/** What a terminal does to keys and to letters: it leaves keys alone when it is raw, and moves the cursor back at each newline. */
const mode = () => {
  const settings = execFileSync('stty', ['-a'], { stdio: [0, 'pipe', 'inherit'] });
  const keys = settings.includes('-icanon') && settings.includes('-isig') ? 'raw' : 'cooked';
  return settings.includes('-opost') ? `${keys}, and its lines are stairs` : keys;
};
const loop = (milliseconds: number) => {
  for (const end = performance.now() + milliseconds; performance.now() < end; );
};

async function main(): Promise<void> {
  process.stdin.setRawMode(true);
  process.on('SIGINT', () => console.log('nobody comes by here'));
  watchTerminal(2);
  await sleep(2500);
  console.log(`before: ${mode()}`);
  loop(5500);
  console.log(`in the loop: ${mode()}`);
  await sleep(4000);
  console.log(`after it: ${mode()}`);
  loop(Number.POSITIVE_INFINITY);
}

void main();
