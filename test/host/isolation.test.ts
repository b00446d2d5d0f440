import { describe, expect, it } from 'vitest';
import { LHCALL_LOAD_GDT_ENTRY, LHCALL_SET_STACK } from '../../chapters/1-preparation/abi.ts';
import { ERESTARTSYS } from '../../chapters/1-preparation/errno.ts';
import { GuestDied } from '../../chapters/5-host/death.ts';
import type { Guest } from '../../chapters/5-host/guest.ts';
import { run } from '../../chapters/5-host/run.ts';
import { deliverTrap } from '../../chapters/5-host/traps.ts';
import { assemble } from '../../src/assembler/index.ts';
import { changedPages, createGround, createGuest } from './ground.ts';
import {
  call,
  CODE,
  DIRECTORY,
  DONE,
  ENDED,
  gate,
  INIT,
  MIB,
  P,
  PAGE,
  PAGING,
  RESULTS,
  RW,
  result,
  SECOND_TABLE,
  STACK,
  TestGuest,
  createStage,
} from './harness.ts';

/** Runs one slice after the other, gives back to the Guest each trap that it leaves to its Launcher, to the end. */
function live(guest: Guest): string {
  try {
    for (let slices = 0; slices < 2000; slices++) {
      const outcome = run(guest);
      if (typeof outcome !== 'number') deliverTrap(guest, outcome.trap);
      else expect(outcome).toBe(-ERESTARTSYS);
    }
  } catch (error) {
    if (error instanceof GuestDied) return error.message;
    throw error;
  }
  throw new Error('the Guest did not end');
}

const SECRET = 0x5ec2e75a;

/** A quiet neighbour: ticks a counter in its own memory whenever it runs. */
const NEIGHBOUR = `start:\n  mov esp, ${STACK}\n${PAGING}again:\n  inc dword [${RESULTS}]\n  jmp again`;

/** An instruction after which the Guest goes on, whatever happens: the handlers go to where ebp says. */
let tries = 0;
function attempt(instruction: string): string {
  tries++;
  return `  mov ebp, after_${tries}\n  ${instruction}\nafter_${tries}:\n`;
}

const SKIP = `
skip_with_code:
  add esp, 4
skip:
  inc dword [${RESULTS}]
  mov [esp], ebp
  iret
`;
const HANDLERS = [
  ...[10, 11, 12, 13, 14].map((vector) => gate(vector, 'skip_with_code', 0x8e)),
  ...[0, 5, 6].map((vector) => gate(vector, 'skip', 0x8e)),
].join('');

/** Above the first 4 MiB, each address that a page table can name leads to some page of the Guest's last MiB. */
function mapEverywhere(window: TestGuest['window']): void {
  for (let i = 0; i < 1024; i++) window.write32(SECOND_TABLE + i * 4, (0x300 + (i & 0xff)) * 4096 + P + RW);
  for (let i = 1; i < 1024; i++) window.write32(DIRECTORY + i * 4, SECOND_TABLE | P | RW);
}

/** What only ring 0 may do. */
const FORBIDDEN = [
  'mov cr3, eax',
  'mov cr0, eax',
  'mov cr2, eax',
  'mov eax, cr3',
  'mov dr0, eax',
  'mov dr7, eax',
  'out dx, al',
  'in eax, dx',
  'cli',
  'sti',
  'hlt',
  'wrmsr',
  'rdmsr',
  'clts',
  'lmsw ax',
  'invd',
  'wbinvd',
  'invlpg [0]',
  'ltr ax',
  'lldt ax',
  'lgdt [0x8000]',
  'lidt [0x8000]',
  'int 0x20',
  'int 0x2e',
  'call 0x50:0xffc00000',
  'jmp 0x50:0xffc00000',
  'jmp 0x80:0',
];

const POKE_EVERYTHING = `
start:
  mov esp, ${STACK}
  ${PAGING}${HANDLERS}
  ; one word in each page of the last 8 MiB, and each word of the Switcher's three pages
  mov esi, 0xff800000
pages:
${attempt('mov [esi], eax')}  add esi, 0x1000
  jnz pages
  mov esi, 0xffc00000
words:
${attempt('mov [esi], eax')}  add esi, 4
  cmp esi, 0xffc03000
  jne words
  ; one word in each of the 4 MiB that an address can name
  mov esi, ${0x30_0000}
tables:
${attempt('mov [esi], eax')}  add esi, 0x400000
  cmp esi, ${0x30_0000}
  jne tables
  ; and all that a kernel could do if it were one
  ${FORBIDDEN.map(attempt).join('')}  ${DONE}
  ${SKIP}`;

describe('a kernel that pokes every address it can reach', () => {
  it('changes nothing outside its window and what the Host keeps for it', () => {
    const ground = createGround(48);
    const other = createGuest(ground, 2 * MIB, assemble(NEIGHBOUR, { origin: CODE }).bytes, CODE);
    expect(run(other.guest)).toBe(-ERESTARTSYS);
    other.window.write(0x40000, new Uint8Array(0x10_0000).fill(0xaa));

    const { bytes } = assemble(POKE_EVERYTHING, { origin: CODE });
    const before = ground.machine.ram.read(0, ground.machine.ram.size);
    const hostFrames = new Set(ground.frames.given);
    const poker = createGuest(ground, 4 * MIB, bytes, CODE);
    mapEverywhere(poker.window);
    expect(live(poker.guest)).toBe(ENDED);
    expect(poker.window.read32(RESULTS)).toBeGreaterThanOrEqual(1024 - 1 + 2 * 1024 + FORBIDDEN.length);

    const inWindow = (page: number) =>
      page >= poker.window.base && page < poker.window.base + poker.window.size;
    const itsOwn = (page: number) => ground.frames.given.has(page) && !hostFrames.has(page);
    const foreign = changedPages(ground, before).filter((page) => !inWindow(page) && !itsOwn(page));
    // On leaving, the neighbour's own floating-point registers are put into its register page.
    const expected = [...OF_THE_PROCESSOR, other.guest.registerPage];
    expect(foreign.filter((page) => !expected.includes(page))).toEqual([]);

    const count = other.window.read32(RESULTS);
    expect(run(other.guest)).toBe(-ERESTARTSYS);
    expect(other.window.read32(RESULTS)).toBeGreaterThan(count + 40_000);
  });

  it('reads nothing but its own', () => {
    const ground = createGround(48);
    const other = createGuest(ground, 2 * MIB, assemble(NEIGHBOUR, { origin: CODE }).bytes, CODE);
    expect(run(other.guest)).toBe(-ERESTARTSYS);
    for (let at = 0x40000; at < 0x80000; at += 4) other.window.write32(at, SECRET);
    for (const frame of ground.frames.given) {
      if (frame > 0x6000) ground.machine.ram.write32(frame + 0x7fc, SECRET);
    }
    const { bytes } = assemble(
      `
      start:
        mov esp, ${STACK}
        ${PAGING}${gate(14, 'fault', 0x8e)}
        xor esi, esi
      words:
        mov eax, [esi]
        xor eax, 0x7fffffff ; so that neither this code nor a saved register is what is looked for
        cmp eax, ${SECRET ^ 0x7fff_ffff}
        je found
        add esi, 4
        cmp esi, 0x400000
        jb words
        mov esi, 0xffc00000
      switcher:
        mov eax, [esi]
        xor eax, 0x7fffffff ; so that neither this code nor a saved register is what is looked for
        cmp eax, ${SECRET ^ 0x7fff_ffff}
        je found
        add esi, 4
        cmp esi, 0xffc03000
        jb switcher
        ${DONE}
      found:
        ${result(1, 'esi')}
        ${DONE}
      fault:
        add esp, 4
        add dword [esp], 2
        iret`,
      { origin: CODE },
    );
    const spy = createGuest(ground, 4 * MIB, bytes, CODE);
    expect(live(spy.guest)).toBe(ENDED);
    expect(spy.window.read32(RESULTS + 4)).toBe(0);
  });

  it('loses nothing to a neighbour: each has its own registers, segments, gates and time', () => {
    const stage = createStage(48);
    const source = (own: number) => `start:
      mov esp, ${STACK}
      ${INIT}${gate(6, 'handler', own % 2 ? 0x8f : 0x8e)}${call(LHCALL_SET_STACK, 0x69, STACK - own * 0x100, 0)}
      ${call(LHCALL_LOAD_GDT_ENTRY, 27, (own << 28) | 0xfff, 0x0040_b200 | (PAGE >>> 16))}
      mov dword [${PAGE + own * 0x1000}], ${own}
      mov eax, 0xd9
      mov gs, ax
      mov edi, 0
    again:
      mov ebp, ${own}
      mov ecx, 1000
      loop $
      ud2
      cmp ebp, ${own}
      jne wrong
      cmp dword [gs:0], ${own}
      jne wrong
      inc edi
      cmp edi, 500
      jb again
      ${DONE}
    wrong:
      int 0x1f
      ${'nop\n'.repeat(own * 5)}
    handler:
      cmp ebp, ${own}
      jne wrong
      add dword [esp], 2
      iret`;
    const guests = [1, 2, 3].map((own) => new TestGuest(source(own), { stage, bytes: MIB }));
    const ended = new Map<TestGuest, string>();
    for (let turn = 0; turn < 100 && ended.size < guests.length; turn++) {
      for (const guest of guests) {
        if (ended.has(guest)) continue;
        const event = guest.step();
        if (event.kind === 'dead') ended.set(guest, event.reason);
        else expect(event).toEqual({ kind: 'slice' });
      }
    }
    expect([...ended.values()]).toEqual([ENDED, ENDED, ENDED]);
  });
});

describe('a Host that has no frames left', () => {
  it('loses the Guest that wants one, and no other', () => {
    const ground = createGround(48);
    const { bytes } = assemble(NEIGHBOUR, { origin: CODE });
    const settled = createGuest(ground, 2 * MIB, bytes, CODE);
    expect(run(settled.guest)).toBe(-ERESTARTSYS);
    const newcomer = createGuest(ground, 2 * MIB, bytes, CODE);
    while (ground.frames.allocate() !== undefined);
    expect(live(newcomer.guest)).toBe('out of memory allocating pte page: the Host has no frames left');
    expect(run(settled.guest)).toBe(-ERESTARTSYS);
  });
});

/** The state page, which is rewritten for whoever runs, and the Host's own table for it, in which the processor marks A. */
const OF_THE_PROCESSOR = [0x2000, 0x5000];
