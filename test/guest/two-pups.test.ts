import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { LHCALL_NEW_PGTABLE, LHCALL_SET_STACK, LHCALL_SHUTDOWN } from '../../chapters/1-preparation/abi.ts';
import type { GuestWindow, LguestDevice } from '../../chapters/5-host/dev-lguest.ts';
import { openLibrary } from '../../tools/tangle/modules.ts';
import { tangleKernel } from '../../tools/tangle/pup.ts';
import { boot, bootToPrompt, type Computer, createComputer } from './session.ts';

const MEGABYTES = 16;
const SECRET = 'the bone is under the third rose';

/** A computer for two, and the windows that its Guests were given, in order. */
function createHouse(): Computer & { readonly windows: GuestWindow[] } {
  const computer = createComputer(2 * MEGABYTES);
  const windows: GuestWindow[] = [];
  const watch = (device: LguestDevice): LguestDevice => ({
    ...device,
    mmap(bytes) {
      const window = device.mmap(bytes);
      windows.push(window);
      return window;
    },
  });
  const host = { ...computer.host, open: () => watch(computer.host.open()) };
  return { ...computer, host, windows };
}

/** What an attack may want to import. */
const NEEDED = {
  bootInformation: './boot.ts',
  cpu: './process.ts',
  entryFor: './address-space.ts',
  asm: './language.ts',
  store32: './language.ts',
  linear: './layout.ts',
};

/** What stands in the traitor's data until it is told which deed to do. */
const UNDECIDED = 0x7ea5_0bad;

/** Pup's kernel with one change: asked to panic, it does one of these deeds instead, in ring 1 and with all that a kernel may. */
function tangleTraitor(deeds: readonly string[]): Uint8Array {
  const file = 'chapters/2-guest/process-calls.ts';
  const library = openLibrary((path) => {
    const source = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    if (path !== file) return source;
    const imports = Object.entries(NEEDED).filter(
      ([name]) => !new RegExp(`^import .*\\b${name}\\b`, 'm').test(source),
    );
    const changed = source
      .replace("panic('on request');", 'attack();')
      .replace(
        '\nimport ',
        `\n${imports.map(([name, from]) => `import { ${name} } from '${from}';\n`).join('')}import `,
      );
    expect(changed.match(/attack\(\)/g)).toHaveLength(1);
    const cases = deeds.map((code, deed) => `case ${deed}: {\n${code}\nbreak;\n}\n`).join('');
    return `${changed}\nlet deed: u32 = ${UNDECIDED};\nfunction attack(): void {\nswitch (deed) {\n${cases}}\n}\n`;
  });
  return tangleKernel(library, false).elf;
}

/** The traitor, decided. */
function decide(traitor: Uint8Array, deed: number): Uint8Array {
  const undecided = Buffer.from(Uint32Array.of(UNDECIDED).buffer);
  const decided = Buffer.from(traitor);
  const at = decided.indexOf(undecided);
  expect(at).toBeGreaterThan(0);
  expect(decided.indexOf(undecided, at + 1)).toBe(-1);
  decided.writeUInt32LE(deed, at);
  return decided;
}

/** An address above 0xFF000000 that has a page table and no page. */
const NOWHERE = '0xff200000';

/** Maps a frame there, and writes to it. */
const writeThrough = (frame: string) => `
  store32(entryFor(bootInformation.directory, ${NOWHERE}, false), ${frame} << 12 | 3);
  asm\`
    mov eax, ${NOWHERE}
    mov dword [eax], 0xdead
  \`;`;

/** Has `address` as a page table for what nobody has mapped, and writes there. */
const walkThrough = (address: string) => `
  store32(linear(cpu.process.directory) + 0xfc0, ${address} | 3);
  asm\`
    mov eax, 0xfc000000
    mov dword [eax], 0xdead
  \`;`;

const inAssembly = (code: string) => `  asm\`\n${code}\n\`;`;
const hypercall = (number: number, first: string | number, second: string | number = 0, third = 0) =>
  inAssembly(`mov eax, ${number}\nmov ebx, ${first}\nmov edx, ${second}\nmov ecx, ${third}\nint 0x1f`);

const SIZE = `0x${(MEGABYTES << 20).toString(16)}`;
const LIMIT = `0x${(MEGABYTES << 8).toString(16)}`;

describe('two pups on one machine', () => {
  it('live as each would alone, down to the last byte', async () => {
    const lines = ['primes 5000', 'ls /bin', 'cat /src/sh.ts | wc', 'echo a b | grep a'];
    const alone = await bootToPrompt({ megabytes: MEGABYTES });
    const expected: string[] = [];
    for (const line of lines) expected.push(await alone.run(line));

    const computer = createHouse();
    const pups = await Promise.all([
      bootToPrompt({ megabytes: MEGABYTES, computer }),
      bootToPrompt({ megabytes: MEGABYTES, computer }),
    ]);
    const both = pups.map(async (pup) => {
      for (const [index, line] of lines.entries()) expect(await pup.run(line)).toBe(expected[index]);
      pup.type('poweroff\n');
      return pup.ended;
    });
    for (const ending of await Promise.all(both)) expect(ending).toMatchObject({ code: 0 });
  });

  it('do not know of each other: what is whispered to one is nowhere in the memory of the other', async () => {
    const computer = createHouse();
    const [keeper, other] = await Promise.all([
      bootToPrompt({ megabytes: MEGABYTES, computer }),
      bootToPrompt({ megabytes: MEGABYTES, computer }),
    ]);
    expect(await keeper.run(`echo ${SECRET}`)).toBe(`${SECRET}\n`);
    await other.run('primes 5000');
    const [hers, his] = computer.windows.map(({ bytes }) => Buffer.from(bytes).includes(SECRET));
    expect([hers, his]).toEqual([true, false]);
  });

  it('and he who comes after one finds nothing of what she left', async () => {
    const computer = createHouse();
    const first = await bootToPrompt({ megabytes: MEGABYTES, computer });
    await first.run(`echo ${SECRET}`);
    first.type('poweroff\n');
    await first.ended;
    const second = await bootToPrompt({ megabytes: MEGABYTES, computer });
    expect(computer.windows.map(({ base }) => base)).toEqual([
      computer.windows[0]!.base,
      computer.windows[0]!.base,
    ]);
    expect(Buffer.from(computer.windows[1]!.bytes).includes(SECRET)).toBe(false);
    expect(await second.run('echo clean')).toBe('clean\n');
  });
});

/** What it may want, as code; and what is then said of it. */
const DEEDS: [what: string, code: string, reason: string][] = [
  ['maps the first page beyond its own', writeThrough(LIMIT), 'page fault in the kernel'],
  ['maps the first page beyond its devices', writeThrough(`(${LIMIT} + 2)`), 'page fault in the kernel'],
  [
    'maps the last page that there is',
    writeThrough('0xfffff'),
    'bad page table entry 0xfffff003 for 0xff200000: frame 0xfffff is beyond',
  ],
  [
    'maps a page below its own',
    writeThrough(`-${LIMIT}`),
    'bad page table entry 0xff000003 for 0xff200000: frame 0xff000 is beyond',
  ],
  [
    'takes a page of the neighbour for a page table',
    walkThrough(SIZE),
    'bad page directory entry 0x01000003 for 0xfc000000: frame 0x1000 is beyond',
  ],
  [
    'takes a page of the neighbour for its page directory',
    hypercall(LHCALL_NEW_PGTABLE, SIZE),
    'bad read address 0x1000080 len 4',
  ],
  ['wants its stack in the Switcher', hypercall(LHCALL_SET_STACK, 0x69, '0xffc02000', 1), 'bad stack page'],
  [
    'says its last words with the tongue of the neighbour',
    hypercall(LHCALL_SHUTDOWN, SIZE, 1),
    'bad read address 0x1000000 len 128',
  ],
  ['writes into the Switcher', inAssembly('mov dword [0xffc00000], 0xdead'), 'page fault in the kernel'],
  [
    'changes the page tables under its feet',
    inAssembly('xor eax, eax\nmov cr3, eax'),
    'general protection fault',
  ],
  ['stops the clock for everybody', inAssembly('cli\nhlt'), 'general protection fault'],
];

describe("a kernel that wants its neighbour's memory", () => {
  let traitor: Uint8Array;
  beforeAll(() => {
    traitor = tangleTraitor(DEEDS.map(([, code]) => code));
  });

  const cases = DEEDS.map(([what, , reason], deed) => [what, deed, reason] as const);

  it.each(cases)('%s: dies or panics, and changes not a byte of it', async (_what, deed, reason) => {
    const computer = createHouse();
    const evil = await bootToPrompt({ megabytes: MEGABYTES, computer, kernel: decide(traitor, deed) });
    const neighbour = await bootToPrompt({ megabytes: MEGABYTES, computer });
    const { base, size, bytes } = computer.windows[1]!;
    expect(base).toBe(computer.windows[0]!.base + computer.windows[0]!.size);
    const before = Buffer.from(bytes);

    evil.type('panic\n');
    const ending = await evil.ended;
    expect(ending.code).toBe(1);
    expect(`${ending.reason}\n${evil.said}`).toContain(reason);
    expect(before.equals(computer.machine.ram.view(base, size))).toBe(true);
    expect(await neighbour.run('echo still here')).toBe('still here\n');

    const next = boot({ megabytes: MEGABYTES, computer, kernelArguments: 'run=primes 100' });
    expect(await next.ended).toMatchObject({ code: 0 });
  });
});
