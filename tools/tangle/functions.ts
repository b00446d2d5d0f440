/*
 * # Functions
 *
 * The i386 has eight registers. One points at the stack and one at the frame. Three (eax, ecx, edx) are for
 * working in, and any call may leave rubbish there. That leaves ebx, esi and edi, which by an agreement older than
 * most of its users every function gives back as it found them. A variable in one of those is safe, even across
 * calls, and an instruction that uses it need not go to memory.
 *
 * Which variables deserve it? To know that, one has to know the code, and to write the code one has to know where
 * the variables are. So a function is written twice. The first time is a rehearsal, with all variables on the
 * stack; `emit` counts who is used how much. The three busiest get the registers, and the second time counts.
 */

import ts from 'typescript';
import { evaluate } from './expressions.ts';
import { emit, mark, newFrame, type Frame } from './frame.ts';
import { nameOf } from './modules.ts';
import type { Labelled } from './program.ts';
import { bind, type KeptRegister } from './scope.ts';
import { block } from './statements.ts';

const KEPT: readonly KeptRegister[] = ['ebx', 'esi', 'edi'];

/** The assembly text of a function, rehearsed to learn which variables earn a register. */
export function functionText(item: Labelled & { kind: 'function' }): string[] {
  const rehearsal = body(item, new Map(), []);
  const hasAssembly = rehearsal.assembly !== '';
  const homes = hasAssembly ? new Map<ts.Node, KeptRegister>() : chooseHomes(rehearsal);
  const saved = hasAssembly ? KEPT.filter((one) => mayChange(rehearsal, one)) : KEPT.slice(0, homes.size);
  const frame = saved.length === 0 ? rehearsal : body(item, homes, saved);
  return [`${item.label}:`, ...prologue(item, frame), ...frame.lines];
}

/*
 * ## Parameters first
 *
 * A parameter has a place on the stack, whether it wants it or not. If it has been given a register it is loaded
 * once, at the door.
 */

function body(
  item: Labelled & { kind: 'function' },
  homes: ReadonlyMap<ts.Node, KeptRegister>,
  saved: readonly KeptRegister[],
): Frame {
  const { node } = item;
  const frame = newFrame(item.context, homes, saved);
  for (const [index, parameter] of node.parameters.entries()) receive(frame, item, parameter, 8 + 4 * index);
  if (node.body !== undefined && ts.isBlock(node.body)) {
    if (block(frame, node.body)) leave(frame);
  } else if (node.body !== undefined) {
    mark(frame, node.body);
    evaluate(frame, node.body);
    leave(frame);
  }
  return frame;
}

function receive(
  frame: Frame,
  item: Labelled & { kind: 'function' },
  parameter: ts.ParameterDeclaration,
  distance: number,
): void {
  const name = nameOf(parameter.name);
  const type = item.type.parameters[item.node.parameters.indexOf(parameter)]!;
  const home = frame.homes.get(parameter);
  bind(frame.scope, parameter, name, {
    kind: 'local',
    name,
    type,
    home: home ?? distance,
    isConstant: false,
  });
  if (home !== undefined) emit(frame, `mov ${home}, [ebp+${distance}]`);
  frame.movable.set(distance, parameter);
}

/*
 * ## Who gets a register
 *
 * Saving a register and giving it back costs two instructions, and a third to load a parameter. Who is used less
 * often than that may stay on the stack.
 *
 * :::aside
 * Real compilers colour graphs here: two variables that are never alive together may share a register. That is an
 * idea of Gregory Chaitin's, from 1981. Ours have one each for life, first come by need, and no graph.
 * :::
 */

/** A register pays for a variable that is used more often than this: saving and restoring it costs as much. */
const WORTHWHILE = 3;

function chooseHomes(rehearsal: Frame): Map<ts.Node, KeptRegister> {
  const wanted = [...rehearsal.movable]
    .map(([distance, node]) => ({ node, uses: rehearsal.uses.get(distance) ?? 0 }))
    .filter(({ uses }) => uses > WORTHWHILE)
    .sort((a, b) => b.uses - a.uses);
  return new Map(wanted.slice(0, KEPT.length).map(({ node }, index) => [node, KEPT[index]!]));
}

/*
 * A function with `asm` in it is left alone: its holes were promised `[ebp-8]`. There the question is only which
 * of the three the instructions might change. Those that name one are easy to find. A few change one in secret,
 * like `stosb`, which walks edi along.
 */

/** Instructions that change a kept register without naming it. */
const SECRETIVE = /\b(popad?|cpuid|cmpxchg8b|(movs|cmps|stos|lods|scas|ins|outs)[bwd])\b/i;
const NAMES = { ebx: /\b(e?bx|b[lh])\b/i, esi: /\be?si\b/i, edi: /\be?di\b/i };

function mayChange({ assembly }: Frame, register: KeptRegister): boolean {
  return SECRETIVE.test(assembly) || NAMES[register].test(assembly);
}

/*
 * ## In and out
 *
 * Three bytes in (`push ebp`, `mov ebp, esp`), two bytes out, and whatever room it takes in between. Newer
 * compilers save ebp the trouble and address the variables from esp. We keep it: the chain of saved ebp is what
 * the Launcher follows when a Guest has died and somebody wants to know how it got there.
 */

function prologue(item: Labelled & { kind: 'function' }, frame: Frame): string[] {
  const { source, path } = item.context.module;
  const line = source.getLineAndCharacterOfPosition(item.node.getStart(source)).line + 1;
  const text = [`%line ${line} ${path}`, '  push ebp', '  mov ebp, esp'];
  if (frame.bytes > 0) text.push(`  sub esp, ${frame.bytes}`);
  return [...text, ...frame.saved.map((register) => `  push ${register}`)];
}

/** Leaves the function: the way back through its prologue. */
export function leave(frame: Frame): void {
  for (const register of [...frame.saved].reverse()) emit(frame, `pop ${register}`);
  emit(frame, 'leave');
  emit(frame, 'ret');
}
