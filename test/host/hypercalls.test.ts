import { describe, expect, it } from 'vitest';
import {
  LGUEST_DATA_HCALL_STATUS,
  LGUEST_DATA_HCALLS,
  LGUEST_DATA_IRQ_ENABLED,
  LGUEST_DATA_KERNEL_ADDRESS,
  LGUEST_DATA_RESERVE_MEM,
  LGUEST_DATA_SYSCALL_VEC,
  LGUEST_DATA_TIME_NANOSECONDS,
  LGUEST_DATA_TIME_SECONDS,
  LGUEST_DATA_TSC_KHZ,
  LHCALL_FLUSH_ASYNC,
  LHCALL_FLUSH_TLB,
  LHCALL_HALT,
  LHCALL_LGUEST_INIT,
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_LOAD_TLS,
  LHCALL_NEW_PGTABLE,
  LHCALL_SEND_INTERRUPTS,
  LHCALL_SET_CLOCKEVENT,
  LHCALL_SET_PGD,
  LHCALL_SET_PTE,
  LHCALL_SET_STACK,
  LHCALL_SHUTDOWN,
  LHCALL_TS,
} from '../../chapters/1-preparation/abi.ts';
import { ERESTART } from '../../chapters/1-preparation/errno.ts';
import {
  call,
  DATA,
  DIRECTORY,
  DONE,
  ENDED,
  gate,
  INIT,
  MESSAGE,
  MIB,
  PAGING,
  RESULTS,
  result,
  TestGuest,
} from './harness.ts';

const die = (source: string) => new TestGuest(source).die();

describe('LGUEST_INIT', () => {
  it('fills in what the Host has to say', () => {
    const guest = new TestGuest(INIT + DONE);
    guest.window.write32(DATA + LGUEST_DATA_TSC_KHZ, 77);
    expect(guest.die()).toBe(ENDED);
    expect(guest.window.read32(DATA + LGUEST_DATA_RESERVE_MEM)).toBe(0x40_0000);
    expect(guest.window.read32(DATA + LGUEST_DATA_TSC_KHZ)).toBe(0);
    expect(guest.window.read32(DATA + LGUEST_DATA_TIME_SECONDS)).toBe(Date.UTC(2007, 9, 9) / 1000);
    expect(guest.window.read32(DATA + LGUEST_DATA_TIME_NANOSECONDS)).toBeGreaterThan(0);
  });

  it('is not the last that is heard of the time before there are interrupts: each entry of the IDT brings it', () => {
    const timeAfter = (last: string) => {
      const guest = new TestGuest(
        `${INIT} mov ecx, 300000\n work: dec ecx\n jnz work\n ${last} ${DONE} handler: hlt`,
      );
      expect(guest.die()).toBe(ENDED);
      return guest.window.read32(DATA + LGUEST_DATA_TIME_NANOSECONDS);
    };
    expect(timeAfter(gate(14, 'handler', 0x8e)) - timeAfter('')).toBeGreaterThan(500_000);
  });

  it('comes first', () => {
    expect(die(call(LHCALL_NEW_PGTABLE, DIRECTORY))).toBe('hypercall 4 before INIT: from 0x0000100c');
  });

  it('comes once', () => {
    expect(die(INIT + INIT)).toBe('already have lguest_data: at 0x6000, now asked for 0x6000');
  });

  it('wants its structure inside memory, to the last byte', () => {
    expect(die(call(LHCALL_LGUEST_INIT, 4 * MIB - 1387))).toBe(
      'bad guest page 0x3ffa95: lguest_data would end behind 0x400000',
    );
    expect(die(call(LHCALL_LGUEST_INIT, 0xffff_fffc))).toMatch(/^bad guest page 0xfffffffc: /);
  });

  it('accepts a structure that ends where memory ends', () => {
    const at = 4 * MIB - 1388;
    const guest = new TestGuest(call(LHCALL_LGUEST_INIT, at) + DONE);
    guest.window.write(at, guest.window.read(DATA, 1388));
    expect(guest.die()).toBe(ENDED);
  });

  it('refuses another system call vector', () => {
    const guest = new TestGuest(INIT);
    guest.window.write32(DATA + LGUEST_DATA_SYSCALL_VEC, 0x40);
    expect(guest.die()).toBe('bad syscall vector 0x40: expected 0x80');
  });

  it('refuses a kernel inside the Switcher', () => {
    const guest = new TestGuest(INIT);
    guest.window.write32(DATA + LGUEST_DATA_KERNEL_ADDRESS, 0xffc0_0000);
    expect(guest.die()).toBe('bad kernel address 0xffc00000: expected below 0xffc00000');
  });
});

describe('SHUTDOWN', () => {
  it('ends the Guest with its message', () => {
    expect(die(INIT + DONE)).toBe('CRASH: done');
  });

  it('cuts a message of 128 bytes without an end', () => {
    const guest = new TestGuest(INIT + DONE);
    guest.window.write(MESSAGE, new Uint8Array(200).fill('x'.charCodeAt(0)));
    expect(guest.die()).toBe(`CRASH: ${'x'.repeat(127)}`);
  });

  it('asks for a restart', () => {
    const guest = new TestGuest(INIT + call(LHCALL_SHUTDOWN, MESSAGE, 2));
    expect(guest.device.read(new Uint8Array(100))).toBe(-ERESTART);
    expect(guest.device.read(new Uint8Array(100))).toBe(-ERESTART);
  });

  it('asks for a restart without a word, as Linux does: at minus PAGE_OFFSET is no message', () => {
    const guest = new TestGuest(INIT + call(LHCALL_SHUTDOWN, 0x4000_0000, 2));
    expect(guest.device.read(new Uint8Array(100))).toBe(-ERESTART);
  });

  it('wants all 128 bytes inside memory', () => {
    expect(die(INIT + call(LHCALL_SHUTDOWN, 4 * MIB - 127, 1))).toBe(
      'bad read address 0x3fff81 len 128: the Guest has 0x400000 bytes',
    );
    expect(die(INIT + call(LHCALL_SHUTDOWN, 0xffff_ffff, 1))).toBe(
      'bad read address 0xffffffff len 128: the Guest has 0x400000 bytes',
    );
  });
});

describe('a hypercall', () => {
  it('changes no register', () => {
    const guest = new TestGuest(`
      ${INIT}
      mov ebp, 7
      mov edi, 6
      mov esi, 5
      mov edx, 4
      mov ecx, 3
      mov ebx, 2
      mov eax, ${LHCALL_SEND_INTERRUPTS}
      int 0x1f
      ${['eax', 'ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp'].map((name, i) => result(i, name)).join('')}
      ${DONE}`);
    expect(guest.die()).toBe(ENDED);
    expect([0, 1, 2, 3, 4, 5, 6].map((i) => guest.result(i))).toEqual([19, 2, 3, 4, 5, 6, 7]);
  });

  it.each([3, 11, 12, 13, 17, 20, 0x7fff_ffff, 0xffff_ffff])('number %i does not exist', (number) => {
    expect(die(INIT + call(number))).toMatch(new RegExp(`^Bad hypercall ${number}: from 0x000010`));
  });

  it.each([
    ['FLUSH_ASYNC', call(LHCALL_FLUSH_ASYNC)],
    ['TS', call(LHCALL_TS, 1)],
    ['FLUSH_TLB', call(LHCALL_FLUSH_TLB, 0) + call(LHCALL_FLUSH_TLB, 1)],
    ['SEND_INTERRUPTS', call(LHCALL_SEND_INTERRUPTS)],
    ['SET_CLOCKEVENT', call(LHCALL_SET_CLOCKEVENT, 1_000_000) + call(LHCALL_SET_CLOCKEVENT, 0)],
    ['SET_PGD', call(LHCALL_SET_PGD, DIRECTORY, 1022)],
    ['LOAD_TLS', call(LHCALL_LOAD_TLS, RESULTS, 0)],
  ])('%s returns', (_, source) => {
    expect(die(PAGING + source + DONE)).toBe(ENDED);
  });

  it('is counted', () => {
    const guest = new TestGuest(INIT + call(LHCALL_FLUSH_ASYNC) + call(LHCALL_FLUSH_ASYNC) + DONE);
    guest.die();
    const { hypercalls, traps, worldSwitches } = guest.stage.host.statistics;
    expect(hypercalls[LHCALL_FLUSH_ASYNC]).toBe(2);
    expect(hypercalls[LHCALL_LGUEST_INIT]).toBe(1);
    expect(traps[0x1f]).toBe(4);
    expect(worldSwitches).toBeGreaterThanOrEqual(4);
  });

  it('from ring 0 up to the last argument is refused word for word', () => {
    expect(die(INIT + call(LHCALL_LOAD_IDT_ENTRY, 256, 0, 0))).toBe(
      'Setting idt entry 256: the table has 256',
    );
    expect(die(INIT + call(LHCALL_LOAD_IDT_ENTRY, 3, 0, 0x8500))).toBe(
      'bad IDT type 5: gate 3 is 0x00008500, expected 0xe or 0xf',
    );
    expect(die(INIT + call(LHCALL_LOAD_GDT_ENTRY, 32, 0, 0))).toBe(
      'too many gdt entries 32: the table has 32',
    );
    expect(die(INIT + call(LHCALL_SET_STACK, 0x68, 0xc000, 0))).toBe(
      'bad stack segment 0x68: its ring is 0, expected 1',
    );
    expect(die(INIT + call(LHCALL_SET_STACK, 0x69, 0xc000, 3))).toBe('bad stack pages 3: expected at most 2');
    expect(die(PAGING + call(LHCALL_SET_STACK, 0x69, 0x4000_0000, 1))).toBe(
      'bad stack page 0x3fffffff: the Guest does not map it for writing',
    );
    expect(die(PAGING + call(LHCALL_SET_PTE, DIRECTORY, 0xffc0_0000, 0))).toBe(
      'attempt to set pte into Switcher pages: 0xffc00000 is not below 0xffc00000',
    );
    expect(die(PAGING + call(LHCALL_SET_PGD, DIRECTORY, 1023))).toBe(
      "Attempt to set pgd 1023/1023: expected an index below the Switcher's",
    );
    expect(die(PAGING + call(LHCALL_LOAD_TLS, 4 * MIB - 20))).toMatch(/^bad read address 0x400000 len 4: /);
  });
});

describe('the ring', () => {
  /** A guest whose ring has `calls` in it, from slot `first` on, all marked as queued. */
  function withRing(source: string, calls: number[][], first = 0): TestGuest {
    const guest = new TestGuest(source);
    for (const [i, words] of calls.entries()) {
      const slot = (first + i) % 64;
      for (let j = 0; j < 5; j++)
        guest.window.write32(DATA + LGUEST_DATA_HCALLS + slot * 20 + j * 4, words[j] ?? 0);
      guest.window.write8(DATA + LGUEST_DATA_HCALL_STATUS + slot, 0);
    }
    return guest;
  }
  const status = (guest: TestGuest) => [...guest.window.read(DATA + LGUEST_DATA_HCALL_STATUS, 64)];

  it('is served before the call that traps, in order, and its slots are given back', () => {
    const guest = withRing(INIT + call(LHCALL_SET_STACK, 0x69, 1, 99), [
      [LHCALL_TS, 1],
      [LHCALL_SET_STACK, 0x69, 1, 7],
    ]);
    expect(guest.die()).toBe('bad stack pages 7: expected at most 2');
    expect(status(guest).slice(0, 2)).toEqual([0xff, 0]);
  });

  it('is not looked at by INIT itself', () => {
    expect(withRing(INIT + DONE, [[3]]).die()).toMatch(/^Bad hypercall 3: /);
    const guest = withRing(`${INIT}${result(0, 'ebx')} jmp $`, [[3]]);
    expect(guest.run(3)).toEqual({ kind: 'slice' });
  });

  it('holds 64 and goes round', () => {
    const calls = Array.from({ length: 64 }, () => [LHCALL_TS, 0]);
    const again = `
      mov edi, ${DATA + LGUEST_DATA_HCALL_STATUS}
      mov ecx, 64
      xor eax, eax
      rep stosb
    `;
    const guest = withRing(INIT + call(LHCALL_FLUSH_ASYNC) + again + call(LHCALL_FLUSH_ASYNC) + DONE, calls);
    expect(guest.die()).toBe(ENDED);
    expect(status(guest)).toEqual(Array(64).fill(0xff));
    expect(guest.stage.host.statistics.hypercalls[LHCALL_TS]).toBe(128);
  });

  it('stops at the first slot that is free, and goes on there next time', () => {
    const second = `
      mov byte [${DATA + LGUEST_DATA_HCALL_STATUS + 2}], 0
    `;
    const guest = withRing(INIT + call(LHCALL_FLUSH_ASYNC) + second + call(LHCALL_FLUSH_ASYNC) + DONE, [
      [LHCALL_TS, 0],
      [LHCALL_TS, 0],
    ]);
    guest.window.write8(DATA + LGUEST_DATA_HCALL_STATUS + 40, 0);
    expect(guest.die()).toBe(ENDED);
    expect(guest.stage.host.statistics.hypercalls[LHCALL_TS]).toBe(2);
    expect(status(guest)[2]).toBe(0xff);
    expect(status(guest)[40]).toBe(0);
  });

  it('may hold the end of its Guest', () => {
    expect(withRing(INIT + call(LHCALL_HALT), [[LHCALL_SHUTDOWN, MESSAGE, 1]]).die()).toBe(ENDED);
  });

  it('may not hold a second INIT', () => {
    expect(withRing(INIT + call(LHCALL_FLUSH_ASYNC), [[LHCALL_LGUEST_INIT, 8]]).die()).toBe(
      'already have lguest_data: at 0x6000, now asked for 0x8',
    );
  });
});

describe('TS', () => {
  const handler = `
    handler:
      ${result(1, 'esp')}
      mov dword [${RESULTS}], 7
      ${DONE}
  `;
  it('makes the next floating point instruction trap 7', () => {
    const guest = new TestGuest(
      `mov esp, 0xc000\n${INIT}${gate(7, 'handler', 0x8e)}${call(LHCALL_TS, 1)} fninit\n${handler}`,
    );
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(7);
    expect(guest.window.read32(DATA + LGUEST_DATA_IRQ_ENABLED)).toBe(0);
  });

  it('taken back, makes it not trap 7', () => {
    const source = `${INIT}${gate(7, 'handler', 0x8e)}${call(LHCALL_TS, 1)}${call(LHCALL_TS, 0)} fninit\n${handler}`;
    expect(die(`mov esp, 0xc000\n${source}`)).toBe(ENDED);
  });
});
