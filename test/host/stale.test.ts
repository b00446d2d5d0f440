import { describe, expect, it } from 'vitest';
import {
  LGUEST_DATA_CR2,
  LGUEST_DATA_KERNEL_ADDRESS,
  LHCALL_NEW_PGTABLE,
  LHCALL_SET_PTE,
  LHCALL_SET_STACK,
} from '../../chapters/1-preparation/abi.ts';
import {
  A,
  call,
  D,
  DATA,
  DIRECTORY,
  DONE,
  ENDED,
  ENTER_USER,
  entryAt,
  gate,
  identityMap,
  KERNEL_ADDRESS,
  P,
  PAGE,
  PAGING,
  RESULTS,
  RW,
  result,
  SECOND_DIRECTORY,
  SECOND_TABLE,
  STACK,
  TABLE,
  TestGuest,
  US,
  USER_SEGMENTS,
} from './harness.ts';

const START = `start:\n  mov esp, ${STACK}\n${PAGING}`;
const OTHER = PAGE + 0x1000;
/** The Guest changes its entry for `PAGE`, and keeps it to itself. */
const change = (entry: number) => `  mov dword [${entryAt(PAGE)}], ${entry}\n`;
const load = (address: number) => `  mov eax, [${address}]\n`;

/** A Guest that has 1 in `PAGE` and 2 in `OTHER`, at its end. */
function run(source: string, prepare: (guest: TestGuest) => void = () => {}): TestGuest {
  const guest = new TestGuest(`${START}${source}${DONE}`);
  guest.window.write32(PAGE, 1);
  guest.window.write32(OTHER, 2);
  prepare(guest);
  expect(guest.die()).toBe(ENDED);
  return guest;
}

describe('what the processor remembers of a page', () => {
  it('is forgotten when a write to it finds another page in its place', () => {
    const write = `  mov [${PAGE + 4}], eax\n`;
    const guest = run(load(PAGE) + change(OTHER | P | RW) + write + load(PAGE) + result(0));
    expect(guest.result()).toBe(2);
    expect(guest.window.read32(OTHER + 4)).toBe(1);
  });

  it('is forgotten when the Host puts another page in its place, for a stack', () => {
    const setStack = call(LHCALL_SET_STACK, 0x69, PAGE + 0x1000, 1);
    expect(run(load(PAGE) + change(OTHER | P | RW) + setStack + load(PAGE) + result(0)).result()).toBe(2);
  });

  it('is forgotten when a directory entry forbids it, and the Host has seen that', () => {
    const guest = run(
      `${gate(14, 'fault', 0x8e)}  mov [0x00800000], eax
  mov dword [${DIRECTORY + 8}], ${SECOND_TABLE | P}
      ${load(0x80_1000)}  mov [0x00800004], eax
${result(1)}${DONE}fault:
  pop eax
${result(0)}`,
      ({ window }) => {
        window.write32(DIRECTORY + 8, SECOND_TABLE | P | RW);
        for (const page of [0, 1]) window.write32(SECOND_TABLE + page * 4, (PAGE + page * 0x1000) | P | RW);
      },
    );
    expect([guest.result(0), guest.result(1)]).toEqual([3, 0]);
  });

  it.each([
    ['a process may touch it no longer', P | RW | A | D],
    ['a process may write to it no longer', P | US | A | D],
  ])('is forgotten when the kernel says that %s', (_, rights) => {
    const guest = run(
      `${gate(0x80, 'system_call', 0xef)}${gate(14, 'fault', 0x8e)}${USER_SEGMENTS}${ENTER_USER}
      user:
        inc dword [${PAGE}]
        int 0x80
        inc dword [${PAGE}]
        jmp $
      system_call:
        inc dword [${RESULTS + 8}]
        ${change(PAGE | rights)}
        ${call(LHCALL_SET_PTE, DIRECTORY, PAGE, PAGE | rights)}
        iret
      fault:
        pop eax
        ${result(0)}
        mov eax, [${DATA + LGUEST_DATA_CR2}]
        ${result(1)}`,
    );
    expect([0, 1, 2].map((index) => guest.result(index))).toEqual([7, PAGE, 1]);
    expect(guest.window.read32(PAGE)).toBe(2);
  });
});

describe('a kernel that begins in the middle of four megabytes', () => {
  it('reports its pages for all address spaces, though they do not share that table', () => {
    const high = KERNEL_ADDRESS + PAGE;
    const told = call(LHCALL_SET_PTE, 0, high, OTHER | P | RW);
    const guest = run(
      `${load(high)}${call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY)}${load(high)}
      ${change(OTHER | P | RW)}${told}
      ${load(high)}${result(0)}${call(LHCALL_NEW_PGTABLE, DIRECTORY)}${load(high)}${result(1)}`,
      ({ window }) => {
        window.write32(DATA + LGUEST_DATA_KERNEL_ADDRESS, KERNEL_ADDRESS + 0x1_0000);
        identityMap(window, SECOND_DIRECTORY, SECOND_TABLE);
        window.write32(SECOND_DIRECTORY + (KERNEL_ADDRESS >>> 22) * 4, TABLE | P | RW);
      },
    );
    expect([guest.result(0), guest.result(1)]).toEqual([2, 2]);
  });
});
