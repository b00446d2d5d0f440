/*
 * # Practice
 *
 * A pianist does not walk on stage with cold fingers. Our fingers are some three hundred functions that read
 * instructions and write others, and the JavaScript engine has never seen one of them: the first region that is ever
 * compiled takes four milliseconds, the hundredth a quarter of one. A guest's first loop should not have to wait for
 * that. So before the first machine of a process is handed out, another one, which nobody will ever see, plays a piece
 * on both engines, and is thrown away.
 *
 * It takes some sixty milliseconds, and nobody is told how it ends. What it buys is the first tenth of a second of
 * every guest: small programs that are run once, from cold, take a seventh less time. A whole Linux does not notice,
 * for it would have had to learn all of that anyway.
 */
import { assemble } from '../../assembler/index.ts';
import { emptyBus } from '../bus.ts';
import { EIP, RAM_BASE } from '../layout.ts';
import { Processor } from '../processor.ts';
import { run } from '../run.ts';
import { Compiler } from './compiler.ts';

/*
 * ## The piece
 *
 * It has a bit of everything that programs are made of. First a stack, and a page table, in which each of sixty-four
 * pages is where it always was: with paging on, memory is looked up as it will be on stage.
 */
const PAGING = `
  mov esp, 0x8000
  mov edi, 0x3000
  mov eax, 3
  mov ecx, 64
map:
  mov [edi], eax
  add edi, 4
  add eax, 0x1000
  dec ecx
  jnz map
  mov dword [0x2000], 0x3003
  mov eax, 0x2000
  mov cr3, eax
  mov eax, cr0
  or eax, 0x80000000
  mov cr0, eax
`;

/*
 * Then the theme, ten times over: a recursion, a hash of a string with a look into a table, a call through a table with
 * what comes out, a REP, and a mixing of numbers of sixty-four bits.
 */
const THEME = `
  mov ebp, 10
again:
  push dword 10
  call fibonacci
  add esp, 4
  push eax
  push dword text
  call hash
  add esp, 8
  and eax, 3
  call [eax*4 + table]
  mov esi, text
  mov edi, 0x9000
  mov ecx, 8
  rep movsd
  mov esi, 0x9000
  mov ecx, 16
mix:
  mov eax, [esi]
  mov edx, [esi + 4]
  shl eax, 3
  ror edx, 5
  xor eax, edx
  sub eax, ecx
  sbb edx, 0
  mov [esi], eax
  mov [esi + 4], edx
  lea esi, [esi + 4]
  dec ecx
  jnz mix
  dec ebp
  jnz again
  hlt
`;

/*
 * Two functions, one that calls itself and has a frame, as compilers used to make them, and one that has none and walks
 * along a string.
 */
const FUNCTIONS = `
fibonacci:
  push ebp
  mov ebp, esp
  push ebx
  mov eax, [ebp + 8]
  cmp eax, 2
  jb small
  dec eax
  push eax
  call fibonacci
  mov ebx, eax
  mov eax, [ebp + 8]
  sub eax, 2
  mov [esp], eax
  call fibonacci
  add esp, 4
  add eax, ebx
small:
  mov ebx, [ebp - 4]
  leave
  ret
hash:
  push esi
  mov esi, [esp + 8]
  mov eax, 5381
letter:
  movzx edx, byte [esi]
  test dl, dl
  je ended
  imul eax, eax, 33
  add eax, edx
  inc esi
  and edx, 3
  xor eax, [edx*4 + table]
  test al, al
  jns letter
  not eax
  jmp letter
ended:
  shr eax, 1
  pop esi
  ret
`;

/*
 * And four doors to three rooms, with a division, a condition that becomes a number, and a product in them.
 */
const ROOMS = `
table: dd one, two, three, one
one:
  mov eax, ebp
  cdq
  mov ecx, 10
  idiv ecx
  add ebx, edx
  ret
two:
  test ebx, ebx
  setl al
  movsx eax, al
  neg eax
  add ebx, eax
  adc esi, 0
  ret
three:
  mul ebx
  or eax, 1
  cmp eax, [esp + 4]
  jle lesser
  xchg eax, ebx
lesser:
  ret
text: db 'practice makes a master, and a quick fox jumps', 0
`;

/** What is played, to be assembled at PRACTICE_AT. It ends with HLT. */
export const PRACTICE_PIECE = PAGING + THEME + FUNCTIONS + ROOMS;

/*
 * ## Played to an empty hall
 *
 * The machine on which it is played is made for the purpose and thrown away. What stays is in V8, which has seen the
 * compiler at work and will know what to optimize.
 */
export const PRACTICE_AT = 0x1000;
const ROOM = 0x1_0000;
/** The piece is made for this: nothing should stay with the interpreter that the compiler could try its hand at. */
const PRACTICE_HOT = 100;
/** More than the piece has. */
const LONGEST_PRACTICE = 1_000_000;

let hasPractised = false;

/**
 * Lets the functions of both engines be run, and be compiled by the engine below, before anybody waits for them. Once a
 * process.
 */
export function practise(): void {
  if (hasPractised) return;
  hasPractised = true;
  const cpu = new Processor(ROOM, emptyBus);
  cpu.compiler = new Compiler(cpu, PRACTICE_HOT);
  cpu.bytes.set(assemble(PRACTICE_PIECE, { origin: PRACTICE_AT }).bytes, RAM_BASE + PRACTICE_AT);
  cpu.words[EIP] = PRACTICE_AT;
  run(cpu, LONGEST_PRACTICE);
}
