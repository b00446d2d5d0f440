import { describe, expect, it } from 'vitest';
import { LHCALL_NEW_PGTABLE, LHCALL_SET_STACK } from '../../chapters/1-preparation/abi.ts';
import { SHADOWS } from '../../chapters/5-host/shadows.ts';
import { SWITCHER_ADDRESS } from '../../chapters/6-switcher/pages.ts';
import {
  A,
  call,
  D,
  DIRECTORY,
  DONE,
  ENDED,
  entryAt,
  identityMap,
  INIT,
  P,
  PAGE,
  PAGING,
  RW,
  SECOND_DIRECTORY,
  SECOND_TABLE,
  STACK,
  TABLE,
  TestGuest,
} from './harness.ts';

const START = `start:\n  mov esp, ${STACK}\n`;
const setStack = (top: number, pages = 1) => call(LHCALL_SET_STACK, 0x69, top, pages);
const marks = (guest: TestGuest, table: number, address: number) =>
  guest.window.read32(entryAt(address, table)) & (A | D);

describe('the stack for the way from ring 3', () => {
  it.each([
    ['when it is set', PAGING + setStack(PAGE + 0x1000), TABLE],
    [
      'from the first page table on',
      INIT + setStack(PAGE + 0x1000) + call(LHCALL_NEW_PGTABLE, DIRECTORY),
      TABLE,
    ],
    [
      'in an address space that is new',
      PAGING + setStack(PAGE + 0x1000) + call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY),
      SECOND_TABLE,
    ],
  ])('is ready %s', (_, source, table) => {
    const guest = new TestGuest(START + source + DONE);
    identityMap(guest.window, SECOND_DIRECTORY, SECOND_TABLE);
    expect(guest.die()).toBe(ENDED);
    expect(marks(guest, table, PAGE)).toBe(A | D);
    expect(marks(guest, table, PAGE - 0x1000)).toBe(0);
  });

  it('is ready, too, in one that has taken the shadow of another', () => {
    const directories = Array.from({ length: SHADOWS + 1 }, (_, i) => 0x10_0000 + i * 0x2000);
    const visits = directories.map((directory) => call(LHCALL_NEW_PGTABLE, directory));
    const guest = new TestGuest(START + PAGING + setStack(PAGE + 0x1000) + visits.join('') + DONE);
    for (const directory of directories) identityMap(guest.window, directory, directory + 0x1000);
    expect(guest.die()).toBe(ENDED);
    expect(directories.map((directory) => marks(guest, directory + 0x1000, PAGE))).toEqual(
      directories.map(() => A | D),
    );
  });

  it.each(
    [1, 2, 3, 4].map((page) => SWITCHER_ADDRESS + page * 0x1000),
  )('is not one of the Switcher’s pages: 0x%x', (top) => {
    const last = (top - 1).toString(16);
    expect(new TestGuest(START + PAGING + setStack(top) + DONE).die()).toBe(
      `bad stack page 0x${last}: the Guest does not map it for writing`,
    );
  });

  it('is not behind a directory entry that forbids to write, whatever the table says', () => {
    const guest = new TestGuest(`${START}${PAGING}  mov eax, [0x00800000]\n${setStack(0x80_1000)}${DONE}`);
    guest.window.write32(DIRECTORY + 2 * 4, SECOND_TABLE | P);
    guest.window.write32(SECOND_TABLE, PAGE | P | RW | A | D);
    expect(guest.die()).toBe('bad stack page 0x00800fff: the Guest does not map it for writing');
  });
});
