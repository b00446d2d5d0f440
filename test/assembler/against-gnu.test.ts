import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../src/assembler/index.ts';
import { allForms } from '../../src/assembler/opcodes.ts';
import type { Form } from '../../src/assembler/form.ts';
import { disassemble, gnuAssemble, hasBinutils } from './gnu.ts';

const MEMORY = [
  '[ebx]',
  '[esp]',
  '[ebp]',
  '[ebp+ecx*8]',
  '[esp+8]',
  '[eax+edx*2-0x80]',
  '[esi-0x81]',
  '[ecx*4+0x10]',
  '[edi+0x12345678]',
  '[0x12345678]',
  'fs:[eax+0x7f]',
  'es:[0x10]',
  '[bx+si]',
  '[bp+4]',
  '[di+0x1234]',
];

const SIZE_NAMES: Record<number, string> = { 8: 'byte', 16: 'word', 32: 'dword', 64: 'qword', 80: 'tword' };

/** What to write where the table says `pattern`. */
function samples(pattern: string): string[] {
  const bits = Number(/\d+$/.exec(pattern)?.[0] ?? 0);
  const memory = MEMORY.map((address) => (bits === 0 ? address : `${SIZE_NAMES[bits]} ${address}`));
  switch (pattern.replace(/\d+$/, '')) {
    case 'r':
      return { 8: ['al', 'cl', 'bh'], 16: ['ax', 'sp', 'di'], 32: ['eax', 'esp', 'edi', 'ebp'] }[bits]!;
    case 'r/m':
      return [...samples(`r${bits}`), ...memory];
    case 'm':
      return memory;
    case 'word m':
      return MEMORY.map((address) => `word ${address}`);
    case 'm16:':
      return MEMORY.map((address) => `far ${address}`);
    case 'moffs':
      return ['[0x12345678]', 'gs:[0x10]'];
    case 'imm':
      return { 8: ['0', '2', '255', '-128'], 16: ['0x1234', '-2', '0xfff0'], 32: ['0x12345678', '-200'] }[
        bits
      ]!;
    case 'simm':
      return ['5', '-128', '127'];
    case 'rel':
      return bits === 8 ? ['$+16', '$-16', '$'] : ['$+0x10000', '$-0x10000'];
    case 'ptr16:':
      return ['0x60:0x12345678'];
    case 'sreg':
      return ['ds', 'es', 'gs'];
    case 'cr':
      return ['cr0', 'cr4'];
    case 'dr':
      return ['dr0', 'dr7'];
    case 'st':
      return pattern === 'st' ? ['st1', 'st7'] : [pattern];
  }
  return [pattern];
}

/** Each sample of each operand at least once. */
function linesOf(form: Form): string[] {
  const choices = form.patterns.map((pattern) => samples(pattern.name));
  const count = Math.max(1, ...choices.map((choice) => choice.length));
  return Array.from({ length: count }, (_, at) => {
    const operands = choices.map((choice) => choice[at % choice.length]).join(', ');
    return `${form.mnemonic} ${operands}`.trim();
  });
}

/** The same line for GNU as. */
function toGnu(line: string): string {
  return line
    .replace(/\b(byte|word|dword|qword) /, '$1 ptr ')
    .replace(/\btword /, 'tbyte ptr ')
    .replace(/\bfar /, 'fword ptr ')
    .replace(/\bst(\d)/g, 'st($1)')
    .replace(/(?<!:)\[(0x[0-9a-f]+)\]/, 'ds:[$1]')
    .replace(/^retn/, 'ret')
    .replace('$', '.');
}

/** Sends both through objdump and keeps what differs, in text or in length. */
function compare(lines: string[], gnuLines: string[]): { line: string; ours: string; gnu: string }[] {
  const source = lines.map((line) => `align 16\n${line}`).join('\n');
  const ours = disassemble(assemble(`${source}\nalign 16`).bytes);
  const gnu = gnuAssemble(gnuLines);
  const differences: { line: string; ours: string; gnu: string }[] = [];
  lines.forEach((line, at) => {
    const length = assemble(line, { origin: at * 16 }).bytes.length;
    const read = `${ours[at]!.text} (${length})`;
    const wanted = gnu[at] === undefined ? 'refused' : `${gnu[at].text} (${ours[at]!.length})`;
    if (read !== wanted) differences.push({ line, ours: read, gnu: wanted });
  });
  return differences;
}

describe.skipIf(!hasBinutils)(
  'Our machine code against GNU as and objdump (skipped where binutils are absent)',
  () => {
    it('reads back as what GNU as makes of the same line, for every row of the table', () => {
      const forms = allForms().filter(({ text }) => !/rel16|ptr16:16|m16:16/.test(text));
      const lines = [...new Set(forms.flatMap(linesOf))];
      expect(lines.length).toBeGreaterThan(3000);
      expect(compare(lines, lines.map(toGnu))).toEqual([]);
    });

    it('finds the same address for every base, index, scale and displacement', () => {
      const registers = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
      const lines = ['', ...registers].flatMap((base) =>
        ['', ...registers.filter((name) => name !== 'esp')].flatMap((index) =>
          [1, 2, 4, 8].flatMap((scale) =>
            ['0', '0x7f', '-0x80', '0x80', '0xfffffff0', '0x12345678'].map((displacement) => {
              const scaled = index === '' ? '' : `${index}*${scale}`;
              const address = [base, scaled, displacement].filter((term) => term !== '').join('+');
              return `lea ecx, [${address}]`;
            }),
          ),
        ),
      );
      const unique = [...new Set(lines)];
      expect(unique.length).toBeGreaterThan(1400);
      expect(compare(unique, unique.map(toGnu))).toEqual([]);
    });

    it('puts prefixes where they belong', () => {
      const lines: [string, string][] = [
        ['lock xadd [ebx], eax', 'lock xadd [ebx], eax'],
        ['lock cmpxchg8b [esi]', 'lock cmpxchg8b [esi]'],
        ['rep movsd', 'rep movsd'],
        ['repe cmpsb', 'repe cmpsb'],
        ['repz scasw', 'repz scasw'],
        ['repne scasb', 'repne scasb'],
        ['repnz cmpsd', 'repnz cmpsd'],
        ['fs lodsb', 'lodsb al, fs:[esi]'],
        ['rep gs outsb', 'rep outsb dx, gs:[esi]'],
        ['a16 rep stosb', 'rep stosb es:[di], al'],
        ['o16 push ds', 'pushw ds'],
        ['o16 pop gs', 'popw gs'],
        ['o16 push 5', 'pushw 5'],
        ['o16 iret', 'iretw'],
        ['lock add word fs:[bx+si], 300', 'lock add word ptr fs:[bx+si], 300'],
        ['fstcw fs:[eax]', 'fstcw fs:[eax]'],
        ['o16 fnstenv [eax]', 'fnstenvw [eax]'],
        ['o16 fldenv [eax]', 'fldenvw [eax]'],
        ['o16 fnsave es:[ebx]', 'fnsavew es:[ebx]'],
        ['o16 frstor [bx+si]', 'frstorw [bx+si]'],
      ];
      expect(
        compare(
          lines.map(([ours]) => ours),
          lines.map(([, gnu]) => gnu),
        ),
      ).toEqual([]);
    });

    it('encodes any number that fits an operand, in either spelling', () => {
      const size = fc.constantFrom<[string, number]>(['cl', 8], ['si', 16], ['ebx', 32]);
      const line = fc
        .tuple(fc.constantFrom('add', 'xor', 'cmp', 'mov', 'test', 'imul'), size)
        .filter(([name, [, bits]]) => name !== 'imul' || bits > 8)
        .chain(([name, [register, bits]]) =>
          fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** bits - 1 }).map((n) => `${name} ${register}, ${n}`),
        );
      const lines = fc.sample(line, { seed: 1, numRuns: 2000 });
      expect(compare(lines, lines)).toEqual([]);
    });
  },
);
