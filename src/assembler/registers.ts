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

/** Every register by its name, in lower case. */
export const registers: ReadonlyMap<string, Register> = new Map(
  Object.entries(REGISTER_SETS).flatMap(([set, names]) =>
    names.split(/ +/).flatMap((name, number): [string, Register][] => {
      return name === '-' ? [] : [[name, { kind: 'register', name, set: set as RegisterSet, number }]];
    }),
  ),
);

/** The register of that name in any case, or undefined. */
export function registerNamed(name: string | undefined): Register | undefined {
  if (name === undefined || name.length > 3) return undefined;
  const known = registers.get(name) ?? registers.get(name.toLowerCase());
  return known ?? (name.toLowerCase() === 'st' ? registers.get('st0') : undefined);
}
