import { type ChildProcess, spawn } from 'node:child_process';
import { asBuilt } from '../bench/as-built.ts';

/** A launcher in a process of its own, as `npm run boot` starts it, with pipes for keyboard and screen. */
export interface FrontEnd {
  readonly child: ChildProcess;
  /** All that the Guest has printed, a character for each byte. */
  readonly said: string;
  /** All that the launcher has printed on its standard error. */
  readonly errors: string;
  /** The launcher's exit code. */
  readonly ended: Promise<number | null>;
  /** Waits for `text` behind what was waited for last, and returns what came before it. */
  until(text: string, seconds?: number): Promise<string>;
  type(text: string | Uint8Array): void;
  /** Ends it without good-bye, if it still runs. */
  kill(): Promise<void>;
}

/** Seconds. These are no measurements: a computer that does five other things at once shall pass, too. */
const PATIENCE = 300;

/** Starts the launcher with these words. */
export function startLauncher(words: string[]): FrontEnd {
  const child = spawn(process.execPath, [...asBuilt('src/terminal/boot.ts'), ...words]);
  let said = '';
  let errors = '';
  let seen = 0;
  let over = false;
  let look = () => {};
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString('latin1');
    look();
  });
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  child.stdin.on('error', () => {}); // it may end before it has read everything
  const ended = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      over = true;
      resolve(code);
      look();
    }),
  );

  return {
    child,
    ended,
    get said() {
      return said;
    },
    get errors() {
      return errors;
    },
    until(text, seconds = PATIENCE) {
      return new Promise((resolve, reject) => {
        const give = (what: string) => {
          look = () => {};
          clearTimeout(timer);
          const last = JSON.stringify(said.slice(Math.max(seen, said.length - 2000)));
          reject(new Error(`${what} ${JSON.stringify(text)}; instead ${last} ${errors}`));
        };
        const timer = setTimeout(() => give(`waited ${seconds} seconds for`), seconds * 1000);
        look = () => {
          const at = said.indexOf(text, seen);
          if (at < 0) {
            if (over) give('ended without');
            return;
          }
          look = () => {};
          clearTimeout(timer);
          const before = said.slice(seen, at);
          seen = at + text.length;
          resolve(before);
        };
        look();
      });
    },
    type(text) {
      child.stdin.write(text);
    },
    async kill() {
      if (!over) child.kill('SIGKILL');
      await ended;
    },
  };
}
