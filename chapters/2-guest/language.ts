/* # The language */

/* ## Four numbers and a truth value */

/** A signed 32-bit integer. Arithmetic wraps at 32 bits; `/`, `%`, `<` and `>>` are signed. */
export type i32 = number;

/** An unsigned 32-bit integer. An operation with a `u32` on either side is unsigned and gives a `u32`. */
export type u32 = number;

/** 16 bits, unsigned: for fields of an interface and elements of an array. A value read from one is a `u32`. */
export type u16 = number;

/** 8 bits, unsigned: for fields of an interface and elements of an array. A value read from one is a `u32`. */
export type u8 = number;

/* ## Shapes in memory */

/** A field that holds `N` elements of `T` in place, rather than a pointer to them. */
export type Inline<T, N extends number> = T[] & { readonly inline?: N };

/** A field or an element that holds a whole `T` in place, rather than a pointer to one. */
export type Embedded<T> = T;

/** An array element that is a pointer to a `T`, rather than the `T` itself. */
export type Pointer<T> = T;

/**
 * Zeroed memory for `count` elements, at module level: `const processes = array<Process>(16)`.
 *
 * @param count     how many elements, a constant
 * @param alignment in bytes, a power of two, a constant; at least that of `T` if left out
 */
export declare function array<T>(count: number, alignment?: number): T[];

/** Zeroed memory for one `T`, at module level: `const console = struct<Console>()`. `alignment` as in `array`. */
export declare function struct<T>(alignment?: number): T;

/** The size of `T` in bytes: of the structure itself if `T` is an interface. A constant. */
export declare function sizeOf<T>(): u32;

/** Where in `T` its field lies, in bytes: `offsetOf<TrapFrame>('eip')`. A constant. */
export declare function offsetOf<T>(field: keyof T & string): u32;

/* ## Addresses */

/** The byte at `address`. */
export declare function load8(address: u32): u32;

/** The two bytes at `address`, the low one first. */
export declare function load16(address: u32): u32;

/** The four bytes at `address`, the low one first. */
export declare function load32(address: u32): u32;

/** Stores the low 8 bits of `value` at `address`. */
export declare function store8(address: u32, value: u32): void;

/** Stores the low 16 bits of `value` at `address`. */
export declare function store16(address: u32, value: u32): void;

/** Stores `value` at `address`. */
export declare function store32(address: u32, value: u32): void;

/** The `T` that lies at `address`: `at<Process>(p)`, `at<u8[]>(p)`, `at<string>(p)`, `at<() => void>(p)`. No code at all. */
export declare function at<T>(address: u32): T;

/**
 * Where something lies: a structure, an array, a string, a function, machine code, or a variable of the module.
 * What is a pointer already gives itself; so does `null`, which gives 0.
 */
export declare function addressOf(what: unknown): u32;

/** The code of a character: `charCode('x')`. A constant. */
export declare function charCode(character: string): u32;

/** The first address of the image: of its first byte of code. A constant. */
export declare function imageStart(): u32;

/** The first address behind the image, its zeroed memory included; a multiple of 4096. A constant. */
export declare function imageEnd(): u32;

/** The bytes of a string, up to and with the zero that ends it. */
export declare function bytesOf(text: string): u8[];

/* ## The way down */

/**
 * Machine instructions inside a function, one to a line, in the syntax of `src/assembler`. As an expression it has the value that
 * they leave in eax. They may change eax, ecx and edx, and ebx, esi and edi too; ebp and esp must end as they began.
 *
 * A hole `${...}` holds a constant (its number), a parameter or local variable (`[ebp-8]`), a variable of the module (`[its address]`),
 * or a function, machine code, array or structure (its address, a number).
 */
export declare function asm(instructions: TemplateStringsArray, ...holes: unknown[]): u32;

/** A label for machine code: what `naked` without a type argument gives. Its address is `addressOf(label)`. */
export interface Label {
  readonly label: never;
}

/**
 * Machine code of its own, at module level, without prologue and without return: `export const entry = naked`...``.
 * With the type of a function it can be called (cdecl): `const swap = naked<(from: u32, to: u32) => void>`...``.
 * Holes as in `asm`, without locals.
 */
export declare function naked<T = Label>(instructions: TemplateStringsArray, ...holes: unknown[]): T;
