import { describe, expect, it } from 'vitest';
import {
  LGUEST_DATA_CR2,
  LGUEST_DATA_IRQ_ENABLED,
  LGUEST_DATA_TIME_NANOSECONDS,
  LHCALL_TS,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_NEW_PGTABLE,
  LHCALL_SET_PTE,
} from '../../chapters/1-preparation/abi.ts';
import {
  call,
  DATA,
  DIRECTORY,
  DONE,
  ENDED,
  ENTER_USER,
  gate,
  INIT,
  MIB,
  PAGE,
  PAGING,
  RESULTS,
  result,
  STACK,
  TestGuest,
  USER_SEGMENTS,
  USER_STACK,
  identityMap,
  P,
  RW,
  SECOND_DIRECTORY,
  SECOND_TABLE,
  TABLE,
  US,
} from './harness.ts';

const START = `start:\n  mov esp, ${STACK}\n`;
const traps = (guest: TestGuest, vector: number) => guest.stage.host.statistics.traps[vector];

describe('a direct trap', () => {
  const SYSTEM_CALLS = 1000;
  const source = (kind: number) => `
    ${START}${PAGING}${USER_SEGMENTS}${gate(0x80, 'system_call', kind)}${gate(3, 'last', 0xee)}
    ${ENTER_USER}
    user:
      mov ecx, ${SYSTEM_CALLS}
    again:
      int 0x80
      dec ecx
      jnz again
      int3
    system_call:
      inc dword [${RESULTS}]
      mov eax, [${DATA + LGUEST_DATA_IRQ_ENABLED}]
      mov dword [${DATA + LGUEST_DATA_IRQ_ENABLED}], 0x200
      iret
    last:
      ${result(1)}
      ${DONE}`;

  it("reaches the Guest's kernel without the Host, and leaves irq_enabled alone", () => {
    const guest = new TestGuest(source(0xef));
    guest.window.write32(DATA + LGUEST_DATA_IRQ_ENABLED, 0x200);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(SYSTEM_CALLS);
    expect(traps(guest, 0x80)).toBe(0);
    expect(guest.result(1)).toBe(0x200);
  });

  it('needs a trap gate: through an interrupt gate it is reflected, and irq_enabled is cleared', () => {
    const guest = new TestGuest(source(0xee));
    guest.window.write32(DATA + LGUEST_DATA_IRQ_ENABLED, 0x200);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(SYSTEM_CALLS);
    expect(traps(guest, 0x80)).toBe(SYSTEM_CALLS);
    expect(guest.result(1)).toBe(0);
  });

  it.each([0, 1, 3, 4, 5, 6])('goes to a trap gate for exception %i as well', (vector) => {
    const guest = new TestGuest(
      `${START}${PAGING}${gate(vector, 'handler', 0xaf)}  int ${vector}\nhandler:\n${DONE}`,
    );
    expect(guest.die()).toBe(ENDED);
    expect(traps(guest, vector)).toBe(0);
  });

  it('whose stack has gone is told as a page fault that the Host mends', () => {
    const lose = call(LHCALL_SET_PTE, DIRECTORY, STACK - 0x1000, 0);
    const guest = new TestGuest(`
      ${START}${PAGING}${USER_SEGMENTS}${gate(0x80, 'system_call', 0xef)}${lose}
      push 0x7b
      push ${USER_STACK}
      push 0x202
      push 0x73
      push user
      iret
    user:
      int 0x80
    system_call:
      ${DONE}`);
    expect(guest.die()).toBe(ENDED);
  });
});

describe('a reflected trap', () => {
  it('brings the time of day along', () => {
    const guest = new TestGuest(`${START}${INIT}${gate(3, 'handler', 0xee)}
      mov edi, ${RESULTS}
      int3
      mov ecx, 300000
    work:
      dec ecx
      jnz work
      int3
      ${DONE}
    handler:
      mov eax, [${DATA + LGUEST_DATA_TIME_NANOSECONDS}]
      stosd
      iret`);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(1) - guest.result(0)).toBeGreaterThan(300_000 * 2 * 19);
  });

  /** The words on the stack in the handler of `vector`, which `source` provokes. */
  function frameOf(
    vector: number,
    source: string,
    kind = 0x8e,
    words = 6,
  ): { frame: number[]; guest: TestGuest } {
    const copies = Array.from({ length: words }, (_, i) => `  pop eax\n${result(i)}`).join('');
    const guest = new TestGuest(`${START}${PAGING}${USER_SEGMENTS}
      mov dword [${DATA + LGUEST_DATA_IRQ_ENABLED}], 0x200
      ${gate(vector, 'handler', kind)}${source}
    handler:
      ${result(9, 'cs')}
      ${result(8, 'esp')}
      mov ecx, [${DATA + LGUEST_DATA_IRQ_ENABLED}]
      ${result(7, 'ecx')}
      ${copies}${DONE}`);
    expect(guest.die()).toBe(ENDED);
    return { frame: Array.from({ length: words }, (_, i) => guest.result(i)), guest };
  }

  it('from ring 1 pushes three words, and no error code for #UD', () => {
    const { frame, guest } = frameOf(6, 'there:\n  ud2', 0x8e, 3);
    expect(frame.slice(0, 2)).toEqual([guest.labels.get('there'), 0x61]);
    expect(frame[2]! & 0x200).toBe(0x200);
    expect(guest.result(9)).toBe(0x61);
    expect(guest.result(8)).toBe(STACK - 12);
    expect(guest.result(7)).toBe(0);
  });

  it('from ring 3 pushes the stack as well, on the stack of SET_STACK', () => {
    const { frame, guest } = frameOf(6, `${ENTER_USER}\nuser:\n  push 1\nthere:\n  ud2`, 0x8e, 5);
    expect(frame[0]).toBe(guest.labels.get('there'));
    expect(frame[1]).toBe(0x73);
    expect(frame.slice(3)).toEqual([USER_STACK - 4, 0x7b]);
    expect(guest.result(8)).toBe(STACK - 20);
  });

  it('tells a process of a crooked address, if it has asked for that', () => {
    const { frame, guest } = frameOf(
      17,
      `${ENTER_USER}
    user:
      pushfd
      or dword [esp], 0x40000
      popfd
    there:
      mov eax, [esp - 15]`,
      0x8e,
      6,
    );
    expect(frame.slice(0, 3)).toEqual([0, guest.labels.get('there'), 0x73]);
  });

  it('tells of a WAIT while the x87 is somebody else’s', () => {
    const { frame, guest } = frameOf(7, `${call(LHCALL_TS, 1)}there:\n  fwait`, 0x8e, 3);
    expect(frame[0]).toBe(guest.labels.get('there'));
  });

  it('keeps the error code of a fault with a selector', () => {
    const { frame } = frameOf(13, '  mov eax, 0x88\n  mov fs, ax', 0x8e, 4);
    expect(frame[0]).toBe(0x88);
  });

  it('int n through a gate that is not for ring 3 is #GP with the vector in its code', () => {
    const { frame } = frameOf(13, `${ENTER_USER}\nuser:\n  int 0x80`, 0x8e, 2);
    expect(frame[0]).toBe(0x80 * 8 + 2);
  });

  it('a hypercall from ring 3 is the same: processes cannot call the Host', () => {
    const { frame } = frameOf(13, `${ENTER_USER}\nuser:\n  int 0x1f`, 0x8e, 2);
    expect(frame[0]).toBe(0xfa);
  });

  it('int of a hardware vector is refused to the kernel too', () => {
    const { frame } = frameOf(13, '  int 0x20', 0x8e, 2);
    expect(frame[0]).toBe(0x20 * 8 + 2);
  });

  it('int of a vector that has an error code is refused: only the processor makes those frames', () => {
    const { frame } = frameOf(13, `${gate(14, 'handler', 0xee)}  int 14`, 0x8e, 2);
    expect(frame[0]).toBe(14 * 8 + 2);
  });

  it('through a trap gate for #GP leaves irq_enabled as it was', () => {
    const { guest } = frameOf(13, '  mov eax, 0x88\n  mov fs, ax', 0x8f, 1);
    expect(guest.result(7)).toBe(0x200);
  });

  it('shows the virtual IF, not the real one', () => {
    const { frame } = frameOf(6, `  mov dword [${DATA + LGUEST_DATA_IRQ_ENABLED}], 0x46\n  ud2`, 0x8e, 3);
    expect(frame[2]! & 0x200).toBe(0);
  });

  it('does not leave NT to a handler whose iret would ask the task state for the way back', () => {
    const guest = new TestGuest(
      `${START}${PAGING}${gate(6, 'handler', 0x8e)}  pushf\n  or dword [esp], 0x4000\n  popf\nthere:\n  ud2\n  jmp $
    handler:
      pushf
      pop eax
      ${result(0)}  mov eax, [esp + 8]\n${result(1)}  mov dword [esp], on\n  iret
    on:\n${DONE}`,
    );
    expect(guest.die()).toBe(ENDED);
    expect([guest.result(0) & 0x4000, guest.result(1) & 0x4000]).toEqual([0, 0x4000]);
  });

  it('of a single step does not step through the handler', () => {
    const { frame, guest } = frameOf(
      1,
      '  pushfd\n  or dword [esp], 0x100\n  popfd\n  nop\nthere:\n  nop',
      0x8e,
      3,
    );
    expect(frame[0]).toBe(guest.labels.get('there'));
    expect(frame[2]! & 0x100).toBe(0x100);
    expect(traps(guest, 1)).toBe(1);
  });

  it('#GP(0) goes to the Launcher first, and back to the Guest if it gives up', () => {
    const guest = new TestGuest(
      `${START}${PAGING}${gate(13, 'handler', 0x8e)}there:\n  hlt\nhandler:\n  pop eax\n${result(0)}  pop eax\n${result(1)}${DONE}`,
    );
    expect(guest.run()).toMatchObject({ kind: 'exit', trap: 13, address: 0 });
    expect(guest.inject(13)).toBe(0);
    expect(guest.die()).toBe(ENDED);
    expect([guest.result(0), guest.result(1)]).toEqual([0, guest.labels.get('there')]);
  });
});

describe('code that the current directory has not got yet', () => {
  const MODULE = 0xf800_0000;

  it.each([
    ['nop', 0x90],
    ['in al, dx', 0xec],
  ])('runs if it is %s: Linux enters a module in a process only when that process faults', (_name, byte) => {
    const guest = new TestGuest(`
      start: mov esp, ${STACK}
      ${PAGING}
      ${gate(14, 'fault', 0x8e)}
      ${gate(13, 'protection', 0x8e)}
      mov ebx, [${MODULE}] ; enters it for everybody
      ${call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY)}
      mov eax, ${MODULE}
      call eax
      ${DONE}
      fault:
        push eax
        mov eax, [${DIRECTORY + (MODULE >>> 22) * 4}]
        mov [${SECOND_DIRECTORY + (MODULE >>> 22) * 4}], eax
        pop eax
        add esp, 4
        iret
      protection: hlt`);
    const { window } = guest;
    identityMap(window, SECOND_DIRECTORY, SECOND_TABLE);
    window.write32(DIRECTORY + (MODULE >>> 22) * 4, 0x30000 | P | RW);
    window.write32(0x30000, 0x31000 | P | RW);
    window.write8(0x31000, byte);
    window.write8(0x31001, 0xc3);
    const first = guest.run();
    if (byte === 0x90) expect(first).toEqual({ kind: 'dead', reason: ENDED });
    else expect(first).toMatchObject({ kind: 'exit', trap: 13, instruction: [0xec, 0xc3, 0, 0, 0, 0, 0] });
  });
});

describe('a page of devices that the Guest has mapped', () => {
  const DEVICE = 4 * MIB;
  const map = `  mov dword [${TABLE} + 0x300 * 4], ${DEVICE | P | RW | US}\n`;
  const handler = `handler:\n  pop eax\n${result(0)}${DONE}`;

  it.each([
    ['mov eax, [0x300000]', P],
    ['inc dword [0x300000]', P | RW],
  ])('is there, for the handler of a fault that the Launcher gives back: %s', (access, code) => {
    const source = `${START}${PAGING}${gate(14, 'handler', 0x8e)}${map}  ${access}\n${handler}`;
    const guest = new TestGuest(source, { devices: 16 });
    expect(guest.run()).toMatchObject({ kind: 'exit', trap: 14, address: DEVICE });
    expect(guest.inject(14)).toBe(0);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(code);
  });

  it.each([
    ['a kernel', '  mov eax, 0x300000\n  jmp eax\n', P],
    ['a process', `${USER_SEGMENTS}${ENTER_USER}user:\n  mov eax, 0x300000\n  jmp eax\n`, P | US],
  ])('has no instructions for %s that jumps there', (_, jump, code) => {
    const source = `${START}${PAGING}${gate(14, 'handler', 0x8e)}${map}${jump}${handler}`;
    const guest = new TestGuest(source, { devices: 16 });
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(code);
  });
});

describe('a trap that nobody wants', () => {
  const die = (source: string) => new TestGuest(source).die();

  it('ends the Guest, with its number, place and code', () => {
    expect(die(`${INIT}there:\n  ud2`)).toBe(
      'unhandled trap 6 at 0x0000100c (0x0): the Guest has no gate for it',
    );
    expect(die(`${INIT}  mov eax, 0x88\n  mov fs, ax`)).toMatch(
      /^unhandled trap 13 at 0x00001011 \(0x88\): /,
    );
  });

  it('is what a gate that is not present means', () => {
    expect(die(`${START}${INIT}${gate(6, '0x1000', 0x8e)}${gate(6, '0x1000', 0x0e)}  ud2`)).toMatch(
      /^unhandled trap 6 /,
    );
  });

  it('a double fault is one of those, whatever the gate', () => {
    // ss1 names no segment: each way into ring 1 faults, and faulting on the way to #TS is a double fault.
    expect(
      die(`${START}${PAGING}${USER_SEGMENTS}
        ${gate(8, 'handler', 0x8f)}${gate(10, 'handler', 0x8f)}${gate(0x80, 'handler', 0xef)}
        ${call(7, 0xa9, STACK, 0)}
        ${ENTER_USER}
      user:
        int 0x80
      handler:
        ${DONE}`),
    ).toMatch(/^unhandled trap 8 at 0x0000[0-9a-f]{4} \(0x0\): the Guest has no gate for it$/);
  });

  it('gates for 2, 8, 15 and 31 are set in vain, and the rest of the IDT is not harmed', () => {
    const all = [2, 8, 15, 31].map((vector) => gate(vector, '0x4000', 0x85)).join('');
    expect(die(INIT + all + DONE)).toBe(ENDED);
  });

  it('a stack that is not mapped cannot take a frame', () => {
    expect(die(`${START}${PAGING}${gate(6, 'start', 0x8e)}  mov esp, 0x40000000\n  ud2`)).toBe(
      'Bad address 0x3ffffffc: the Guest does not map it',
    );
  });

  it('a stack that is crooked across two pages takes its frame where both of them are', () => {
    const pages = `
      mov dword [${TABLE} + 0x300 * 4], ${PAGE | P | RW}
      mov dword [${TABLE} + 0x301 * 4], ${(2 * PAGE) | P | RW}`;
    const guest = new TestGuest(`${START}${PAGING}${gate(6, 'handler', 0x8e)}${pages}
      mov esp, 0x301002
      ud2
    handler:
      mov eax, [esp + 8]
      mov ebx, [esp]
      mov esp, ${STACK}
      ${result(0)}${result(1, 'ebx')}${DONE}`);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(0) & 0x10002).toBe(0x10002); // flags of a fault: RF, and bit 1
    expect(guest.result(1)).toBe(guest.labels.get('handler')! - 2);
    expect(guest.window.read32(PAGE + 0x1000)).toBe(0);
  });

  it('what cannot be loaded on the way back in ends the Guest, not the Host', () => {
    const broken = call(18, 12, 0, 0);
    expect(die(INIT + broken)).toMatch(/^unhandled trap 256 at 0x000010/);
    expect(die(`${INIT}${call(18, 13, 0, 0)}`)).toMatch(/^unhandled trap 256 at 0x000010/);
    expect(die(`${INIT}${call(18, 12, 0x0000_0fff, 0x0040_bb00)}`)).toMatch(/^unhandled trap 256 /);
  });

  it('and the next Guest finds the processor as ever', () => {
    const first = new TestGuest(INIT + call(18, 12, 0, 0));
    expect(first.die()).toMatch(/^unhandled trap 256 /);
    expect(new TestGuest(INIT + DONE, { stage: first.stage, bytes: 0x40000 }).die()).toBe(ENDED);
  });
});

describe('an IDT entry', () => {
  it('is a gate, whatever else the Guest has written into it', () => {
    const set = call(
      LHCALL_LOAD_IDT_ENTRY,
      3,
      'handler & 0xffff',
      '(handler & 0xffff0000) | 0xffff', // a trap gate for ring 3, and all the bits that it has not got
    );
    const guest = new TestGuest(`${START}${INIT}${set}  int3\nhandler:\n${result(0, 'cs')}${DONE}`);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0x61);
    expect(traps(guest, 3)).toBe(0);
  });

  it('for page faults is not one on which the Host is passed by', () => {
    const guest = new TestGuest(
      `${START}${PAGING}${gate(14, 'fault', 0x8f)}  inc dword [${PAGE}]\n  inc dword [0x40000000]\n  jmp $
    fault:
      mov eax, [${DATA + LGUEST_DATA_CR2}]
      ${result(0)}${DONE}`,
    );
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0x4000_0000);
    expect(guest.window.read32(PAGE)).toBe(1);
  });

  it('leads to ring 1 whatever selector the Guest gave', () => {
    const set = call(
      LHCALL_LOAD_IDT_ENTRY,
      6,
      '(0x50 << 16) | (handler & 0xffff)',
      '(handler & 0xffff0000) | 0x8f00',
    );
    const guest = new TestGuest(`${START}${INIT}${set}  ud2\nhandler:\n${result(0, 'cs')}${DONE}`);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0x61);
  });
});
