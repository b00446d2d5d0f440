/*
 * # A door in the middle
 *
 * A block has no door in the middle. But whoever decodes up to the next jump does not know where the others lead. A
 * loop is first met from above, in one block with what stands before it, and only when the jump at its lower end is
 * taken does it turn out that there has been a door all the time.
 *
 * ```text
 *        mov ecx, 5         the block as it was met: five instructions
 *        xor eax, eax
 * again: add eax, ecx       the door, as `jnz` knows and nobody else
 *        dec ecx
 *        jnz again
 * ```
 *
 * So the block is split there, two instructions and three. The instructions lie in a row and stay where they are; only
 * where the first part ends is new, and where the second begins.
 *
 * One could leave the block as it is and decode the loop a second time. For an interpreter that is as good. To a
 * compiler, the first turn enters by the old block, in the middle of which the loop begins, and all others by the new
 * one, at its head: [a loop with two doors](#loops-with-two-doors), which is more than WebAssembly can hold.
 *
 * Blocks that are part of compiled code stay whole, since it may be left in their middle and says so by counting from
 * their beginning. And nothing splits a block but a jump that always leads to the same place. A RET or an interrupt
 * comes back anywhere, and a thousand of them would chop the program into single instructions.
 */
import { Block, eipAt, NO_BLOCK } from './blocks.ts';
import { addBlock, blockAt, type CodePage } from './code-pages.ts';
import { CS, LIMIT } from './layout.ts';
import { PACKED } from './packed.ts';
import type { Processor } from './processor.ts';

/** The part from `eip` on of a block that has it in its middle, at `offset` of a page; that block ends before it. */
export function split(cpu: Processor, page: CodePage, offset: number, eip: number): Block | undefined {
  const { starts } = page;
  const farthest = Math.max(0, offset - FARTHEST_BACK);
  let start = offset - 1;
  while (start > farthest && starts[start] === 0) start--;
  for (let block = blockAt(page, start); block !== undefined; block = block.variant) {
    if (block.eip + offset - start !== eip || block.mode !== cpu.mode) continue;
    if (block.limit !== cpu.words[LIMIT + CS] || block.regions !== undefined) continue;
    for (let position = 1; position < block.length; position++) {
      if (eipAt(cpu, block, position) === eip) return splitAt(cpu, block, position, offset);
    }
  }
  return undefined;
}

/** Bytes before a door in which the beginning of its block is looked for. */
const FARTHEST_BACK = 256;

function splitAt(cpu: Processor, block: Block, position: number, offset: number): Block {
  const rest = new Block();
  rest.eip = eipAt(cpu, block, position);
  rest.at = block.at + position * PACKED;
  rest.length = block.length - position;
  rest.end = block.end;
  rest.falls = block.falls;
  rest.frame = block.frame;
  rest.mode = block.mode;
  rest.limit = block.limit;
  rest.isCareful = block.isCareful;
  rest.successor = block.successor;
  rest.otherSuccessor = block.otherSuccessor;
  rest.formerSuccessors = block.formerSuccessors;
  block.length = position;
  block.end = rest.eip;
  block.falls = true;
  block.code = [];
  block.shape = undefined;
  block.successor = rest;
  block.otherSuccessor = NO_BLOCK;
  block.formerSuccessors = [];
  if (cpu.compiler !== undefined) block.due = rest.due = cpu.compiler.warm;
  addBlock(cpu, rest, offset);
  return rest;
}
