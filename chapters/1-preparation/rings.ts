/** The ring (0 to 3) that a selector asks for: its lowest two bits. */
export function ringOf(selector: number): number {
  return selector & 3;
}

/** The ring of a Guest's kernel, and of its processes. */
export const GUEST_KERNEL_RING = 1;
export const GUEST_USER_RING = 3;

/** Bits of the upper word of a descriptor (Intel SDM vol. 3, 3.4.5). */
export const DESCRIPTOR_ACCESSED = 1 << 8;
export const DESCRIPTOR_READABLE = 1 << 9; // of a code segment; writable, of a data segment
export const DESCRIPTOR_CONFORMING = 1 << 10; // of a code segment; grows down, of a data segment
export const DESCRIPTOR_CODE = 1 << 11;
export const DESCRIPTOR_SEGMENT = 1 << 12; // clear: a gate, a task state or a local table
export const DESCRIPTOR_RING_SHIFT = 13;
export const DESCRIPTOR_RING = 3 << DESCRIPTOR_RING_SHIFT;
export const DESCRIPTOR_PRESENT = 1 << 15;

/** Both words of a segment that starts at 0 and ends at 4 GiB, for ring 0 and already marked as accessed. */
export const FLAT_LOW = 0x0000_ffff;
export const FLAT_CODE_HIGH = 0x00cf_9b00;
export const FLAT_DATA_HIGH = 0x00cf_9300;
