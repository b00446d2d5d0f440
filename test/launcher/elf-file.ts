/** What goes into an ELF file for a test. Fields that are not given are right. */
export interface ElfRecipe {
  entry?: number;
  segments?: { virtual?: number; physical: number; bytes: Uint8Array; memorySize?: number }[];
}

const HEADER = 52;
const PROGRAM_HEADER = 32;

/** Writes an i386 executable. */
export function elfFile({ entry = 0x100000, segments = [] }: ElfRecipe): Uint8Array {
  const size = segments.reduce(
    (sum, { bytes }) => sum + bytes.length,
    HEADER + PROGRAM_HEADER * segments.length,
  );
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  view.setUint32(20, 1, true);
  view.setUint32(24, entry, true);
  view.setUint32(28, HEADER, true);
  view.setUint16(40, HEADER, true);
  view.setUint16(42, PROGRAM_HEADER, true);
  view.setUint16(44, segments.length, true);
  let offset = HEADER + PROGRAM_HEADER * segments.length;
  for (const [index, segment] of segments.entries()) {
    const { physical, virtual = physical, bytes, memorySize = bytes.length } = segment;
    const words = [1, offset, virtual, physical, bytes.length, memorySize, 7, 4096];
    for (const [i, word] of words.entries())
      view.setUint32(HEADER + PROGRAM_HEADER * index + 4 * i, word, true);
    file.set(bytes, offset);
    offset += bytes.length;
  }
  return file;
}
