import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel } from '../../chapters/4-launcher/kernel.ts';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { loadInitrd, writeZeroPage } from '../../chapters/4-launcher/zero-page.ts';
import { gunzip } from '../../src/terminal/files.ts';
import { bzImage, carrying } from './bzimage-file.ts';
import { elfFile } from './elf-file.ts';
import { guestMemory } from './guest-memory.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const good = () => elfFile({ entry: 0x100004, segments: [{ physical: 0x100000, bytes: bytes(1, 2, 3, 4) }] });

describe('The ELF loader', () => {
  it('puts every segment at its physical address and says where the kernel begins and ends', () => {
    const memory = guestMemory(2);
    const file = elfFile({
      entry: 0x100002,
      segments: [
        { virtual: 0xc0100000, physical: 0x100000, bytes: bytes(1, 2, 3) },
        { virtual: 0xc0102000, physical: 0x102000, bytes: bytes(9), memorySize: 0x3000 },
      ],
    });
    expect(loadKernel(memory, 'k', file)).toEqual({ entry: 0x100002, end: 0x105000 });
    expect([...memory.read(0x100000, 4)]).toEqual([1, 2, 3, 0]);
    expect([...memory.read(0x102000, 2)]).toEqual([9, 0]);
  });

  it('lets a kernel begin right behind the boot parameters', () => {
    const file = elfFile({ segments: [{ physical: 0x1800, bytes: bytes(7) }] });
    expect(loadKernel(guestMemory(), 'k', file).end).toBe(0x1801);
  });

  it.each<[string, (view: DataView, file: Uint8Array) => Uint8Array | undefined, string]>([
    ['a 64-bit one', (view) => void view.setUint8(4, 2), 'k: malformed ELF header: not a 32-bit file'],
    ['a big-endian one', (view) => void view.setUint8(5, 2), 'k: malformed ELF header: not little-endian'],
    [
      'a shared object',
      (view) => void view.setUint16(16, 3, true),
      'k: malformed ELF header: not an executable',
    ],
    [
      'one for an ARM',
      (view) => void view.setUint16(18, 40, true),
      'k: malformed ELF header: not for an i386',
    ],
    [
      'odd program headers',
      (view) => void view.setUint16(42, 56, true),
      'k: malformed ELF header: program headers of 56 bytes, not 32',
    ],
    [
      'no program headers',
      (view) => void view.setUint16(44, 0, true),
      'k: malformed ELF header: 0 program headers, not 1 to 2048',
    ],
    [
      'too many of them',
      (view) => void view.setUint16(44, 2049, true),
      'k: malformed ELF header: 2049 program headers, not 1 to 2048',
    ],
    [
      'program headers outside of the file',
      (view) => void view.setUint32(28, 0xfffffff0, true),
      'k: malformed ELF header: the program headers lie beyond the end of the file',
    ],
    [
      'a segment outside of the file',
      (view) => void view.setUint32(52 + 4, 0xffffffff, true),
      'k: malformed ELF header: a segment ends at byte 4294967299 of a file of 88',
    ],
    [
      'a segment that shrinks',
      (view) => void view.setUint32(52 + 20, 3, true),
      'k: malformed ELF header: a segment of 4 bytes is to fit in 3 of memory',
    ],
    [
      'nothing to load',
      (view) => void view.setUint32(52, 4, true),
      'k: malformed ELF header: nothing to load',
    ],
    [
      'half a header',
      (_view, file) => file.subarray(0, 20),
      'k: malformed ELF header: 20 bytes are all there is',
    ],
    [
      'a segment beyond the memory',
      (view) => void view.setUint32(52 + 20, 0x100000, true),
      "k wants 0x00100000 to 0x00200000, but the Guest's memory ends at 0x00180000",
    ],
    [
      'a segment at the end of the address space',
      (view) => void view.setUint32(52 + 12, 0xfffffffe, true),
      "k wants 0xfffffffe to 0x100000002, but the Guest's memory ends at 0x00180000",
    ],
    [
      'a segment on top of the boot parameters',
      (view) => void view.setUint32(52 + 12, 0x800, true),
      'k wants 0x00000800 to 0x00000804, but the boot parameters are below 0x00001800',
    ],
  ])('refuses %s', (_, spoil, message) => {
    const file = good();
    const spoiled = spoil(new DataView(file.buffer), file) ?? file;
    expect(() => loadKernel(guestMemory(1.5), 'k', spoiled)).toThrow(new LauncherError(message));
  });

  it.each([
    ['text', new TextEncoder().encode('#!/bin/sh\n')],
    ['nothing at all', new Uint8Array(0)],
    ['a boot sector', new Uint8Array(512)],
  ])('refuses %s, which is no kernel', (_, file) => {
    expect(() => loadKernel(guestMemory(), 'k', file)).toThrow('k is neither an ELF kernel nor a bzImage');
  });

  it('survives any damage to a file: it loads or is refused, inside the memory', () => {
    const memory = guestMemory(2);
    const damage = fc.array(fc.tuple(fc.nat(87), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(88), (spots, length) => {
        const file = good();
        for (const [at, value] of spots) file[at] = value;
        try {
          loadKernel(memory, 'k', length === 0 ? file : file.subarray(0, Math.max(length, 52)));
        } catch (error) {
          expect(error).toBeInstanceOf(LauncherError);
          expect((error as Error).message).not.toContain('\n');
        }
      }),
      { seed: 2, numRuns: 2000 },
    );
  });
});

describe('The bzImage loader', () => {
  it('skips the setup sectors, loads at 1 MiB and starts at code32_start', () => {
    const memory = guestMemory(2);
    const kernel = loadKernel(memory, 'k', bzImage(bytes(0xaa, 0xbb)));
    expect(kernel).toMatchObject({ entry: 0x100000, end: 0x100002 });
    expect([...memory.read(0x100000, 3)]).toEqual([0xaa, 0xbb, 0]);
  });

  it('hands its setup header on to the zero page, init_size and all', () => {
    const memory = guestMemory(2);
    writeZeroPage(memory, loadKernel(memory, 'k', bzImage(bytes(1))), '');
    expect(memory.read32(0x260)).toBe(0x00abcdef);
    expect(memory.read16(0x206)).toBe(0x0207);
  });

  it('hands on nothing behind the setup header, however long that says it is', () => {
    const memory = guestMemory(2);
    const file = bzImage(bytes(1)).fill(7, 0x268, 0x400);
    file[0x201] = 0xff;
    writeZeroPage(memory, loadKernel(memory, 'k', file), '');
    expect(memory.read(0x268, 0x68)).toEqual(new Uint8Array(0x68));
  });

  it('counts no setup sectors as four, as the boot protocol says', () => {
    const memory = guestMemory(2);
    const file = bzImage(new Uint8Array(3 * 512).fill(7));
    file[0x1f1] = 0;
    expect(loadKernel(memory, 'k', file).end).toBe(0x100000 + 512);
  });

  it('refuses one that ends before its kernel', () => {
    const file = bzImage(bytes());
    expect(() => loadKernel(guestMemory(2), 'k', file)).toThrow('k: a bzImage that ends with its setup code');
  });

  it('says so if the end of the file is missing', () => {
    const file = bzImage(new Uint8Array(64));
    const view = new DataView(file.buffer);
    view.setUint16(0x206, 0x20d, true);
    view.setUint32(0x260, 0x1000, true);
    view.setUint32(0x1f4, 4, true);
    expect(loadKernel(guestMemory(2), 'k', file).end).toBe(0x100040);
    view.setUint32(0x1f4, 0x10004, true);
    expect(() => loadKernel(guestMemory(2), 'k', file)).toThrow(
      'k: a bzImage with 1048640 bytes of kernel, of which 64 are there',
    );
  });

  it('says so if there is no room to unpack it in', () => {
    const file = bzImage(new Uint8Array(64));
    const view = new DataView(file.buffer);
    view.setUint16(0x206, 0x20a, true);
    view.setUint32(0x258, 0x100000, true);
    view.setUint32(0x260, 0x100000, true);
    expect(loadKernel(guestMemory(2), 'k', file)).toMatchObject({ entry: 0x100000, end: 0x200000 });
    view.setUint32(0x260, 0x100001, true);
    expect(() => loadKernel(guestMemory(2), 'k', file)).toThrow(
      "k unpacks itself into 0x00100000 to 0x00200001, but the Guest's memory ends at 0x00200000",
    );
  });
});

describe('A kernel that gzip has packed', () => {
  const packed = (file: Uint8Array) => carrying(gzipSync(file));

  it('is taken out of its bzImage and loaded as what it is', () => {
    const memory = guestMemory(2);
    const kernel = loadKernel(memory, 'k', packed(good()), gunzip);
    expect(kernel).toEqual({ entry: 0x100004, end: 0x100004 });
    expect(memory.read(0x100000, 8)).toEqual(bytes(1, 2, 3, 4, 0, 0, 0, 0));
  });

  it.each([
    ['nobody there can unpack it', packed(good()), undefined],
    ['it is no ELF file', packed(bytes(1, 2, 3)), gunzip],
    ['something else has packed it', carrying(bytes(0xfd, 0x37, 0x7a, 0x58)), gunzip],
    [
      'its place is outside the file',
      (() => {
        const file = packed(good());
        new DataView(file.buffer).setUint32(0x248, 0xfffffff0, true);
        return file;
      })(),
      gunzip,
    ],
    [
      'the header is too old to say where it is',
      (() => {
        const file = packed(good());
        new DataView(file.buffer).setUint16(0x206, 0x207, true);
        return file;
      })(),
      gunzip,
    ],
  ])('is left to its own unpacker if %s', (_, file, unpacks) => {
    const memory = guestMemory(2);
    expect(loadKernel(memory, 'k', file, unpacks).entry).toBe(0x100000);
    expect(memory.read(0x100000, 2)).toEqual(bytes(0xaa, 0xbb));
  });

  it('is refused in one line if it is damaged', () => {
    const whole = gzipSync(good());
    const spoiled = whole.map((byte, at) => (at === whole.length - 8 ? byte ^ 1 : byte));
    const load = (payload: Uint8Array) => () => loadKernel(guestMemory(2), 'k', carrying(payload), gunzip);
    expect(load(spoiled)).toThrow(new LauncherError('cannot unpack k: incorrect data check'));
    expect(load(whole.subarray(0, -9))).toThrow(new LauncherError('cannot unpack k: unexpected end of file'));
  });

  it('is refused if there is more of it than the Guest has memory', () => {
    const load = () => loadKernel(guestMemory(2), 'k', packed(new Uint8Array((2 << 20) + 1)), gunzip);
    expect(load).toThrow(new LauncherError('cannot unpack k: there are more than 2097152 bytes in it'));
  });
});

describe('The zero page', () => {
  it('has the fields a kernel looks for, and nothing else', () => {
    const memory = guestMemory(2);
    writeZeroPage(memory, { entry: 0x100000, end: 0x100000 }, 'run=primes x');
    const expected: Record<number, number> = {
      488: 1, // one entry of e820
      518: 0x07,
      519: 0x02,
      529: 0x40, // KEEP_SEGMENTS
      553: 0x10, // the command line is at 0x1000
      563: 0x01, // aligned to 16 MiB
      572: 1, // lguest
      730: 0x20, // 2 MiB
      736: 1, // of RAM
    };
    const page = memory.read(0, 4096);
    const found = Object.fromEntries([...page.entries()].filter(([, value]) => value !== 0));
    expect(found).toEqual(expected);
    expect(new TextDecoder().decode(memory.read(0x1000, 13))).toBe('run=primes x\0');
  });

  it('refuses a command line that no kernel would read to its end', () => {
    const kernel = { entry: 0x100000, end: 0x100000 };
    expect(() => writeZeroPage(guestMemory(2), kernel, 'x'.repeat(2048))).toThrow(
      'the kernel arguments are 2048 bytes long; a kernel reads at most 2047',
    );
    writeZeroPage(guestMemory(2), kernel, 'x'.repeat(2047));
  });

  it('has the initrd at the top of memory, in whole pages', () => {
    const memory = guestMemory(2);
    const at = loadInitrd(memory, { entry: 0, end: 0x180000 }, 'i', new Uint8Array(5000).fill(5));
    expect(at).toBe(0x1fe000);
    expect(memory.read32(0x218)).toBe(0x1fe000);
    expect(memory.read32(0x21c)).toBe(0x2000);
    expect(memory.read8(0x210)).toBe(0xff);
    expect(memory.read8(0x1fe000 + 4999)).toBe(5);
    expect(memory.read8(0x1fe000 + 5000)).toBe(0);
  });

  it('refuses an initrd that would lie on the kernel', () => {
    const kernel = { entry: 0, end: 0x180000 };
    expect(() => loadInitrd(guestMemory(2), kernel, 'i', new Uint8Array(0x80001))).toThrow(
      'i takes 528384 bytes, but the Guest has only 524288 above its kernel',
    );
  });

  it('refuses an initrd that would lie on the zero page, though the kernel is empty', () => {
    const memory = guestMemory(2);
    const kernel = loadKernel(memory, 'k', elfFile({ segments: [{ physical: 0, bytes: bytes() }] }));
    const load = () => loadInitrd(memory, kernel, 'i', new Uint8Array(0x1ff000));
    expect(load).toThrow(LauncherError);
    expect(load).toThrow('i takes 2093056 bytes, but the Guest has only 2091008 above its kernel');
  });
});
