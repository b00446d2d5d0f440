import { beforeAll, describe, expect, it } from 'vitest';
import { initrdWith } from './own-programs.ts';
import { bootToPrompt, type Session } from './session.ts';

/** The shell and a few others, and two programs that mean ill. */
const initrd = () =>
  initrdWith(['init', 'sh', 'echo', 'ps', 'sleep', 'kill'], { hostile: hostile(), monkey: monkey() });

describe('a program that means ill', () => {
  let session: Session;
  beforeAll(async () => {
    session = await bootToPrompt({ initrd: initrd(), options: ['--rng'] });
  });

  it.each([
    ['0', 'the kernel as the source of a write', 'says -14'],
    ['1', 'a buffer that runs into the kernel', 'says -14'],
    ['2', 'its own code as the target of a read', 'says -14'],
    ['3', 'a path that nobody mapped', 'says -14'],
    ['4', 'a list of words in the kernel', 'says -14'],
    ['5', 'a system call that does not exist', 'says -38'],
    ['6', 'a heap that reaches into the stack', 'says -12'],
    ['7', 'a heap that wraps round', 'says -12'],
    ['8', 'a file it never opened', 'says -9'],
    ['9', 'a null data segment while it calls the kernel', 'says 1'],
    ['11', 'more words than a program can have', 'says -7'],
    ['12', 'a heap that grows into the kernel in two steps', 'says -12'],
    ['13', 'a path that has no end', 'says -14'],
    ['14', 'less than nothing to be read', 'says -22'],
    ['15', 'to read where it may only write', 'says -13'],
    ['16', 'to write where it may only read', 'says -13'],
    ['17', 'the number of a slot behind the last one', 'says -22'],
    ['18', 'the shell a group of its own', 'says -3'],
  ])('%s: offers %s, and is refused', async (number, _what, answer) => {
    expect(await session.run(`hostile ${number}`)).toBe(`${answer}\n`);
  });

  it.each([
    ['20', 'a hypercall', 'general protection fault'],
    ['21', 'cli', 'general protection fault'],
    ['22', 'hlt', 'general protection fault'],
    ['23', 'out', 'general protection fault'],
    ['24', 'mov cr3', 'general protection fault'],
    ['25', 'the vector of the clock', 'general protection fault'],
    ['26', 'a division by zero', 'division by zero'],
    ['27', 'an instruction that is none', 'invalid instruction'],
    ['28', 'int 3', 'breakpoint'],
    ['29', 'a jump into the kernel', 'segmentation fault at 0xc0100000'],
    ['30', 'a write to its own code', 'segmentation fault at 0x08048000'],
    ['31', 'a kernel selector', 'general protection fault'],
    ['32', 'a stack at address 0', 'segmentation fault at 0xfffffffc'],
    ['33', 'a read from the Switcher', 'segmentation fault at 0xffc00000'],
    ['34', 'recursion without end', 'segmentation fault at 0xbfefeffc'],
    ['35', 'a read of the registers of the console', 'segmentation fault at 0xff000000'],
    ['36', 'the first byte behind its heap', 'segmentation fault at 0x0804'],
  ])('%s: tries %s, and dies of it alone', async (number, _what, message) => {
    expect(await session.run(`hostile ${number}`)).toContain(`hostile: ${message}`);
    expect(await session.run('echo alive')).toBe('alive\n');
  });

  it('may have as many words as there are places for', async () => {
    expect(await session.run('hostile 10')).toBe(`${'w '.repeat(126)}w\n`);
  });

  it('cannot keep the processor by clearing the interrupt flag', async () => {
    const id = /\[(\d+)\]/.exec(await session.run('hostile 40 &'))?.[1];
    expect(await session.run('echo my turn')).toContain('my turn\n');
    expect(await session.run(`ps; kill ${id}`)).toMatch(/hostile\n/);
  });

  it('finds nothing among a thousand random system calls', async () => {
    for (const seed of [1, 2, 3]) {
      await session.run(`monkey ${seed} > /dev/null &`);
      expect(await session.run('sleep 2')).toContain('done\n');
      expect(await session.run('ps')).not.toContain('monkey');
    }
  });
});

/** What a program's file may claim, as words by their places in it; and where its first part is described. */
const PART = 52;
const LIES: [what: string, ...changes: [at: number, word: number][]][] = [
  ['is a library', [16, 0x30003]],
  ['is for another processor', [16, 0x3e0002]],
  ['describes its parts behind its end', [28, 0xffffffe0]],
  ['has more parts than it describes', [44, 0x20ffff]],
  ['has a part behind its end', [PART + 4, 0xfffffff0]],
  ['has a part that goes on behind its end', [PART + 16, 0x100000], [PART + 20, 0x100000]],
  ['has more of a part than there is to be', [PART + 20, 1]],
  ['wants to be where nothing may be', [PART + 8, 0]],
  ['wants to be in the kernel', [PART + 8, 0xc0100000]],
  ['wants to reach into the kernel', [PART + 20, 0xb8000000]],
];

describe('a file that lies', () => {
  let session: Session;
  beforeAll(async () => {
    const names = LIES.map((_, number) => `liar${number}`);
    const liar = "import { exit } from './library/calls.ts';\nexport function main(): void {\n  exit(0);\n}";
    const archive = initrdWith(['init', 'sh', 'free'], Object.fromEntries(names.map((name) => [name, liar])));
    const bytes = Buffer.from(archive.buffer);
    for (const [number, [, ...changes]] of LIES.entries()) {
      const file = (bytes.indexOf(`bin/${names[number]}\0`) + `bin/${names[number]}\0`.length + 3) & ~3;
      expect(bytes.readUInt32LE(file + 28)).toBe(PART);
      for (const [at, word] of changes) bytes.writeUInt32LE(word, file + at);
    }
    session = await bootToPrompt({ initrd: archive });
  });

  it.each(
    LIES.map(([what], number) => [what, number] as const),
  )('and %s is no program', async (_, number) => {
    expect(await session.run(`liar${number}`)).toBe(`sh: liar${number}: not a program\n`);
  });

  it('costs no memory', async () => {
    await session.run('free');
    const before = await session.run('free');
    for (const number of LIES.keys()) await session.run(`liar${number}`);
    expect(await session.run('free')).toBe(before);
  });
});

function hostile(): string {
  const asked: Record<string, string> = {
    0: '5, 1, 0xc0100000, 4',
    1: '5, 1, 0xbfffeff0, 8192',
    2: '4, random(), addressOf(main), 16',
    3: '6, 0x40000000, 1, 0',
    4: `2, addressOf('/bin/echo'), 0xc0000000, 0`,
    5: '99, 0, 0, 0',
    6: '12, 0xb7000000, 0, 0',
    7: '12, 0xf8000000, 0, 0',
    8: '5, 14, addressOf(main), 1',
    12: '12, grow(0x7f000000) === 0 ? 0 : 0x39000000, 0, 0',
    13: '6, pathOf(128), 1, 0',
    14: '4, random(), addressOf(list), 0x80000000',
    15: `4, open(addressOf('/dev/null'), 2) as u32, addressOf(list), 4`,
    16: `5, open(addressOf('/dev/null'), 1) as u32, addressOf(list), 4`,
    17: '16, 64, addressOf(list), 0',
    18: '19, 2, 0, 0',
  };
  const tried: Record<string, string> = {
    20: 'mov eax, 2\nint 0x1f',
    21: 'cli',
    22: 'hlt',
    23: 'mov eax, 1\nmov edx, 0xcf8\nout dx, eax',
    24: 'mov cr3, eax',
    25: 'int 0x20',
    26: 'xor ecx, ecx\nmov eax, 1\ncdq\ndiv ecx',
    27: 'ud2',
    28: 'int 3',
    29: 'mov eax, 0xc0100000\njmp eax',
    30: 'mov dword [0x08048000], 0',
    31: 'mov eax, 0x69\nmov ds, ax',
    32: 'xor esp, esp\npush eax',
    33: 'mov eax, [0xffc00000]',
    34: 'again: push eax\njmp again',
    35: 'mov eax, [0xff000000]',
    36: 'mov eax, 12\nxor ebx, ebx\nint 0x80\nmov dword [eax], 1',
    40: 'push dword 0\npopfd\nforever: jmp forever',
  };
  return `
import type { i32, u32 } from '../language.ts';
import { addressOf, array, asm } from '../language.ts';
import { exec, exit, grow, open } from './library/calls.ts';
import { print, printNumber } from './library/output.ts';
import { parseNumber } from './library/strings.ts';
const list = array<u32>(130);
function execute(words: u32): i32 {
  for (let i: u32 = 0; i < words; i++) list[i] = addressOf('w');
  list[words] = 0;
  return exec(addressOf('/bin/echo'), list);
}
function random(): u32 { return open(addressOf('/dev/random'), 1) as u32; }
function pathOf(length: u32): u32 {
  for (let i: u32 = 0; i < length; i += 4) list[i / 4] = 0x78787878;
  return addressOf(list);
}
function say(answer: i32): void {
  print('says ');
  if (answer < 0) print('-');
  printNumber((answer < 0 ? -answer : answer) as u32);
  print('\\n');
  exit(0);
}
function call(number: u32, first: u32, second: u32, third: u32): i32 {
  return asm\`
    mov eax, \${number}
    mov ebx, \${first}
    mov ecx, \${second}
    mov edx, \${third}
    int 0x80
  \` as i32;
}
function withoutSegments(): i32 {
  return asm\`
    push ds
    push es
    xor eax, eax
    mov ds, ax
    mov es, ax
    mov fs, ax
    mov eax, 11
    int 0x80
    pop es
    pop ds
    sub eax, 1
    sar eax, 31
    inc eax
  \` as i32;
}
export function main(_count: u32, words: u32[]): void {
  switch (parseNumber(words[1])) {
    ${Object.entries(asked)
      .map(([number, words]) => `case ${number}: say(call(${words})); break;`)
      .join('\n')}
    case 9: say(withoutSegments()); break;
    case 10: say(execute(128)); break;
    case 11: say(execute(129)); break;
    ${Object.entries(tried)
      .map(([number, code]) => `case ${number}: asm\`\n${code}\n\`; break;`)
      .join('\n')}
  }
  exit(0);
}`;
}

/** A thousand calls with arguments that somebody once got wrong. Not among them: what may rightly end it, or keep it waiting. */
function monkey(): string {
  return `
import type { i32, u32 } from '../language.ts';
import { addressOf, asm, array } from '../language.ts';
import { exit } from './library/calls.ts';
import { parseNumber } from './library/strings.ts';
const odd = array<u32>(16);
let state: u32 = 0;
function dice(sides: u32): u32 {
  state = state * 1664525 + 1013904223;
  return (state >>> 8) % sides;
}
function argument(): u32 {
  const choice: u32 = dice(20);
  return choice < 16 ? odd[choice] : dice(0x1000000) * 256;
}
function call(number: u32, first: u32, second: u32, third: u32): i32 {
  return asm\`
    mov eax, \${number}
    mov ebx, \${first}
    mov ecx, \${second}
    mov edx, \${third}
    int 0x80
  \` as i32;
}
function ends(number: u32): boolean {
  switch (number) {
    case 0: case 1: case 2: case 9: case 10: case 12: case 13: case 18: case 19: case 20: return true;
    default: return false;
  }
}
export function main(_count: u32, words: u32[]): void {
  state = parseNumber(words[1]) as u32;
  odd[0] = 0; odd[1] = 1; odd[2] = 5; odd[3] = 3; odd[4] = 15; odd[5] = 16;
  odd[6] = 0xffffffff; odd[7] = 0x80000000; odd[8] = 0x7fffffff; odd[9] = 0xc0000000;
  odd[10] = 0xbffffffc; odd[11] = addressOf(odd); odd[12] = addressOf('/dev/random');
  odd[13] = addressOf('/bin'); odd[14] = addressOf(main); odd[15] = 4096;
  for (let i: u32 = 0; i < 1000; i++) {
    let number: u32 = dice(24);
    while (ends(number)) number = dice(24);
    call(number, argument(), argument(), argument());
  }
  exit(0);
}`;
}
