/* # Doors */
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

/* ## Code that writes code */

const STUB_SIZE = 12;
const stubs = array<u8>(256 * 12, 16);
const NOP = 0x90;
const PUSH_BYTE = 0x6a;
const PUSH_WORD = 0x68;
const JUMP = 0xe9;

/** Vectors for which the processor pushes an error code itself: 8, 10 to 14 and 17. */
const WITH_ERROR_CODE = 0x00027d00;

/** Writes the entry of `vector` and returns its address: an error code if there is none, the number, and off to `enterTrap`. */
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

/* ## The common way in */

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
