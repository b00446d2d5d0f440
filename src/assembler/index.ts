export type { Assembly, AssembleOptions } from './assemble.ts';
export { assemble } from './assemble.ts';
export { encode, PREFIXES } from './encode.ts';
export type { Encoding, Patch } from './encoding.ts';
export { AssemblyError } from './error.ts';
export type { Expression } from './expression.ts';
export type { FarPointer, Immediate, Memory, Operand } from './operand.ts';
export type { Register } from './registers.ts';
export { registerNamed } from './registers.ts';
