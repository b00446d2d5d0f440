import { buildImage, MEMORY_MEGABYTES, Stopwatch } from './image.ts';
import type { Kernel } from './programs.ts';

/** As much of v86 as the bench uses. */
interface V86 {
  add_listener(event: string, listener: (value: number) => void): void;
}
type V86Class = new (options: object) => V86;

const FOLDER = new URL('../node_modules/v86/build/', import.meta.url);
const BIOS_BYTES = 0x1_0000;
const RESET_VECTOR = 0xfff0;

/**
 * The shortest BIOS there is: v86 loads a multiboot image itself, when somebody reads its port F4 (66 E5 F4 is
 * `in eax, 0xf4` in 16-bit mode).
 */
function tinyBios(): ArrayBuffer {
  const bios = new Uint8Array(BIOS_BYTES).fill(0xf4);
  bios.set([0x66, 0xe5, 0xf4], RESET_VECTOR);
  return bios.buffer;
}

/** Runs a kernel `rounds` times in a new v86. */
export async function runOnV86(kernel: Kernel, rounds: number): Promise<Stopwatch['rounds']> {
  const { V86 } = (await import(new URL('libv86.mjs', FOLDER).href)) as { V86: V86Class };
  const watch = new Stopwatch();
  return new Promise((resolve, reject) => {
    const machine = new V86({
      wasm_path: new URL('v86.wasm', FOLDER).pathname,
      memory_size: MEMORY_MEGABYTES << 20,
      vga_memory_size: 1 << 20,
      bios: { buffer: tinyBios() },
      multiboot: { buffer: buildImage(kernel, rounds).bytes.buffer },
      autostart: true,
      disable_speaker: true,
    });
    machine.add_listener('serial0-output-byte', (byte) => {
      try {
        watch.hear(byte);
        if (watch.rounds.length === rounds) resolve(watch.rounds);
      } catch (error) {
        reject(error as Error);
      }
    });
  });
}
