import { assemble } from '../../src/assembler/index.ts';
import { elfFile } from './elf-file.ts';

/** Where the test programs are loaded, and run: before its first NEW_PGTABLE a Guest's addresses are physical. */
export const PROGRAM = 0x100000;

const PRELUDE = `
lguest_data equ 0x80000
shutdown_message equ 0x90000
        mov dword [lguest_data + 0x564], 0xc0000000
        mov dword [lguest_data + 0x568], 0x80
        mov eax, 1
        mov ebx, lguest_data
        int 0x1f
        mov esp, 0x70000
`;

const POSTLUDE = `
power_off:
        mov ebx, power_down
        mov ecx, 1
        mov eax, 2
        int 0x1f
restart:
        mov ebx, power_down
        mov ecx, 2
        mov eax, 2
        int 0x1f
; prints the character in al through the keyhole: the console is slot 1, its emergency_write at 0x44
print:
        push edx
        push ecx
        push eax
        mov ecx, eax
        mov edx, 0xcf8
        mov eax, 0x80000888
        out dx, eax
        mov edx, 0xcfc
        mov al, 0
        out dx, al
        mov edx, 0xcf8
        mov eax, 0x80000890
        out dx, eax
        mov edx, 0xcfc
        mov eax, 4
        out dx, eax
        mov edx, 0xcf8
        mov eax, 0x8000088c
        out dx, eax
        mov edx, 0xcfc
        mov eax, 0x44
        out dx, eax
        mov edx, 0xcf8
        mov eax, 0x80000894
        out dx, eax
        mov edx, 0xcfc
        mov eax, ecx
        out dx, eax
        pop eax
        pop ecx
        pop edx
        ret
power_down:
        db 'Power down', 0
        resb 128
`;

/** The source of a kernel that introduces itself to the Host, does what `body` says, and switches itself off. */
export function programSource(body: string): string {
  return PRELUDE + body + POSTLUDE;
}

/** That kernel as an ELF file. */
export function program(body: string): Uint8Array {
  const { bytes } = assemble(programSource(body), { origin: PROGRAM });
  return elfFile({ entry: PROGRAM, segments: [{ physical: PROGRAM, bytes }] });
}
