/*
 * # Doors
 *
 * You are about to be interrupted, and it will go on for the rest of your life. Division by zero, page faults, the
 * clock, a key on a keyboard, programs asking for things: all come through one table with 256 places, each of
 * which holds the address of a piece of your code.
 *
 * You fill fifty-three places. (The Host will keep fifty. Three are not for Guests, and he does not say so.) Twenty are
 * the processor's own complaints, vector 0 to 19. Thirty-two are interrupt lines: line *n* arrives at vector 32 + *n*,
 * as if there were the pair of 8259 interrupt controllers of the IBM AT. There are not; the Host counts to 32 all by
 * himself. And one is for programs.
 *
 * Nearly all are *interrupt* gates, which under the Host means that he gets the trap first, looks, and reflects it
 * to you. Only 0x80 is a *trap* gate that ring 3 may call, and so the only one by which a program falls into your
 * lap with no Host involved. When a system call took 1,750 nanoseconds by way of the Host, it took 270 through
 * this gate; those are the numbers lguest published for it, and they are why it is worth a special case.
 */
import { FIRST_EXTERNAL_VECTOR, LGUEST_IRQS, SYSCALL_VECTOR } from '../1-preparation/abi.ts';
import type { u32, u8 } from './language.ts';
import { addressOf, array, naked, store32, store8 } from './language.ts';
import { panic } from './panic.ts';
import { KERNEL_DATA, isIret, loadGates, setGate } from './paravirt.ts';
import { trap } from './traps.ts';
import { IRET_OFFSET, protectedIret, returnFromTrap } from './trap-return.ts';

/** Access bytes of a gate: interrupt gate for the processor alone; interrupt and trap gate that ring 3 may call. */
const INTERRUPT_GATE = 0x8e;
const INTERRUPT_GATE_FOR_ALL = 0xee;
const TRAP_GATE_FOR_ALL = 0xef;

/** Vectors of the processor's own exceptions end here. */
const EXCEPTIONS = 20;
const BREAKPOINT = 3;

/** Fills the interrupt table: exceptions, interrupt lines, and the one door that programs may knock at. */
export function loadTraps(): void {
  if (!isIret(addressOf(protectedIret) + IRET_OFFSET)) panic('the iret promised to the Host is not one');
  for (let vector: u32 = 0; vector < EXCEPTIONS; vector++) {
    setGate(vector, stubFor(vector), vector === BREAKPOINT ? INTERRUPT_GATE_FOR_ALL : INTERRUPT_GATE);
  }
  for (let line: u32 = 0; line < LGUEST_IRQS; line++) {
    const vector: u32 = FIRST_EXTERNAL_VECTOR + line;
    setGate(vector, stubFor(vector), INTERRUPT_GATE);
  }
  setGate(SYSCALL_VECTOR, stubFor(SYSCALL_VECTOR), TRAP_GATE_FOR_ALL);
  loadGates();
}

/*
 * ## Code that writes code
 *
 * When a trap arrives the processor has pushed where it came from, and not *which* trap it was. The only way to
 * know is to have a different address for each. Other kernels write a few hundred lines of assembler macros to get
 * 256 nearly identical stubs. You are a program with an array and nothing that forbids you to jump into it, so:
 * write them.
 *
 * Twelve bytes for each. Push a zero (for most traps; seven of them come with an error code of the processor's own, and
 * there two `nop`s stand in). Push the vector. Jump to `enterTrap`. The four opcodes below are the entire compiler.
 */

const STUB_SIZE = 12;
const stubs = array<u8>(256 * 12, 16);
const NOP = 0x90;
const PUSH_BYTE = 0x6a;
const PUSH_WORD = 0x68;
const JUMP = 0xe9;

/** Vectors for which the processor pushes an error code itself: 8, 10 to 14 and 17. */
const WITH_ERROR_CODE = 0x00027d00;

/**
 * Writes the entry of `vector` and returns its address: an error code if there is none, the number, and off to
 * `enterTrap`.
 */
function stubFor(vector: u32): u32 {
  const stub: u32 = addressOf(stubs) + vector * STUB_SIZE;
  const pushed: boolean = vector < 32 && (WITH_ERROR_CODE & (1 << vector)) !== 0;
  store8(stub, pushed ? NOP : PUSH_BYTE);
  store8(stub + 1, pushed ? NOP : 0);
  store8(stub + 2, PUSH_WORD);
  store32(stub + 3, vector);
  store8(stub + 7, JUMP);
  store32(stub + 8, addressOf(enterTrap) - (stub + STUB_SIZE)); // relative to the next instruction
  return stub;
}

/*
 * ## The common way in
 *
 * From here on all traps look the same, a tower of nineteen words that grew downwards. `pushad` puts eight
 * registers on it, then come four segment registers, and the address of the whole is the argument for `trap`,
 * which is a function like any other.
 *
 * Between the two, one act of caution. The program may have left anything in `ds` and `es`, zero for instance; a
 * kernel that read memory through those would fault on its own first instruction. `cld` is the same thought again:
 * the direction flag decides whether `rep movsd` copies forwards or backwards, and it is the *program's* until you
 * say otherwise. There have been kernels that forgot. It took people until 2008 to notice one of them.
 */

/** Completes the frame, gives the kernel its own segments, and calls `trap` with the frame's address. */
const enterTrap = naked`
  pushad
  push ds
  push es
  push fs
  push gs
  mov eax, ${KERNEL_DATA}
  mov ds, ax
  mov es, ax
  cld
  push esp
  call ${trap}
  add esp, 4
  jmp ${returnFromTrap}
`;
