/** A reading of a Guest's clock beside the World's, in seconds, when it arrived. */
export interface Reading {
  guest: number;
  host: number;
}

/**
 * How much a Guest's clock is behind the World's, in seconds, at best. What a Guest says is late by the time it takes to say it,
 * which is never negative, and /proc/uptime cuts off hundredths; so of several readings the smallest lag is nearest the truth.
 */
export function lagOf(readings: readonly Reading[]): number {
  return Math.min(...readings.map(({ guest, host }) => host - guest));
}

/** Ten readings: runs a line in the Guest, which says what is in its /proc/uptime. */
export async function readClock(
  run: (line: string) => Promise<string>,
  now: () => number,
): Promise<Reading[]> {
  const readings: Reading[] = [];
  while (readings.length < 10) {
    const said = /^(\d+\.\d\d) /m.exec(await run('cat /proc/uptime'));
    if (!said) throw new Error('expected /proc/uptime to begin with seconds');
    readings.push({ guest: Number(said[1]), host: now() });
  }
  return readings;
}

/** Something to do for the processor while the clock runs. */
export const LOAD = 'while :; do :; done &';
