import { existsSync, readdirSync, readlinkSync } from 'node:fs';

const FOLDER = '/proc/self/fd';

/** Whether this system says what a process has open. */
export const tellsOpenFiles: boolean = existsSync(FOLDER);

/** How often this process has a file open. */
export function timesOpen(path: string): number {
  return readdirSync(FOLDER).filter((fd) => targetOf(fd) === path).length;
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`${FOLDER}/${fd}`);
  } catch {
    return ''; // it was that of the list
  }
}
