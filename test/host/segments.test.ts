import { describe, expect, it } from 'vitest';
import { LHCALL_LOAD_GDT_ENTRY, LHCALL_LOAD_TLS } from '../../chapters/1-preparation/abi.ts';
import { call, DATA, DONE, ENDED, gate, INIT, PAGE, RESULTS, result, STACK, TestGuest } from './harness.ts';

const START = `start:\n  mov esp, ${STACK}\n${INIT}`;
const load = (index: number, low: number, high: number) => call(LHCALL_LOAD_GDT_ENTRY, index, low, high);
const run = (source: string) => {
  const guest = new TestGuest(START + source + DONE);
  expect(guest.die()).toBe(ENDED);
  return guest;
};
/** A data segment of 4 KiB at `base`, for `ring`. */
const data = (base: number, ring: number) =>
  [
    ((base & 0xffff) << 16) | 0xfff,
    (base & 0xff00_0000) | 0x0040_9200 | (ring << 13) | ((base >>> 16) & 0xff),
  ] as const;

describe('the GDT', () => {
  it('has the segments that a Guest sets', () => {
    const guest = run(`${load(27, ...data(PAGE, 1))}  mov eax, 0xd9\n  mov fs, ax\n  mov dword [fs:8], 77\n`);
    expect(guest.window.read32(PAGE + 8)).toBe(77);
  });

  it('keeps the segment over a trip to the Host', () => {
    const guest = run(
      `${load(27, ...data(PAGE, 1))}  mov eax, 0xd9\n  mov gs, ax\n${call(0)}  mov dword [gs:4], 78\n${result(0, 'gs')}`,
    );
    expect(guest.window.read32(PAGE + 4)).toBe(78);
    expect(guest.result() & 0xffff).toBe(0xd9);
  });

  it('makes of ring 0 ring 1, and marks each segment as accessed', () => {
    const guest = run(
      `${load(27, ...data(PAGE, 0))}  mov eax, 0xd9\n  mov fs, ax\n  lar eax, [rights]\n${result(0)}  jmp over\nrights:\n  dw 0xd9\nover:\n`,
    );
    expect(guest.result() & 0xff00).toBe(0xb300);
  });

  it.each([
    ['a call gate', (0x50 << 16) | 0x0000, 0xffc0_ec00],
    ['a task state', 0x0000_0067, 0x0000_e900],
    ['a local table', 0x0000_ffff, 0x0000_e200],
    ['a task gate', 0x0080_0000, 0x0000_e500],
  ])('takes the sting out of %s', (_, low, high) => {
    const guest =
      new TestGuest(`${START}${gate(11, 'absent', 0x8e)}${gate(13, 'absent', 0x8e)}${load(20, low, high)}
      call 0xa1:0
      ${DONE}
    absent:
      pop eax
      ${result(0)}
      ${DONE}`);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0xa0);
  });

  it('keeps its four entries for the Host', () => {
    const loads = [10, 11, 16, 31].map((index) => load(index, 0, 0)).join('');
    const guest = new TestGuest(`${START}${loads}${gate(13, 'refused', 0x8e)}
      mov eax, 0x5b
      mov fs, ax
      ${DONE}
    refused:
      pop eax
      ${result(0)}
      ${DONE}`);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0x58);
  });

  it('refuses to the Guest what is for ring 0', () => {
    for (const selector of [0x50, 0x51, 0x58, 0x59]) {
      const guest = new TestGuest(
        `${START}${gate(13, 'refused', 0x8e)}\n  mov eax, ${selector}\n  mov ds, ax\n${DONE}refused:\n  pop eax\n  mov [ss:${RESULTS}], eax\n${DONE}`,
      );
      expect(guest.die()).toBe(ENDED);
      expect(guest.result()).toBe(selector & ~3);
    }
  });
});

describe('a selector that can no longer be loaded', () => {
  it('becomes null, and its Guest lives', () => {
    const guest = run(
      `${load(27, ...data(PAGE, 1))}  mov eax, 0xd9\n  mov fs, ax\n  mov gs, ax\n  mov es, ax\n${load(27, 0, 0)}${result(0, 'fs')}${result(1, 'gs')}${result(2, 'es')}`,
    );
    expect([0, 1, 2].map((i) => guest.result(i) & 0xffff)).toEqual([0, 0, 0]);
  });

  it.each([
    ['not present', 0x0000_0fff, 0x0040_3200],
    ['code that cannot be read', 0x0000_0fff, 0x0040_b800],
    ['a system descriptor', 0x0000_0067, 0x0000_e900],
  ])('because the descriptor is %s', (_, low, high) => {
    const guest = run(
      `${load(27, ...data(PAGE, 1))}  mov eax, 0xd9\n  mov fs, ax\n${load(27, low, high)}${result(0, 'fs')}`,
    );
    expect(guest.result() & 0xffff).toBe(0);
  });
});

describe('a selector of code that conforms', () => {
  it('may be kept, for such code lets in every ring', () => {
    const guest = run(
      `${load(27, 0x0000_0fff, 0x0040_be00)}  mov eax, 0xdb\n  mov fs, ax\n${load(26, ...data(PAGE, 1))}${result(0, 'fs')}`,
    );
    expect(guest.result() & 0xffff).toBe(0xdb);
  });
});

describe('LOAD_TLS', () => {
  it('sets entries 6, 7 and 8', () => {
    const guest = new TestGuest(
      `${START}${call(LHCALL_LOAD_TLS, DATA + 0x800, 0)}  mov eax, 0x33\n  mov fs, ax\n  mov dword [fs:0], 5\n  mov eax, 0x43\n  mov fs, ax\n  mov dword [fs:0], 6\n${DONE}`,
    );
    for (const [i, base] of [PAGE, PAGE + 0x1000, PAGE + 0x2000].entries()) {
      const [low, high] = data(base, 3);
      guest.window.write32(DATA + 0x800 + i * 8, low);
      guest.window.write32(DATA + 0x804 + i * 8, high);
    }
    expect(guest.die()).toBe(ENDED);
    expect(guest.window.read32(PAGE)).toBe(5);
    expect(guest.window.read32(PAGE + 0x2000)).toBe(6);
  });

  it('drops a selector whose thread is gone', () => {
    const guest = new TestGuest(
      `${START}${call(LHCALL_LOAD_TLS, DATA + 0x800, 0)}  mov eax, 0x33\n  mov gs, ax\n${call(LHCALL_LOAD_TLS, PAGE, 0)}${result(0, 'gs')}${DONE}`,
    );
    const [low, high] = data(PAGE, 3);
    guest.window.write32(DATA + 0x800, low);
    guest.window.write32(DATA + 0x804, high);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result() & 0xffff).toBe(0);
  });
});
