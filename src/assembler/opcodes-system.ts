/*
 * # What an operating system lives on
 *
 * Programs never meet these rows. They are for whoever sets up the tables that the rest of this book is about.
 *
 * First the segments. es, cs, ss and ds have one byte each for `push` and `pop`, and if you look for `pop cs` you
 * find a hole. On the 8086 it was there, `0f`, and it worked: the next instruction came from wherever the new cs
 * pointed, and hardly anybody had a use for that. So in the 286 the byte became the door to a second map of 256
 * opcodes. Every `0F` in this book was once an accident with cs.
 */

const segments = `
  push es              = 06
  pop es               = 07
  push cs              = 0E
  push ss              = 16
  pop ss               = 17
  push ds              = 1E
  pop ds               = 1F
  push fs              = 0F A0
  pop fs               = 0F A1
  push gs              = 0F A8
  pop gs               = 0F A9
  mov r32, sreg        = 8C /r
  mov r16, sreg        = o16 8C /r
  mov m16, sreg        = 8C /r
  mov sreg, r32        = 8E /r
  mov sreg, r/m16      = 8E /r
  les rv, m            = C4 /r
  lds rv, m            = C5 /r
  lss rv, m            = 0F B2 /r
  lfs rv, m            = 0F B4 /r
  lgs rv, m            = 0F B5 /r`;

/*
 * ## Protected mode
 *
 * Two opcodes with their digits, `0F 00` and `0F 01`, hold all that a kernel tells the processor about its tables.
 * `lgdt` and `lidt` take six bytes of memory, a limit and an address. The Guest may execute neither: it runs in
 * ring 1, and when it tries, the Host gets to hear of it.
 *
 * `smsw`, `sgdt`, `sidt`, `sldt` and `str` on the other hand may be executed by *anybody*, and show them the truth.
 * They are why the x86 could not be virtualized cleanly for twenty years, and why pup is too polite to ask.
 */

const protection = `
  sldt r32             = 0F 00 /0
  sldt r16             = o16 0F 00 /0
  sldt m16             = 0F 00 /0
  str r32              = 0F 00 /1
  str r16              = o16 0F 00 /1
  str m16              = 0F 00 /1
  lldt r/m16           = 0F 00 /2
  ltr r/m16            = 0F 00 /3
  verr r/m16           = 0F 00 /4
  verw r/m16           = 0F 00 /5
  sgdt m               = 0F 01 /0
  sidt m               = 0F 01 /1
  lgdt m               = 0F 01 /2
  lidt m               = 0F 01 /3
  smsw r32             = 0F 01 /4
  smsw r16             = o16 0F 01 /4
  smsw m16             = 0F 01 /4
  lmsw r/m16           = 0F 01 /6
  invlpg m             = 0F 01 /7
  lar r32, r32         = 0F 02 /r
  lar r32, r/m16       = 0F 02 /r
  lar r16, r/m16       = o16 0F 02 /r
  lsl r32, r32         = 0F 03 /r
  lsl r32, r/m16       = 0F 03 /r
  lsl r16, r/m16       = o16 0F 03 /r
  arpl r/m16, r16      = 63 /r`;

/*
 * ## Control registers and the like
 *
 * In `mov cr3, eax` ModRM's middle digit is the control register and the last is the general one, whichever is
 * written to. There is no loading of a page directory straight from memory: mod is 3, and a processor that finds
 * something else there takes it for 3 all the same.
 */

const processor = `
  mov r32, cr          = 0F 20 /r
  mov r32, dr          = 0F 21 /r
  mov cr, r32          = 0F 22 /r
  mov dr, r32          = 0F 23 /r
  clts                 = 0F 06
  invd                 = 0F 08
  wbinvd               = 0F 09
  wrmsr                = 0F 30
  rdtsc                = 0F 31
  rdmsr                = 0F 32
  rdpmc                = 0F 33
  cpuid                = 0F A2
  rsm                  = 0F AA
  hlt                  = F4`;

/*
 * ## Ports and flags
 *
 * The x86 has a second address space, 65,536 bytes of it, one door wide, and behind each door a device. All goes
 * through the accumulator.
 */

const ports = `
  in al, imm8          = E4 ib
  in eAX, imm8         = E5 ib
  in al, dx            = EC
  in eAX, dx           = ED
  out imm8, al         = E6 ib
  out imm8, eAX        = E7 ib
  out dx, al           = EE
  out dx, eAX          = EF`;

/*
 * Of the flags, `cli` and `sti` are the interesting two. In ring 1 they would fault, if they were not replaced by
 * something kinder.
 */

const flags = `
  lahf                 = 9F
  sahf                 = 9E
  cmc                  = F5
  clc                  = F8
  stc                  = F9
  cli                  = FA
  sti                  = FB
  cld                  = FC
  std                  = FD`;

/*
 * pup uses some twenty of these. The rest are for the silicon next door, which has to know them all, in case a
 * kernel does.
 */

/** The rows of the instructions that an operating system lives on. */
export const systemOpcodes = [segments, protection, processor, ports, flags].join('\n');
