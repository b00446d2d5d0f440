import type { Opcode } from './opcode.ts';

/**
 * What the oracle leaves out, and why. Everything else must agree.
 */

/** Mnemonics whose answer is not the processor's alone. */
export const SKIPPED_MNEMONICS: ReadonlyMap<string, string> = new Map([
  ...['sgdt', 'sidt', 'sldt', 'str', 'smsw'].map(
    (name) => [name, 'Linux forbids or feigns it where the processor has UMIP (SDM vol. 3, 2.5)'] as const,
  ),
  ['cpuid', 'its answer is who one is'],
  ['rdtsc', 'its answer is what time it is'],
  ['rdpmc', 'not claimed: performance counters came with the Pentium MMX'],
]);

const LOCK = 0xf0;

/** Why processors differ in prefixes that say nothing here. Undefined if there are none. */
export function meansNothing({ prefixes, opcode, next }: Opcode): string | undefined {
  const repeats = prefixes.includes(0xf3) || prefixes.includes(0xf2);
  if ((opcode === 0xe0 || opcode === 0xe1) && repeats)
    return "REP in front of LOOPcc: reserved (SDM vol. 2, 2.1.1), and with AMD it replaces LOOPcc's condition";
  if ((opcode === 0x120 || opcode === 0x122) && prefixes.includes(LOCK))
    return 'LOCK MOV CR0: #UD with Intel, and CR8 with AMD';
  if (opcode === 0x100 && ((next >> 3) & 7) === 5 && prefixes.includes(LOCK))
    return 'LOCK VERW: #UD with Intel, and legal with AMD since it clears buffers';
  return undefined;
}

/** Bytes that must not run natively, wherever in the code they stand: they would call Linux. */
const SYSTEM_CALLS = [
  [0xcd, 0x80],
  [0x0f, 0x05],
  [0x0f, 0x34],
];

export function callsLinux(code: Uint8Array): boolean {
  return SYSTEM_CALLS.some(([first, second]) =>
    code.some((byte, at) => byte === first && code[at + 1] === second),
  );
}

/**
 * Why a processor of today and an i686 may differ in an instruction: it has come later, and CPUID does not claim it
 * here. Undefined if there is no such reason.
 */
export function cameLater({ prefixes, opcode, next }: Opcode): string | undefined {
  const mode = next >> 6;
  const digit = (next >> 3) & 7;
  const isMemory = mode !== 3;
  const repeats = prefixes.includes(0xf3) || prefixes.includes(0xf2);
  if ((opcode === 0xc4 || opcode === 0xc5 || opcode === 0x62) && !isMemory) return 'VEX and EVEX: AVX';
  if ((opcode === 0xc6 || opcode === 0xc7) && next === 0xf8) return 'XABORT and XBEGIN: TSX';
  if (opcode === 0x10d) return 'PREFETCHW: 3DNow';
  if (opcode >= 0x110 && opcode <= 0x117) return 'SSE';
  if (opcode === 0x11a || opcode === 0x11b) return 'MPX';
  if (opcode >= 0x128 && opcode <= 0x12f) return 'SSE';
  if (opcode >= 0x138 && opcode <= 0x13f) return 'SSSE3 and later';
  if (opcode >= 0x150 && opcode <= 0x17f) return 'MMX, SSE, and VMX';
  if (opcode === 0x1ae && !(isMemory && digit < 2)) return 'fences and XSAVE';
  if (opcode === 0x1b8 && prefixes.includes(0xf3)) return 'POPCNT';
  if ((opcode === 0x1bc || opcode === 0x1bd) && repeats) return 'TZCNT and LZCNT';
  if (opcode >= 0x1c2 && opcode <= 0x1c6) return 'SSE';
  if (opcode === 0x1c7 && !(isMemory && digit === 1)) return 'RDRAND, XSAVEC, VMX';
  if (opcode >= 0x1d0 && opcode !== 0x1ff) return 'MMX and SSE';
  if (opcode === 0x101 && !isMemory) return 'VMX, XGETBV, SMAP and others in the register forms of group 7';
  if (opcode === 0x101 && [0, 1, 4].includes(digit)) return 'UMIP';
  if (opcode === 0x100 && digit < 2) return 'UMIP';
  if (opcode === 0x105 || opcode === 0x107) return 'SYSCALL and SYSRET';
  if (opcode === 0x134 || opcode === 0x135) return 'SYSENTER and SYSEXIT';
  if (opcode === 0x131 || opcode === 0x133 || opcode === 0x1a2) return 'clocks and names';
  if (opcode === 0x137) return 'GETSEC';
  if ((opcode === 0xdb || opcode === 0xdd || opcode === 0xdf) && isMemory && digit === 1)
    return 'FISTTP: SSE3';
  return undefined;
}
