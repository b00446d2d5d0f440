/** A bzImage in everything that a loader looks at: setup code of two sectors, a header, and code behind it. */
export function bzImage(code: Uint8Array): Uint8Array {
  const file = new Uint8Array(3 * 512 + code.length);
  const view = new DataView(file.buffer);
  file[0x1f1] = 2;
  file[0x201] = 0x66;
  file.set(new TextEncoder().encode('HdrS'), 0x202);
  view.setUint32(0x214, 0x100000, true);
  view.setUint32(0x260, 0x00abcdef, true);
  file.set(code, 3 * 512);
  return file;
}

/** A bzImage that carries `payload` behind two bytes of unpacker, and in front of two that are not its. */
export function carrying(payload: Uint8Array): Uint8Array {
  const file = bzImage(Uint8Array.of(0xaa, 0xbb, ...payload, 0x1f, 0x8b));
  const view = new DataView(file.buffer);
  view.setUint16(0x206, 0x208, true);
  view.setUint32(0x248, 2, true);
  view.setUint32(0x24c, payload.length, true);
  return file;
}
