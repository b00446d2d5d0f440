import { expect, test } from 'vitest';
import { prepareBoth, runAlike } from '../compiler/both.ts';
import { assemble } from '../../src/assembler/index.ts';
import { blockAt } from '../../src/processor/code-pages.ts';
import { emptyBus } from '../../src/processor/bus.ts';
import { Compiler } from '../../src/processor/compiler/compiler.ts';
import { HOT } from '../../src/processor/compiler/making.ts';
import { EAX, ECX, EDX, EIP, ESP, RAM_BASE } from '../../src/processor/layout.ts';
import { PACKED } from '../../src/processor/packed.ts';
import { Processor } from '../../src/processor/processor.ts';
import { run } from '../../src/processor/run.ts';

const AT = 0x1000;
const ENGINES: [string, number | undefined][] = [
  ['interpreter', undefined],
  ['compiler', 3],
];

function prepare(source: string, hot?: number) {
  const cpu = new Processor(1 << 20, emptyBus);
  if (hot !== undefined) cpu.compiler = new Compiler(cpu, hot);
  const { bytes, labels } = assemble(source, { origin: AT });
  cpu.bytes.set(bytes, RAM_BASE + AT);
  cpu.words[EIP] = AT;
  cpu.words[ESP] = 0x8000;
  const lengthAt = (eip: number) => blockAt(cpu.codePages[1]!, eip - AT)?.length;
  return { cpu, at: (label: string) => labels.get(label)!, lengthAt };
}

test('A block is split where a jump leads into it, and nothing is decoded again', () => {
  const { cpu, at, lengthAt } = prepare(`
    mov ecx, 5
    xor eax, eax
    again: add eax, ecx
    dec ecx
    jnz again
    hlt`);
  expect(run(cpu, 100)).toBe('halted');
  expect(cpu.words[EAX]).toBe(15);
  expect([lengthAt(AT), lengthAt(at('again'))]).toEqual([2, 3]);
  expect(cpu.codeEnd).toBe(6 * PACKED);
});

test.each(ENGINES)('A jump into the middle of an instruction finds another one there: %s', (_, hot) => {
  // From its second byte on, the `mov eax` is `inc ecx` and a jump over the `nop`.
  const { cpu } = prepare(
    `mov edx, 20
    a: db 0xb8, 0x41, 0xeb, 0x02, 0x90
    nop
    b: dec edx
    jnz a + 1
    hlt`,
    hot,
  );
  expect(run(cpu, 100)).toBe('halted');
  expect(cpu.words[EAX]! >>> 0).toBe(0x9002_eb41);
  expect(cpu.words[ECX]).toBe(19);
});

test('Whoever goes on in the middle of a block without having jumped there leaves it whole', () => {
  const { cpu, lengthAt } = prepare('inc eax\n inc eax\n inc eax\n inc eax\n hlt');
  for (let n = 0; n < 4; n++) expect(run(cpu, 1)).toBe('limit');
  expect(cpu.words[EAX]).toBe(4);
  expect(lengthAt(AT)).toBe(4);
});

test.each(
  ENGINES,
)('A call into the middle of a block, and a jump when it is compiled, do what they should: %s', (_, hot) => {
  const { cpu } = prepare(
    `mov ecx, 300
    again: add eax, 1
    middle: add edx, 1
    dec ecx
    jnz again
    test ebx, ebx
    jnz done
    inc ebx
    mov ecx, 10
    jmp middle
    done: cmp ebx, 2
    je end
    inc ebx
    mov ecx, 1
    call middle
    end: hlt`,
    hot,
  );
  expect(run(cpu, 10_000)).toBe('halted');
  expect([cpu.words[EAX], cpu.words[EDX]]).toEqual([300 + 9, 300 + 10 + 1]);
});

test.each(ENGINES)('What is written into the second part of a split block is seen: %s', (_, hot) => {
  const { cpu } = prepare(
    `mov ecx, 40
    again: inc eax
    patch: add edx, 1
    cmp ecx, 20
    jne on
    mov byte [patch + 2], 100
    on: dec ecx
    jnz again
    hlt`,
    hot,
  );
  expect(run(cpu, 10_000)).toBe('halted');
  expect([cpu.words[EAX], cpu.words[EDX]]).toEqual([40, 21 + 19 * 100]);
});

test('A block that is part of compiled code stays whole, for it may be left in its middle', () => {
  // Each turn touches a page for the first time, behind the door; the second half of the turns comes when the door has been used.
  const code = `
    mov esi, 0x20000
    mov ebp, 2
    round: mov ecx, 60
    again: inc eax
    add eax, ecx
    middle: inc edi
    mov [esi], eax
    add esi, 0x1000
    dec ecx
    jnz again
    dec ebp
    jz end
    mov ecx, 2
    jmp middle
    end: hlt`;
  const both = prepareBoth({ code, hot: HOT, paging: true });
  runAlike(both, [7, 20_000], 10);
  expect(both[1].registers.ecx).toBe(0);
});

test('What the compiler has noted of a block that it refused is not true of its first part', () => {
  // Refused after eight turns, split after thirty-two, and after some more made part of what begins at `on`.
  const code = `
    mov ecx, 4000
    again: inc eax
    middle: inc edx
    jmp CODE_0:onward
    onward: test ecx, 63
    jnz on
    dec ecx
    jmp middle
    on: dec ecx
    jns again
    hlt`;
  runAlike(prepareBoth({ code, hot: HOT }), [997, 20_000], 40);
});

test('An instruction that is not compiled does not end a region because a door follows it', () => {
  const { cpu } = prepare(
    `mov ecx, 3000
    outer: fldz
    mov ebx, 5
    fldz
    inner: add eax, ebx
    xor eax, ecx
    dec ebx
    jnz inner
    fstp st0
    fstp st0
    dec ecx
    jnz outer
    hlt`,
    HOT,
  );
  const compiler = cpu.compiler!;
  const { dispatch } = compiler;
  let entered = 0;
  Object.assign(compiler, {
    dispatch(slot: number, budget: number) {
      entered++;
      return dispatch(slot, budget);
    },
  });
  expect(run(cpu, 1_000_000)).toBe('halted');
  expect(entered).toBeGreaterThan(0);
  expect(entered).toBeLessThan(100);
});

test('A loop that is first met from above is one region, with one door', () => {
  // The table of a CRC: the first time around, the inner loop stands in one block with what is before it.
  const { cpu, at } = prepare(
    `xor ecx, ecx
    entry: mov eax, ecx
    mov edx, 8
    bit: shr eax, 1
    jnc even
    xor eax, 0xedb88320
    even: dec edx
    jnz bit
    mov [0x4000 + ecx*4], eax
    inc ecx
    cmp ecx, 256
    jb entry
    hlt`,
    HOT,
  );
  expect(run(cpu, 100_000)).toBe('halted');
  const regions = [...cpu.compiler!.regions];
  expect(regions.filter(({ blocks }) => blocks.some(({ eip }) => eip === at('even'))).length).toBeLessThan(3);
  expect(cpu.compiler!.compiledEver).toBeLessThan(4);
});
