import { describe, expect, it } from 'vitest';
import { KERNEL_CS, KERNEL_DS } from '../../chapters/1-preparation/abi.ts';
import {
  directoryOffset,
  PRESENT,
  tableOffset,
  USER,
  WRITABLE,
} from '../../chapters/1-preparation/paging.ts';
import {
  FRAME,
  FRAME_CS,
  FRAME_DS,
  FRAME_EAX,
  FRAME_EFLAGS,
  FRAME_EIP,
  FRAME_ES,
  FRAME_ESP,
  FRAME_FS,
  FRAME_SS,
  SWITCHER_ADDRESS,
} from '../../chapters/6-switcher/pages.ts';
import { type Passenger, powerOn, PREEMPTED, SWITCHER_FAULT } from '../../chapters/6-switcher/switcher.ts';
import { setDescriptor } from '../../chapters/6-switcher/state.ts';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';

const CODE = 0x0040_0000;

/** A machine with the Switcher up and one passenger, whose `code` is mapped at `CODE`, in ring 1. */
function embark(code: string) {
  const machine = createMachine({ ramBytes: 2 ** 20 });
  let next = 0;
  const allocate = () => (next += 4096);
  const switcher = powerOn(machine, allocate);
  const passengers = [code].map((source) => createPassenger(source));
  return { machine, switcher, createPassenger, passenger: passengers[0]!, register, text };

  function createPassenger(source: string): Passenger {
    const [registerPage, directory, switcherTable, table, text] = Array.from({ length: 5 }, allocate) as [
      number,
      number,
      number,
      number,
      number,
    ];
    const { ram } = machine;
    switcher.map(switcherTable, registerPage);
    ram.write32(directory + directoryOffset(SWITCHER_ADDRESS), switcherTable | PRESENT | WRITABLE);
    ram.write32(directory + directoryOffset(CODE), table | PRESENT | WRITABLE | USER);
    ram.write32(table + tableOffset(CODE), text | PRESENT | WRITABLE);
    ram.write(text, assemble(source, { origin: CODE }).bytes);
    const state = switcher.createState();
    setDescriptor(state, 12, 0xffff, 0x00cf_bb00);
    setDescriptor(state, 13, 0xffff, 0x00cf_b300);
    const first: [number, number][] = [
      [FRAME_EIP, CODE],
      [FRAME_CS, KERNEL_CS],
      [FRAME_EFLAGS, 0x202],
      [FRAME_ESP, CODE + 0x1000],
      [FRAME_SS, KERNEL_DS],
      [FRAME_DS, KERNEL_DS],
      [FRAME_ES, KERNEL_DS],
    ];
    for (const [at, value] of first) ram.write32(registerPage + FRAME + at, value);
    return { registerPage, state, directory, translationsStale: false, taskSwitched: false };
  }

  /** Where the page at `CODE` lies. */
  function text({ directory }: Passenger): number {
    const table = machine.ram.read32(directory + directoryOffset(CODE)) & ~0xfff;
    return machine.ram.read32(table + tableOffset(CODE)) & ~0xfff;
  }

  function register(passenger: Passenger, at: number): number {
    return machine.ram.read32(passenger.registerPage + FRAME + at);
  }
}

describe('the Switcher', () => {
  it('carries a Guest in, and out again with the number of its trap', () => {
    const { switcher, passenger, register } = embark('  mov eax, 0x1234\n  int 0x1f\n  ud2');
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    expect(register(passenger, FRAME_EAX)).toBe(0x1234);
    expect(register(passenger, FRAME_EIP)).toBe(CODE + 7);
    expect(switcher.switchTo(passenger, 1000)).toBe(6);
    expect(register(passenger, FRAME_EIP)).toBe(CODE + 7);
  });

  it('takes back the processor from a Guest that never gives it', () => {
    const { machine, switcher, passenger, register } = embark('again:\n  inc eax\n  jmp again');
    const before = machine.retired;
    expect(switcher.switchTo(passenger, 10_000)).toBe(PREEMPTED);
    expect(machine.retired - before).toBeGreaterThanOrEqual(10_000);
    expect(machine.retired - before).toBeLessThan(10_100);
    const eax = register(passenger, FRAME_EAX);
    expect(switcher.switchTo(passenger, 10_000)).toBe(PREEMPTED);
    expect(register(passenger, FRAME_EAX)).toBeGreaterThan(eax + 4_900);
    expect(machine.interrupt.pending).toBe(false);
  });

  it('costs 26 instructions there and back, 6 more for other segments, 12 for other tables, and 16 for another Guest', () => {
    const { machine, switcher, passenger, createPassenger } = embark('again:\n  int 0x1f\n  jmp again');
    const other = createPassenger('again:\n  int 0x1f\n  jmp again');
    const cost = (who: Passenger) => {
      const before = machine.retired;
      expect(switcher.switchTo(who, 1000)).toBe(0x1f);
      return machine.retired - before;
    };
    for (const who of [passenger, passenger, other, other]) cost(who);
    expect(cost(other)).toBe(28); // of which two are the Guest's own
    expect(cost(passenger)).toBe(28 + 16);
    expect(cost(passenger)).toBe(28);
    setDescriptor(passenger.state, 20, 0xffff, 0x00cf_f300);
    expect(cost(passenger)).toBe(28 + 6);
    passenger.translationsStale = true;
    expect(cost(passenger)).toBe(28 + 12);
  });

  it('leaves each Guest its floating-point registers, and gives a newborn none', () => {
    const RESULT = 0x800;
    const { machine, switcher, passenger, createPassenger, text } = embark(
      `  fldpi\n  int 0x1f\n  fstp tword [${CODE + RESULT}]\n  int 0x1f`,
    );
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    passenger.taskSwitched = true; // leaves with a trap set for whoever touches them
    const other = createPassenger(
      `  fnstenv [${CODE + RESULT}]\n  fldz\n  fldcw [${CODE + RESULT + 0x40}]\n  fldln2\n  int 0x1f`,
    );
    expect(switcher.switchTo(other, 1000)).toBe(0x1f);
    expect(machine.ram.read32(text(other) + RESULT) & 0xffff).toBe(0x37f);
    expect(machine.ram.read32(text(other) + RESULT + 8) & 0xffff).toBe(0xffff);

    passenger.taskSwitched = false;
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    const pi = machine.ram.read(text(passenger) + RESULT, 10);
    expect(Buffer.from(pi).reverse().toString('hex')).toBe('4000c90fdaa22168c235');
  });

  it('lets a Guest keep its segments, and reads their descriptors again when one has changed', () => {
    const selector = 20 * 8 + 1;
    const { switcher, passenger, register } = embark(`
      mov eax, ${selector}
      mov fs, ax
    again:
      mov eax, [fs:${CODE}]
      int 0x1f
      jmp again`);
    setDescriptor(passenger.state, 20, 0xffff, 0x00cf_b300);
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    expect(register(passenger, FRAME_FS)).toBe(selector);
    const first = register(passenger, FRAME_EAX);
    setDescriptor(passenger.state, 20, 0x0004_ffff, 0x00cf_b300); // four bytes further up
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    expect(register(passenger, FRAME_EAX)).not.toBe(first);
    setDescriptor(passenger.state, 20, 0, 0);
    expect(switcher.switchTo(passenger, 1000)).toBe(SWITCHER_FAULT);
    expect(register(passenger, FRAME_FS)).toBe(selector);
  });

  it('tells when it could not load what it found, and still carries the next', () => {
    const { machine, switcher, passenger, createPassenger } = embark('  int 0x1f');
    machine.ram.write32(passenger.registerPage + FRAME + FRAME_DS, 0x88);
    expect(switcher.switchTo(passenger, 1000)).toBe(SWITCHER_FAULT);
    const other = createPassenger('  int 0x1f');
    expect(switcher.switchTo(other, 1000)).toBe(0x1f);
  });

  it('sees that a Guest has changed its tables when it is told so', () => {
    const { machine, switcher, passenger } = embark(
      `again:\n  mov eax, [${CODE + 0x1000}]\n  int 0x1f\n  jmp again`,
    );
    const table = machine.ram.read32(passenger.directory + directoryOffset(CODE)) & ~0xfff;
    expect(switcher.switchTo(passenger, 1000)).toBe(14);
    machine.ram.write32(table + tableOffset(CODE + 0x1000), 0xf_0000 | PRESENT);
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    machine.ram.write32(table + tableOffset(CODE + 0x1000), 0);
    passenger.translationsStale = true;
    expect(switcher.switchTo(passenger, 1000)).toBe(14);
  });

  it('goes home before a Guest is closed, as often as it is told, and needs its tables no more', () => {
    const { machine, switcher, passenger, createPassenger } = embark('  int 0x1f');
    expect(switcher.switchTo(passenger, 1000)).toBe(0x1f);
    switcher.disembark();
    switcher.disembark();
    machine.ram.fill(passenger.directory, 4096, 0);
    expect(switcher.switchTo(createPassenger('  int 0x1f'), 1000)).toBe(0x1f);
  });
});
