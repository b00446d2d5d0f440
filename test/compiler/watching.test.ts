import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { NO_BLOCK, nextBlock } from '../../src/processor/blocks.ts';
import { emptyBus } from '../../src/processor/bus.ts';
import { Compiler } from '../../src/processor/compiler/index.ts';
import { NEVER } from '../../src/processor/compiler/making.ts';
import { EIP, ESP, RAM_BASE } from '../../src/processor/layout.ts';
import { Processor } from '../../src/processor/processor.ts';
import { run } from '../../src/processor/run.ts';

const AT = 0x8000;

/** A processor with a program of which nothing has been done yet. */
function prepare(source: string, hot: number): { cpu: Processor; compiler: Compiler } {
  const cpu = new Processor(8 << 20, emptyBus);
  const compiler = new Compiler(cpu, hot);
  cpu.compiler = compiler;
  cpu.bytes.set(assemble(source, { origin: AT }).bytes, RAM_BASE + AT);
  cpu.words[EIP] = AT;
  cpu.words[ESP] = AT;
  return { cpu, compiler };
}

function carefulBlocks({ regions }: Compiler): number {
  return [...regions].flatMap(({ blocks }) => blocks).filter(({ isCareful }) => isCareful).length;
}

/** Walks `stride` bytes at a time through `times` places, two words of each side by side. */
const walk = (from: number, stride: number, times: number) => `
  mov ebp, 4
  round:
  mov esi, ${from}
  mov ecx, ${times}
  l: mov [esi], ecx
  mov [esi + 4], eax
  add esi, ${stride}
  dec ecx
  jnz l
  dec ebp
  jnz round
  hlt`;

describe('A loop whose accesses miss', () => {
  test('because it comes to pages for the first time is left as it is', () => {
    const { cpu, compiler } = prepare(walk(0x10_0000, 0x1000, 1000), 100);
    expect(run(cpu, 100_000)).toBe('halted');
    expect(compiler.regions.size).toBeGreaterThan(0);
    expect(carefulBlocks(compiler)).toBe(0);
  });

  test('because two of them lie on both sides of a page boundary is compiled more carefully', () => {
    const { cpu, compiler } = prepare(walk(0x10_0ffc, 0x1000, 1000), 100);
    expect(run(cpu, 100_000)).toBe('halted');
    expect(carefulBlocks(compiler)).toBeGreaterThan(0);
  });
});

describe('The patience of a compiler', () => {
  const loop = `call f\n jmp ${AT}\n f: inc eax\n ret`;

  test('is a small part of the whole at first, and grows with each region', () => {
    const { cpu, compiler } = prepare(loop, 320_000);
    run(cpu, 600 * 4);
    expect(compiler.regions.size).toBe(0);
    const before = compiler.hot;
    run(cpu, 100 * 4);
    expect(compiler.regions.size).toBeGreaterThan(0);
    expect(before).toBe(10_000);
    expect(compiler.hot).toBeGreaterThan(before);
  });
});

test('A block that is not worth compiling begins to grow hot anew when it is as hot as can be', () => {
  const { cpu } = prepare('again: rdtsc\n jmp again', 100);
  run(cpu, 10_000);
  cpu.words[EIP] = AT;
  const block = nextBlock(cpu, NO_BLOCK);
  expect({ due: block.due, region: block.region }).toEqual({ due: NEVER, region: undefined });
  block.heat = NEVER - 1;
  run(cpu, 10_000);
  expect(block.heat).toBeGreaterThan(0);
  expect(block.heat).toBeLessThan(NEVER / 2);
});
