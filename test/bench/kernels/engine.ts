import { LANTERN_ENGINES, runOnLantern } from './lantern.ts';
import { KERNELS } from './programs.ts';

/** One kernel on one of our engines in a fresh process: `engine.ts ENGINE KERNEL ROUNDS` prints the rounds as JSON. */
const [where, name, rounds] = process.argv.slice(2);
const engine = LANTERN_ENGINES.find((engine) => engine === where)!;
const kernel = KERNELS.find((kernel) => kernel.name === name)!;
console.log(JSON.stringify(runOnLantern(kernel, engine, Number(rounds))));
