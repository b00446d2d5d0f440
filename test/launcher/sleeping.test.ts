import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { InputQueue } from '../../chapters/4-launcher/input-queue.ts';
import type { Frame, Link } from '../../chapters/4-launcher/link.ts';
import { bootKernel } from './boot-kernel.ts';
import { program } from './guest-program.ts';

const encode = (text: string) => new TextEncoder().encode(text);

/** Puts one buffer for reading on the first queue of the device with registers at `base`, and sleeps until it comes back. */
const sleepForBuffer = (base: number) => `
      ; a queue of one buffer, at 0x200000
      mov edx, ${base}
      mov byte [edx + 0x14], 1
      mov byte [edx + 0x14], 3
      mov dword [edx + 8], 1
      mov eax, 1
      mov [edx + 0x0c], eax
      mov byte [edx + 0x14], 11
      mov al, [edx + 0x14]
      mov eax, 0x200000
      mov [edx + 0x20], eax
      mov eax, 0x201000
      mov [edx + 0x28], eax
      mov eax, 0x202000
      mov [edx + 0x30], eax
      mov word [edx + 0x1c], 1
      mov byte [edx + 0x14], 15
      mov dword [0x200000], 0x203000
      mov dword [0x200008], 1526
      mov dword [0x20000c], 2
      mov word [0x201002], 1
      mov word [edx + 0x38], 0
      ; sleep until it comes back
again:
      mov eax, 10
      int 0x1f
      cmp word [0x202002], 1
      jne again
      mov ecx, [0x202008]
      mov esi, 0x203000
`;

const SHOW = `
show: lodsb
      call print
      loop show`;

/** Sleeps until an alarm `milliseconds` from now. */
const sleepFor = (milliseconds: number) => `
      mov ebx, ${milliseconds * 1e6}
      mov eax, 9
      int 0x1f
      mov eax, 10
      int 0x1f`;

describe('A Guest that sleeps', () => {
  it('is woken by what is typed', async () => {
    const input = new InputQueue();
    const kernel = program(sleepForBuffer(0x500000) + SHOW);
    setTimeout(() => input.push(encode('typed')), 50);
    expect(await bootKernel(kernel, { input })).toMatchObject({ code: 0, said: 'typed' });
  });

  it('is woken by a frame', async () => {
    const frames: Frame[] = [{ bytes: encode('fourteen bytes') }];
    let expected = false;
    const link: Link = {
      send() {},
      busy: false,
      receive: () => (expected ? frames.shift() : undefined),
      set onArrival(ring: () => void) {
        expected = true;
        setImmediate(ring);
      },
      close() {},
    };
    const kernel = program(`${sleepForBuffer(0x500080)} add esi, 12\n sub ecx, 12\n ${SHOW}`);
    const run = await bootKernel(kernel, { arguments: ['--net', '4', 'k'], openLink: async () => link });
    expect(run).toMatchObject({ code: 0, said: 'fourteen bytes' });
  });

  it('is left when nobody cares any longer', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    expect(await bootKernel(program('mov eax, 10\n int 0x1f'), { signal: abort.signal })).toMatchObject({
      reason: 'left alone',
    });
  });

  it('leaves nobody behind who waits for that, however often it slept', async () => {
    const { signal } = new AbortController();
    expect(await bootKernel(program(sleepFor(1).repeat(20)), { signal })).toMatchObject({ code: 0 });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('owes nobody the time it slept', async () => {
    const short = await bootKernel(program(sleepFor(1)));
    const long = await bootKernel(program(sleepFor(1000)));
    expect(long.letGo).toBe(short.letGo);
  });
});
