/*
 * # The names of registers
 *
 * Why is it ax, *cx, dx, bx*, and not the alphabet? Ask the 8080, whose register pairs were BC, DE, HL and SP, in
 * that order. When Intel made the 8086 in 1978, programs for the old chip were to be translated line by line, BC to
 * cx, DE to dx, HL to bx, SP to sp, with the accumulator moved to the front. The names got letters that looked
 * orderly. The numbers kept the old order, and you have been stepping around it ever since.
 *
 * The number of a register is its place in its row: three bits in every instruction that mentions it.
 *
 * | | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 |
 * | --- | --- | --- | --- | --- | --- | --- | --- | --- |
 * | 32 bits | eax | ecx | edx | ebx | esp | ebp | esi | edi |
 * | 8 bits | al | cl | dl | bl | ah | ch | dh | bh |
 *
 * Eight bits is the odd row: number 4 is not the low byte of esp but the *second* byte of eax.
 */

/** A register operand. `number` is what goes into the three bits that name it. */
export interface Register {
  kind: 'register';
  name: string;
  set: RegisterSet;
  number: number;
}

export type RegisterSet = 'r8' | 'r16' | 'r32' | 'sreg' | 'cr' | 'dr' | 'st';

const REGISTER_SETS: Record<RegisterSet, string> = {
  r32: 'eax ecx edx ebx esp ebp esi edi',
  r16: 'ax  cx  dx  bx  sp  bp  si  di',
  r8: 'al  cl  dl  bl  ah  ch  dh  bh',
  sreg: 'es  cs  ss  ds  fs  gs',
  cr: 'cr0 -   cr2 cr3 cr4',
  dr: 'dr0 dr1 dr2 dr3 dr4 dr5 dr6 dr7',
  st: 'st0 st1 st2 st3 st4 st5 st6 st7',
};

/*
 * There is no cr1. Intel has kept the seat free for forty years, and whoever sits down on it gets an invalid
 * opcode.
 */

const registers: ReadonlyMap<string, Register> = new Map(
  Object.entries(REGISTER_SETS).flatMap(([set, names]) =>
    names.split(/ +/).flatMap((name, number): [string, Register][] => {
      return name === '-' ? [] : [[name, { kind: 'register', name, set: set as RegisterSet, number }]];
    }),
  ),
);

/** The register of that name in any case, or undefined. `st` is `st0`. */
export function registerNamed(name: string | undefined): Register | undefined {
  if (name === undefined || name.length > 3) return undefined;
  const known = registers.get(name) ?? registers.get(name.toLowerCase());
  return known ?? (name.toLowerCase() === 'st' ? registers.get('st0') : undefined);
}
