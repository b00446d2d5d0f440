/*
 * # init
 *
 * The first process has three duties. It starts a shell, or the one command that the kernel was given. It waits,
 * for ever, and so buries all the orphans that are handed to it. And when the child it started is gone, it
 * switches off the light.
 *
 * That is one duty less than the init of a Linux distribution has, if one rounds down by a million lines.
 */
import type { i32, u32 } from '../language.ts';
import { addressOf, array, at } from '../language.ts';
import { SHUTDOWN_POWER_OFF } from '../protocol.ts';
import { exit, foreground, fork, processId, setGroup, shutdown, wait } from './library/calls.ts';
import { complain, print } from './library/output.ts';
import { become } from './library/run.ts';

const shell = array<u32>(2);

/** Starts the shell, or the command it was given, buries whoever has no parent left, and turns off the light. */
export function main(count: u32, words: u32[]): void {
  shell[0] = addressOf('sh');
  let command: u32[] = shell;
  if (count > 1) command = at<u32[]>(addressOf(words) + 4);
  else print('Type help if you are lost.\n');

  const child: i32 = fork();
  if (child === 0) {
    setGroup(0, 0);
    foreground(processId());
    complain('init', command[0], become(command));
    exit(127);
  }
  if (child < 0) complain('init', command[0], child);
  else while (wait(0) !== child);
  shutdown(SHUTDOWN_POWER_OFF);
}
