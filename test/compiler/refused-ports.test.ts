import { expect, test } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { CODE_0, gate } from '../processor/stage.ts';
import { firstDifference, prepareBoth, stateOf } from './both.ts';

/*
 * IN and OUT are refused without a throw, by a note that the run loop finds, in or behind a block. A program in ring 3 that is refused all the time must not be
 * able to tell by what else is compiled, nor by stepping, nor by how often the loop is left.
 */
const HANDLER = 0x9000;
const COUNTS = 0xb000;

/** Counts its calls; the one for #GP drops the error code and skips an instruction of one byte. */
const GENERAL_PROTECTION_HANDLER = `inc dword [${COUNTS}]\nadd esp, 4\ninc dword [esp]\niret`;
const DEBUG_HANDLER = `inc dword [${COUNTS + 4}]\niret`;

function wordsOf(code: string, at: number): Record<string, number> {
  const { bytes } = assemble(code, { origin: at });
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const view = new DataView(padded.buffer);
  return Object.fromEntries(
    Array.from({ length: padded.length / 4 }, (_, i) => [at + 4 * i, view.getUint32(4 * i, true)]),
  );
}

function scene(flags: number, hot: number) {
  return {
    ring: 3 as const,
    flags,
    hot,
    gates: {
      1: gate(CODE_0, HANDLER + 0x100, 0x8e),
      13: gate(CODE_0, HANDLER, 0x8e),
    },
    words: { ...wordsOf(GENERAL_PROTECTION_HANDLER, HANDLER), ...wordsOf(DEBUG_HANDLER, HANDLER + 0x100) },
    code: `
      mov edi, 2000
      again:
      mov edx, edi
      lea eax, [edi + ebx]
      out dx, al
      add ebx, edi
      in al, dx
      jc odd
      out dx, eax
      odd:
      dec edi
      jnz again
      int 3`,
  };
}

test.each([
  ['freely', 0x2, 0],
  ['step by step', 0x102, 6],
])('Ports that are closed are refused alike, run %s', (_, flags, debugs) => {
  const [interpreted, compiled] = prepareBoth(scene(flags, 20));
  for (let limit = 1; ; limit = (limit * 7) % 1009) {
    const stops = [interpreted.run(limit), compiled.run(limit)];
    expect(stops[1]).toBe(stops[0]);
    expect(stateOf(compiled)).toBe(stateOf(interpreted));
    if (stops[0] === 'halted') break;
  }
  expect(firstDifference(interpreted, compiled)).toBe(-1);
  expect(interpreted.registers.edi).toBe(0);
  expect(interpreted.ram.read32(COUNTS)).toBeGreaterThan(2 * 2000);
  expect(interpreted.ram.read32(COUNTS + 4)).toBeGreaterThanOrEqual(debugs * 2000);
});
