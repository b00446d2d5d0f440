/*
 * # Twenty-six instructions
 *
 * This is the only machine code of ours that the silicon ever runs while there is a Guest about. It is a string.
 * `assemble` makes bytes of it when the Host comes up, they are put into a frame, and from then on nobody may write
 * there, we included.
 *
 * Read it in the order in which a Guest does: first out, then in.
 */
import { GDT_ENTRY_TSS, LGUEST_CS, LGUEST_DS } from '../1-preparation/abi.ts';
import { pushesErrorCode, VECTORS } from '../1-preparation/traps.ts';
import { FRAME, NUMBERS, REGISTER_PAGE, STATE_PAGE } from './pages.ts';
import { FRAME_DS, FRAME_EIP, FRAME_ES, FRAME_FS, FRAME_GS } from './pages.ts';
import { OTHER_SEGMENTS, STATE_CHANGED, STATE_CR0, STATE_CR3, STATE_IDT_POINTER } from './pages.ts';

/** Everything the Switcher is, as assembly. `GDT_POINTER` and `HOST_CR3` are physical addresses. */
export function switcherText(): string {
  return [wayOut(), wayIn(), home(), powerOn(), stubs()].join('\n');
}

/*
 * ## Two hundred and fifty-six doors
 *
 * A trap has happened. The processor has looked at the gate, found ring 0 behind it, taken the stack for ring 0 from
 * the task state (the end of the register page), and pushed ss, esp, eflags, cs and eip. Now it jumps, and here is a
 * nuisance: it does not say *which* trap it was. The vector was known when it looked up the gate; it is not stored
 * anywhere.
 *
 * So every vector gets a door of its own, whose only business is to know its number. And where the processor pushes no
 * error code, the stub pushes a zero, so that the frame has one shape for all.
 *
 *     trap_13:                     trap_6:
 *         push 13                      push 0
 *         jmp leave                    push 6
 *                                      jmp leave
 *
 * :::aside
 * Here is the hole from chapter 1. `int 14` in a program goes to the same door as exception 14, *without* an error
 * code, and the frame would come out a word short. lguest let a Guest say through which gates its processes may go. For
 * the vectors that have a code, we do not: see `mayBeCalled`.
 * :::
 */
function stubs(): string {
  return Array.from({ length: VECTORS }, (_, vector) => stub(vector)).join('\n');
}

/** Where the processor lands for `vector`: makes the frame one size for all, and says which trap it was. */
function stub(vector: number): string {
  const error = pushesErrorCode(vector) ? '' : '    push 0\n';
  return `trap_${vector}:\n${error}    push ${vector}\n    jmp leave`;
}

/*
 * ## The way out
 *
 * What the Guest was holding, it puts down: four segments, seven registers (the eighth, esp, the processor took care
 * of). The order looks backwards because the frame is built from the top down. Then the processor halts, and you are in
 * TypeScript.
 *
 * Look at what is *not* here. No page tables are changed, no table is loaded. lguest went back to its Host's CR3 at
 * this point, to its GDT, its IDT and its task state, and on the way in again to the Guest's, eight slow instructions
 * and two flushed TLBs each time, because behind it stood a Linux that needed its own. Behind ours stands nobody. The
 * processor may as well sleep in the Guest's world as anywhere, and when it wakes up, all that it remembers of the
 * Guest's pages is still true.
 */
function wayOut(): string {
  return `
leave:
    push es
    push ds
    push fs
    push gs
    push ebp
    push edi
    push esi
    push edx
    push ecx
    push ebx
    push eax
    hlt`;
}

/*
 * ## The way in
 *
 * The Host has done what it had to, perhaps with the very words on our stack: a register here, another eip there. It
 * calls `run`, and we wake behind the `hlt`. One question first: has anything changed that the processor should know
 * of? Mostly not. Then the seven registers are picked up again, six words are stepped over, and what is left on the
 * stack is, word for word, what `iret` likes to find. A Guest begins its life here, and begins it again a few hundred
 * thousand times a second.
 *
 * Four of the six words are segments: put down on the way out, and not picked up. The way out had to write them, for
 * the Host may be asked what they are, or send somebody else in. But nobody has touched the registers themselves. We
 * have been asleep, and the Host has no segments; ds is what the Guest left in it, hidden half and all. To load it
 * again would be to read a descriptor, check six things, and end up where one was. A Switcher that did so for all four
 * managed 600,000 trips a second in our measurements. This one, on the same morning, 790,000.
 *
 * If the Host has redrawn a descriptor, the copy in the register is out of date. Then, and when somebody else goes in,
 * all four are loaded.
 */
function wayIn(): string {
  return `
enter:
    cmp dword [ss:${STATE_PAGE + STATE_CHANGED}], ${OTHER_SEGMENTS}
    jae elsewhere
restore:
    pop eax
    pop ebx
    pop ecx
    pop edx
    pop esi
    pop edi
    pop ebp
    add esp, ${FRAME_EIP - FRAME_GS} ; four segments, the trap number, the error code
    iret

; not as it was: equal says segments, the sign says somebody else
elsewhere:
    je segments
    js another
    mov eax, [ss:${STATE_PAGE + STATE_CR3}]
    mov cr3, eax
mood:
    mov eax, [ss:${STATE_PAGE + STATE_CR0}]
    mov cr0, eax
    mov esp, ${REGISTER_PAGE + FRAME}
segments:
    mov gs, [ss:${REGISTER_PAGE + FRAME + FRAME_GS}]
    mov fs, [ss:${REGISTER_PAGE + FRAME + FRAME_FS}]
    mov ds, [ss:${REGISTER_PAGE + FRAME + FRAME_DS}]
    mov es, [ss:${REGISTER_PAGE + FRAME + FRAME_ES}]
    jmp restore

another:
    clts
    fnsave [ss:${REGISTER_PAGE + NUMBERS}]
    mov eax, [ss:${STATE_PAGE + STATE_CR3}]
    mov cr3, eax
    frstor [ss:${REGISTER_PAGE + NUMBERS}]
    jmp mood`;
}

/*
 * The detour has three doors. The lowest is for other descriptors, the middle one for other page tables, the highest
 * for another Guest, and whoever comes in higher up walks through all that is below. At the highest, mind the line in
 * the middle. Before `mov cr3`, `REGISTER_PAGE` was the register page of one Guest; behind it, the same address is the
 * register page of another. Nothing moved. The floor was exchanged between two steps.
 *
 * So `fnsave` and `frstor` name the same 108 bytes and mean different ones. There are eight more registers in this
 * processor than those we have pushed, for numbers with a point in them, and whoever leaves them lying about gives one
 * Guest's sums to the next. lguest did nothing of the kind and was right: its Guest lived in a process, and Linux
 * changes these for every process. (`clts` comes first, because the one who leaves may have said that whoever touches
 * these registers shall be trapped. It did not mean us.)
 *
 * And everything says `ss:`, because ss is the one segment that the processor has set for us. What is in ds is still
 * the Guest's, and may be anything.
 *
 * Five of these instructions can fail. A segment is refused if what the Guest had there is no longer one (the Host sees
 * to it that this does not happen), and `iret` refuses if that is true of cs or ss. Then the processor does in ring 0
 * what it does everywhere. It traps, pushes its frame *where esp happens to be*, and lands in a stub, and we halt with
 * esp in the wrong place. That is how `switchTo` knows. The `mov esp` under `mood` puts it right for whoever comes
 * next.
 *
 * :::exercise{#stopwatch points=20 minutes=40}
 * A hotel wants to know how long its guests stay. Give each of ours a stopwatch, which runs while the Guest does. It
 * stands in the first eight bytes of the register page, low half first, and shows how many ticks of `rdtsc` the Guest
 * has had, all its trips together; our processor ticks once for each instruction. Up to 40 ticks a trip may be the
 * Switcher's own. The Host's time and other Guests' must not be on it, nor may the Guest find a register or a flag
 * changed. It should still be right on the day when it passes 2^32. (Of the book's own tests, one knows the Switcher to
 * the instruction, and one the Host's pages to the byte. They will want to be told.)
 *
 * Then think of a kernel in ring 1 that would rather not pay, and read again which of the three pages it can write.
 * :::
 *
 * ## Home
 *
 * When a Guest is closed, its page tables are torn up, and one does not tear up the floor that somebody sleeps on. So
 * there is one address space more, the Host's. It has a register page, too, and in its frame an eip that leads here.
 * For the Switcher, going home is a world switch like any other; it just goes to a world that consists of two
 * instructions.
 */
function home(): string {
  return `
home:
    hlt
    jmp enter`;
}

/*
 * ## In the beginning
 *
 * This runs once. The machine has been switched on as a boot loader would leave it, in protected mode with paging off,
 * and jumps here at the *physical* address of the page. It loads the segments by a pointer at a physical address whose
 * contents speak of a linear one, as by the time anybody looks, there will be paging. For one instruction, the `jmp`
 * behind `mov cr0`, the world is mapped and eip is still a physical address, and only because the Host's directory maps
 * this one page to itself does the `jmp` get fetched at all.
 *
 * You have just read the shortest operating system in this book. It boots, and goes to sleep.
 */
function powerOn(): string {
  return `
power_on:
    lgdt [GDT_POINTER]
    mov eax, HOST_CR3
    mov cr3, eax
    mov eax, HOST_CR0
    mov cr0, eax
    jmp ${LGUEST_CS}:high
high:
    mov eax, ${LGUEST_DS}
    mov ss, ax
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov gs, ax
    lidt [ss:${STATE_PAGE + STATE_IDT_POINTER}]
    mov eax, ${GDT_ENTRY_TSS * 8}
    ltr ax
    jmp home`;
}
