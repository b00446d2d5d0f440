/*
 * # Segments, and how to do without
 *
 * In 1982 Intel believed that programs would be made of segments: one for the code, one for each array, every
 * access checked against its length by the hardware, thousands of them in a system. The 286 could do it, and
 * nobody wanted to. Since then every operating system begins its day by switching segmentation off, which cannot
 * be done, so it defines one segment that begins at 0 and is 4 GiB long, and says that everything is in it.
 *
 * Pup needs it four times, for code and data are different *kinds* and ring 1 and ring 3 are different *levels*.
 * The entries land in places 12 to 15, since that is where Linux had them in 2007 and where lguest expects them to
 * this day.
 *
 * The funny thing is that lguest's protection of the *Host* does not need segments either. The first version limited
 * the Guest's segments, so that the top of the address space was out of its reach. Then its author noticed that page
 * tables already did the job.
 */
import {
  GDT_ENTRY_KERNEL_CS,
  GDT_ENTRY_KERNEL_DS,
  GDT_ENTRY_USER_CS,
  GDT_ENTRY_USER_DS,
} from '../1-preparation/abi.ts';
import { KERNEL_RING, loadSegmentTable, setSegment } from './paravirt.ts';

/** The low word of a descriptor for all 4 GiB: base 0, limit 0xFFFFF (pages). */
const FLAT_LOW = 0x0000ffff;

/**
 * The high word: 32 bits wide, limit in pages, present, accessed; code that may be read, or data that may be written.
 */
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
