/* # Ports and registers */
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

/* ## Memory that answers back */

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
