import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine, type Engine } from '../../src/processor/index.ts';
import { firstDifference, prepareBoth, stateOf } from './both.ts';
import { runFor } from '../processor/stage.ts';

/** Runs the same code on both engines and compares at the end. */
function runBoth(code: string, more: Partial<Parameters<typeof prepareBoth>[0]> = {}, limit = 2_000_000) {
  const [interpreted, compiled] = prepareBoth({ code, ...more });
  const stops = [interpreted.run(limit), compiled.run(limit)];
  expect(stops[1]).toBe(stops[0]);
  expect(stateOf(compiled)).toBe(stateOf(interpreted));
  expect(firstDifference(interpreted, compiled)).toBe(-1);
  return compiled;
}

describe('Compiled code that is changed', () => {
  test('by itself, in the loop that is running, is seen to be changed', () => {
    const machine = runBoth(`
      mov ecx, 30000
      l: test ecx, 1023
      jnz patch
      inc byte [patch + 2]
      patch: add eax, 1
      dec ecx
      jnz l
      hlt`);
    expect(machine.registers.eax).toBeGreaterThan(30_000);
  });

  test('from outside, between two runs, is seen to be changed', () => {
    const [, machine] = prepareBoth({ code: 'l: add eax, 1\n jmp l' });
    runFor(machine, 100_000);
    const before = machine.registers.eax;
    machine.ram.write8(0x8002, 100);
    machine.run(2000);
    expect(machine.registers.eax).toBe(before + 1000 * 100);
  });

  test('by a store in the middle of a block that it changes, ends there', () => {
    runBoth(`
      mov ecx, 5000
      l: mov eax, ecx
      and eax, 511
      cmp eax, 1
      sbb edx, edx
      and edx, 7
      add [patch + 1], dl
      patch: mov al, 1
      add ebx, eax
      loop l
      hlt`);
  });
});

describe('Compiled code that is mapped elsewhere', () => {
  const remap = `
    mov ebp, 400
    round:
    mov eax, 0x1000
    test ebp, 1
    jz first
    mov eax, 0xd000
    first: mov cr3, eax
    mov ecx, 50
    l: call 0xa000
    dec ecx
    jnz l
    dec ebp
    jnz round
    hlt`;

  test('is found by where it is, not by its address', () => {
    const words: Record<string, number> = {
      // inc ebx; ret, and behind the other mapping inc esi; ret
      '0xa000': 0xc343,
      '0xe000': 0xc346,
      '0xd000': 0xf007,
    };
    for (let page = 0; page < 64; page++) words[0xf000 + page * 4] = (page << 12) | 7;
    words[0xf000 + 10 * 4] = 0xe007;
    const machine = runBoth(remap, { paging: true, words });
    expect(machine.registers.ebx + machine.registers.esi).toBe(400 * 50);
    expect(machine.registers.ebx).toBe(200 * 50);
  });
});

describe('A slice', () => {
  test('ends on the instruction, wherever in compiled code that is', () => {
    const [interpreted, compiled] = prepareBoth({
      code: 'mov ecx, 100000\n l: add eax, ecx\n push eax\n call f\n pop eax\n dec ecx\n jnz l\n hlt\n f: inc ebx\n ret',
    });
    for (let slice = 1; slice < 400; slice++) {
      for (const machine of [interpreted, compiled]) machine.run(slice);
      expect(stateOf(compiled)).toBe(stateOf(interpreted));
    }
  });
});

describe('A guest that writes its own code for ever', () => {
  const code = `
    again: inc dword [0x9000]
    mov eax, [0x9000]
    mov edi, 0x20000
    mov byte [edi], 0x05            ; add eax, a new number each time
    mov [edi + 1], eax
    mov dword [edi + 5], 0xc3f77549 ; dec ecx; jnz; ret
    mov ecx, 3
    call edi
    jmp again`;

  function writeForEver(engine: Engine, instructions: number) {
    const machine = createMachine({ ramBytes: 4 << 20, engine, hot: 1 });
    machine.ram.write(0x1000, assemble(code, { origin: 0x1000 }).bytes);
    machine.registers.eip = 0x1000;
    machine.registers.esp = 0x8000;
    runFor(machine, instructions);
    return machine;
  }

  /** Bytes that somebody holds. The process has more: rubbish, which V8 is slow to take away, and room for more of it. */
  function held(): number {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let time = 0; time < 4; time++) collect();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  test('computes what it should, and the process does not grow', () => {
    const interpreted = writeForEver('interpreter', 60_000);
    const compiled = writeForEver('compiler', 60_000);
    expect(stateOf(compiled)).toBe(stateOf(interpreted));
    runFor(compiled, 140_000);
    const before = held();
    runFor(compiled, 500_000); // 28,000 regions: to hold them takes 26 MB
    expect(held() - before).toBeLessThan(8 << 20);
  });
});

describe('A guest with more code than is kept compiled', () => {
  /** Functions that are called in turn, each of which becomes a region: more of them than there may be. */
  const FUNCTIONS = 3100;

  function callThemAll(engine: Engine) {
    const functions = Array.from({ length: FUNCTIONS }, (_, index) => `f${index}: add eax, ${index}\n ret`);
    const calls = functions.map((_, index) => `call f${index}`);
    const source = `mov ecx, 6\n again:\n ${calls.join('\n')}\n dec ecx\n jnz again\n hlt\n ${functions.join('\n')}`;
    const machine = createMachine({ ramBytes: 4 << 20, engine, hot: 2 });
    machine.ram.write(0x1_0000, assemble(source, { origin: 0x1_0000 }).bytes);
    machine.registers.eip = 0x1_0000;
    machine.registers.esp = 0x8000;
    expect(runFor(machine, 1_000_000)).toBe('halted');
    return machine;
  }

  test('has it forgotten and compiled again, and computes what it should', () => {
    expect(stateOf(callThemAll('compiler'))).toBe(stateOf(callThemAll('interpreter')));
  });
});
