import { expect, it } from 'vitest';
import {
  LHCALL_LOAD_GDT_ENTRY,
  LHCALL_LOAD_IDT_ENTRY,
  LHCALL_NEW_PGTABLE,
  LHCALL_SET_STACK,
} from '../../chapters/1-preparation/abi.ts';
import { bootKernel } from '../../test/launcher/boot-kernel.ts';
import { program } from '../../test/launcher/guest-program.ts';

/** A kernel's way to shout `text`, byte by byte. */
const shout = (text: string) =>
  [...text].map((character) => `  mov al, ${character.charCodeAt(0)}\n  out 0xe9, al\n`).join('');

/** Goes on at `user` in ring 3, and back in ring 1 at `caught`, on the first general protection fault. */
const LEAVE_RING_1 = `
  mov edi, 0x201000
  mov eax, 7
  mov ecx, 1024
map:
  mov [edi], eax
  add edi, 4
  add eax, 0x1000
  loop map
  mov dword [0x200000], 0x201007
  mov ebx, 0x200000
  mov eax, ${LHCALL_NEW_PGTABLE}
  int 0x1f
  mov ebx, 13
  mov ecx, (0x61 << 16) | (caught & 0xffff)
  mov edx, (caught & 0xffff0000) | 0x8e00
  mov eax, ${LHCALL_LOAD_IDT_ENTRY}
  int 0x1f
  mov ebx, 14
  mov ecx, 0x0000ffff
  mov edx, 0x00cffb00
  mov eax, ${LHCALL_LOAD_GDT_ENTRY}
  int 0x1f
  mov ebx, 15
  mov ecx, 0x0000ffff
  mov edx, 0x00cff300
  mov eax, ${LHCALL_LOAD_GDT_ENTRY}
  int 0x1f
  mov ebx, 0x69
  mov ecx, 0x70000
  mov edx, 1
  mov eax, ${LHCALL_SET_STACK}
  int 0x1f
  push 0x7b
  push 0x60000
  push 0x202
  push 0x73
  push user
  iret
`;

const heard = async (source: string) => (await bootKernel(program(source))).warnings;

it('what a Guest writes to port 0xe9 is said, a line at a time', async () => {
  const lines = await heard(shout('I am awake.\nWho is there?\n'));
  expect(lines, 'nobody hears what the Guest writes to port 0xe9').toEqual([
    'guest: I am awake.',
    'guest: Who is there?',
  ]);
});

it('the port can be reached by dx as well', async () => {
  const lines = await heard("  mov dx, 0xe9\n  mov al, '!'\n  out dx, al\n  mov al, 10\n  out dx, al\n");
  expect(lines, 'nobody hears `out dx, al` with 0xe9 in dx').toEqual(['guest: !']);
});

it('whoever reads the port gets 0xe9, and knows that somebody listens', async () => {
  const lines = await heard(`
    in al, 0xe9
    cmp al, 0xe9
    jne power_off
    ${shout('somebody listens\n')}`);
  expect(lines, 'reading port 0xe9 does not give 0xe9').toEqual(['guest: somebody listens']);
});

it('the last half line of a Guest that dies comes before what the Launcher says of its death', async () => {
  const lines = await heard(`${shout('I feel dizz')}  mov byte [0x500014], 4\n`);
  expect(lines, 'the last words of the Guest are lost').toEqual([
    'guest: I feel dizz',
    expect.stringContaining('bad driver'),
  ]);
});

it('so do the last words of a Guest that switches itself off', async () => {
  expect(await heard(shout('bye')), 'the last words of the Guest are lost').toEqual(['guest: bye']);
});

it('a line is cut after 120 characters, for a Guest that never ends one', async () => {
  const lines = await heard(`  mov ecx, 250\n  mov al, 'x'\nagain:\n  out 0xe9, al\n  loop again\n`);
  expect(lines, 'a Guest that never ends its line fills our memory with it').toEqual([
    `guest: ${'x'.repeat(120)}`,
    `guest: ${'x'.repeat(120)}`,
    `guest: ${'x'.repeat(10)}`,
  ]);
});

it('and the newline behind 120 characters ends an empty line', async () => {
  const lines = await heard(shout(`${'y'.repeat(120)}\n`));
  expect(lines, 'a newline was swallowed').toEqual([`guest: ${'y'.repeat(120)}`, 'guest: ']);
});

it('two or four bytes at once fall on brick', async () => {
  const lines = await heard(`  mov eax, 0x21212121\n  out 0xe9, ax\n  out 0xe9, eax\n${shout('ok\n')}`);
  expect(lines, 'what was not written a byte at a time was heard').toEqual(['guest: ok']);
});

it('what is no printable character becomes a question mark', async () => {
  const lines = await heard(shout('\x1b[2Jboo\x07\x00\x7f\xff\n'));
  expect(lines, 'the Guest can paint on our terminal').toEqual(['guest: ?[2Jboo????']);
});

it('only its kernel is heard, and not every program that it runs', async () => {
  const lines = await heard(`
    ${LEAVE_RING_1}
user:
    mov al, '!'
    out 0xe9, al
    mov al, 10
    out 0xe9, al
caught:
    ${shout('a program tried to shout\n')}`);
  expect(lines, 'a program in ring 3 is heard like the kernel').toEqual(['guest: a program tried to shout']);
});

it('each Guest has a line of its own', async () => {
  const inTwo = (half: string, other: string) =>
    heard(`${shout(half)}  mov ecx, 3000000\n${half}:\n  dec ecx\n  jnz ${half}\n${shout(other)}`);
  const lines = await Promise.all([inTwo('left', 'over\n'), inTwo('right', 'away\n')]);
  expect(lines, 'two Guests at once write into one line').toEqual([
    ['guest: leftover'],
    ['guest: rightaway'],
  ]);
});

it('all other ports are as silent as ever', async () => {
  const { warnings, said } = await bootKernel(program("  mov al, 'x'\n  out 0xe8, al\n  out 0x80, al\n"));
  expect(warnings).toEqual([]);
  expect(said).toBe('');
});
