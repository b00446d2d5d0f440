/*
 * # Nothing beyond
 *
 * A Guest calls with an address. It is a number from ring 1, so it is any number: 0xfffffffc, say, with a length of
 * 128, in the hope that somebody adds the two in thirty-two bits and finds 124, which is well inside.
 *
 * So nobody in this chapter touches a Guest's memory but through these five methods, and all five go through `check`.
 * (The window that the Launcher has, in `windows.ts`, has a check of its own, since it is for a neighbour.)
 * JavaScript's numbers do not wrap at thirty-two bits, which makes the check as short as it looks. It is the wall that
 * everything else leans against. The original's was one function as well, and it checked for overflow by hand.
 */
import type { Ram } from '../../src/processor/machine.ts';
import { hex, kill } from './death.ts';

/** A Guest's memory as the Host uses it: by guest-physical address, and not one byte beyond. */
export class GuestMemory {
  /** Where the Guest's physical 0 is in the machine's RAM. */
  readonly base: number;
  /** Bytes it has. */
  readonly size: number;
  readonly #ram: Ram;
  /** The same bytes, to read only. */
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(ram: Ram, base: number, size: number) {
    this.#ram = ram;
    this.base = base;
    this.size = size;
    this.#bytes = ram.view(base, size);
    this.#view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, size);
  }

  read8(address: number): number {
    return this.#view.getUint8(this.#check(address, 1, 'read'));
  }

  read32(address: number): number {
    return this.#view.getUint32(this.#check(address, 4, 'read'), true);
  }

  write8(address: number, value: number): void {
    this.#ram.write8(this.base + this.#check(address, 1, 'write'), value);
  }

  write32(address: number, value: number): void {
    this.#ram.write32(this.base + this.#check(address, 4, 'write'), value);
  }

  /** Copies `length` bytes to `at` of `into`. */
  copy(address: number, length: number, into: Uint8Array, at: number): void {
    const from = this.#check(address, length, 'read');
    for (let byte = 0; byte < length; byte++) into[at + byte] = this.#bytes[from + byte]!;
  }

  /** Whether `length` bytes at `address` are all there. */
  holds(address: number, length: number): boolean {
    return address >= 0 && address + length <= this.size;
  }

  #check(address: number, length: number, what: string): number {
    if (this.holds(address, length)) return address;
    return kill(`bad ${what} address ${hex(address)} len ${length}: the Guest has ${hex(this.size)} bytes`);
  }
}
