import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssemblyError, assemble } from '../../src/assembler/index.ts';

describe('A mistake is one line that says where, what was found and what was expected:', () => {
  it.each([
    ['moov eax, 1', 'found `moov`, expected an instruction or a directive'],
    ['jmp nowhere', 'found the unknown name `nowhere`, expected a label or an equ of this source'],
    ['a: nop\na: nop', 'found `a` a second time, expected one definition; the first is at assembly:1'],
    ['a: nop\na equ 1', 'found `a` a second time, expected one definition; the first is at assembly:1'],
    ['eax: nop', 'found the name `eax`, expected a name that means nothing else here'],
    ['mov al, 256', 'found 256 in `mov`, expected -128 to 255 (imm8 of `mov r/m8, imm8`)'],
    ['mov al, -129', 'found -129 in `mov`, expected -128 to 255 (imm8 of `mov r/m8, imm8`)'],
    ['int 256', 'found 256 in `int`, expected -128 to 255 (imm8 of `int imm8`)'],
    ['push byte 200', 'found 200 in `push`, expected -128 to 127 (simm8 of `push simm8`)'],
    [
      'add eax, 0x100000000',
      'found 4294967296 in `add`, expected -2147483648 to 4294967295 (imm32 of `add r/m32, imm32`)',
    ],
    ['lea eax, ebx', 'found `lea` with eax, ebx, expected `lea r32, m`, `lea r16, m`'],
    ['bswap ax', 'found `bswap` with ax, expected `bswap r32`'],
    ['hlt 1', 'found `hlt` with 1, expected `hlt`'],
    ['ltr', 'found `ltr` with no operands, expected `ltr r/m16`'],
    ['fld eax', 'found `fld` with eax, expected `fld m32`, `fld m64`, `fld m80`, `fld st`'],
    [
      'inc [eax]',
      'found memory of unknown size in `inc`, expected byte, word, dword, qword or tword in front of it (`inc r/m8` or `inc r/m32`)',
    ],
    ['mov eax, [ebx*3]', 'found a scale of 3, expected 1, 2, 4 or 8'],
    ['mov eax, [eax+esp*2]', 'found esp as an index, expected any other register'],
    ['mov eax, [eax+ebx+ecx]', 'found a third register, ecx, expected a base and an index at most'],
    ['mov eax, [eax-ebx]', 'found - ebx, expected registers only to be added'],
    ['mov eax, [al]', 'found al in an address, expected a 32-bit or 16-bit general register'],
    ['mov eax, [eax+bx]', 'found bx in a 32-bit address, expected 32-bit registers only'],
    ['mov eax, [bx+cx]', 'found [bx+cx], expected one of bx+si, bx+di, bp+si, bp+di, si, di, bp, bx'],
    ['mov eax, [si*1]', 'found a scale in a 16-bit address, expected registers as they are'],
    ['mov eax, [byte ebx+128]', 'found the value 128, expected -128 to 127 (a displacement of a byte)'],
    ['mov eax, dword ebx', 'found a size in front of ebx, expected the register alone'],
    ['mov eax, [byte 0x10]', 'found a displacement of 8 bits, expected 32'],
    ['mov eax, [word ebx+1]', 'found a displacement of 16 bits, expected 8 or 32'],
    ['mov eax, [qword 0]', 'found a displacement of 64 bits, expected 8, 16 or 32'],
    ['mov eax, fs:[gs:0]', 'found two segments for one address, expected one'],
    ['mov eax, [ebx*2+ecx*4]', 'found two scaled registers, ebx and ecx, expected one'],
    ['jmp short [eax]', 'found short, expected an address alone'],
    ['jmp short 8:0', 'found short in front of a far pointer, expected far, or nothing'],
    ['mov eax, [ebx', 'found the end of the line, expected `]`'],
    ['mov eax ebx', 'found `ebx`, expected a comma or the end of the line'],
    ['mov eax,', 'found the end of the line, expected a number or a name'],
    ['mov eax, 1 +', 'found the end of the line, expected a number or a name'],
    ['mov eax, 12ab', 'found `12ab`, expected a number such as 42, 0x2a, 0b101010 or 0o52'],
    ['mov eax, 1 + ebx', 'found the register ebx, expected a number or a name'],
    ['db 1 / 0', 'found a division by 0, expected a divisor'],
    ['db 1 << 40', 'found the value 40, expected 0 to 31 (distance of <<)'],
    ["db 'abc", "found 'abc, expected a closing quote"],
    ["mov eax, 'abcde'", "found 'abcde', expected one to four characters"],
    ['db 256', 'found the value 256, expected -128 to 255 (what 8 bits hold)'],
    ['dw a\nresb 65536\na:', 'found the value 65538, expected -32768 to 65535 (what 16 bits hold)', 1],
    ['a: equ 1', 'found `equ`, expected an instruction or a directive'],
    ['a equ b\nb equ a\ndb a', 'found `b`, which is a hundred names further on, expected an end to it', 3],
    [`db ${'('.repeat(20_000)}1`, 'found an expression of too many parts, expected a shorter one', 1],
    [`a: dd a${'+a'.repeat(20_000)}`, 'found an expression of too many parts, expected a shorter one', 1],
    [
      'dd 0x7fffffff * 0x7fffffff % 256',
      'found the value 4611686014132420600, expected -9007199254740991 to 9007199254740991 (a product that is exact)',
      1,
    ],
    ['align 3', 'found align 3, expected a power of two'],
    ['resb a\na:', 'found the name `a`, expected a name known by this line', 1],
    ['resb -1', 'found the value -1, expected 0 to 1073741824 (bytes to reserve)'],
    ['jmp short a\nresb 128\na:', 'found the value 128, expected -128 to 127 (distance of a branch)', 1],
    ['loop a\nresb 128\na:', 'found the value 128, expected -128 to 127 (distance of a branch)', 1],
    [
      'jmp 0x100000000',
      'found the value 4294967296, expected -2147483648 to 4294967295 (the target of a branch)',
    ],
    ['o16 mov eax, 5', 'found o16 with `mov r32, imm32`, expected operands of the size of the prefix'],
    ['a16 mov eax, [ebx]', 'found a16 with a 32-bit address, expected a32 or none'],
    ['rep', 'found `rep` alone, expected an instruction behind the prefix'],
    ['%line x', 'found `%line x`, expected %line NUMBER FILE or %line NUMBER+STEP FILE'],
    ['jmp 0x12345:0', 'found the value 74565, expected -32768 to 65535 (what 16 bits hold)'],
    [', nop', 'found `,`, expected a label, an instruction or a directive'],
    ['fld st(8)', 'found st8, expected st(0) to st(7)'],
  ])('%j', (source, message, line = source.split('\n').length) => {
    expect(mistake(source).message).toBe(`assembly:${line}: ${message}`);
  });

  it('in the file and line that %line says', () => {
    const { file, line } = mistake('%line 41 guest/boot.ts\nnop\nmov al, 300');
    expect([file, line]).toEqual(['guest/boot.ts', 41]);
    expect(mistake('nop\nfoo', { file: 'switcher.ts', line: 100 }).message).toMatch(/^switcher\.ts:101: /);
  });

  it('when an origin or a symbol is no whole number', () => {
    expect(mistake('nop', { origin: -1 }).expected).toBe('0 to 4294967295 (the origin)');
    expect(mistake('nop', { symbols: { half: 0.5 } }).found).toBe('the symbol `half` = 0.5');
  });

  it('when the code runs past 4 GiB', () => {
    expect(mistake('nop\nnop', { origin: 0xffff_ffff }).expected).toBe('an end within 4 GiB');
  });
});

describe('Any text at all', () => {
  const word = fc.constantFrom(
    ...'mov add push jmp jz loop call lea in out rep lock o16 a16 db dw dd resb align equ eax al cx esp bx si st0 cr0 ds fs : , [ ] ( ) + - * / % << & ~ $ . x label 0 1 4 300 0xffffffff 0x60 \'a\' "bc" byte word dword far short strict ; \n %line'
      .split(' ')
      .concat('\n', '\n'),
  );

  it('assembles, or is an AssemblyError with a line', () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        try {
          assemble(words.join(' ').replaceAll('resb 0xffffffff', 'resb 1'));
        } catch (error) {
          expect(error).toBeInstanceOf(AssemblyError);
          expect((error as AssemblyError).line).toBeGreaterThan(0);
        }
      }),
      { seed: 486, numRuns: 5000 },
    );
  });

  it('does so from bytes as well', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        try {
          assemble(text);
        } catch (error) {
          expect(error).toBeInstanceOf(AssemblyError);
        }
      }),
      { seed: 386, numRuns: 2000 },
    );
  });
});

describe('A number out of range', () => {
  it('is refused by every width, and one inside is taken', () => {
    const width = fc.constantFrom<[string, number]>(['al', 8], ['ax', 16], ['eax', 32]);
    fc.assert(
      fc.property(width, fc.integer({ min: -(2 ** 34), max: 2 ** 34 }), ([register, bits], n) => {
        const inside = n >= -(2 ** (bits - 1)) && n < 2 ** bits;
        const work = () => assemble(`mov ${register}, ${n}`);
        if (inside) expect(work().bytes.length).toBeGreaterThan(1);
        else expect(work).toThrow(AssemblyError);
      }),
      { seed: 1, numRuns: 1000 },
    );
  });
});

function mistake(source: string, options = {}): AssemblyError {
  try {
    assemble(source, options);
  } catch (error) {
    if (error instanceof AssemblyError) return error;
    throw error;
  }
  throw new Error(`no mistake found in ${source}`);
}
