/* # The way back */
import { naked } from './language.ts';
import { lguestData } from './lguest-data.ts';

/** Seven bytes of pop, then the iret whose address `introduce` gave to the Host. */
export const protectedIret = naked`
  pop dword [ss:${lguestData}]
  iret
`;

/** How far into `protectedIret` the iret itself is. */
export const IRET_OFFSET = 7;

/* ## Everything in reverse */

/** Undoes `enterTrap`, from the frame at esp. New processes begin their life here. */
export const returnFromTrap = naked`
  pop gs
  pop fs
  pop es
  pop ds
  popad
  add esp, 8                    ; the vector and the error code
  push dword [esp + 8]          ; the flags that iret is about to load
  jmp ${protectedIret}
`;
