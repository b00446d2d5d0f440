import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import type { Block } from '../../src/processor/blocks.ts';
import { emptyBus } from '../../src/processor/bus.ts';
import { Compiler } from '../../src/processor/compiler/compiler.ts';
import { FIRST_POINTER } from '../../src/processor/compiler/draft.ts';
import { EIP, ESI, RAM_BASE } from '../../src/processor/layout.ts';
import { Processor } from '../../src/processor/processor.ts';
import { run } from '../../src/processor/run.ts';
import { disassemble } from './disassemble.ts';

/*
 * The compiler's first page shows a loop of pup's and what becomes of it. Both pictures are made here and compared with
 * what stands there. To have them written anew: LANTERN_RENEW=1 npx vitest run test/compiler/example
 */
const PAGE = new URL('../../src/processor/compiler/index.ts', import.meta.url);
const AT = 0x8000;
const LOOP = ['mov eax, [esi]', 'add ebx, eax', 'add esi, 4', 'dec ecx', 'jnz again'];

const Module = WebAssembly.Module;
const modules: Uint8Array[] = [];

afterEach(() => {
  WebAssembly.Module = Module;
});

/** Runs the loop until it is compiled. */
function compileLoop(): { block: Block; bytes: Uint8Array } {
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      super(bytes);
      modules.push(bytes.slice());
    }
  };
  const cpu = new Processor(1 << 20, emptyBus);
  const compiler = new Compiler(cpu, 100);
  cpu.compiler = compiler;
  cpu.bytes.set(assemble(`again:\n${LOOP.join('\n')}`, { origin: AT }).bytes, RAM_BASE + AT);
  cpu.words[EIP] = AT;
  cpu.words[ESI] = 0x1000;
  run(cpu, 200);
  const [region] = compiler.regions;
  expect(compiler.regions.size).toBe(1);
  return { block: region!.entry, bytes: modules.at(-1)! };
}

/** Bytes, assembly, and the function of the gallery that each instruction was decoded to. */
function listing({ code }: Block): string {
  const whole = assemble(`again:\n${LOOP.join('\n')}`, { origin: AT }).bytes;
  return code
    .map(({ eip, next, execute }, n) => {
      const bytes = [...whole.subarray(eip - AT, next - AT)].map((byte) =>
        byte.toString(16).padStart(2, '0'),
      );
      return `${n === 0 ? 'again:' : '      '} ${bytes.join(' ').padEnd(10)} ${LOOP[n]!.padEnd(16)} ${execute.name}`;
    })
    .join('\n');
}

const NAMES =
  'budget eax ecx edx ebx esp ebp esi edi flag_a flag_b kind exit t0 t1 t2 t3 target wide_0 wide_1'.split(
    ' ',
  );
const nameOf = (local: number) => NAMES[local] ?? `pointer_${local - FIRST_POINTER}`;

/** From the beginning of the loop to its end. */
function loopOf(text: string): string {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => line.trim().startsWith('(loop'));
  const indent = lines[first]!.indexOf('(');
  const last = lines.findIndex((line, n) => n > first && line.indexOf('(') <= indent);
  return lines
    .slice(first, last)
    .map((line) => line.slice(indent))
    .join('\n');
}

/** The fenced pictures of a narration. */
const FENCES = / \* ```text\n((?: \*.*\n)*?) \* ```\n/g;

test('The example on the first page is what the compiler makes of it', () => {
  const { block, bytes } = compileLoop();
  const made = [listing(block), loopOf(disassemble(bytes, 0, nameOf))];
  const page = readFileSync(PAGE, 'utf8');
  const told = [...page.matchAll(FENCES)].map(([, lines]) => lines!.replaceAll(/^ \* ?/gm, '').trimEnd());
  if (process.env.LANTERN_RENEW) {
    let n = 0;
    const renew = () => ` * \`\`\`text\n${made[n++]!.replaceAll(/^/gm, ' * ')}\n * \`\`\`\n`;
    writeFileSync(PAGE, page.replaceAll(FENCES, renew));
    return;
  }
  expect(told).toEqual(made);
});
