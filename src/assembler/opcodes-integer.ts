/*
 * # What computes
 *
 * Eight operations, and for each of them nine rows, of which six are the first six bytes of its own row in the
 * opcode map: `add` has 00 to 05, `or` has 08 to 0d, and so on to `cmp` with 38 to 3d. In octal that is 0*n*0 to
 * 0*n*5, and *n* is the same digit which, for the forms with a number, goes to the middle of ModRM. Stephen Morse
 * laid this out in 1976, and one can tell that he had squared paper. So instead of seventy-two rows, you see nine.
 *
 * `83` is the row that pays the rent: any of the eight with a small number, in three bytes where `81` takes six. It
 * stands before the two long ones, and that is all there is to picking the shortest.
 */

import { hex } from './form.ts';

const arithmetic = ['add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp']
  .map((name, n) => {
    const column = (k: number) => hex(8 * n + k);
    return `
      ${name} r/m8, r8     = ${column(0)} /r
      ${name} r/mv, rv     = ${column(1)} /r
      ${name} r8, r/m8     = ${column(2)} /r
      ${name} rv, r/mv     = ${column(3)} /r
      ${name} al, imm8     = ${column(4)} ib
      ${name} r/mv, simm8  = 83 /${n} ib
      ${name} eAX, immz    = ${column(5)} iz
      ${name} r/m8, imm8   = 80 /${n} ib
      ${name} r/mv, immz   = 81 /${n} iz`;
  })
  .join('\n');

/*
 * ## Moving
 *
 * A good third of what compilers write is `mov`. The accumulator has its private rows for fixed addresses, `A0` to
 * `A3`, a byte shorter than the others, and they must stand first. `B8` to `BF` are how constants get into
 * registers.
 *
 * `xchg eax, ecx` has one byte, and the first of this row, `90`, exchanges eax with eax. It does that very well.
 * You know it as `nop`.
 */

const storesToFixedPlaces = `
  mov moffs8, al       = A2 mo
  mov moffsv, eAX      = A3 mo`;

const moves = `
  mov r/m8, r8         = 88 /r
  mov r/mv, rv         = 89 /r
  mov al, moffs8       = A0 mo
  mov eAX, moffsv      = A1 mo
  mov r8, r/m8         = 8A /r
  mov rv, r/mv         = 8B /r
  mov r8, imm8         = B0+r ib
  mov rv, immz         = B8+r iz
  mov r/m8, imm8       = C6 /0 ib
  mov r/mv, immz       = C7 /0 iz
  movzx rv, r/m8       = 0F B6 /r
  movzx r32, r/m16     = 0F B7 /r
  movsx rv, r/m8       = 0F BE /r
  movsx r32, r/m16     = 0F BF /r
  lea rv, m            = 8D /r
  xchg eAX, rv         = 90+r
  xchg rv, eAX         = 90+r
  xchg r/m8, r8        = 86 /r
  xchg r8, r/m8        = 86 /r
  xchg r/mv, rv        = 87 /r
  xchg rv, r/mv        = 87 /r
  bswap r32            = 0F C8+r
  xlat/xlatb           = D7`;

/*
 * ## The stack
 *
 * `push 5` is two bytes and puts down four: the 5 is widened by its sign. Note the order of the four rows with
 * numbers. A first draft of this table had the two `6A`s together, and so `push 0xfff0` became `66 6a f0`, which
 * pushes the right number in the wrong width. The comparison with GNU's assembler found it in its first minute.
 *
 * `push word` moves esp by two, after which everything is crooked. That is not a reason to forbid it, but you must
 * say it.
 */

const stack = `
  push rv              = 50+r
  pop rv               = 58+r
  push simm8           = o32 6A ib
  push imm32           = o32 68 id
  push simm8           = o16 6A ib
  push imm16           = o16 68 iw
  push m32             = o32 FF /6
  push word m16        = o16 FF /6
  pop m32              = o32 8F /0
  pop word m16         = o16 8F /0
  pusha                = 60
  pushad               = o32 60
  pushaw               = o16 60
  popa                 = 61
  popad                = o32 61
  popaw                = o16 61
  pushf                = 9C
  pushfd               = o32 9C
  pushfw               = o16 9C
  popf                 = 9D
  popfd                = o32 9D
  popfw                = o16 9D
  enter imm16, imm8    = C8 iw ib
  leave                = C9`;

/*
 * ## One operand
 *
 * `F6` and `F7` are one opcode each and eight instructions, told apart by the digit: `test`, a hole, `not`, `neg`,
 * `mul`, `imul`, `div`, `idiv`. `FE` and `FF` have `inc` and `dec`. What else `FF` has is `push`, above, and the calls
 * and jumps of the next file.
 *
 * In `imul ecx, 5` the one register is in both fields of ModRM, for there is no form with one register and a number:
 * it is `imul ecx, ecx, 5`, said shorter.
 */

const multiplication = `
  inc rv               = 40+r
  dec rv               = 48+r
  inc r/m8             = FE /0
  dec r/m8             = FE /1
  inc r/mv             = FF /0
  dec r/mv             = FF /1
  test r/m8, r8        = 84 /r
  test r8, r/m8        = 84 /r
  test r/mv, rv        = 85 /r
  test rv, r/mv        = 85 /r
  test al, imm8        = A8 ib
  test eAX, immz       = A9 iz
  test r/m8, imm8      = F6 /0 ib
  test r/mv, immz      = F7 /0 iz
  not r/m8             = F6 /2
  not r/mv             = F7 /2
  neg r/m8             = F6 /3
  neg r/mv             = F7 /3
  mul r/m8             = F6 /4
  mul r/mv             = F7 /4
  imul r/m8            = F6 /5
  imul r/mv            = F7 /5
  imul rv, r/mv        = 0F AF /r
  imul rv, simm8       = 6B /r ib
  imul rv, immz        = 69 /r iz
  imul rv, r/mv, simm8 = 6B /r ib
  imul rv, r/mv, immz  = 69 /r iz
  div r/m8             = F6 /6
  div r/mv             = F7 /6
  idiv r/m8            = F6 /7
  idiv r/mv            = F7 /7`;

/*
 * ## Widening, and the digits of the ancients
 *
 * `cdq` is one byte that fills edx with copies of a sign, and nobody divides without it. The rest of this list is
 * arithmetic with decimal digits, inherited from calculators. `aam` is `d4 0a`, divide by ten, and yes: the `0a` is
 * the ten, and you may put another number there.
 */

const decimal = `
  cbw                  = o16 98
  cwde                 = o32 98
  cwd                  = o16 99
  cdq                  = o32 99
  daa                  = 27
  das                  = 2F
  aaa                  = 37
  aas                  = 3F
  aam                  = D4 0A
  aam imm8             = D4 ib
  aad                  = D5 0A
  aad imm8             = D5 ib`;

/*
 * ## Shifts and single bits
 *
 * Seven shifts on eight digits. Seat 6 is empty, or rather it is taken by a second `shl` that the manual never
 * mentions. Shifting by one had a form of its own on the 8086, which had no other that took a number at all.
 */

const shifts = ['rol', 'ror', 'rcl', 'rcr', 'shl/sal', 'shr', '', 'sar']
  .map((name, n) =>
    name === ''
      ? ''
      : `
      ${name} r/m8, 1      = D0 /${n}
      ${name} r/mv, 1      = D1 /${n}
      ${name} r/m8, cl     = D2 /${n}
      ${name} r/mv, cl     = D3 /${n}
      ${name} r/m8, imm8   = C0 /${n} ib
      ${name} r/mv, imm8   = C1 /${n} ib`,
  )
  .join('\n');

/*
 * In the second byte map, behind `0F`, everything came later: single bits and double shifts with the 386, `cmpxchg`
 * and `xadd` with the 486, and `cmpxchg8b` with the Pentium.
 *
 * :::aside
 * That one takes memory, and our row says so. In 1997 somebody gave it a register, with `lock` in front,
 * `f0 0f c7 c8`, and every Pentium that was fed these four bytes, from any ring, stood still until it was switched
 * off. It should have said *invalid opcode*. The rest of the world learned how to spell F00F.
 * :::
 */

const bits = `
  shld r/mv, rv, imm8  = 0F A4 /r ib
  shld r/mv, rv, cl    = 0F A5 /r
  shrd r/mv, rv, imm8  = 0F AC /r ib
  shrd r/mv, rv, cl    = 0F AD /r
  bt r/mv, rv          = 0F A3 /r
  bts r/mv, rv         = 0F AB /r
  btr r/mv, rv         = 0F B3 /r
  btc r/mv, rv         = 0F BB /r
  bt r/mv, imm8        = 0F BA /4 ib
  bts r/mv, imm8       = 0F BA /5 ib
  btr r/mv, imm8       = 0F BA /6 ib
  btc r/mv, imm8       = 0F BA /7 ib
  bsf rv, r/mv         = 0F BC /r
  bsr rv, r/mv         = 0F BD /r
  cmpxchg r/m8, r8     = 0F B0 /r
  cmpxchg r/mv, rv     = 0F B1 /r
  cmpxchg8b m64        = 0F C7 /1
  xadd r/m8, r8        = 0F C0 /r
  xadd r/mv, rv        = 0F C1 /r`;

/*
 * ## Strings
 *
 * No operands: esi points from, edi points to, ecx counts if a `rep` stands in front. These were the loops of 1978
 * in hardware, and copying memory with `rep movsd` is still hard to beat.
 */

const strings = `
  movsb                = A4
  movsw                = o16 A5
  movsd                = o32 A5
  cmpsb                = A6
  cmpsw                = o16 A7
  cmpsd                = o32 A7
  stosb                = AA
  stosw                = o16 AB
  stosd                = o32 AB
  lodsb                = AC
  lodsw                = o16 AD
  lodsd                = o32 AD
  scasb                = AE
  scasw                = o16 AF
  scasd                = o32 AF
  insb                 = 6C
  insw                 = o16 6D
  insd                 = o32 6D
  outsb                = 6E
  outsw                = o16 6F
  outsd                = o32 6F`;

/*
 * And that was arithmetic. Order matters within a mnemonic only, so the lists are simply put together.
 */

/** The rows of the instructions that compute. */
export const integerOpcodes = [
  arithmetic,
  storesToFixedPlaces,
  moves,
  stack,
  multiplication,
  decimal,
  shifts,
  bits,
  strings,
].join('\n');
