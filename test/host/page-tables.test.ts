import { describe, expect, it } from 'vitest';
import {
  LGUEST_DATA_CR2,
  LHCALL_FLUSH_TLB,
  LHCALL_NEW_PGTABLE,
  LHCALL_SET_PGD,
  LHCALL_SET_PTE,
} from '../../chapters/1-preparation/abi.ts';
import { SHADOWS } from '../../chapters/5-host/shadows.ts';
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
  INIT,
  KERNEL_ADDRESS,
  MIB,
  P,
  PAGE,
  PAGING,
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

/** A handler for page faults that stores error code and address, and ends the Guest. */
const FAULTS = `
fault:
  pop eax
  ${result(0)}
  pop eax
  ${result(1)}
  mov eax, [${DATA + LGUEST_DATA_CR2}]
  ${result(2)}
  ${DONE}
`;
const START = `start:\n  mov esp, ${STACK}\n`;
const withFaults = (source: string) => `${START}${PAGING}${gate(14, 'fault', 0x8e)}${source}${DONE}${FAULTS}`;

describe('before the first page table', () => {
  it('virtual addresses are physical ones', () => {
    const guest = new TestGuest(
      `  mov dword [${PAGE + 0x10}], 0x1234\n  mov eax, [${PAGE + 0x10}]\n${result(0)}${INIT}${DONE}`,
    );
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0x1234);
    expect(guest.window.read32(PAGE + 0x10)).toBe(0x1234);
  });

  it('nothing is behind the end of memory', () => {
    expect(new TestGuest(`  mov eax, [${4 * MIB}]\n`).die()).toBe(
      "bad page table entry 0x00400063 for 0x00400000: frame 0x400 is beyond the Guest's 0x400",
    );
    expect(new TestGuest(`  mov eax, [${4 * MIB + 0x1000}]\n`, { devices: 1 }).die()).toMatch(
      /^bad page table entry 0x00401063 for 0x00401000: frame 0x401 is beyond/,
    );
  });

  it('the Switcher is not to be touched', () => {
    expect(new TestGuest('  mov dword [0xffc00000], 0\n').die()).toBe(
      'unhandled trap 14 at 0x00001000 (0xffc00000): the Guest has no gate for it',
    );
  });
});

describe('accessed and dirty', () => {
  const marks = (source: string, flags = P | RW | US) => {
    const guest = new TestGuest(START + PAGING + source + DONE);
    guest.window.write32(entryAt(PAGE), PAGE | flags);
    expect(guest.die()).toBe(ENDED);
    return guest.window.read32(entryAt(PAGE)) & 0xfff;
  };

  it('are left alone where nobody goes', () => {
    expect(marks('')).toBe(P | RW | US);
  });

  it('A is set by a load', () => {
    expect(marks(`  mov eax, [${PAGE}]\n`)).toBe(P | RW | US | A);
  });

  it('A and D are set by a store', () => {
    expect(marks(`  mov [${PAGE}], eax\n`)).toBe(P | RW | US | A | D);
  });

  it('D is set by the first store after loads', () => {
    expect(marks(`  mov eax, [${PAGE}]\n mov eax, [${PAGE}]\n mov [${PAGE + 8}], eax\n`)).toBe(
      P | RW | US | A | D,
    );
  });

  it('A is set by running there', () => {
    const guest = new TestGuest(`${START}${PAGING}  mov eax, ${PAGE}\n  call eax\n${DONE}`);
    guest.window.write8(PAGE, 0xc3);
    expect(guest.die()).toBe(ENDED);
    expect(guest.window.read32(entryAt(PAGE)) & 0xfff).toBe(P | RW | US | A);
  });

  it("the bits that are the Guest's own stay as they were", () => {
    expect(marks(`  mov [${PAGE}], eax\n`, P | RW | 0xe00)).toBe(P | RW | 0xe00 | A | D);
  });

  it('A is set in the directory as well', () => {
    const guest = new TestGuest(START + PAGING + DONE);
    expect(guest.die()).toBe(ENDED);
    expect(guest.window.read32(DIRECTORY) & 0xfff).toBe(P | RW | US | A);
  });

  it('are exact again after the Guest clears them and says so', () => {
    const clear = `  mov dword [${entryAt(PAGE)}], ${PAGE | P | RW | US}\n${call(LHCALL_SET_PTE, DIRECTORY, PAGE, PAGE | P | RW | US)}`;
    expect(marks(`  mov [${PAGE}], eax\n${clear}`)).toBe(P | RW | US);
    expect(marks(`  mov [${PAGE}], eax\n${clear}  mov eax, [${PAGE}]\n`)).toBe(P | RW | US | A);
    expect(marks(`  mov [${PAGE}], eax\n${clear}  mov [${PAGE}], eax\n`)).toBe(P | RW | US | A | D);
  });

  it('D is not missed when an entry is announced with A, writable and clean', () => {
    const announce = `  mov dword [${entryAt(PAGE)}], ${PAGE | P | RW | A}\n${call(LHCALL_SET_PTE, DIRECTORY, PAGE, PAGE | P | RW | A)}`;
    expect(marks(`${announce}  mov [${PAGE}], eax\n`)).toBe(P | RW | A | D);
  });

  it('A is not missed when an entry is announced with D alone', () => {
    const announce = `  mov dword [${entryAt(PAGE)}], ${PAGE | P | RW | D}\n${call(LHCALL_SET_PTE, DIRECTORY, PAGE, PAGE | P | RW | D)}`;
    expect(marks(`${announce}  mov eax, [${PAGE}]\n`)).toBe(P | RW | A | D);
  });

  it('are set on the stack that the Host pushes a frame onto', () => {
    const guest = new TestGuest(
      `${PAGING}${gate(6, 'fault', 0x8e)}  mov esp, ${PAGE + 0x1000}\n  ud2\n${FAULTS}`,
    );
    expect(guest.die()).toBe(ENDED);
    expect(guest.window.read32(entryAt(PAGE)) & 0xfff).toBe(P | RW | US | A | D);
  });

  it('an entry announced with A and D costs no fault', () => {
    const announce = (flags: number) =>
      `  mov dword [${entryAt(PAGE)}], ${PAGE | flags}\n${call(LHCALL_SET_PTE, DIRECTORY, PAGE, PAGE | flags)}  mov [${PAGE}], eax\n`;
    const faults = (flags: number) => {
      const guest = new TestGuest(START + PAGING + announce(flags) + DONE);
      expect(guest.die()).toBe(ENDED);
      return guest.stage.host.statistics.pagesFilled;
    };
    expect(faults(P | RW | A | D)).toBe(faults(P | RW) - 1);
  });
});

describe("a fault of the Guest's own", () => {
  const fault = (source: string, prepare: (guest: TestGuest) => void = () => {}) => {
    const guest = new TestGuest(withFaults(source));
    prepare(guest);
    expect(guest.die()).toBe(ENDED);
    return { error: guest.result(0), eip: guest.result(1), address: guest.result(2), guest };
  };

  it('is told for a page that is not there', () => {
    const { error, address, eip, guest } = fault('there:\n  mov eax, [0x5004]\n', (guest) =>
      guest.window.write32(entryAt(0x5000), 0),
    );
    expect({ error, address }).toEqual({ error: 0, address: 0x5004 });
    expect(eip).toBe(guest.labels.get('there'));
  });

  it('is told for a table that is not there', () => {
    expect(fault('  mov dword [0x40000000], 1\n')).toMatchObject({ error: 2, address: 0x4000_0000 });
  });

  it('is told for a store to a read-only page: the kernel heeds WP', () => {
    const { error, address, guest } = fault(`  mov eax, [${PAGE}]\n  mov [${PAGE}], eax\n`, (guest) =>
      guest.window.write32(entryAt(PAGE), PAGE | P),
    );
    expect({ error, address }).toEqual({ error: 3, address: PAGE });
    expect(guest.window.read32(entryAt(PAGE)) & 0xfff).toBe(P | A);
  });

  it('is told as if the processor had seen its tables: the page is there, even if no shadow of it was yet', () => {
    const { error } = fault(`  mov [${PAGE}], eax\n`, (guest) =>
      guest.window.write32(entryAt(PAGE), PAGE | P),
    );
    expect(error).toBe(3);
  });

  it('is told as a page that is gone, even if its shadow was still there', () => {
    const take = `  mov eax, [${PAGE}]\n  mov dword [${entryAt(PAGE)}], 0\n`;
    expect(fault(`${take}  mov [${PAGE}], eax\n`)).toMatchObject({ error: 2, address: PAGE });
  });

  it('is told when the directory forbids what the table allows, instead of faulting for ever', () => {
    const { error, address } = fault(`  mov dword [0x00800000], 1\n`, (guest) => {
      guest.window.write32(DIRECTORY + 2 * 4, SECOND_TABLE | P);
      guest.window.write32(SECOND_TABLE, PAGE | P | RW);
    });
    expect(error & 2).toBe(2);
    expect(address).toBe(0x80_0000);
  });

  it('is told above the Switcher', () => {
    expect(fault('  mov eax, [0xfffffffc]\n')).toMatchObject({ error: 0, address: 0xffff_fffc });
    expect(fault('  mov dword [0xffc00000], 1\n')).toMatchObject({ error: 3, address: 0xffc0_0000 });
    expect(fault('  mov dword [0xffc02000], 1\n')).toMatchObject({ error: 3, address: 0xffc0_2000 });
  });

  it('is told to nobody where there is no gate', () => {
    expect(new TestGuest(`${START}${PAGING}there:\n  mov eax, [0x40000000]\n`).die()).toMatch(
      /^unhandled trap 14 at 0x000010[0-9a-f]{2} \(0x40000000\): the Guest has no gate for it$/,
    );
  });
});

describe('a process in ring 3', () => {
  const user = (source: string, prepare: (guest: TestGuest) => void) => {
    const guest = new TestGuest(withFaults(`${USER_SEGMENTS}${ENTER_USER}\nuser:\n${source}\n  jmp $\n`));
    prepare(guest);
    expect(guest.die()).toBe(ENDED);
    return { error: guest.result(0), address: guest.result(2) };
  };

  it('cannot read a page of its kernel', () => {
    const made = user(`  mov eax, [${PAGE}]`, (guest) => guest.window.write32(entryAt(PAGE), PAGE | P | RW));
    expect(made.address).toBe(PAGE);
    expect(made.error & 6).toBe(4);
  });

  it('cannot read a page behind a directory entry of its kernel', () => {
    const made = user('  mov eax, [0x00800000]', (guest) => {
      guest.window.write32(DIRECTORY + 2 * 4, SECOND_TABLE | P | RW);
      guest.window.write32(SECOND_TABLE, PAGE | P | RW | US);
    });
    expect(made.address).toBe(0x80_0000);
    expect(made.error & 4).toBe(4);
  });

  it('cannot touch the Switcher, its registers or its tables', () => {
    for (const address of [0xffc0_0000, 0xffc0_1000, 0xffc0_2000]) {
      expect(user(`  mov eax, [${address}]`, () => {})).toEqual({ error: 5, address });
    }
  });
});

describe('entries that cannot be obeyed', () => {
  const die = (source: string, prepare: (guest: TestGuest) => void) => {
    const guest = new TestGuest(START + PAGING + source + DONE);
    prepare(guest);
    return guest.die();
  };

  it('a table entry beyond memory', () => {
    expect(die(`  mov eax, [${PAGE}]\n`, (guest) => guest.window.write32(entryAt(PAGE), 0x00f0_f067))).toBe(
      "bad page table entry 0x00f0f067 for 0x00020000: frame 0xf0f is beyond the Guest's 0x400",
    );
  });

  it('a table entry with bit 7', () => {
    expect(die(`  mov eax, [${PAGE}]\n`, (guest) => guest.window.write32(entryAt(PAGE), PAGE | 0x83))).toBe(
      'bad page table entry 0x00020083 for 0x00020000: flag 0x80 is not offered',
    );
  });

  it('a directory entry beyond memory', () => {
    expect(
      die('  mov eax, [0x00800000]\n', (guest) => guest.window.write32(DIRECTORY + 8, 0x0040_0003)),
    ).toBe("bad page directory entry 0x00400003 for 0x00800000: frame 0x400 is beyond the Guest's 0x400");
  });

  it('a directory entry for a large page, or with a caching flag', () => {
    expect(die('  mov eax, [0x00800000]\n', (guest) => guest.window.write32(DIRECTORY + 8, 0x83))).toBe(
      'bad page directory entry 0x00000083 for 0x00800000: flags 0x80 are not offered',
    );
    expect(
      die('  mov eax, [0x00800000]\n', (guest) => guest.window.write32(DIRECTORY + 8, TABLE | 0x1b)),
    ).toBe('bad page directory entry 0x0001101b for 0x00800000: flags 0x18 are not offered');
  });

  it('one that is announced', () => {
    expect(die(call(LHCALL_SET_PTE, DIRECTORY, 0x1000, 0x0040_0023), () => {})).toMatch(
      /^bad page table entry 0x00400023 for 0x00001000: frame 0x400 is beyond/,
    );
  });

  it('but one that is absent may say what it likes', () => {
    expect(die(call(LHCALL_SET_PTE, DIRECTORY, PAGE, 0xffff_fffe), () => {})).toBe(ENDED);
  });

  it('a directory outside memory', () => {
    expect(new TestGuest(INIT + call(LHCALL_NEW_PGTABLE, 4 * MIB)).die()).toMatch(
      /^bad read address 0x400000 len 4: the Guest has 0x400000 bytes$/,
    );
  });
});

describe('pages of devices', () => {
  it("are the Launcher's, by whatever address they are reached", () => {
    const guest = new TestGuest(`${START}${PAGING}  mov eax, [0x00800abc]\n${DONE}`, { devices: 2 });
    guest.window.write32(DIRECTORY + 8, SECOND_TABLE | P | RW);
    guest.window.write32(SECOND_TABLE, (4 * MIB + 0x1000) | P | RW);
    expect(guest.run()).toMatchObject({ kind: 'exit', trap: 14, address: 4 * MIB + 0x1abc });
  });

  it('end where the Launcher said', () => {
    const guest = new TestGuest(`${START}${PAGING}  mov eax, [0x00800abc]\n${DONE}`, { devices: 1 });
    guest.window.write32(DIRECTORY + 8, SECOND_TABLE | P | RW);
    guest.window.write32(SECOND_TABLE, (4 * MIB + 0x1000) | P | RW);
    expect(guest.die()).toMatch(/^bad page table entry 0x00401003 for 0x00800abc: frame 0x401 is beyond/);
  });

  it("stay the Launcher's when they are announced as if they were in use already", () => {
    const entry = (4 * MIB) | P | RW | A | D;
    const change = `  mov dword [${entryAt(PAGE)}], ${entry}\n${call(LHCALL_SET_PTE, DIRECTORY, PAGE, entry)}`;
    const guest = new TestGuest(
      `${START}${PAGING}  mov eax, [${PAGE}]\n${change}  mov eax, [${PAGE}]\n${DONE}`,
      { devices: 1 },
    );
    expect(guest.run()).toMatchObject({ kind: 'exit', trap: 14, address: 4 * MIB });
  });

  it('come back to the Guest as a page fault when the Launcher gives up', () => {
    const guest = new TestGuest(withFaults('  mov eax, [0x00800abc]\n'), { devices: 1 });
    guest.window.write32(DIRECTORY + 8, SECOND_TABLE | P | RW);
    guest.window.write32(SECOND_TABLE, (4 * MIB) | P | RW);
    expect(guest.run().kind).toBe('exit');
    expect(guest.inject(14)).toBe(0);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(2)).toBe(0x80_0abc);
  });
});

describe('shadows', () => {
  const OTHER = PAGE + 0x1000;
  const load = `  mov eax, [${PAGE}]\n`;
  const twoTables = (source: string) => {
    const guest = new TestGuest(START + PAGING + source + DONE);
    identityMap(guest.window, SECOND_DIRECTORY, SECOND_TABLE);
    guest.window.write32(entryAt(PAGE, SECOND_TABLE), OTHER | P | RW);
    guest.window.write32(SECOND_DIRECTORY + (KERNEL_ADDRESS >>> 22) * 4, TABLE | P | RW);
    guest.window.write32(PAGE, 1);
    guest.window.write32(OTHER, 2);
    expect(guest.die()).toBe(ENDED);
    return guest;
  };

  it('show each address space its own pages, there and back', () => {
    const guest = twoTables(
      `${load}${result(0)}${call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY)}${load}${result(1)}${call(LHCALL_NEW_PGTABLE, DIRECTORY)}${load}${result(2)}`,
    );
    expect([0, 1, 2].map((i) => guest.result(i))).toEqual([1, 2, 1]);
  });

  it('are kept: coming back costs no fault', () => {
    const there = call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY) + load;
    const back = call(LHCALL_NEW_PGTABLE, DIRECTORY) + load;
    const once = twoTables(load + there + back).stage.host.statistics.pagesFilled;
    const often = twoTables(load + (there + back).repeat(5)).stage.host.statistics.pagesFilled;
    expect(often - once).toBeLessThanOrEqual(1); // the code went on to one more page
  });

  it('are told by SET_PTE what changed, in the address space that is named', () => {
    const change = `  mov dword [${entryAt(PAGE)}], ${OTHER | P | RW}\n`;
    const stale = twoTables(load + change + load + result(0));
    expect(stale.result()).toBe(1);
    const told = twoTables(
      load + change + call(LHCALL_SET_PTE, DIRECTORY, PAGE, OTHER | P | RW) + load + result(0),
    );
    expect(told.result()).toBe(2);
    const elsewhere = twoTables(
      load + change + call(LHCALL_SET_PTE, SECOND_DIRECTORY, PAGE, 0) + load + result(0),
    );
    expect(elsewhere.result()).toBe(1);
  });

  it('are told by SET_PTE of a kernel page in all address spaces', () => {
    const high = KERNEL_ADDRESS + PAGE;
    const loadHigh = `  mov eax, [${high}]\n`;
    const change = `  mov dword [${entryAt(PAGE)}], ${OTHER | P | RW}\n${call(LHCALL_SET_PTE, 0, high, OTHER | P | RW)}`;
    const guest = twoTables(
      `${loadHigh}${call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY)}${loadHigh}${change}${loadHigh}${result(0)}${call(LHCALL_NEW_PGTABLE, DIRECTORY)}${loadHigh}${result(1)}`,
    );
    expect([guest.result(0), guest.result(1)]).toEqual([2, 2]);
  });

  it.each([
    ['SET_PGD', call(LHCALL_SET_PGD, DIRECTORY, 0)],
    ['FLUSH_TLB of the user part', call(LHCALL_FLUSH_TLB, 0)],
    ['FLUSH_TLB of everything', call(LHCALL_FLUSH_TLB, 1)],
  ])('are told by %s', (_, tell) => {
    const change = `  mov dword [${entryAt(PAGE)}], ${OTHER | P | RW}\n`;
    expect(twoTables(load + change + tell + load + result(0)).result()).toBe(2);
  });

  it('keep their kernel part when the user part is flushed', () => {
    const high = `  mov eax, [${KERNEL_ADDRESS + PAGE}]\n`;
    const change = `  mov dword [${entryAt(PAGE)}], ${OTHER | P | RW}\n`;
    expect(twoTables(high + change + call(LHCALL_FLUSH_TLB, 0) + high + result(0)).result()).toBe(1);
    expect(twoTables(high + change + call(LHCALL_FLUSH_TLB, 1) + high + result(0)).result()).toBe(2);
  });

  it('are so many; one address space more takes the place of one, and all still see their own', () => {
    const directories = Array.from({ length: SHADOWS + 4 }, (_, i) => 0x10_0000 + i * 0x2000);
    const visits = [...directories, ...directories, ...directories.toReversed()];
    const visit = (directory: number, i: number) => call(LHCALL_NEW_PGTABLE, directory) + load + result(i);
    const source = visits.map(visit).join('');
    const guest = new TestGuest(START + PAGING + source + DONE);
    for (const [i, directory] of directories.entries()) {
      identityMap(guest.window, directory, directory + 0x1000);
      const page = 0x20_0000 + i * 0x1000;
      guest.window.write32(entryAt(PAGE, directory + 0x1000), page | P | RW);
      guest.window.write32(page, 100 + i);
    }
    expect(guest.die()).toBe(ENDED);
    expect(visits.map((_, i) => guest.result(i))).toEqual(visits.map((at) => 100 + directories.indexOf(at)));
  });

  it('share the tables of the kernel, which are filled once for all', () => {
    const high = `  mov eax, [${KERNEL_ADDRESS + PAGE}]\n`;
    const there = `${call(LHCALL_NEW_PGTABLE, SECOND_DIRECTORY)}${high}${result(0)}`;
    const back = `${call(LHCALL_NEW_PGTABLE, DIRECTORY)}${high}`;
    const filled = (source: string) => {
      const guest = twoTables(source);
      guest.result();
      return guest.stage.host.statistics.pagesFilled;
    };
    const once = filled(`${there}${back}`);
    expect(filled(`${high}${there}${back}`)).toBe(once);
    const change = `  mov dword [${entryAt(PAGE)}], ${OTHER | P | RW}\n`;
    const told = call(LHCALL_SET_PTE, SECOND_DIRECTORY, KERNEL_ADDRESS + PAGE, OTHER | P | RW);
    expect(twoTables(`${high}${there}${change}${told}${back}${result(0)}`).result()).toBe(2);
  });

  it('do not run the Host dry, however many tables a Guest has', () => {
    // Every directory entry leads to the same table: 1,000 shadow tables a directory, five directories.
    const touchAll = `
      mov esi, ${PAGE}
    next:
      mov eax, [esi]
      add esi, 0x400000
      cmp esi, 0xffc00000 + ${PAGE}
      jne next
      ret
    `;
    const directories = Array.from({ length: 5 }, (_, i) => 0x10_0000 + i * 0x1000);
    const visits = directories.map((directory) => `${call(LHCALL_NEW_PGTABLE, directory)}  call touch_all\n`);
    const guest = new TestGuest(
      `${START}${PAGING}${visits.join('')}${visits.join('')}${DONE}touch_all:${touchAll}`,
    );
    for (const directory of directories) {
      for (let i = 0; i < 1024; i++) guest.window.write32(directory + i * 4, TABLE | P | RW);
    }
    expect(guest.die()).toBe(ENDED);
  });
});
