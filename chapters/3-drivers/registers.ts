/*
 * # Ports and registers
 *
 * The i386 has a second address space of 65,536 *ports*, with two instructions of its own, because the 8080 had
 * one, because the 8008 had one, which had thirty-two. From ring 1 `in` and `out` trap. The Launcher gets the
 * bytes of your instruction, decodes them, and does what a port would do.
 */
import type { u32 } from '../2-guest/language.ts';
import { asm } from '../2-guest/language.ts';

/** Reads 32 bits from an I/O port. */
export function portRead32(port: u32): u32 {
  return asm`
    mov edx, ${port}
    in eax, dx
  `;
}

/** Writes 32 bits to an I/O port. */
export function portWrite32(port: u32, value: u32): void {
  asm`
    mov edx, ${port}
    mov eax, ${value}
    out dx, eax
  `;
}

/** Writes 8 bits to an I/O port. */
export function portWrite8(port: u32, value: u32): void {
  asm`
    mov edx, ${port}
    mov eax, ${value}
    out dx, al
  `;
}

/*
 * ## Memory that answers back
 *
 * Newer devices put their registers into memory. A load from there is not a load but a question, and a store is an
 * order; read the same address twice and you may get two answers, so no compiler must ever be let loose on it.
 * Hence the assembler: exactly one access, exactly this wide.
 *
 * The plainest of all instructions are used, on purpose. Somebody over there has to decode them from seven bytes, and
 * the fewer forms he has to know, the fewer he can get wrong. (lguest knew six, and was wrong about two kinds of
 * addresses. You will see which when you are he.)
 */

/** Reads an 8-bit device register. */
export function register8(address: u32): u32 {
  return asm`
    mov edx, ${address}
    xor eax, eax
    mov al, [edx]
  `;
}

/** Reads a 16-bit device register. */
export function register16(address: u32): u32 {
  return asm`
    mov edx, ${address}
    xor eax, eax
    mov ax, [edx]
  `;
}

/** Reads a 32-bit device register. */
export function register32(address: u32): u32 {
  return asm`
    mov edx, ${address}
    mov eax, [edx]
  `;
}

/*
 * And the same three widths in the other direction. Width matters: a device may take two bytes written at once for
 * an order and one after the other for an insult.
 */

/** Writes an 8-bit device register. */
export function setRegister8(address: u32, value: u32): void {
  asm`
    mov edx, ${address}
    mov eax, ${value}
    mov [edx], al
  `;
}

/** Writes a 16-bit device register. */
export function setRegister16(address: u32, value: u32): void {
  asm`
    mov edx, ${address}
    mov eax, ${value}
    mov [edx], ax
  `;
}

/** Writes a 32-bit device register. */
export function setRegister32(address: u32, value: u32): void {
  asm`
    mov edx, ${address}
    mov eax, ${value}
    mov [edx], eax
  `;
}
