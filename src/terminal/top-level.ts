/*
 * # The net
 *
 * A program that fails owes you one sentence. If you could have caused it, the sentence is about what you did. If
 * you could not, it says so, and how to see the rest.
 */

import { constants } from 'node:os';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { whatHappened } from './complaint.ts';

/*
 * ## Everything ends here
 *
 * Each of these is a way to end that would not pass through the bottom of `program`. All of them leave by
 * `process.exit`, which is what makes Node call those who promised to put the terminal back. A signal that nobody hears
 * ends a program where it stands, so we hear those that somebody may send. `SIGUSR1` is not among them: it wakes Node's
 * debugger.
 *
 * The code of a program that dies of a signal is 128 and the number of the signal. Shells started that, and scripts
 * rely on it. A reader who closes the pipe, as `head` does when it has seen enough, is no error of anybody's, and
 * nobody is left to tell. Whatever else may happen to the last word of a program, a full disk for one, you are told.
 */

const HEARD = ['SIGINT', 'SIGQUIT', 'SIGUSR2', 'SIGALRM', 'SIGTERM'] as const;

/** Runs a program to its exit code. Whatever goes wrong in it is one line on standard error, and code 1. */
export async function atTopLevel(program: () => Promise<number>): Promise<void> {
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  for (const signal of HEARD) process.on(signal, () => leave(128 + constants.signals[signal]));
  process.on('SIGHUP', hangUp);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(1); // whoever was reading has gone home
    fail(new LauncherError(`standard output: ${whatHappened(error)}`));
  });
  try {
    const code = await program();
    process.stdout.write('', (error) => {
      if (!error) leave(code); // not before the last word is out; if it never is, see above
    });
  } catch (error) {
    fail(error);
  }
}

/** Ends the program. When everybody has kept their promises, a signal need not wait for what Node still has to do. */
function leave(code: number): never {
  process.on('exit', () => {
    for (const signal of HEARD) process.removeAllListeners(signal);
  });
  process.exit(code);
}

/*
 * When a terminal is closed, its programs get SIGHUP, and it is not there any more. Node would give it back its old
 * mode on the way out, does not find it, and takes that for a bug of its own: you get a core. So of this signal the
 * program dies as if nobody had heard it, as soon as everybody has kept what they promised.
 */

function hangUp(): void {
  process.emit('exit', 128 + constants.signals.SIGHUP);
  process.removeAllListeners();
  process.kill(process.pid, 'SIGHUP');
}

/*
 * ## In a sentence
 *
 * The line for a bug of ours, or of yours if you have changed something, names the kind of error and the function in
 * which it happened, since that is what you would put into the report, or want to look at.
 * `LANTERN_DEBUG=1` brings the stack back, for whoever is going to read it.
 */

function fail(error: unknown): never {
  console.error(describeFailure(error, process.env.LANTERN_DEBUG === '1'));
  process.exit(1);
}

/** @param debug with the stack, which is for those who wrote this */
export function describeFailure(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error && error.stack) return error.stack;
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n', 1)[0];
  if (error instanceof LauncherError) return `lantern: ${line}`;
  const name = error instanceof Error ? error.name + placeOf(error) : 'failed';
  return `lantern: ${name}: ${line} (this should not happen; LANTERN_DEBUG=1 tells where it did)`;
}

/** ` in demandPage`, if it was a function with a name that failed. */
function placeOf({ stack }: Error): string {
  const innermost = stack?.split('\n').find((line) => /^ +at /.test(line)) ?? '';
  const [, name] = /^ +at (?:new |async )?([\w$.#]+) \(/.exec(innermost) ?? [];
  return name ? ` in ${name}` : '';
}
