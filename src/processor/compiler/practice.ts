/*
 * # Practice
 *
 * A pianist does not walk on stage with cold fingers. Our fingers are some three hundred functions that read instructions and write others, and the JavaScript engine has never
 * seen one of them: the first region that is ever compiled takes eight milliseconds, the hundredth a fifth of one. A guest's first loop should not have to wait for that. So before the first machine of
 * a process is handed out, another one, which nobody will ever see, plays a piece on both engines, and is thrown away.
 *
 * The piece has a bit of everything that programs are made of: Fibonacci by recursion, a hash of a string, a jump through a table, division, a REP, numbers of 64 bits,
 * with paging on. It takes twenty milliseconds, and nobody is told how it ends. What it buys is the first tenth of a second of every guest: ten small programs that are run once, from cold, take a sixth
 * less time. A whole Linux does not notice, for it would have had to learn all of that anyway.
 */
import { emptyBus } from '../bus.ts';
import { EIP, RAM_BASE } from '../layout.ts';
import { Processor } from '../processor.ts';
import { run } from '../run.ts';
import { Compiler } from './compiler.ts';

/** Where the piece is put, in the room for it. */
export const PRACTICE_AT = 0x1000;
const ROOM = 0x1_0000;
/** The piece is made for this: nothing should stay with the interpreter that the compiler could try its hand at. */
const PRACTICE_HOT = 100;
/** More than the piece has. */
const LONGEST_PRACTICE = 1_000_000;

/*
 * The score is in machine language. How it reads before it is assembled stands in `test/compiler/practice.test.ts`, which sees to it that the two agree.
 */
export const PRACTICE_PIECE = [
  'bc00800000bf00300000b803000000b940000000890783c70405001000004975f3c7050020000003300000b800200000',
  '0f22d80f20c00d000000800f22c0bd0a0000006a0ae85700000083c40450682c110000e87600000083c40883e003ff14',
  '85f2100000be2c110000bf00900000b908000000f3a5be00900000b9100000008b068b5604c1e003c1ca0531d029c883',
  'da0089068956048d76044975e34d75a3f45589e5538b450883f802721c4850e8edffffff89c38b450883e802890424e8',
  'ddffffff83c40401d88b5dfcc9c3568b742408b8051500000fb61684d2740f6bc02101d04680fa7a76eef7d0ebead1e8',
  '5ec3021100000f1100001f1100000211000089e899b90a000000f7f901d3c385db0f9cc00fbec0f7d801c383d600c3f7',
  'e383c8013b4424047e0193c37072616374696365206d616b65732061206d61737465722c20616e64206120717569636b',
  '20666f78206a756d707300',
].join('');

let hasPractised = false;

/** Lets the functions of both engines be run, and be compiled by the engine below, before anybody waits for them. Once a process. */
export function practise(): void {
  if (hasPractised) return;
  hasPractised = true;
  const cpu = new Processor(ROOM, emptyBus);
  cpu.compiler = new Compiler(cpu, PRACTICE_HOT);
  for (let at = 0; at < PRACTICE_PIECE.length; at += 2) {
    cpu.bytes[RAM_BASE + PRACTICE_AT + (at >> 1)] = Number.parseInt(PRACTICE_PIECE.slice(at, at + 2), 16);
  }
  cpu.words[EIP] = PRACTICE_AT;
  run(cpu, LONGEST_PRACTICE);
}
