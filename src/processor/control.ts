/*
 * # Only for ring 0
 *
 * To require a ring is one comparison. Whether an instruction *has* that comparison is what makes a processor easy or
 * hard to virtualise. Nearly all of those here that say something about the machine have it, and a hypervisor is told
 * of each attempt, by #GP. SMSW, RDTSC and CPUID do not, and of these it is told nothing.
 */
import { protectionFault } from './faults.ts';
import { DIRECTION, INTERRUPT } from './flags.ts';
import { type Instruction, offsetOf } from './instruction.ts';
import { BASE, CPL, CR0, CR2, CR3, CR4, DR0, DR6, DR7, EAX, EBX, ECX, EDX, SYSTEM_FLAGS } from './layout.ts';
import { readOperand, writeOperand } from './operands.ts';
import {
  CR0_AM,
  CR0_CD,
  CR0_EM,
  CR0_ET,
  CR0_MP,
  CR0_NE,
  CR0_NW,
  CR0_PE,
  CR0_PG,
  CR0_TS,
} from './processor.ts';
import { CR0_WP, CR4_OSFXSR, CR4_TSD, type Processor, SHADOW_STI, updateAttention } from './processor.ts';
import { flushTlb, invalidatePage } from './tlb.ts';

/** What rings 1 to 3 may not do at all. */
export function requireRing0(cpu: Processor): void {
  if (cpu.words[CPL] !== 0) protectionFault();
}

/** CLI and STI are for rings up to IOPL. */
function requireIoPrivilege(cpu: Processor): void {
  const words = cpu.words;
  if (words[CPL]! > ((words[SYSTEM_FLAGS]! >> 12) & 3)) protectionFault();
}

/*
 * ## Interrupts, yes or no
 *
 * CLI and STI ask for IOPL instead: a kernel can give that right to a program, and Linux has a system call to do
 * so. lguest does not give it to its guests. Their kernel in ring 1 has IOPL 0 above it and CLI faults.
 */
export function clearInterruptFlag(cpu: Processor): void {
  requireIoPrivilege(cpu);
  cpu.words[SYSTEM_FLAGS]! &= ~INTERRUPT;
  updateAttention(cpu);
}

/** STI: interrupts come after the next instruction, so that STI, RET and STI, HLT are safe. */
export function setInterruptFlag(cpu: Processor): void {
  requireIoPrivilege(cpu);
  const words = cpu.words;
  if ((words[SYSTEM_FLAGS]! & INTERRUPT) === 0) cpu.shadow = SHADOW_STI;
  words[SYSTEM_FLAGS]! |= INTERRUPT;
  updateAttention(cpu);
}

export function clearDirection(cpu: Processor): void {
  cpu.words[SYSTEM_FLAGS]! &= ~DIRECTION;
}

export function setDirection(cpu: Processor): void {
  cpu.words[SYSTEM_FLAGS]! |= DIRECTION;
}

/*
 * HLT does nothing until something happens. The run loop returns to its caller, who is what happens.
 */
/** HLT. The run loop sees to the rest. */
export function halt(cpu: Processor): void {
  requireRing0(cpu);
  cpu.halted = true;
  updateAttention(cpu);
}

/*
 * ## CR0 and its neighbours
 *
 * Every write to CR0 may change what all addresses mean. PE cannot be cleared: there is no real mode to go back
 * to here, and #GP says so at once instead of letting a kernel wander off.
 */
const CR0_KNOWN =
  CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG;

/*
 * In CR4 a kernel says what it knows of. OSFXSR means that it saves and loads the x87 by FXSAVE and FXRSTOR. Those who
 * ask are the instructions of SSE. Here are none, and so it is merely kept.
 */
const CR4_KNOWN = CR4_TSD | CR4_OSFXSR;

export function readControl(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  cpu.words[i.rm] = cpu.words[CR0 + i.operation]!;
}

/** MOV to CR0, CR2, CR3 or CR4. */
export function writeControl(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  const words = cpu.words;
  const value = words[i.rm]!;
  switch (CR0 + i.operation) {
    case CR0:
      writeCr0(cpu, value);
      break;
    case CR2:
      words[CR2] = value;
      break;
    case CR3:
      words[CR3] = value & ~0xfe7;
      flushTlb(cpu);
      break;
    case CR4:
      if (value & ~CR4_KNOWN) protectionFault();
      words[CR4] = value;
      break;
  }
}

/** CR0. Real mode is not offered: clearing PE is #GP(0). */
function writeCr0(cpu: Processor, value: number): void {
  const words = cpu.words;
  if ((value & CR0_PE) === 0) protectionFault();
  if (value & CR0_NW && (value & CR0_CD) === 0) protectionFault();
  const old = words[CR0]!;
  words[CR0] = (value & CR0_KNOWN) | CR0_ET;
  if ((old ^ value) & (CR0_PG | CR0_WP)) flushTlb(cpu);
}

/*
 * LMSW is what the 286 had for CR0. It could enter protected mode but not leave it, which was thought safe at the time.
 * Those who wanted to run old programs beside new ones thought otherwise.
 */
/** LMSW: the low four bits of CR0; PE can be set but not cleared. */
export function loadMachineStatus(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  const value = readOperand(cpu, i);
  cpu.words[CR0] = (cpu.words[CR0]! & ~(CR0_MP | CR0_EM | CR0_TS)) | (value & (CR0_MP | CR0_EM | CR0_TS));
}

export function storeMachineStatus(cpu: Processor, i: Instruction): void {
  writeOperand(cpu, i, cpu.words[CR0]!);
}

export function clearTaskSwitched(cpu: Processor): void {
  requireRing0(cpu);
  cpu.words[CR0]! &= ~CR0_TS;
}

/*
 * DR0 to DR3 hold addresses at which a debugger wants to be called, DR7 says which of them count. We keep the
 * numbers and do not act on them. What works is the single step.
 */
/** MOV from and to the debug registers. 4 and 5 are the old names of 6 and 7. */
export function readDebug(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  cpu.words[i.rm] = cpu.words[DR0 + debugNumber(i.operation)]!;
}

export function writeDebug(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  const words = cpu.words;
  const value = words[i.rm]!;
  const register = DR0 + debugNumber(i.operation);
  if (register === DR6) words[DR6] = (value & 0xe00f) | 0xffff_0ff0;
  else if (register === DR7) words[DR7] = (value & 0xffff_23ff) | 0x400;
  else words[register] = value;
}

function debugNumber(number: number): number {
  return number === 4 || number === 5 ? number + 2 : number;
}

/*
 * INVLPG names an address and does not touch it, which spares it all the checks.
 */
export function invalidate(cpu: Processor, i: Instruction): void {
  requireRing0(cpu);
  // INVLPG takes the address as it is, whether or not the segment would allow an access.
  const offset = offsetOf(cpu, i);
  invalidatePage(cpu, i.segment < 0 ? offset : (cpu.words[BASE + i.segment]! + offset) | 0);
}

/** INVD and WBINVD: there is no cache here to write back. */
export function flushCaches(cpu: Processor): void {
  requireRing0(cpu);
}

/** RDMSR and WRMSR: there is no such register, whichever it is. */
export function modelSpecific(cpu: Processor): void {
  requireRing0(cpu);
  protectionFault();
}

/*
 * ## Clocks and names
 *
 * RDTSC counts cycles on other processors. Here it counts instructions, so that two runs of one program read the
 * same time at the same place. CPUID says who we are, and what a kernel may use: the time stamp, CMPXCHG8B, CMOV,
 * FXSAVE, and, since the 486, a floating-point unit on the same piece of silicon. A kernel believes every word of it.
 */
/** RDTSC: one tick an instruction. */
export function readTimeStamp(cpu: Processor): void {
  const words = cpu.words;
  if (words[CR4]! & CR4_TSD) requireRing0(cpu);
  const retired = cpu.retiredAtEnd - cpu.remaining;
  words[EAX] = retired;
  words[EDX] = retired / 0x1_0000_0000;
}

/** CPUID features: FPU, TSC, CX8, CMOV and FXSR. */
const FEATURES = (1 << 0) | (1 << 4) | (1 << 8) | (1 << 15) | (1 << 24);

export function identify(cpu: Processor): void {
  const words = cpu.words;
  switch (words[EAX]) {
    case 0:
      words[EAX] = 1;
      words[EBX] = 0x746e_614c; // Lant
      words[EDX] = 0x4c6e_7265; // ernL
      words[ECX] = 0x7468_6769; // ight
      break;
    default:
      // Beyond the last leaf, the answer is that of the last leaf.
      words[EAX] = 0x0000_0520;
      words[EBX] = 0;
      words[ECX] = 0;
      words[EDX] = FEATURES;
  }
}
