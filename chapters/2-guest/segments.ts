/* # Segments, and how to do without */
import {
  GDT_ENTRY_KERNEL_CS,
  GDT_ENTRY_KERNEL_DS,
  GDT_ENTRY_USER_CS,
  GDT_ENTRY_USER_DS,
} from '../1-preparation/abi.ts';
import { KERNEL_RING, loadSegmentTable, setSegment } from './paravirt.ts';

/** The low word of a descriptor for all 4 GiB: base 0, limit 0xFFFFF (pages). */
const FLAT_LOW = 0x0000ffff;

/** The high word: 32 bits wide, limit in pages, present, accessed; code that may be read, or data that may be written. */
const FLAT_CODE = 0x00cf9b00;
const FLAT_DATA = 0x00cf9300;

/** Where in the high word the privilege level sits. */
const LEVEL = 1 << 13;

/** Four descriptors, all of them the whole address space. */
export function loadSegments(): void {
  setSegment(GDT_ENTRY_KERNEL_CS, FLAT_LOW, FLAT_CODE + KERNEL_RING * LEVEL);
  setSegment(GDT_ENTRY_KERNEL_DS, FLAT_LOW, FLAT_DATA + KERNEL_RING * LEVEL);
  setSegment(GDT_ENTRY_USER_CS, FLAT_LOW, FLAT_CODE + 3 * LEVEL);
  setSegment(GDT_ENTRY_USER_DS, FLAT_LOW, FLAT_DATA + 3 * LEVEL);
  loadSegmentTable();
}
