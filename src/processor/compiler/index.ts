/*
 * # The second engine
 *
 * You have seen an instruction become a record, and a record a call. Twenty nanoseconds, and there is no hope of much
 * less: whatever a loop does, it asks again each time around what it is to do. The way out is as old as emulators. Ask
 * once, and write down the answer as a program.
 *
 * The program is written in WebAssembly, the one machine code that every JavaScript engine takes from strangers. Here
 * is a loop of pup's, and what becomes of it:
 *
 * ```text
 *   l: mov eax, [esi]      (loop
 *      add ebx, eax          (if (i32.lt_s budget 5) -> leave)    enough left for a round?
 *      add esi, 4            budget = budget - 5
 *      dec ecx               entry = load(table + (esi >>> 12) * 4)
 *      jnz l                 (if (entry ^ 1 | esi) & 3 -> leave)  known and aligned?
 *                            eax = load(esi + (entry ^ 1))
 *                            ebx = ebx + eax
 *                            esi = esi + 4
 *                            ecx = ecx - 1
 *                            (br_if loop (ecx != 0)))
 * ```
 *
 * The registers have become local variables, which a JavaScript engine keeps in registers. The flags are gone: nobody
 * looked. What is left of the i386 are the two places marked *leave*, and they are the art of it. Whoever leaves must
 * know which instruction is next, how many are done, what is in all eight registers and what six flags would say if
 * they were asked; but as hardly anybody ever leaves, none of it may cost anything until then.
 *
 * So one loop is done twice, by two engines, and the rule of this house is that nobody may be able to tell which,
 * except by a clock: same memory, same faults, same count, at every single instruction at which one might look. The
 * tests boot pup on both and look every ten million.
 *
 * ## Who compiles what
 *
 * The interpreter does everything first. A block it has done a thousand times is *hot*, and is compiled together with what
 * lies around it. What has never been executed is never compiled, and not out of laziness alone: to decode an
 * instruction is to fetch it, fetching sets bits in page tables, and that would be a way to tell.
 */
export * from './compiler.ts';
export * from './making.ts';
export * from './forgetting.ts';
export * from './cache.ts';
export * from './dispatch.ts';
/*
 * How a region comes about: from blocks, to a graph, to a structure.
 */
export * from './region.ts';
export * from './node.ts';
export * from './ends.ts';
export * from './structure.ts';
export * from './function.ts';
export * from './draft.ts';
/*
 * What can be known about a block before it is written.
 */
export * from './shape.ts';
export * from './plan.ts';
export * from './liveness.ts';
export * from './kinds.ts';
export * from './flag-values.ts';
export * from './conditions.ts';
/*
 * And the instructions, one family after the other.
 */
export * from './table.ts';
export * from './lowering.ts';
export * from './operands.ts';
export * from './lower-move.ts';
export * from './combine.ts';
export * from './lower-arithmetic.ts';
export * from './lower-shift.ts';
export * from './lower-bits.ts';
export * from './lower-multiply.ts';
export * from './lower-stack.ts';
export * from './lower-ends.ts';
/*
 * ## What it comes to
 *
 * Ten programs, the same bytes everywhere: on the real processor, on both of our engines, on v86, which is the best-known PC in a
 * browser, and on QEMU, which compiles to real machine code and has done so for twenty years. The picture was drawn by
 * `npm run bench -- kernels --plot` on a machine with other things to do. Yours will look different; draw it.
 *
 * ::figure[Time as a multiple of the real processor's, on a logarithmic scale: the bar and the number are a program that has warmed up, the stroke is its first time.]{#bench}
 *
 * Down at the bottom lies the language itself.
 */
export * as wasm from './emitter.ts';
export * from './module.ts';
