/*
 * # What you are written in
 *
 * Before you can do anything you have to know what you are made of, and it is not what it says on the file. It
 * says TypeScript. The editor believes it and so does `tsc`. But there is no JavaScript engine down here. There is
 * no garbage collector to clean up after you, there are no objects, no exceptions, no closures. There are a
 * processor and some megabytes, both of them on loan.
 *
 * (If you would rather be woken up first, go [to the first instruction](./boot.ts), and come back when a word puzzles
 * you. Nothing happens on this page.)
 *
 * So you are written in what remains of TypeScript when everything is taken away that would need somebody else:
 * functions, loops, arithmetic on 32 bits, and shapes of memory. A program called the tangler (it has an appendix
 * of its own) turns it into machine code, about as you would have done by hand. What is declared in this file is
 * the rest of the language: a few types, and some *intrinsics*, functions that nobody has to write, since each is
 * an instruction or two, or none.
 */

/*
 * ## Four kinds of number
 *
 * To TypeScript all of these are `number`. To the tangler they are a promise about bits. Two of them can be
 * variables: `u32`, which counts from 0 to 4,294,967,295 and then starts again, and `i32`, which does the same
 * with half of it below zero. If the two meet, the unsigned one has its way. `boolean` exists as well and needs no
 * introduction.
 */

/** A signed 32-bit integer. Arithmetic wraps at 32 bits; `/`, `%`, `<` and `>>` are signed. */
export type i32 = number;

/**
 * An unsigned 32-bit integer. Arithmetic and comparisons with a `u32` on either side are unsigned; `>>>` gives a `u32`
 * always, and `>>` copies the top bit of anything.
 */
export type u32 = number;

/*
 * The other two are for memory only. Device registers and file formats are full of small fields, and when one is
 * read it becomes a `u32` on the way.
 */

/** 16 bits, unsigned: for fields of an interface and elements of an array. A value read from one is a `u32`. */
export type u16 = number;

/** 8 bits, unsigned: for fields of an interface and elements of an array. A value read from one is a `u32`. */
export type u8 = number;

/*
 * ## Shapes in memory
 *
 * An `interface` is a map of some bytes: its fields lie in the order in which they are written, each at a multiple
 * of its size, as in C. A variable of that type is a pointer to them. You can follow it (`process.parent.id`),
 * compare it, and hold `null` in it. You cannot make a new one out of thin air, since there is no air.
 *
 * A field whose type is an interface is a pointer as well, and an array is a row of whole structures. If you want the
 * opposite, say so.
 */

/** A field that holds `N` elements of `T` in place, rather than a pointer to them. */
export type Inline<T, N extends number> = T[] & { readonly inline?: N };

/** A field or an element that holds a whole `T` in place, rather than a pointer to one. */
export type Embedded<T> = T;

/** An array element that is a pointer to a `T`, rather than the `T` itself. */
export type Pointer<T> = T;

/*
 * ## Room
 *
 * What there is instead of `new`: memory that is reserved at module level, and is there from the first instruction
 * on, full of zeros. It costs nothing in the file.
 */

/**
 * Zeroed memory for `count` elements, at module level: `const processes = array<Process>(16)`.
 *
 * @param count     how many elements, a constant
 * @param alignment in bytes, a power of two, a constant; at least that of `T` if left out
 */
export declare function array<T>(count: number, alignment?: number): T[];

/** Zeroed memory for one `T`, at module level: `const console = struct<Console>()`. `alignment` as in `array`. */
export declare function struct<T>(alignment?: number): T;

/*
 * And two questions about shapes. The answers are numbers, known before you are.
 */

/** The size of `T` in bytes: of the structure itself if `T` is an interface. A constant. */
export declare function sizeOf<T>(): u32;

/** Where in `T` its field lies, in bytes: `offsetOf<TrapFrame>('eip')`. A constant. */
export declare function offsetOf<T>(field: keyof T & string): u32;

/*
 * ## Addresses
 *
 * Here the floor ends. TypeScript takes great care that a number is never mistaken for an object. A kernel does
 * that for a living. `load32(0xc0000000)` reads a word, whatever it may be, and `at<PageTable>(address)` declares
 * that there is a page table at an address, whereupon there is.
 *
 * If you were wrong, nobody throws anything. You get a page fault, if you are lucky.
 */

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

/*
 * ## From number to thing and back
 *
 * `at` and `addressOf` are two directions of the same step, and cost no instruction: the address was the thing all
 * along.
 */

/** The `T` that lies at `address`: `at<Process>(a)`, `at<u8[]>(a)`, `at<string>(a)`, `at<() => void>(a)`. */
export declare function at<T>(address: u32): T;

/**
 * Where something lies: a structure, an array, a string, a function, machine code, or a variable of the module.
 * What is a pointer already gives itself; so does `null`, which gives 0.
 */
export declare function addressOf(what: unknown): u32;

/*
 * ## Characters
 *
 * A text is the address of its bytes, with a zero behind the last one.
 */

/** The code of a character: `charCode('x')`. A constant. */
export declare function charCode(character: string): u32;

/** The first address of the image: of its first byte of code. A constant. */
export declare function imageStart(): u32;

/** The first address behind the image, its zeroed memory included; a multiple of 4096. A constant. */
export declare function imageEnd(): u32;

/** The bytes of a string, up to and with the zero that ends it. */
export declare function bytesOf(text: string): u8[];

/*
 * ## The way down
 *
 * Some things cannot be said in any language but the processor's: load this register that only kernels have,
 * switch to that stack, ask the Host for something. For these there is a hatch in the floor. What stands in an
 * `asm` template goes to the assembler as it is, with the holes filled in.
 */

/**
 * Machine instructions inside a function, one to a line, in the syntax of `src/assembler`. As an expression it has the
 * value that they leave in eax. They may change eax, ecx and edx, and ebx, esi and edi too; ebp and esp must end as
 * they began. Their labels are their own.
 *
 * A hole `${...}` holds a constant (its number), a parameter or local variable (`[ebp-8]`), a variable of the module
 * (`[its address]`), or a function, machine code, array or structure (its address, a number).
 */
export declare function asm(instructions: TemplateStringsArray, ...holes: unknown[]): u32;

/*
 * And when even the function around it is too much, because there is no stack yet, or the wrong one, there is
 * `naked`: a label, your instructions, and nothing else. Your own first instruction is in one of these. Some can be
 * called like functions, in the manner of C, which is known as *cdecl*: the arguments lie on the stack above the return
 * address, the first one lowest, and the answer is left in eax.
 */

/** A label for machine code: what `naked` without a type argument gives. Its address is `addressOf(label)`. */
export interface Label {
  readonly label: never;
}

/**
 * Machine code of its own, at module level, without prologue and without return: `export const entry = naked`, and the
 * instructions behind it, in backticks. With the type of a function, as in `naked<(from: u32, to: u32) => void>`, it
 * can be called (cdecl). Holes as in `asm`, without locals.
 */
export declare function naked<T = Label>(instructions: TemplateStringsArray, ...holes: unknown[]): T;
