import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';

describe('Labels', () => {
  it('are addresses from the origin on, forward and back', () => {
    const { bytes, labels } = assemble('first: dd last\nlast: dd first, $', { origin: 0xffc0_0000 });
    expect(Object.fromEntries(labels)).toEqual({ first: 0xffc0_0000, last: 0xffc0_0004 });
    expect(words(bytes)).toEqual([0xffc0_0004, 0xffc0_0000, 0xffc0_0004]);
  });

  it('may have dots and dollars in them, stand two on a line, and look like instructions', () => {
    const { labels } = assemble('.L1: $two: nop\nloop: jmp .L1\nx.y_z$9: call loop');
    expect([...labels]).toEqual([
      ['.L1', 0],
      ['$two', 0],
      ['loop', 1],
      ['x.y_z$9', 3],
    ]);
  });

  it('keep their case', () => {
    expect([...assemble('A: nop\na: nop').labels]).toEqual([
      ['A', 0],
      ['a', 1],
    ]);
  });

  it('can be what an address is relative to', () => {
    const { bytes } = assemble('nop\ntable: mov eax, [ebx*4 + table - 0xc0000000]', { origin: 0xc010_0000 });
    expect([...bytes]).toEqual([0x90, 0x8b, 0x04, 0x9d, 0x01, 0x00, 0x10, 0x00]);
  });
});

describe('equ', () => {
  it('names a number, which then takes the short forms', () => {
    expect([...assemble('SIZE equ 4*2\nadd ecx, SIZE').bytes]).toEqual([0x83, 0xc1, 8]);
  });

  it('can be used before its line, in the full width', () => {
    expect([...assemble('add ecx, SIZE\nSIZE equ 8').bytes]).toEqual([0x81, 0xc1, 8, 0, 0, 0]);
  });

  it('measures from where it stands', () => {
    const { bytes } = assemble("text: db 'hello'\nlength equ $ - text\nnop\ndd length");
    expect([...bytes.slice(6)]).toEqual([5, 0, 0, 0]);
  });

  it('is no label, and neither are the symbols given', () => {
    const { bytes, labels } = assemble('A equ B + 1\ndb A', { symbols: { B: 41 } });
    expect([...bytes]).toEqual([42]);
    expect(labels.size).toBe(0);
  });
});

describe('Branches', () => {
  it('are short up to 127 bytes ahead and 128 back, and near beyond', () => {
    const ahead = (gap: number) => assemble(`jmp there\nresb ${gap}\nthere:`).bytes.length - gap;
    const back = (gap: number) => assemble(`there: resb ${gap}\njc there`).bytes.length - gap;
    expect([ahead(127), ahead(128)]).toEqual([2, 5]);
    expect([back(126), back(127)]).toEqual([2, 6]);
  });

  it('grow when another that grows pushes their target away', () => {
    const { bytes } = assemble('jmp a\njmp b\nresb 123\na: resb 4\nb:');
    // Were both short, a would be 125 + 2 = 127 away and b 127: but b is 127 only from its own end.
    expect(bytes[0]).toBe(0xeb);
    expect(bytes[2]).toBe(0xeb);
    const pushed = assemble('jmp a\njmp b\nresb 125\na: resb 3\nb:').bytes;
    expect([pushed[0], pushed[5]]).toEqual([0xe9, 0xe9]);
  });

  it('always arrive at their label, and never take more bytes than they need', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(gaps, fc.infiniteStream(fc.nat(1000)), (sizes, stream) => {
        const targets = sizes.map(() => stream.next().value! % sizes.length);
        const source = sizes.map((size, at) => `b${at}: jmp b${targets[at]}\ne${at}: resb ${size}`);
        const { bytes, labels } = assemble(source.join('\n'), { origin: 0x1000 });
        const view = new DataView(bytes.buffer);
        targets.forEach((target, at) => {
          const start = labels.get(`b${at}`)! - 0x1000;
          const end = labels.get(`e${at}`)! - 0x1000;
          const short = bytes[start] === 0xeb;
          const distance = short ? view.getInt8(start + 1) : view.getInt32(start + 1, true);
          expect(end + distance).toBe(labels.get(`b${target}`)! - 0x1000);
          if (!short) expect(distance < -128 || distance > 124).toBe(true); // 3 more bytes can put it just beyond
        });
      }),
      { seed: 7, numRuns: 200 },
    );
  });

  it('wrap around the end of the address space', () => {
    expect([...assemble('jmp near 0x10', { origin: 0xffff_fff0 }).bytes]).toEqual([0xe9, 0x1b, 0, 0, 0]);
  });
});

describe('Directives', () => {
  it('db, dw and dd put down numbers, characters and strings, lowest byte first', () => {
    const { bytes } = assemble(`db 1, 'a;b', "it's", -1\ndw 0x1234, -2\ndd 0xdeadbeef, 'abc'`);
    const text = [...bytes.slice(1, 8)].map((byte) => String.fromCharCode(byte)).join('');
    expect(text).toBe("a;bit's");
    expect([...bytes.slice(8)]).toEqual(
      [0xff, 0x34, 0x12, 0xfe, 0xff, 0xef, 0xbe, 0xad, 0xde].concat([0x61, 0x62, 0x63, 0]),
    );
  });

  it('strings are UTF-8', () => {
    expect([...assemble("db 'é'").bytes]).toEqual([0xc3, 0xa9]);
  });

  it('align fills with nop, counting from address 0', () => {
    expect([...assemble('db 1\nalign 4\ndb 2', { origin: 2 }).bytes]).toEqual([1, 0x90, 2]);
  });

  it('resb leaves zeros, and can pad to a size', () => {
    const { bytes } = assemble('start: jmp end\nnop\nresb 16 - ($ - start)\nend: hlt');
    expect([...bytes]).toEqual([0xeb, 14, 0x90, ...new Array(13).fill(0), 0xf4]);
  });

  it('a thousand-line program repeats lines without mixing up labels', () => {
    const source = Array.from({ length: 1000 }, (_, at) => `l${at}: push eax\npush eax\njmp l${at}`).join(
      '\n',
    );
    const { bytes } = assemble(source);
    expect(bytes.length).toBe(4000);
    expect([...bytes.slice(3996)]).toEqual([0x50, 0x50, 0xeb, 0xfc]);
  });
});

describe('Lines', () => {
  it('say where code came from', () => {
    const source = 'nop\n\nlabel:\n nop ; two\nSIZE equ 1\ndb 1, 2';
    expect(assemble(source, { origin: 0x100, file: 'a.s', line: 10 }).lines).toEqual([
      { address: 0x100, file: 'a.s', line: 10 },
      { address: 0x101, file: 'a.s', line: 13 },
      { address: 0x102, file: 'a.s', line: 15 },
    ]);
  });

  it('follow %line: a place for all that follows, or a place to count from', () => {
    const source = '%line 7 pup/boot.ts\nnop\nnop\n%line 20+1 pup/trap.ts\nnop\nnop';
    expect(assemble(source).lines).toEqual([
      { address: 0, file: 'pup/boot.ts', line: 7 },
      { address: 2, file: 'pup/trap.ts', line: 20 },
      { address: 3, file: 'pup/trap.ts', line: 21 },
    ]);
  });
});

describe('Expressions', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['7 / 2 - 7 % 4', 0],
    ['1 << 4 | 3', 19],
    ['0xf0 & 0x3c ^ 1', 0x31],
    ['~0xfff', 0xfffff000],
    ['0x80000000 >> 31', 1],
    ['-1 & 0xff', 255],
    ["'A' + 1", 66],
    ['0b1010 + 0o17 + 1_000', 1025],
    ['- -5', 5],
    ['label - label + 3', 3],
    ['(label >> 12) & 0x3ff', 0x100],
  ])('%s is %i', (text, value) => {
    expect(words(assemble(`dd ${text}\nlabel:`, { origin: 0xc010_0000 }).bytes)).toEqual([value >>> 0]);
  });
});

function words(bytes: Uint8Array): number[] {
  return [...new Uint32Array(bytes.slice().buffer)];
}
