/*
 * # The end of a block
 *
 * Conditions become `if`, jumps become nothing. An indirect jump is compared with the places it has been seen to go
 * to, one after the other, which sounds slow and is what a processor's branch predictor likes best.
 */
import type { Instruction } from '../instruction.ts';
import { conditionalJumps } from '../jumps.ts';
import { ECX } from '../layout.ts';
import { pushCondition } from './conditions.ts';
import { type Draft, giveUp, prepareExit, REGISTER, TARGET } from './draft.ts';
import { ADD, AND, EQ, EQZ, IF, NE } from './emitter.ts';
import { emitRepeat } from './lower-repeat.ts';
import { moveStackPointer, push, top } from './lower-stack.ts';
import { getOperand, reachOperand } from './operands.ts';
import type { Edge, Node } from './node.ts';

/** Goes along an edge; nothing behind it is reached. */
type Go = (edge: Edge) => void;

/*
 * ## Ten ends
 *
 * Most ends are one edge or two, and whoever calls this knows where they lead: to the next block of the function, back
 * to the head of a loop, or out. `jmp` writes nothing at all. It is only a place in the i386's memory that was
 * elsewhere; in WebAssembly the next block simply comes next.
 *
 * A RET and an indirect CALL have to read where they go before they can go there. Mind the order. A push moves esp, so
 * that `call [esp]` would find its own return address there, and `call [esp-4]` has it written over the very word that
 * says where to.
 */
/** Writes the instruction that ends a block, and all the ways out. */
export function emitEnd(d: Draft, node: Node, go: Go): void {
  const [first, second] = node.edges;
  const { i, code } = d;
  switch (node.end) {
    case 'falls':
    case 'jump':
      go(first!);
      break;
    case 'branch':
    case 'loop':
      if (node.end === 'branch') pushCondition(d, conditionalJumps.indexOf(i.execute));
      else countDown(d, i);
      code.open(IF);
      go(first!);
      code.end();
      go(second!);
      break;
    case 'call':
      push(d, () => code.const(i.next));
      go(first!);
      break;
    case 'return':
      top(d);
      code.set(TARGET);
      moveStackPointer(d, 4 + i.immediate);
      goAnywhere(d, node, go);
      break;
    case 'indirect':
      getOperand(d, i);
      code.set(TARGET);
      goAnywhere(d, node, go);
      break;
    case 'indirect call':
      if (i.isMemory) reachOperand(d);
      // The target is read before the return address is written: they may be the same place.
      push(d, () => {
        getOperand(d, i);
        code.set(TARGET);
        code.const(i.next);
      });
      goAnywhere(d, node, go);
      break;
    case 'repeats':
      emitRepeat(d, node);
      go(first!);
      break;
    case 'interpreted':
      giveUp(d);
  }
}

/*
 * ## Anywhere
 *
 * A RET can go wherever it likes. Most go to the same one or two places, and these are edges of the region: so the
 * first question is *is it there?*, and the answer costs a comparison. All the others are left to the dispatcher.
 */
/** Compares the address in TARGET with those that were seen. */
function goAnywhere(d: Draft, node: Node, go: Go): void {
  const { code } = d;
  for (const edge of node.edges) {
    code.get(TARGET);
    code.with(edge.eip, EQ);
    code.open(IF);
    go(edge);
    code.end();
  }
  prepareExit(d, d.exits.away(node));
  code.branch(d.epilogue);
}

/*
 * LOOP was the fast way to count in 1978. Since the 386 it has been slower than `dec` and `jnz`, which do the same in
 * two instructions, and compilers leave it alone. Its flags are untouched, which is more than can be said for `dec`.
 */
/** LOOPNE, LOOPE, LOOP and JECXZ: pushes whether they jump. */
function countDown(d: Draft, i: Instruction): void {
  const { code } = d;
  const counter = REGISTER + ECX;
  if (i.operation === 3) {
    code.get(counter);
    code.op(EQZ);
    return;
  }
  if (i.operation < 2) pushCondition(d, i.operation === 1 ? 4 : 5);
  code.get(counter);
  code.with(-1, ADD);
  code.tee(counter);
  if (i.operation < 2) {
    code.with(0, NE);
    code.op(AND);
  }
}
