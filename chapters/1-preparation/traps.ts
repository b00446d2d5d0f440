/** The vectors that the Host treats by name. */
export const NON_MASKABLE_INTERRUPT = 2;
export const DEVICE_NOT_AVAILABLE = 7;
export const DOUBLE_FAULT = 8;
export const SPURIOUS_INTERRUPT = 15;
export const GENERAL_PROTECTION = 13;
export const PAGE_FAULT = 14;

/** Vectors below this are the processor's own exceptions. */
export const EXCEPTIONS = 32;
export const VECTORS = 256;

/** Whether the processor pushes an error code with an exception (Intel SDM vol. 3, 6.13). */
export function pushesErrorCode(vector: number): boolean {
  return vector === DOUBLE_FAULT || (vector >= 10 && vector <= 14) || vector === 17;
}

/** Bits of the upper word of a gate (Intel SDM vol. 3, 6.11). */
export const GATE_PRESENT = 1 << 15;
export const GATE_RING_SHIFT = 13;
export const GATE_RING = 3 << GATE_RING_SHIFT;
export const INTERRUPT_GATE = 0xe;
export const TRAP_GATE = 0xf;

/** The type of a gate, from its upper word. */
export function gateType(high: number): number {
  return (high >>> 8) & 0xf;
}

/** The address that a gate leads to. */
export function gateOffset(low: number, high: number): number {
  return ((high & 0xffff_0000) | (low & 0xffff)) >>> 0;
}

/** Bits of EFLAGS (Intel SDM vol. 1, 3.4.3); IF is `X86_EFLAGS_IF` in the ABI. */
export const EFLAGS_ALWAYS = 1 << 1;
export const EFLAGS_TRAP = 1 << 8;
export const EFLAGS_IOPL = 3 << 12;
export const EFLAGS_NESTED = 1 << 14;
export const EFLAGS_RESUME = 1 << 16;
export const EFLAGS_VIRTUAL_8086 = 1 << 17;
