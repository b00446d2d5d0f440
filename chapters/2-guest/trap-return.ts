/*
 * # The way back
 *
 * There is hardly any code in this file, and it has the longest story of the chapter. It is about one instruction.
 *
 * Going back to a program means restoring its registers and its interrupt flag, and the last step is `iret`, which
 * takes `eip`, `cs` and EFLAGS from the stack in one go. On a real machine EFLAGS contains the interrupt flag, and
 * so interrupts come on again in the same instant in which you leave: never earlier, never later. Yours is a word
 * in memory. `iret` knows nothing of it. Somebody has to copy it there *before* the `iret`.
 *
 * So between the copying and the leaving there is a gap, one instruction wide. Interrupts are on already; the old
 * frame is still on the stack. If an interrupt comes now, its frame gets pushed on top. That alone would be
 * harmless. But suppose that interrupts come faster than you can leave: each finds you in the gap, each pushes
 * another frame, and the stack grows until it meets something you loved.
 */
import { naked } from './language.ts';
import { lguestData } from './lguest-data.ts';

/*
 * lguest's answer until 2015 was a *range*: the Guest told the Host two addresses, and while `eip` lay between
 * them the Host held his interrupts back. Then a better one: tell him the address of the `iret` alone. If an
 * interrupt comes exactly there, he need not push anything. He pretends that the `iret` was done and that the
 * interrupt came right after it; the frame that this would have pushed is the one that already lies on the stack.
 * He changes `eip` to your handler and leaves the stack as it is. The gap has gone, and nobody had to wait.
 *
 * The address says `ss:` for a reason. `ds` went back to the program some lines ago. If it is null there, a store
 * through it would fault, and this is the worst of places for that.
 */

/** Seven bytes of pop, then the iret whose address `introduce` gave to the Host. */
export const protectedIret = naked`
  pop dword [ss:${lguestData}]
  iret
`;

/** How far into `protectedIret` the iret itself is. */
export const IRET_OFFSET = 7;

/*
 * ## Everything in reverse
 *
 * What remains is to take down the tower that `enterTrap` put up, in the opposite order, and to fall through the hole.
 * On the bare silicon the same code runs, and the store goes to a word nobody reads. It costs three instructions, and
 * in return there is only one way out of this kernel.
 *
 * A new process begins its life at `returnFromTrap` as well, with a tower that was forged for it. It believes it
 * has just come back from somewhere.
 */

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
