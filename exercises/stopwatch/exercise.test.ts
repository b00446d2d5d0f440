import { expect, it } from 'vitest';
import { KERNEL_CS, KERNEL_DS } from '../../chapters/1-preparation/abi.ts';
import {
  directoryOffset,
  PRESENT,
  tableOffset,
  USER,
  WRITABLE,
} from '../../chapters/1-preparation/paging.ts';
import * as pages from '../../chapters/6-switcher/pages.ts';
import { setDescriptor } from '../../chapters/6-switcher/state.ts';
import { type Passenger, powerOn, PREEMPTED } from '../../chapters/6-switcher/switcher.ts';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';

const CODE = 0x0040_0000;
const COUNTER = 0;
/** What one trip may cost on top: the Switcher's own instructions between the two looks at the clock. */
const TRIP = 40;

const MINUTES =
  'the stopwatch, the first eight bytes of the register page, does not show the time the Guest had';

/** A machine with a Switcher and nobody aboard. */
function createStation() {
  const machine = createMachine({ ramBytes: 2 ** 20 });
  const { ram } = machine;
  let next = 0;
  const allocate = () => (next += 4096);
  const switcher = powerOn(machine, allocate);
  return { ram, switcher, createPassenger, shown };

  /** A Guest of one page of `source`, in ring 1. */
  function createPassenger(source: string): Passenger {
    const registerPage = allocate();
    const directory = allocate();
    const switcherTable = allocate();
    const table = allocate();
    const text = allocate();
    switcher.map(switcherTable, registerPage);
    ram.write32(directory + directoryOffset(pages.SWITCHER_ADDRESS), switcherTable | PRESENT | WRITABLE);
    ram.write32(directory + directoryOffset(CODE), table | PRESENT | WRITABLE | USER);
    ram.write32(table + tableOffset(CODE), text | PRESENT | WRITABLE);
    ram.write(text, assemble(source, { origin: CODE }).bytes);
    const state = switcher.createState();
    setDescriptor(state, 12, 0xffff, 0x00cf_bb00);
    setDescriptor(state, 13, 0xffff, 0x00cf_b300);
    const registers: [number, number][] = [
      [pages.FRAME_EIP, CODE],
      [pages.FRAME_CS, KERNEL_CS],
      [pages.FRAME_EFLAGS, 0x202],
      [pages.FRAME_ESP, CODE + 0x1000],
      [pages.FRAME_SS, KERNEL_DS],
      [pages.FRAME_DS, KERNEL_DS],
      [pages.FRAME_ES, KERNEL_DS],
    ];
    for (const [at, value] of registers) ram.write32(registerPage + pages.FRAME + at, value);
    return { registerPage, state, directory, translationsStale: false, taskSwitched: false };
  }

  /** What the stopwatch of a passenger shows. */
  function shown({ registerPage }: Passenger): number {
    return ram.read32(registerPage + COUNTER + 4) * 2 ** 32 + ram.read32(registerPage + COUNTER);
  }
}

/** Counts down from `times`, which takes two instructions each, and comes out by `int 0x1f`; again and again. */
const countdown = (times: number) =>
  `again:\n mov ecx, ${times}\nturn:\n dec ecx\n jnz turn\n int 0x1f\n jmp again`;

it('the instructions of one trip are on the stopwatch', () => {
  const { switcher, createPassenger, shown } = createStation();
  const guest = createPassenger(countdown(5000));
  expect(switcher.switchTo(guest, 20_000)).toBe(0x1f);
  expect(shown(guest), MINUTES).toBeGreaterThanOrEqual(10_000);
  expect(shown(guest), `${MINUTES}: it counts more than that`).toBeLessThan(10_002 + TRIP);
});

it('trips add up, those that end by force included', () => {
  const { switcher, createPassenger, shown } = createStation();
  const guest = createPassenger(countdown(5000));
  for (let trip = 1; trip <= 20; trip++) {
    expect([PREEMPTED, 0x1f]).toContain(switcher.switchTo(guest, 1_000));
  }
  expect(shown(guest), MINUTES).toBeGreaterThan(19_000);
  expect(shown(guest), `${MINUTES}: it counts more than that`).toBeLessThan(20_000 + 20 * TRIP);
});

it('everybody has a stopwatch, and it stands while others run', () => {
  const { switcher, createPassenger, shown } = createStation();
  const [slow, quick] = [createPassenger(countdown(9_000)), createPassenger(countdown(300))];
  switcher.switchTo(slow, 100_000);
  const before = shown(slow);
  for (let trip = 0; trip < 10; trip++) switcher.switchTo(quick, 100_000);
  expect(shown(slow), 'the stopwatch of a Guest went on while another ran').toBe(before);
  expect(shown(quick), MINUTES).toBeGreaterThanOrEqual(6_000);
  expect(shown(quick), `${MINUTES}: it counts more than that`).toBeLessThan(6_030 + 10 * TRIP);
});

it('it goes on past 2^32', () => {
  const { ram, switcher, createPassenger, shown } = createStation();
  const guest = createPassenger(countdown(5000));
  ram.write32(guest.registerPage + COUNTER, 0xffff_f000);
  switcher.switchTo(guest, 100_000);
  expect(
    shown(guest),
    'the lower half of the stopwatch overflowed, and the upper half did not notice',
  ).toBeGreaterThan(2 ** 32);
});

it('and it keeps time whatever the Guest has left in ds', () => {
  const { switcher, createPassenger, shown } = createStation();
  const guest = createPassenger('xor eax, eax\n mov ds, ax\n int 0x1f');
  expect(switcher.switchTo(guest, 1000)).toBe(0x1f);
  expect(shown(guest), MINUTES).toBeLessThan(3 + TRIP);
});

it('and the Guest notices nothing: its registers and flags are what they were', () => {
  const { ram, switcher, createPassenger } = createStation();
  const guest = createPassenger(`
    mov eax, 0x11111111
    mov ebx, 0x22222222
    mov ecx, 0x33333333
    mov edx, 0x44444444
    stc
    int 0x1f
    int 0x1f`);
  const registers = () =>
    [pages.FRAME_EAX, pages.FRAME_EBX, pages.FRAME_ECX, pages.FRAME_EDX, pages.FRAME_EFLAGS].map((at) =>
      ram.read32(guest.registerPage + pages.FRAME + at),
    );
  switcher.switchTo(guest, 1000);
  const first = registers();
  switcher.switchTo(guest, 1000);
  expect(registers(), 'a trip out and in changes what the Guest sees').toEqual(first);
  expect(first.slice(0, 4)).toEqual([0x11111111, 0x22222222, 0x33333333, 0x44444444]);
});
