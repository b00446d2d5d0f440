import { describe, expect, test } from 'vitest';
import { call, callOn, complaint, load, run, tangleSource } from './harness.ts';

const main = (body: string, signature = '(): u32'): string =>
  `export function main${signature} {\n${body}\n}\n`;

describe('numbers', () => {
  test('wrap at 32 bits', () => {
    expect(run(main('let a: u32 = 0xffffffff; a = a + 2; return a;'))).toBe(1);
    expect(run(main('return a * a;', '(a: u32): u32'), 0x10001)).toBe(0x20001);
  });

  test('divide towards zero, and by the sign of their type', () => {
    expect(run(main('return a / 2;', '(a: i32): i32'), -7)).toBe(-3 >>> 0);
    expect(run(main('return a % 4;', '(a: i32): i32'), -7)).toBe(-3 >>> 0);
    expect(run(main('return a / 2;', '(a: u32): u32'), -7)).toBe(0x7ffffffc);
    expect(run(main('return a % b;', '(a: u32, b: u32): u32'), 0xffffffff, 10)).toBe(5);
  });

  test('compare unsigned as soon as one side is unsigned', () => {
    expect(run(main('return a < 1;', '(a: i32): boolean'), -1)).toBe(1);
    expect(run(main('return a < 1;', '(a: u32): boolean'), -1)).toBe(0);
    expect(run(main('return a < b;', '(a: i32, b: u32): boolean'), -1, 1)).toBe(0);
  });

  test('shift as JavaScript does', () => {
    expect(run(main('return a >> 4;', '(a: u32): u32'), 0x80000000)).toBe(0xf8000000);
    expect(run(main('return a >>> 4;', '(a: i32): u32'), 0x80000000)).toBe(0x08000000);
    expect(run(main('return a << b;', '(a: u32, b: u32): u32'), 1, 33)).toBe(2);
  });

  test('fold constants the way they would have been computed', () => {
    expect(run(main('return ((1 << 31) >>> 28) + (0xffffffff & ~0xff) + 7 / 2 + (5 > 3 ? 1 : 0);'))).toBe(
      (8 + 0xffffff00 + 3 + 1) >>> 0,
    );
  });

  test('are unsigned beside an unsigned one, though nobody computes it', () => {
    const sides =
      'const YES: boolean = true;\nconst MINUS = -8;\nlet yes: boolean = true;\nlet u: u32 = 7;\n';
    for (const condition of ['YES', 'yes'])
      expect(run(`${sides}${main(`return (${condition} ? -8 : u) / 2;`)}`)).toBe(0x7ffffffc);
    expect(run(`${sides}${main('return (MINUS || u) / 2;')}`)).toBe(0x7ffffffc);
    expect(run(`${sides}${main('return (YES ? -8 : 7) / 2;')}`)).toBe(0xfffffffc);
  });

  test('are unsigned behind >>>, whether it was folded or not', () => {
    const signed = 'const A: i32 = -1;\n';
    expect(run(`${signed}${main('return (A >>> 28) > x;', '(x: i32): boolean')}`, -1)).toBe(0);
    expect(run(main('let a: i32 = -1; return (a >>> 28) > x;', '(x: i32): boolean'), -1)).toBe(0);
    expect(run(main('return (-1 >>> 28) > x;', '(x: i32): boolean'), -1)).toBe(1);
  });

  test('go down to -2147483648', () => {
    expect(run(main('return a >= -2147483648;', '(a: i32): boolean'), 5)).toBe(1);
    expect(run(main('return a > -2147483648;', '(a: i32): boolean'), 0x80000000)).toBe(0);
  });

  test('are characters where one wants them to be', () => {
    expect(run(main("return charCode('A') + charCode('\\n');"))).toBe(75);
  });
});

describe('control flow', () => {
  test('loops, breaks and continues', () => {
    const body = `
      let sum: u32 = 0;
      for (let i: u32 = 0; ; i++) {
        if (i === limit) break;
        if (i % 3 === 0) continue;
        let j = i;
        while (j > 0) { sum += j; j--; }
        do { sum++; } while (false);
      }
      return sum;`;
    let wanted = 0;
    for (let i = 0; i < 20; i++) if (i % 3 !== 0) wanted += (i * (i + 1)) / 2 + 1;
    expect(run(main(body, '(limit: u32): u32'), 20)).toBe(wanted);
  });

  test('does not evaluate what && and || decide without', () => {
    const source = `
      let calls: u32 = 0;
      function yes(): boolean { calls++; return true; }
      function no(): boolean { calls += 10; return false; }
      ${main('if (no() && yes()) return 1; if (yes() || no()) return calls; return 2;')}`;
    expect(run(source)).toBe(11);
  });

  test('gives && and || of numbers the value of the side that decided', () => {
    expect(run(main('return a || b;', '(a: u32, b: u32): u32'), 0, 9)).toBe(9);
    expect(run(main('return a && b;', '(a: u32, b: u32): u32'), 7, 9)).toBe(9);
    expect(run(main('return a && b;', '(a: u32, b: u32): u32'), 0, 9)).toBe(0);
  });

  test.each([
    ['few cases, in a chain', [1, 5, 100]],
    ['many cases, in a table', [3, 4, 5, 6, 8, 9, 10]],
    ['cases at the end of the numbers', [-1, -2, -3, -4, -5, -6, -7]],
  ])('switches between %s, falling through and defaulting', (_, cases) => {
    const clauses = cases.map(
      (value, index) => `case ${value}: r += ${index + 1}; ${index === 1 ? '' : 'break;'}`,
    );
    const image = tangleSource(
      main(
        `let r: u32 = 0; switch (a) { ${clauses.join('\n')} default: r += 1000; } return r;`,
        '(a: i32): u32',
      ),
    );
    for (const value of [...cases, 0, 2, 7, 11, 99, 0x7fffffff, -0x80000000]) {
      const at = cases.indexOf(value);
      const wanted = at < 0 || at === cases.length ? 1000 : at === 1 ? 2 + 3 : at + 1;
      expect(call(image, value), `${value}`).toBe(wanted);
    }
  });

  test('take the first of two cases that are alike, in a chain and in a table', () => {
    const cases = (count: number) =>
      Array.from({ length: count }, (_, i) => `case ${i}: return ${i + 10};`).join('\n');
    for (const count of [3, 9])
      expect(
        run(main(`switch (a) { ${cases(count)} case 1: return 99; } return 0;`, '(a: u32): u32'), 1),
      ).toBe(11);
  });

  test('recurs', () => {
    const source = 'function fib(n: u32): u32 { return n < 2 ? n : fib(n - 1) + fib(n - 2); }';
    expect(run(source + main('return fib(n);', '(n: u32): u32'), 15)).toBe(610);
  });

  test('evaluates arguments from left to right', () => {
    const source = `
      let n: u32 = 0;
      function next(): u32 { n = n * 10 + 1; return n; }
      function three(a: u32, b: u32, c: u32): u32 { return a * 1000000 + b * 1000 + c; }
      ${main('return three(next(), next() + n, n);')}`;
    expect(run(source)).toBe(1_022_011);
  });
});

describe('memory', () => {
  const shapes = `
    interface Inner { a: u8; b: u32; }
    interface Shape { byte: u8; half: u16; flag: boolean; word: u32; inner: Embedded<Inner>; text: Inline<u8, 5>; next: Shape | null; }
    const shapes = array<Shape>(4);
    const one = struct<Shape>();
    let here: Shape | null = null;`;

  test('lays fields out in their order, each aligned to its size', () => {
    const offsets = ['byte', 'half', 'flag', 'word', 'inner', 'text', 'next'].map(
      (name) => `offsetOf<Shape>('${name}')`,
    );
    const image = tangleSource(
      shapes +
        `const table: u32[] = [${offsets.join(', ')}, sizeOf<Shape>(), sizeOf<Inner>(), sizeOf<Shape[]>()];` +
        main('return table[i];', '(i: u32): u32'),
    );
    const machine = load(image);
    const found = Array.from({ length: 10 }, (_, i) => callOn(machine, image, i));
    expect(found).toEqual([0, 2, 4, 8, 12, 20, 28, 32, 8, 4]);
  });

  test('stores no more than the field holds', () => {
    expect(
      run(
        shapes +
          main(
            'one.word = 0xffffffff; one.byte = 0x1ff; one.half = 0x23456; one.flag = true; return one.byte + one.half * 256 + (one.flag ? 1 << 28 : 0);',
          ),
      ),
    ).toBe(0xff + 0x3456 * 256 + (1 << 28));
  });

  test('stores as much of an address as there is room for', () => {
    const low = 'one.half = addressOf(main); one.byte = addressOf(main); let b: u32 = addressOf(main);';
    const differ = '(one.half === (b & 0xffff) ? 0 : 1) + (one.byte === (b & 0xff) ? 0 : 2)';
    expect(run(`${shapes}${main(`${low} return ${differ} + (b === 0 ? 4 : 0);`)}`)).toBe(0);
  });

  test('walks lists, arrays of structures and what is embedded in them', () => {
    const body = `
      for (let i: u32 = 0; i < 4; i++) {
        const shape = shapes[i];
        shape.next = here;
        shape.inner.b = i * 10;
        shape.text[i] = i;
        here = shape;
      }
      let sum: u32 = 0;
      for (let at: Shape | null = here; at !== null; at = at.next) sum += at.inner.b + at.text[3];
      return sum + (addressOf(shapes[2]) - addressOf(shapes[1])) * 1000;`;
    expect(run(shapes + main(body))).toBe(63 + 32_000);
  });

  test('starts as zeros, whatever the file holds', () => {
    const image = tangleSource(
      `const big = array<u32>(100000, 4096); ${main('return big[99999] + addressOf(big) % 4096;')}`,
    );
    expect(call(image)).toBe(0);
    expect(image.elf.length).toBeLessThan(20_000);
  });

  test('keeps constant tables of numbers, texts, functions and structures', () => {
    const source = `
      interface Command { name: string; run: (a: u32) => u32; flags: Inline<u16, 3>; }
      function twice(a: u32): u32 { return a * 2; }
      const thrice = (a: u32): u32 => a * 3;
      const commands: Command[] = [
        { name: 'two', run: twice, flags: [1, 2, 3] },
        { name: 'three', run: thrice, flags: [4] },
      ];
      const runs: ((a: u32) => u32)[] = [twice, thrice];
      const names: string[] = ['zero', 'one'];
      const primes: u8[] = [2, 3, 5, 7];
      ${main(`
        let sum: u32 = 0;
        for (let i = 0; i < 2; i++) sum += commands[i].run(10) + runs[i](100) + bytesOf(commands[i].name)[2];
        return sum * 100 + primes[3] + commands[0].flags[2] + commands[1].flags[1] + bytesOf(names[1])[0];`)}`;
    expect(run(source)).toBe(
      (50 + 500 + 'o'.charCodeAt(0) + 'r'.charCodeAt(0)) * 100 + 7 + 3 + 0 + 'o'.charCodeAt(0),
    );
  });

  test('is reached by plain loads and stores too', () => {
    const body = `
      store32(at + 4, 0x12345678);
      store16(at + 4, 0xabcd);
      store8(at + 7, a);
      return load32(at + 4) + load8(at + 5) + load16(at + 6);`;
    expect(run(main(body, '(at: u32, a: u32): u32'), 0x200000, 0x1ff)).toBe(
      (0xff34abcd + 0xab + 0xff34) >>> 0,
    );
  });

  test('has a pointer be the address of what it points to, wherever the pointer is', () => {
    const points = `interface P { a: u32; b: u32; }
      const points = array<P>(4);
      let p: P = points[2];
      let title: string = 'pup';\n`;
    expect(run(`${points}${main('return addressOf(p) - addressOf(points);')}`)).toBe(16);
    expect(run(`${points}${main('const q: P = p; return addressOf(q) - addressOf(points);')}`)).toBe(16);
    expect(run(`${points}${main("return load8(addressOf(title)) - charCode('p');")}`)).toBe(0);
  });

  test('gives equal string literals one address, and ends them with a zero', () => {
    expect(
      run(main("return addressOf('pup') === addressOf('pup') && load8(addressOf('pup') + 3) === 0 ? 1 : 0;")),
    ).toBe(1);
  });

  test('is laid over an address with at', () => {
    expect(run(shapes + main('at<Shape>(0x200000).word = 5; return at<u32[]>(0x200000)[2];'))).toBe(5);
  });
});

describe('functions', () => {
  test('keep ebx, esi, edi and ebp for their caller', () => {
    const source = `
      function busy(n: u32): u32 {
        let a: u32 = 1; let b: u32 = 2; let c: u32 = 3;
        for (let i: u32 = 0; i < n; i++) { a += b; b += c; c += a; }
        return a + b + c;
      }
      export const main = naked<(n: u32) => u32>\`
        mov ebx, 1
        mov esi, 2
        mov edi, 4
        mov ecx, ebp
        push ecx
        push dword [esp + 8]
        call \${busy}
        add esp, 4
        pop ecx
        sub ecx, ebp
        lea eax, [ebx + esi]
        add eax, edi
        add eax, ecx
        ret
      \`;`;
    expect(run(source, 10)).toBe(7);
  });

  test('keep them even around machine code that changes them', () => {
    const source = `
      function dirty(): void { asm\`
        mov ebx, 9
        mov esi, 9
        xor edi, edi
        stosb\`; }
      function loud(): void { asm\`
        MOV EBX, 9
        Mov Esi, 9
        XOR EDI, EDI
        STOSB\`; }
      function callers(n: u32): u32 {
        let sum: u32 = 0;
        for (let i: u32 = 0; i < n; i++) { sum += i; dirty(); loud(); }
        return sum;
      }
      ${main('return callers(n);', '(n: u32): u32')}`;
    expect(run(source, 5)).toBe(10);
  });

  test('are called through variables, fields and tables', () => {
    const source = `
      function add(a: u32, b: u32): u32 { return a + b; }
      function subtract(a: u32, b: u32): u32 { return a - b; }
      function choose(plus: boolean): (a: u32, b: u32) => u32 { return plus ? add : subtract; }
      let kept: ((a: u32, b: u32) => u32) | null = null;
      ${main('kept = choose(false); const f = choose(true); return f(1, 2) * 100 + kept(9, 4) + choose(true)(1, 1);')}`;
    expect(run(source)).toBe(307);
  });
});

describe('machine code', () => {
  test('sees constants, parameters, variables, fields, arrays and functions through its holes', () => {
    const source = `
      const BASE = 1000;
      let count: u32 = 7;
      interface Two { a: u32; b: u32; }
      const two = struct<Two>();
      const words = array<u32>(4);
      function five(): u32 { return 5; }
      ${main(
        `
        let local: u32 = 3;
        two.b = 20000;
        words[2] = 100000;
        return asm\`
          call \${five}
          add eax, \${BASE}
          add eax, \${count}
          add eax, \${a}
          add eax, \${local}
          add eax, \${two.b}
          mov ecx, 2
          add eax, [\${words} + ecx*4]
        \`;`,
        '(a: u32): u32',
      )}`;
    expect(run(source, 500000)).toBe(5 + 1000 + 7 + 500000 + 3 + 20000 + 100000);
  });

  test('may have a semicolon in a character, labels or not', () => {
    const code = (label: string) => `return asm\`\n${label}  mov eax, ';' ; not "this": or that\n\`;`;
    expect(run(main(code('')))).toBe(59);
    expect(run(main(code('this:\n')))).toBe(59);
  });

  test('has labels of its own, even twice', () => {
    const source = `
      function count(n: u32): u32 { return asm\`
          mov ecx, \${n}
          xor eax, eax
        again: add eax, 2
          loop again
        \`; }
      function down(n: u32): u32 { asm\`
        again: dec dword \${n}
          jnz again
        \`; return n; }
      ${main('return count(21) + down(3);')}`;
    expect(run(source)).toBe(42);
  });

  test('has names of its own that look like numbers, stand two on a line, or are equal to something', () => {
    const again = (name: string) => `
      function ${name}(): u32 { return asm\`
          step equ 3
          mov eax, 0
          mov ecx, 0x1f
        a: x1f: add eax, step
          dec ecx
          jnz x1f
          jecxz b
          jmp a
        b:
        \`; }`;
    const source = `${again('one')}${again('two')}${main('return one() + two();')}`;
    expect(run(source)).toBe(2 * 3 * 0x1f);
  });
});

describe('modules', () => {
  test('may pass names on in a circle, and find those that are there', () => {
    const modules = {
      'a.ts': "export * from './b.ts';\nexport const ONE = 1;",
      'b.ts': "export * from './a.ts';\nexport const TWO = 2;",
    };
    const source = `import { ONE, TWO } from './a.ts';\n${main('return ONE + TWO;')}`;
    expect(call(tangleSource(source, { modules }))).toBe(3);
    const none = `import { THREE } from './a.ts';\n${main('return THREE;')}`;
    expect(complaint(none, { modules })).toContain('`THREE`; a.ts exports no such name');
    const lost = { 'a.ts': "export * from './gone.ts';" };
    expect(complaint(none, { modules: lost })).toContain('an import from gone.ts; it cannot be read');
  });

  test('share constants, variables, types and functions', () => {
    const modules = {
      'lib/counter.ts': `
        import type { u32 } from '../language.ts';
        export const STEP = 3;
        export let count: u32 = 100;
        export interface Pair { a: u32; b: u32; }
        export function bump(): void { count += STEP; }`,
      'lib/index.ts': "export * from './counter.ts';",
    };
    const source = `
      import { bump as increase, count, STEP, type Pair } from './lib/index.ts';
      function bump(): void {}
      ${main('increase(); bump(); return count * 100 + STEP * 10 + sizeOf<Pair>();')}`;
    expect(call(tangleSource(source, { modules }))).toBe(10_300 + 30 + 8);
  });

  test('take values for exported constants from outside, and drop the branches that those rule out', () => {
    const source = `
      export const BARE: boolean = false;
      function bare(): u32 { return 1; }
      function guest(): u32 { return 2; }
      ${main('return BARE ? bare() : guest();')}`;
    const [guest, bare] = [tangleSource(source), tangleSource(source, { defines: { BARE: true } })];
    expect([call(guest), call(bare)]).toEqual([2, 1]);
    expect(guest.symbols.map(({ name }) => name)).toEqual(['main', 'guest']);
    expect(bare.symbols.map(({ name }) => name)).toEqual(['main', 'bare']);
  });

  test('drop what stands behind a return that is always reached', () => {
    const source = `
      export const BARE: boolean = false;
      function bare(): u32 { return 1; }
      ${main('if (!BARE) return 2; return bare();')}`;
    expect(tangleSource(source).symbols.map(({ name }) => name)).toEqual(['main']);
    expect(call(tangleSource(source, { defines: { BARE: true } }))).toBe(1);
  });
});
