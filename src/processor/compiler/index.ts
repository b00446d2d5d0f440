/*
 * # The second engine
 *
 * You have seen an instruction become a record, and a record a call. Each instruction costs some twenty
 * nanoseconds that way, and there is no hope of much less: whatever a loop does, it asks again each time around
 * what it is to do. The way out is as old as emulators. Ask once, and write down the answer as a program.
 *
 * The program is written in WebAssembly, the one machine code that every JavaScript engine accepts from strangers.
 * What is compiled is only what is hot; everything else stays with the interpreter, and nobody but a clock can
 * tell which of the two has been at work.
 */
export * from './compiler.ts';
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
 * Down at the bottom lies the language itself.
 */
export * as wasm from './emitter.ts';
export * from './module.ts';
