/** Seconds that `work` took. */
export async function secondsOf(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

/** The middle one. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Figures that spread: the median, and between which bounds the others lie. */
export function spread(figures: readonly number[], digits: number): string {
  const text = (figure: number) => figure.toFixed(digits);
  return `${text(median(figures))} (${text(Math.min(...figures))} to ${text(Math.max(...figures))})`;
}

/** One line of the report. */
export function line(what: string, figure: string, note = ''): void {
  console.log(`${what.padEnd(44)} ${figure.padStart(24)}  ${note}`);
}
