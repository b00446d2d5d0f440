import { assemble } from '../../../src/assembler/index.ts';
import { CODE_AT, DATA_AT, DATA_BYTES, type Kernel } from './programs.ts';

/** Where a multiboot loader puts the image, and how much memory the machine needs. */
export const IMAGE_AT = 0x10_0000;
export const MEMORY_MEGABYTES = 64;

/** The serial port on which the image says `BEGAN` before a round, `ENDED` behind it, and then the checksum. */
export const SERIAL_PORT = 0x3f8;
export const BEGAN = 0x42;
export const ENDED = 0x45;
/** Bytes that a round says: both marks and four of checksum, lowest first. */
export const ROUND_BYTES = 6;

const CODE_FRAMES = IMAGE_AT + 0x1000;
const DATA_FRAMES = 0x100_0000;
const DIRECTORY = 0xf0_0000;
const STACK = 0xef_0000;
const MULTIBOOT = 0x1bad_b002;
const WITH_ADDRESSES = 0x1_0000;

/** A kernel as it lies at CODE_AT. */
export function kernelCode(kernel: Kernel): Uint8Array {
  return assemble(kernel.text, { origin: CODE_AT, symbols: { data: DATA_AT }, file: kernel.name }).bytes;
}

/**
 * A multiboot image that turns paging on, runs a kernel `rounds` times, tells of it on the serial port, and halts.
 *
 * The kernel's code and data are mapped where the real processor has them, which for a program under Linux cannot be
 * where they lie in memory.
 *
 * @param exitPort where to write when all is done, if somebody waits for that
 */
export function buildImage(
  kernel: Kernel,
  rounds: number,
  exitPort?: number,
): { bytes: Uint8Array; entry: number } {
  const boot = assemble(
    `header:
       dd ${MULTIBOOT}, ${WITH_ADDRESSES}, ${2 ** 32 - MULTIBOOT - WITH_ADDRESSES}
       dd header, ${IMAGE_AT}, 0, 0, start
     start:
       cli
       lgdt [gdt]
       jmp 8:reloaded
     reloaded:
       mov ax, 16
       mov ds, ax
       mov es, ax
       mov ss, ax
       mov esp, ${STACK}
       cld
       mov edi, ${DIRECTORY}
       mov ecx, 1024
       xor eax, eax
       rep stosd
       ; the memory of a real processor is there before it is asked for: so it shall be everywhere
       mov ebx, edi
       mov edi, ${DATA_FRAMES}
       mov ecx, ${DATA_BYTES >>> 2}
       rep stosd
       mov edi, ebx
       ; EDI is at the first page table. EAX: frame, EDX: directory entry, ECX: entries
       mov eax, 3
       mov edx, ${DIRECTORY}
       mov ecx, 4096
       call map
       mov eax, ${CODE_FRAMES | 3}
       mov edx, ${DIRECTORY + (CODE_AT >>> 22) * 4}
       mov ecx, 1024
       call map
       mov eax, ${DATA_FRAMES | 3}
       mov edx, ${DIRECTORY + (DATA_AT >>> 22) * 4}
       mov ecx, ${DATA_BYTES >>> 12}
       call map
       mov eax, ${DIRECTORY}
       mov cr3, eax
       mov eax, cr0
       or eax, 0x80000000
       mov cr0, eax
       jmp paged
     paged:
       mov dword [rounds], ${rounds}
     round:
       mov al, ${BEGAN}
       mov dx, ${SERIAL_PORT}
       out dx, al
       mov eax, ${CODE_AT}
       call eax
       mov ebx, eax
       mov al, ${ENDED}
       mov dx, ${SERIAL_PORT}
       out dx, al
       mov ecx, 4
     checksum:
       mov al, bl
       out dx, al
       shr ebx, 8
       dec ecx
       jnz checksum
       dec dword [rounds]
       jnz round
       ${exitPort === undefined ? '' : `out ${exitPort}, al`}
     off:
       cli
       hlt
       jmp off
     map:
       lea ebx, [edi + 3]
       mov [edx], ebx
       add edx, 4
     page:
       stosd
       add eax, 4096
       dec ecx
       jz mapped
       test edi, 4095
       jnz page
       jmp map
     mapped:
       ret
       align 8
     gdt:
       dw 23
       dd table
       dw 0
     table:
       dd 0, 0, 0xffff, 0x00cf9a00, 0xffff, 0x00cf9200
     rounds:
       dd 0`,
    { origin: IMAGE_AT },
  );
  const code = kernelCode(kernel);
  const bytes = new Uint8Array(CODE_FRAMES - IMAGE_AT + code.length);
  bytes.set(boot.bytes);
  bytes.set(code, CODE_FRAMES - IMAGE_AT);
  return { bytes, entry: boot.labels.get('start')! };
}

/** Takes the bytes of the serial port as they come, and the time of each, and makes rounds of them. */
export class Stopwatch {
  readonly rounds: { milliseconds: number; checksum: number }[] = [];
  private began = 0;
  private ended = 0;
  private position = 0;
  private checksum = 0;

  hear(byte: number): void {
    const now = performance.now();
    const expected = this.position === 0 ? BEGAN : this.position === 1 ? ENDED : byte;
    if (byte !== expected) throw new Error(`the bench heard ${byte} from a kernel, expected ${expected}`);
    if (this.position === 0) this.began = now;
    else if (this.position === 1) this.ended = now;
    else this.checksum = (this.checksum >>> 8) | (byte << 24);
    this.position++;
    if (this.position < ROUND_BYTES) return;
    this.rounds.push({ milliseconds: this.ended - this.began, checksum: this.checksum >>> 0 });
    this.position = 0;
  }
}
