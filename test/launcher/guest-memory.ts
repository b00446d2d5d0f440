import { Windows, type GuestWindow } from '../../chapters/5-host/windows.ts';
function ram(megabytes: number): any {
  const b = new Uint8Array((33 + megabytes) * (1 << 20));
  const v = new DataView(b.buffer);
  return {
    size: b.length,
    read8: (a: number) => v.getUint8(a),
    read16: (a: number) => v.getUint16(a, true),
    read32: (a: number) => v.getUint32(a, true),
    write8: (a: number, x: number) => v.setUint8(a, x),
    write16: (a: number, x: number) => v.setUint16(a, x, true),
    write32: (a: number, x: number) => v.setUint32(a, x, true),
    read: (a: number, l: number) => b.slice(a, a + l),
    view: (a: number, l: number) => b.subarray(a, a + l),
    write: (a: number, x: Uint8Array) => b.set(x, a),
    fill: (a: number, l: number, y: number) => b.fill(y, a, a + l),
  };
}
export function guestMemory(megabytes = 1): GuestWindow {
  return new Windows(ram(megabytes)).open(megabytes * (1 << 20));
}
const ww = new Windows(ram(4));
const [below, memory, above] = [1, 2, 3].map(() => ww.open(1 << 20)) as any[];
below.fill(0, below.size, 0x5a);
above.fill(0, above.size, 0x5a);
const ok = (b: Uint8Array) => Buffer.compare(b, Buffer.alloc(b.length, 0x5a)) === 0;
export function neighbours(): { memory: GuestWindow; untouched: () => boolean } {
  memory.fill(0, memory.size, 0);
  return { memory, untouched: () => ok(below.bytes) && ok(above.bytes) };
}
