/*
 * # The little assembler
 *
 * Sooner or later every Hero has to speak the language of the stones. Ours has no vowels. It goes `8b 44 98 10`,
 * and what it means by that is: *take what lies sixteen bytes past the eax-th place plus four times the ebx-th, and
 * put it into eax*. Four bytes, and the stones do it tens of millions of times a second.
 *
 * Many rooms of this book need the language. The Switcher is written in it. The tangler, which turns pup's TypeScript
 * into a kernel, writes nothing else. The silicon's second engine has a piece in it, to practise on. And the tests of
 * the silicon would be poor tests if the silicon were fed by the same hands that built it. All of them write the human
 * form, `mov eax, [eax+ebx*4+0x10]`, and hand it to `assemble`, which is what this appendix builds: some eighteen
 * hundred lines of code, of which a quarter is a table that you can hold against Intel's opcode map.
 *
 * :::aside
 * The dialect is NASM's: Intel's order of operands (where to, then where from), brackets around every address,
 * sizes said only where they are in doubt. But labels have no scopes, `.loop` is a name like any other, and `/` and `%`
 * divide signed numbers, for which NASM says `//` and `%%`.
 * :::
 *
 * You stand at the outer door. From here the way goes inward: a whole source, a line, an operand, a byte.
 */

export { type AssembleOptions, type Assembly, assemble } from './assemble.ts';
export type { SourceOptions } from './reader.ts';
export { place } from './names.ts';
export { readDirective } from './directives.ts';
export type { Expression } from './expression.ts';
export type { FarPointer, Immediate, Memory, Operand } from './operand.ts';
export { parseMemory } from './memory-operand.ts';
export { type Register, registerNamed } from './registers.ts';

/*
 * Past the operands lies the other half: how an instruction that we understand becomes bytes. It starts with
 * `encode`, which you can call without any text at all, and descends into the table and then into the notation in
 * which the table is written. Whoever has come for the bytes alone may jump there.
 */

export { encode, PREFIXES } from './encode.ts';
export { appendAddress } from './address.ts';
export { choose } from './choose.ts';
export { allForms } from './opcodes.ts';
export { integerOpcodes } from './opcodes-integer.ts';
export { flowOpcodes } from './opcodes-flow.ts';
export { systemOpcodes } from './opcodes-system.ts';
export { x87Opcodes } from './opcodes-x87.ts';
export { type Form, parseForms } from './form.ts';
export type { Pattern } from './pattern.ts';
export type { Encoding, Patch } from './encoding.ts';
export { AssemblyError } from './error.ts';
