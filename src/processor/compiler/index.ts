/*
 * # The second engine
 *
 * You have seen an instruction become a record, and a record a call. Twenty nanoseconds, and there is no hope of much
 * less: whatever a loop does, it asks again each time around what it is to do. The way out is as old as emulators. Ask
 * once, and write down the answer as a program.
 *
 * The program is written in WebAssembly, the one machine code that every JavaScript engine takes from strangers. Here
 * is a loop that adds up numbers:
 *
 * ```text
 * again: 8b 06      mov eax, [esi]   moveMemoryToRegister
 *        01 c3      add ebx, eax     addRegisterToRegister
 *        83 c6 04   add esi, 4       addImmediateToRegister
 *        49         dec ecx          decrementRegister
 *        75 f6      jnz again        jumpIfNotZero
 * ```
 *
 * That is as far as the interpreter gets: the bytes, what they mean, which function does it. The compiler takes it
 * from there. This is what comes out, as WebAssembly is written by people, where each operation has its operands in
 * its parentheses:
 *
 * ```text
 * (loop $2
 *   (local.set $budget (i32.sub (local.get $budget) (i32.const 5)))
 *   (local.set $t0 (local.get $esi))
 *   (local.set $exit (i32.const 1))
 *   (br_if $1
 *     (i32.and
 *       (i32.or
 *         (local.tee $pointer_0
 *           (i32.xor
 *             (i32.load offset=0x30000
 *               (i32.and (i32.shr_u (local.get $t0) (i32.const 10)) (i32.const 0x3ffffc)))
 *             (i32.const 1)))
 *         (local.get $t0))
 *       (i32.const 3)))
 *   (local.set $pointer_0 (i32.add (local.get $t0) (local.get $pointer_0)))
 *   (local.set $eax (i32.load (local.get $pointer_0)))
 *   (local.set $ebx (i32.add (local.get $ebx) (local.get $eax)))
 *   (local.get $esi)
 *   (local.set $flag_b (i32.const 4))
 *   (local.set $esi (i32.add (local.tee $flag_a) (local.get $flag_b)))
 *   (local.set $flag_b
 *     (i32.lt_u (i32.add (local.get $flag_a) (local.get $flag_b)) (local.get $flag_a)))
 *   (local.set $ecx (i32.add (local.tee $flag_a (local.get $ecx)) (i32.const -1)))
 *   (if $3 (i32.ne (i32.sub (local.get $flag_a) (i32.const 1)) (i32.const 0))
 *     (local.set $exit (i32.const 0))
 *     (local.set $kind (i32.const 8))
 *     (br_if $1 (i32.lt_s (local.get $budget) (i32.const 5)))
 *     (local.set $kind (i32.const 8))
 *     (br $2))
 *   (local.set $target (i32.const 0x800a))
 *   (local.set $exit (i32.const -3))
 *   (local.set $kind (i32.const 8))
 *   (br $1))
 * ```
 *
 * (Neither picture was drawn. A test runs the loop until it is compiled, takes the module apart, and compares; so if
 * the compiler changes, this page does.)
 *
 * The registers have become local variables, which a JavaScript engine keeps in registers. `mov` is one line, `add` is
 * one line. Above the `mov` stands what makes an address out of `esi`: the entry of the TLB for its page, from a table
 * at `0x30000`, and one test for *known, and divisible by four*. The flags of the first `add` are gone, since the
 * second would overwrite them anyway. The second one's carry survives a `dec`, and so it is worked out and kept in
 * `$flag_b`, beside what the `dec` began with, in `$flag_a`; and *what* was done to that stands in `$kind`, 8 for a
 * `dec`.
 *
 * `$1` is the way out, and the art of it. Whoever leaves must know which instruction is next, how many are done, what
 * is in all eight registers and what six flags would say if they were asked. Most of that hangs on one number, `$exit`,
 * which is set before each place where one might leave, with `$kind` beside it for the flags; and as a constant in a
 * variable that nobody reads is not even loaded, they cost nothing until then. Before the loop goes back to its
 * beginning, `$budget` is asked whether it will last for five more. If not, the loop is left there. (On the way in it
 * has been asked the same, above the picture.)
 *
 * So one loop is done twice, by two engines, and the rule of this house is that nobody may be able to tell which,
 * except by a clock: same memory, same faults, same count, at every single instruction at which one might look. The
 * tests boot pup on both and look every ten million.
 *
 * ## Who compiles what
 *
 * Whatever is new is interpreted: most of it by [the sprinter](#the-sprinter), a small interpreter in WebAssembly, and
 * the rest by the one you know behind him. A block that has been done four thousand times is *hot*, the head of a loop
 * already after two hundred and fifty, and is compiled together with what lies around it: this is a *region*, and
 * becomes one function of WebAssembly. (At first, when nothing is compiled yet and everybody waits, a thirty-second
 * part of that will do.) What has never been executed is never compiled, and not out of laziness alone: to decode an
 * instruction is to fetch it, fetching sets bits in page tables, and that would be a way to tell.
 */
export * from './compiler.ts';
export * from './practice.ts';
export * from './making.ts';
export * from './watching.ts';
export * from './forgetting.ts';
export * from './cache.ts';
export * from './dispatch.ts';
/*
 * For what is not worth it, there is somebody else.
 */
export * from './sprinter.ts';
export * as sprint from './sprint-operands.ts';
export * from './sprint-flags.ts';
export * as sprintMoves from './sprint-moves.ts';
export * from './sprint-jumps.ts';
export * from './sprint-arithmetic.ts';
export * from './sprint-shifts.ts';
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
export * from './following.ts';
export * from './guesses.ts';
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
export * from './grid.ts';
export * from './lower-shift.ts';
export * from './lower-rotate.ts';
export * from './lower-bits.ts';
export * from './lower-multiply.ts';
export * from './lower-divide.ts';
export * from './lower-stack.ts';
export * from './lower-flags.ts';
export * from './lower-exchange.ts';
export * from './lower-strings.ts';
export * from './lower-repeat.ts';
export * from './lower-ends.ts';
/*
 * The x87 has a module to itself.
 */
export * as floats from './lower-float.ts';
export * from './calculator.ts';
export * as formulas from './formula.ts';
export * as floatPlaces from './float-places.ts';
export * from './float-round.ts';
export * from './float-add.ts';
export * from './float-multiply.ts';
export * from './float-divide.ts';
export * from './float-root.ts';
export * from './float-arithmetic.ts';
export * as floatLoads from './float-load.ts';
export * from './float-store.ts';
export * as floatComparisons from './float-compare.ts';
export * from './float-control.ts';
/*
 * ## What it comes to
 *
 * Ten programs, the same bytes everywhere: on the real processor, on both of our engines, on v86, which is the
 * best-known PC in a browser, and on QEMU, which compiles to real machine code and has done so for twenty years. The
 * picture was drawn by `npm run bench -- kernels --plot` on a machine with other things to do. Yours will look
 * different; draw it. Two of the bars end at 1. *Alu* lives in the registers, and ours have become the real ones;
 * *pointer chase* waits for memory, and who waits is not slow.
 *
 * ::figure[Time as a multiple of the real processor's, on a logarithmic scale: the bar and the number are a program that has warmed up, the thick stroke is as much of it, from cold, as takes the real one 50 milliseconds, the thin one its first time.]{#bench}
 *
 * Down at the bottom lies the language itself.
 */
export * as wasm from './emitter.ts';
export * from './module.ts';
