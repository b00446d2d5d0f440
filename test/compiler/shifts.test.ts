import { test } from 'vitest';
import { prepareBoth, runAlike } from './both.ts';

const CONDITIONS = 'o no b nb z nz be a s ns p np l nl le g'.split(' ');
const COUNTS = [1, 2, 5, 7, 8, 9, 15, 16, 17, 31];

/** Shifts a new number each round, and asks about its flags in every way there is; `count` is a number or CL, which changes, too. */
const program = (shift: string) => `
  mov edi, 60
  mov edx, 7
  again:
  imul esi, esi, 1664525
  add esi, 1013904223
  mov ecx, esi
  shr ecx, 27
  ${CONDITIONS.map((condition) => `mov eax, esi\n ${shift}\n set${condition} bl\n add ebp, ebx\n rol ebp, 3`).join('\n')}
  mov eax, esi
  ${shift}
  adc ebp, eax
  dec edi
  jnz again
  hlt`;

const SHIFTS = ['shl', 'shr', 'sar'].flatMap((operation) =>
  ['al', 'ah', 'ax', 'eax'].map((register) => [`${operation} ${register}`]),
);

test.each([
  ...SHIFTS,
  ['shld eax, edx'],
  ['shrd eax, edx'],
])('What %s leaves in the flags is seen alike by both engines', (shift) => {
  for (const count of [...COUNTS, 'cl'])
    runAlike(prepareBoth({ ring: 3, code: program(`${shift}, ${count}`), hot: 5 }), [100_000], 1000);
});
