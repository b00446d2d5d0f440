import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { plot } from './plot.ts';
import { benchKernels } from './report.ts';

const FIGURES = new URL('../../../book/figures/', import.meta.url);

/** The ten kernels; with `drawn`, also as a figure of the book. */
export async function kernels(drawn: boolean): Promise<void> {
  const results = await benchKernels();
  if (results === undefined || !drawn) return;
  mkdirSync(FIGURES, { recursive: true });
  const file = new URL('bench.svg', FIGURES);
  writeFileSync(file, plot(results));
  console.log(`drawn in ${fileURLToPath(file)}`);
}
