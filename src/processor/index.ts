/*
 * # The silicon
 *
 * For seven years there had been 8086es, which let any program do anything. In October 1985 Intel announced a
 * chip on which no program could do anything unless somebody had signed for it. The 80386 has four rings, two
 * ways of hiding memory, and a manual of some four hundred pages to say who must sign what. (The 286 had tried
 * much of this three years earlier, in sixteen bits, and had gone unloved.) It is the stage on which every scene
 * of this book is played, and this appendix is that stage, from the trapdoors up.
 *
 * You can read the chapters without ever coming down here. The Host asks the machine to `run`, and the machine
 * runs. But a hypervisor lives on exactly those rules that everybody else gets to forget: what a selector drags
 * in behind it, what an interrupt gate pushes and on whose stack, why a page that was writable a moment ago is
 * not. Down here each of those rules is a few lines, with the section of Intel's manual beside it. When a
 * chapter says *the processor does this by itself*, this is the processor, doing it by itself.
 *
 * Three things are asked of it:
 *
 * - **To be an i386** (a 486 with some Pentium in its blood: CMOV, CMPXCHG8B, CPUID, FXSAVE), in 32-bit protected
 *   mode, in all four rings. No real mode, no virtual 8086, no task switching by hardware: lguest used none of them,
 *   and nobody has missed them since.
 * - **To be the same every time.** A run is a function of what was in memory when it began. The only clock is
 *   the number of instructions retired, and `run` stops at any number you name, on the instruction.
 * - **To be quick about it**, in a language that was made to move pictures about on web pages. Where this was
 *   written it does some fifty million instructions a second, and where it has time to warm to its subject, several
 *   hundred. The 386 of 1985 did four or five.
 *
 * ## The way down
 *
 * The first flight of stairs is matter: where the registers lie, how flags are kept by not keeping them, how an
 * address becomes a byte. The second is instructions: what one looks like once it is decoded, how decoding is
 * done, and the loop that runs it all. The third is the long gallery of what instructions do. Nobody reads that
 * from end to end; pick the one that made you curious. The fourth is the reason why you came: the doors between
 * the rings.
 *
 * :::aside
 * "SDM" in the margins of this appendix is Intel's *64 and IA-32 Architectures Software Developer's Manual*. Volume 1
 * has the numbers, volume 2 says what each instruction does, volume 3 what the system does around it. It has grown
 * since 1985: it is now about five thousand pages, and most of them are not about this.
 * :::
 *
 * ## Who says so?
 *
 * A manual is a promise, and the one who wrote it did not build this. So there is a judge. On a computer that has an
 * x86 in it, running Linux, the tests put the same instruction, the same registers and the same memory before ours
 * and before the real one, a hundred thousand times, mostly with something wrong in it, and compare what comes out to
 * the last bit. `npm run silicon -- --minutes 5` goes on with new ones. Much of what you will read below stands there
 * because the judge said so.
 *
 * There are two houses of judges, though, and they do not always agree. Where the book has to choose, it goes with
 * Intel, whose manual it quotes:
 *
 * | What happens | Intel | AMD |
 * | --- | --- | --- |
 * | four bytes are loaded from the last address there is | page fault, if there is no page | #GP or #SS, page or no page |
 * | REPE CMPS meets a bad page in its tenth round | the flags are as they were before the first | the flags are those of the ninth |
 * | an FST with something to complain about stores to a bad page | complains | page fault |
 * | BOUND's first bound is broken, its second unreadable | out of bounds | page fault |
 * | F2 stands before a LOOPE, where it means nothing | means nothing | makes it a LOOPNE |
 * | F0 stands before a MOV from CR0, where it is forbidden | is forbidden | makes it CR8 |
 *
 * Nobody has ever written a program that minds.
 */
export * from './layout.ts';
export * from './machine.ts';
export * from './ram.ts';
export * from './bus.ts';
export * from './processor.ts';
/*
 * You have the parts list. Now the matter itself, from a single flag to a byte in a page in a segment.
 */
export * from './flags.ts';
export * from './eflags.ts';
export * from './faults.ts';
export * from './physical.ts';
export * from './paging.ts';
export * from './tlb.ts';
export * from './access.ts';
export * from './descriptors.ts';
export * from './segments.ts';
/*
 * The second flight: instructions as things, and the loop that runs them. The seven tables of opcodes are there
 * for looking up, not for reading through; nothing is lost by walking past them to `Block` and `run`.
 */
export * from './instruction.ts';
export * from './operands.ts';
export * from './decoder.ts';
export * from './decode.ts';
export * from './opcodes-move.ts';
export * from './opcodes-stack.ts';
export * from './opcodes-grid.ts';
export * from './opcodes-arithmetic.ts';
export * from './opcodes-bits.ts';
export * from './opcodes-transfer.ts';
export * from './opcodes-system.ts';
export * from './packed.ts';
export * from './blocks.ts';
export * from './split.ts';
export * from './code-pages.ts';
export * from './run.ts';
/*
 * The gallery. Each file is one family, and in each the first few functions are the famous ones.
 */
export * from './move.ts';
export * from './arithmetic.ts';
export * from './logic.ts';
export * from './narrow.ts';
export * from './exchange.ts';
export * from './shifts.ts';
export * from './multiply.ts';
export * from './decimal.ts';
export * from './bits.ts';
export * from './stack.ts';
export * from './jumps.ts';
export * from './strings.ts';
/*
 * And the doors. Everything that a hypervisor does, it does with what is in these files.
 */
export * from './tss.ts';
export * from './innerstack.ts';
export * from './interrupts.ts';
export * from './return.ts';
export * from './flat-traps.ts';
export * from './far.ts';
export * from './system.ts';
export * from './control.ts';
export * from './ports.ts';
/*
 * Last, a room apart. Everything so far has counted in whole numbers; behind this door there are fractions, and the
 * strangest of the chips that Intel ever sold by the million. A number, its registers and its rounding come first, then
 * what can be done with it, down to the sines.
 */
export * from './x87-real.ts';
export * from './x87-registers.ts';
export * from './x87-nan.ts';
export * from './x87-rounding.ts';
export * from './x87-add.ts';
export * from './x87-multiply.ts';
export * from './x87-divide.ts';
export * from './x87-operands.ts';
export * from './x87-arithmetic.ts';
export * from './x87-memory.ts';
export * from './x87-load.ts';
export * from './x87-integer.ts';
export * from './x87-store.ts';
export * from './x87-decimal.ts';
export * from './x87-compare.ts';
export * from './x87-remainder.ts';
export * from './x87-scale.ts';
export * from './x87-series.ts';
export * from './x87-angle.ts';
export * from './x87-trigonometry.ts';
export * from './x87-arctangent.ts';
export * from './x87-power.ts';
export * from './x87-logarithm.ts';
export * from './x87-environment.ts';
export * from './x87-fast-save.ts';
export * from './opcodes-x87.ts';
/*
 * You could stop here. There is a second engine, which does all of this again, and faster.
 */
export {} from './compiler/index.ts';
