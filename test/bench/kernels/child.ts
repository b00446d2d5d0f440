import { openNative } from './native.ts';
import { KERNELS } from './programs.ts';
import { runOnV86 } from './v86.ts';

/** One kernel on the real processor or on v86 in a fresh process: `child.ts WHERE KERNEL ROUNDS` prints the rounds as JSON. */
const [where, name, count] = process.argv.slice(2) as [string, string, string];
const rounds = Number(count);
const kernel = KERNELS.find((kernel) => kernel.name === name)!;

async function run() {
  if (where === 'v86') return runOnV86(kernel, rounds);
  const native = await openNative();
  if (typeof native === 'string') throw new Error(native);
  return Array.from({ length: rounds }, () => native(kernel));
}

console.log(JSON.stringify(await run()));
process.exit(0);
