import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { emptyBus } from '../../src/processor/bus.ts';
import { MOST_BLOCKS, MOST_CODE_PAGES } from '../../src/processor/code-pages.ts';
import { Compiler } from '../../src/processor/compiler/compiler.ts';
import { HOT } from '../../src/processor/compiler/making.ts';
import { EAX, EDX, EIP, ESP, RAM_BASE } from '../../src/processor/layout.ts';
import { MOST_DECODED, PACKED } from '../../src/processor/packed.ts';
import { Processor } from '../../src/processor/processor.ts';
import { run, type Stop } from '../../src/processor/run.ts';
import { runFor } from './stage.ts';

const INC_EAX = 0x40;
const RET = 0xc3;

function prepare(source: string, hot: number | undefined): Processor {
  const cpu = new Processor(4 << 20, emptyBus);
  if (hot !== undefined) cpu.compiler = new Compiler(cpu, hot);
  cpu.bytes.set(assemble(source, { origin: 0x1000 }).bytes, RAM_BASE + 0x1000);
  cpu.words[EIP] = 0x1000;
  cpu.words[ESP] = 0x8000;
  return cpu;
}

/** As `runFor`, for a processor. */
function runOn(cpu: Processor, limit: number): Stop {
  const machine = {
    run: (some: number) => run(cpu, some),
    get retired() {
      return cpu.retiredAtEnd - cpu.remaining;
    },
  };
  return runFor(machine, limit);
}

/*
 * Each round writes to a page full of INC, so that it is decoded anew, and calls one of sixty-four functions: the first
 * round of each leaves it between two holes.
 */
const ROUNDS = 250;
const INCREMENTS = 4000;
const FUNCTIONS = 64;
const REWRITING = `
  mov ebx, ${ROUNDS}
again:
  mov byte [0x20000], ${INC_EAX}
  call 0x20000
  mov ecx, ebx
  and ecx, ${FUNCTIONS - 1}
  call [table + ecx*4]
  dec ebx
  jnz again
  hlt
${Array.from({ length: FUNCTIONS }, (_, n) => `f${n}:\n add edx, ${n}\n lea edx, [edx + ${n * n}]\n ret`).join('\n')}
table: dd ${Array.from({ length: FUNCTIONS }, (_, n) => `f${n}`).join(', ')}`;

test.each([
  ['interpreter', undefined],
  ['compiler', 3],
])('When there is no room for more instructions, those in use are moved together: %s', (_, hot) => {
  const cpu = prepare(REWRITING, hot);
  cpu.bytes.fill(INC_EAX, RAM_BASE + 0x2_0000, RAM_BASE + 0x2_0000 + INCREMENTS);
  cpu.bytes[RAM_BASE + 0x2_0000 + INCREMENTS] = RET;
  let sum = 0;
  for (let round = ROUNDS; round > 0; round--) sum += (round % FUNCTIONS) * ((round % FUNCTIONS) + 1);
  expect(runOn(cpu, ROUNDS * (INCREMENTS + 20))).toBe('halted');
  expect(cpu.words[EAX]).toBe(ROUNDS * INCREMENTS);
  expect(cpu.words[EDX]).toBe(sum);
  expect(cpu.codeEnd).toBeLessThan(MOST_DECODED * PACKED);
  expect(cpu.codePages.filter((page) => page !== undefined).length).toBe(2);
});

test('When more pages have been visited than are kept, all are dropped, and come back', () => {
  const pages = MOST_CODE_PAGES + 100;
  const cpu = new Processor((pages + 16) << 12, emptyBus);
  const source = `again: mov ecx, ${pages}\n mov ebx, 0x10000\n next: call ebx\n add ebx, 0x1000\n dec ecx\n jnz next\n hlt`;
  cpu.bytes.set(assemble(source, { origin: 0x1000 }).bytes, RAM_BASE + 0x1000);
  for (let n = 0; n < pages; n++) cpu.bytes.set([INC_EAX, RET], RAM_BASE + 0x1_0000 + n * 0x1000);
  cpu.words[EIP] = 0x1000;
  cpu.words[ESP] = 0x8000;
  expect(runOn(cpu, 100_000)).toBe('halted');
  expect(cpu.words[EAX]).toBe(pages);
  const kept = cpu.codePages.filter((page) => page !== undefined).length;
  expect(kept).toBe(cpu.codePageCount);
  expect(kept).toBeLessThanOrEqual(MOST_CODE_PAGES + 1);
});

test('When more are in use than half of what there is room for, all are dropped, and come back', () => {
  const length = MOST_DECODED + 100_000;
  const cpu = prepare('mov ebx, 2\nagain: call 0x100000\n dec ebx\n jnz again\n hlt', undefined);
  cpu.bytes.fill(INC_EAX, RAM_BASE + 0x10_0000, RAM_BASE + 0x10_0000 + length);
  cpu.bytes[RAM_BASE + 0x10_0000 + length] = RET;
  expect(runOn(cpu, 3 * length)).toBe('halted');
  expect(cpu.words[EAX]).toBe(2 * length);
  expect(cpu.codeEnd).toBeLessThan(MOST_DECODED * PACKED);
});

test('When there are too many blocks to tidy up at once, however short, all are dropped, and come back', () => {
  const length = 2 << 20;
  const source = 'mov esi, 0x100000\nagain: call esi\n inc esi\n cmp esi, 0x300000\n jb again\n hlt';
  const cpu = prepare(source, undefined);
  cpu.bytes.fill(RET, RAM_BASE + 0x10_0000, RAM_BASE + 0x10_0000 + length);
  let most = 0;
  for (let stop: Stop = 'limit'; stop !== 'halted'; stop = run(cpu, 100_000)) {
    const pages = cpu.codePages.filter((page) => page !== undefined);
    most = Math.max(
      most,
      pages.reduce((sum, { blocks }) => sum + blocks.length, 0),
    );
  }
  expect(cpu.retiredAtEnd - cpu.remaining).toBe(2 + 5 * length);
  expect(most).toBeGreaterThan(MOST_BLOCKS / 2);
  expect(most).toBeLessThan(MOST_BLOCKS * 1.1);
});

test('A block that waits to be compiled when all are dropped is not mistaken for what is decoded in its place', () => {
  const length = MOST_DECODED + 100_000;
  const source = `
    ${'call f\n'.repeat(40)}
    call 0x100000
    mov ecx, 3000
    hot: add ebx, ecx
    dec ecx
    jnz hot
    mov ecx, 600
    again: call f
    dec ecx
    jnz again
    hlt
    f: inc edx
    ret`;
  const [one, other] = [undefined, HOT].map((hot) => {
    const cpu = prepare(source, hot);
    cpu.bytes.fill(INC_EAX, RAM_BASE + 0x10_0000, RAM_BASE + 0x10_0000 + length);
    cpu.bytes[RAM_BASE + 0x10_0000 + length] = RET;
    expect(runOn(cpu, 3 * length)).toBe('halted');
    expect([cpu.words[EDX], cpu.words[EAX]]).toEqual([640, length]);
    return cpu.retiredAtEnd - cpu.remaining;
  });
  expect(other).toBe(one);
});
