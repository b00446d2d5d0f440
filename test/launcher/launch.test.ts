import { describe, expect, it } from 'vitest';
import { type LaunchOptions, parseCommandLine } from '../../chapters/4-launcher/command-line.ts';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import { launch } from '../../chapters/4-launcher/launch.ts';
import { LauncherError, type Outside } from '../../chapters/4-launcher/outside.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { HOST_BYTES } from '../../chapters/5-host/frames.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';
import { bootKernel } from './boot-kernel.ts';
import { program } from './guest-program.ts';

const print = (text: string) =>
  [...text].map((letter) => `mov al, ${letter.charCodeAt(0)}\n call print`).join('\n');

describe('A launch', () => {
  it('ends with 0 and without a word when the Guest switches itself off', async () => {
    expect(await bootKernel(program(''))).toMatchObject({
      code: 0,
      reason: 'CRASH: Power down',
      said: '',
      warnings: [],
    });
  });

  it('shows what the Guest prints through the keyhole', async () => {
    expect(await bootKernel(program(print('Hello')))).toMatchObject({ code: 0, said: 'Hello' });
  });

  it('tells a panic from a power-off', async () => {
    const kernel = program(
      'mov ebx, message\n mov ecx, 1\n mov eax, 2\n int 0x1f\nmessage: db "no init found", 0\n resb 128\n',
    );
    expect(await bootKernel(kernel)).toMatchObject({ code: 1, warnings: ['lguest: CRASH: no init found'] });
  });

  it('keeps what a dying Guest says to our terminal harmless', async () => {
    const kernel = program(
      'mov ebx, message\n mov ecx, 1\n mov eax, 2\n int 0x1f\nmessage: db 27, "[2J", 10, "x", 0xe2, 0x80, 0xae, "y", 0xe2, 0x80, 0xa8, 0\n resb 128\n',
    );
    expect((await bootKernel(kernel)).warnings).toEqual(['lguest: CRASH:  [2J x y']);
  });

  it('starts again from scratch when the Guest asks for it', async () => {
    const kernel = program(`${print('!')}
      cmp dword [0x300000], 0
      jne power_off
      mov dword [0x300000], 1
      jmp restart`);
    const abort = new AbortController();
    const result = await bootKernel(kernel, {
      signal: abort.signal,
      onOutput(said) {
        if (said === '!!!') abort.abort(); // its memory was zero again, so it would go on for ever
      },
    });
    expect(result).toMatchObject({ code: 1, reason: 'left alone', said: '!!!' });
  });

  it('is interrupted by whoever has had enough, though the Guest does nothing but start again', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(await bootKernel(program('jmp restart'), { signal: abort.signal })).toMatchObject({
      code: 1,
      reason: 'left alone',
    });
  });

  it('says ten times that a Guest does something stupid, and not ten times in each of its lives', async () => {
    const kernel = program(`
      mov ebx, 13
      mov ecx, (0x61 << 16) | (gp & 0xffff)
      mov edx, (gp & 0xffff0000) | 0x8e00
      mov eax, 6
      int 0x1f
      mov esi, 7
      mov edx, 0xcfc
    more:
      out dx, al
      dec esi
      jnz more
      ${print('!')}
      jmp restart
    gp:
      add esp, 4
      inc dword [esp]
      iret`);
    const abort = new AbortController();
    const { warnings } = await bootKernel(kernel, {
      signal: abort.signal,
      onOutput(said) {
        if (said === '!!!') abort.abort();
      },
    });
    expect(warnings.length).toBe(11);
    expect(warnings.at(-1)).toBe('lantern: the Guest goes on like that, and we stop mentioning it');
  });

  it('keeps the place of a Guest that starts again, though its neighbour does nothing else', async () => {
    const machine = createMachine({ ramBytes: HOST_BYTES + (10 << 20) });
    const world = createDeterministicWorld(machine);
    const host = createHost(machine, world);
    const abort = new AbortController();
    let lives = 0;
    const live = async (megabytes: number, kernel: Uint8Array) => {
      const options = parseCommandLine([String(megabytes), 'k']) as LaunchOptions;
      const { reason } = await launch(options, host, world, outside(kernel), abort.signal);
      abort.abort(); // no one is to end before the others
      return reason;
    };
    const outside = (kernel: Uint8Array): Outside => ({
      readFile: () => kernel,
      openDisk: () => {
        throw new LauncherError('no disk');
      },
      input: new InputQueue(),
      output() {
        if (++lives === 30) abort.abort();
      },
      outputDrained: () => undefined,
      warn() {},
    });
    const ends = await Promise.all([
      live(4, program(`mov ecx, 1000000\n work: dec ecx\n jnz work\n ${print('!')}\n jmp restart`)),
      live(4, program('again: jmp again')),
      live(2, program('mov ecx, 130000\n wait: dec ecx\n jnz wait\n jmp restart')),
    ]);
    expect(ends).toEqual(['left alone', 'left alone', 'left alone']);
  });

  it('does not run a Guest while there is anybody to wait for', async () => {
    let waits = 0;
    let said = '';
    const next = () => (waits < 200 ? Promise.resolve().then(() => void waits++) : undefined);
    const kernel = program(`${print('!')}\n jmp power_off`);
    await bootKernel(kernel, {
      outputDrained: () => (said === '' ? next() : undefined),
      onOutput(all) {
        said = all;
        expect(waits).toBe(200);
      },
    });
    expect(said).toBe('!');
  });

  it('gives the kernel its arguments, behind how often a Linux may count to nothing', async () => {
    const kernel = program(`
      mov esi, [0x228]
next: lodsb
      test al, al
      jz power_off
      call print
      jmp next`);
    const said = await bootKernel(kernel, { arguments: ['4', 'k', 'root=/dev/vda', 'ro'] });
    expect(said).toMatchObject({ code: 0, said: 'lpj=1000000 root=/dev/vda ro' });
  });

  it('leaves the initrd where the zero page says', async () => {
    const kernel = program('mov esi, [0x218]\n mov al, [esi]\n call print\n mov al, [esi + 1]\n call print');
    const files = { i: new TextEncoder().encode('ok') };
    expect(await bootKernel(kernel, { files, arguments: ['--initrd=i', '4', 'k'] })).toMatchObject({
      said: 'ok',
    });
  });

  it.each([
    ['switched off', '', []],
    ['dead', 'mov byte [0x500014], 4', []],
    ['born with a device too few', '', ['--block=nothing']],
    ['left without its initrd', '', ['--initrd=nothing']],
  ])('closes the disk and pulls the cable of a Guest that is %s', async (_, body, words) => {
    const closed: string[] = [];
    await bootKernel(program(body), {
      arguments: ['--block=d', '--net', ...words, '4', 'k'],
      openDisk(name) {
        if (name === 'nothing') throw new LauncherError('no such disk');
        const close = () => closed.push('disk');
        return { size: 512, readOnly: true, read: () => 0, write: () => 0, sync() {}, close };
      },
      async openLink() {
        const close = () => closed.push('cable');
        return { send() {}, busy: false, receive: () => undefined, onArrival() {}, close };
      },
    });
    expect(closed).toEqual(['disk', 'cable']);
  });

  it('does the same thing twice, to the instruction', async () => {
    const first = await bootKernel(program(print('again')));
    const second = await bootKernel(program(print('again')));
    expect(second).toEqual(first);
  });

  it.each([
    [['4', 'nothing'], 'lantern: cannot read nothing: no such file or directory'],
    [['4', 'text'], 'lantern: text is neither an ELF kernel nor a bzImage'],
    [['--initrd=nothing', '4', 'k'], 'lantern: cannot read nothing: no such file or directory'],
    [['--block=nothing', '4', 'k'], 'lantern: cannot open the disk image nothing: no such file or directory'],
    [['1', 'k'], 'lantern: k wants 0x00100000 to 0x00100'],
    [
      ['1024', 'k'],
      'lantern: cannot map 1073741824 bytes for a Guest: the machine has 8 MiB for all of them',
    ],
  ])('%j is one line and code 1', async (words, line) => {
    const files = { text: new TextEncoder().encode('hello') };
    const { code, warnings } = await bootKernel(program(''), { files, arguments: words });
    expect(code).toBe(1);
    expect(warnings).toEqual([expect.stringContaining(line)]);
  });
});

describe('A Guest under way', () => {
  it('reads registers of a device by every kind of move', async () => {
    const kernel = program(`
      mov edx, 0x500000
      movzx eax, word [edx + 0x12]
      add al, '0'
      call print
      mov ecx, 0xffffffff
      mov cx, [edx + 0x12]
      cmp ecx, 0xffff0002
      jne power_off
      mov ah, [0x500015]
      mov esi, 0x12
      mov bx, [edx + esi]
      add bl, '0'
      mov al, bl
      call print
      mov byte [edx + 0x14], 1
      mov al, [0x500014]
      add al, '0'
      call print
      mov eax, '!'
      mov [0x500044], eax`);
    expect(await bootKernel(kernel)).toMatchObject({ code: 0, said: '221!' });
  });

  it('finds all ones where no device answers, and nobody minds what it writes there', async () => {
    const kernel = program(`
      in al, 0x21
      cmp al, 0xff
      jne power_off
      mov eax, 0x12345678
      mov dx, 0x3f8
      in ax, dx
      cmp eax, 0x1234ffff
      jne power_off
      out dx, al
      in al, 0x64
      cmp al, 1
      jne power_off
      in al, 0x42
      cmp al, 0
      jne power_off
      cli
      ${print('fine')}`);
    expect(await bootKernel(kernel)).toMatchObject({ code: 0, said: 'fine' });
  });

  it('reads 0 from CR4, and from CR0 what SMSW says, into any register, before it has handlers', async () => {
    const kernel = program(`
      mov eax, 1
      mov ebx, 2
      mov esi, 3
      mov eax, cr4
      mov esi, cr4
      or eax, esi
      jnz power_off
      cmp ebx, 2
      jne power_off
      mov eax, cr0
      mov esi, cr0
      smsw ebx
      cmp eax, ebx
      jne power_off
      cmp esi, ebx
      jne power_off
      ${print('fine')}`);
    expect(await bootKernel(kernel)).toMatchObject({ code: 0, said: 'fine' });
  });

  it('is left between two instructions when nobody cares any longer, even if it loops for ever', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(await bootKernel(program('jmp $'), { signal: abort.signal })).toMatchObject({
      code: 1,
      reason: 'left alone',
    });
  });

  it('is left while it bothers a device for ever', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(
      await bootKernel(program('again: in al, 0x64\n jmp again'), { signal: abort.signal }),
    ).toMatchObject({
      reason: 'left alone',
    });
  });
});

describe('A Guest that does wrong', () => {
  it('dies of a bad driver, in one line', async () => {
    const { code, warnings } = await bootKernel(program('mov byte [0x500014], 4'));
    expect(code).toBe(1);
    expect(warnings).toEqual(['lantern: console: bad driver: status went from 0x0 to 0x4, but 0x1 is next']);
  });

  it('gets its trap back where no device is, and dies of having no handler', async () => {
    const { code, warnings } = await bootKernel(program('there: mov eax, [0x400000]'));
    expect(code).toBe(1);
    expect(warnings).toEqual([
      'lantern: the Guest touched 0x00400000, where no device is',
      expect.stringMatching(
        /^lantern: reinjecting trap 14 at 0x001000[0-9a-f]{2}: the Guest has no handler for it$/,
      ),
    ]);
  });

  it('is told which instruction was too clever', async () => {
    const { warnings } = await bootKernel(program('add [0x500014], eax'));
    expect(warnings[0]).toContain(
      'lantern: the Guest touched 0x00500014 with an instruction too clever for us: 01 05 14 00 50 00',
    );
  });

  it('gets trap 13 for a privileged instruction that is not for us', async () => {
    expect((await bootKernel(program('hlt'))).warnings[0]).toMatch(/^lantern: reinjecting trap 13 at/);
  });

  it('is heard only so often', async () => {
    // a handler for trap 13 that steps over the refused out (1 byte) and goes on
    const kernel = program(`
      mov ebx, 13
      mov ecx, handler
      and ecx, 0xffff
      or ecx, 0x600000
      mov edx, handler
      and edx, 0xffff0000
      or edx, 0xef00
      mov eax, 6
      int 0x1f
      mov dx, 0xcf8
      mov eax, 0x80000000
      out dx, eax
      mov dx, 0xcfc
      mov ecx, 100
again:
      out dx, eax
      loop again
      jmp power_off
handler:
      add esp, 4
      inc dword [esp]
      iret`);
    const { code, warnings } = await bootKernel(kernel);
    expect(code).toBe(0);
    expect(warnings.length).toBe(11);
    expect(warnings[0]).toBe(
      'lantern: the Guest wrote 0x80000000 to port 0xcfc (4 bytes), where no PCI register takes it',
    );
  });
});
