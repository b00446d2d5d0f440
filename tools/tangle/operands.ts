/*
 * # Operands
 *
 * An i386 instruction has room for one register, and beside it for one of three things: a number, another
 * register, or a place in memory. What is one of the three already need not be fetched before it is used. It
 * sounds like a small economy. But leaves are what trees mostly consist of, and a compiler that fetches each of
 * them first writes code that one does not show around.
 */

import type ts from 'typescript';
import { emit, immediate, type Frame } from './frame.ts';
import { widthOf } from './layout.ts';
import {
  bracket,
  directPlace,
  homeOf,
  type Place,
  type Register,
  type Scratch,
  type TypedPlace,
} from './places.ts';
import { constantIn } from './typing.ts';
import { isInPlace, type Type } from './types.ts';

/** Something that an instruction can name as it stands. */
export interface Operand {
  readonly kind: 'immediate' | 'register' | 'memory';
  readonly text: string;
  /** Whether it can stand beside a 32-bit register. */
  readonly wide: boolean;
  readonly place?: TypedPlace;
}

/*
 * `wide` says whether it can stand beside a register of 32 bits. A byte in memory cannot: it has to be widened on
 * the way.
 */

/** The operand that `node` is without a single instruction, if it is one. */
export function directOperand(frame: Frame, node: ts.Expression): Operand | undefined {
  const constant = constantIn(frame, node);
  if (constant !== undefined)
    return { kind: 'immediate', text: immediate(frame.program, constant), wide: true };
  const home = homeOf(frame, node);
  if (home !== undefined) return { kind: 'register', text: home, wide: true };
  const place = directPlace(frame, node);
  if (place === undefined || isInPlace(place.type)) return undefined;
  const wide = widthOf(frame.library, place.type) === 32;
  return { kind: 'memory', text: sized(frame, place), wide, place };
}

/** `byte [ebx+4]`, by what lies there. */
export function sized(frame: Frame, place: TypedPlace): string {
  const size = { 8: 'byte', 16: 'word', 32: 'dword' }[widthOf(frame.library, place.type)];
  return `${size} ${bracket(frame, place)}`;
}

/*
 * ## Loads and stores
 *
 * `movzx` is the load that fills up with zeros; there are no signed bytes in our language, so its sibling `movsx`
 * is out of work. Zero itself is not loaded but made: `xor eax, eax` has two bytes where `mov eax, 0` has five.
 */

export function loadOperand(frame: Frame, register: Register, operand: Operand): void {
  if (operand.place !== undefined) load(frame, register, operand.place);
  else if (operand.text === '0') emit(frame, `xor ${register}, ${register}`);
  else if (operand.text !== register) emit(frame, `mov ${register}, ${operand.text}`);
}

/** Loads what lies at `place`; of something that lies there in place, the address. */
export function load(frame: Frame, register: Register, place: TypedPlace): void {
  if (isInPlace(place.type)) return loadAddress(frame, register, place);
  const narrow = widthOf(frame.library, place.type) < 32;
  if (narrow) emit(frame, `movzx ${register}, ${sized(frame, place)}`);
  else emit(frame, `mov ${register}, ${bracket(frame, place)}`);
}

/*
 * `lea` is the strangest instruction of the family: it works out an address as if to load, and then keeps the
 * address.
 */

export function loadAddress(frame: Frame, register: Register, place: Place): void {
  const plain = place.displacement === 0 && place.index === undefined && place.item === undefined;
  if (plain && place.base === register) return;
  if (plain && place.base !== undefined) emit(frame, `mov ${register}, ${place.base}`);
  else emit(frame, `lea ${register}, ${bracket(frame, place)}`);
}

/*
 * ## Parts of a register
 *
 * al is the low byte of eax, and has been since the days when eax was called AX and was itself the successor of a
 * register called A, of eight bits, in 1972. esi and edi have no such past and no such part, so a byte is stored
 * from eax, ecx or edx.
 */

const LOW_BYTE = { eax: 'al', ecx: 'cl', edx: 'dl' };
const LOW_WORD = { eax: 'ax', ecx: 'cx', edx: 'dx' };

/** The part of `register` that a place of this type holds. */
export function partOf(frame: Frame, register: Scratch, type: Type): string {
  const width = widthOf(frame.library, type);
  return width === 8 ? LOW_BYTE[register] : width === 16 ? LOW_WORD[register] : register;
}

/** Stores `register` at `place`. */
export function store(frame: Frame, place: TypedPlace, register: Scratch): void {
  emit(frame, `mov ${bracket(frame, place)}, ${partOf(frame, register, place.type)}`);
}
