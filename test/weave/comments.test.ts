// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these strings are programs
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import ts from '../../tools/weave/compiler.ts';
import {
  markdownIn,
  promisedBy,
  readContract,
  sectionsOf,
  tokensOf,
  typeset,
} from '../../tools/weave/index.ts';

function read(text: string): { kind: string; text: string }[][] {
  const tree = ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2022, true);
  return sectionsOf(tree, tokensOf(tree)).map(({ pieces }) =>
    pieces.map(({ kind, start, end }) => ({ kind, text: text.slice(start, end) })),
  );
}

describe('a comment', () => {
  test('opens a section when it starts in column 0', () => {
    expect(read('/* # A */\nlet a = 1;\n/* b */\nlet b = 2;\n')).toEqual([
      [
        { kind: 'narration', text: '/* # A */\n' },
        { kind: 'code', text: 'let a = 1;\n' },
      ],
      [
        { kind: 'narration', text: '/* b */\n' },
        { kind: 'code', text: 'let b = 2;\n' },
      ],
    ]);
  });

  test('is code when it is indented, or a line comment', () => {
    expect(read('/* # A */\n{\n  /* here */\n  // there\n}\n')).toHaveLength(1);
  });

  test('is a contract with two stars, in the section it stands in', () => {
    const [section] = read('/* # A */\n/** Adds. */\nfunction add() {}\n');
    expect(section!.map(({ kind }) => kind)).toEqual(['narration', 'contract', 'code']);
  });

  test('may stand in column 0 inside a function, and cuts it in two', () => {
    expect(
      read('/* # A */\nfunction a() {\n  b();\n/* and then */\n  c();\n}\n').map((section) => section.length),
    ).toEqual([2, 2]);
  });

  test.each([
    ['a template', '`\n/* no */\n`'],
    ['a template with holes', '`${1}\n/* no */\n${2}\n/* no */`'],
    ['a regular expression', '/[/*]/.test("*/")'],
    ['a regular expression behind a division', '4 / 2 / /\\/*x/.lastIndex'],
    ['a string', "'/* no */'"],
    ['a template in a template', '`${`\n/* no */${1}`}\n/* no */`'],
  ])('is none inside %s', (_, expression) => {
    expect(read(`/* # A */\nexport const a = ${expression};\n`)).toHaveLength(1);
  });

  test('may follow a shebang', () => {
    expect(
      read('#!/usr/bin/env node\n/* # A */\nlet a;\n').map((section) => section.map(({ kind }) => kind)),
    ).toEqual([['code', 'narration', 'code']]);
  });

  test('sets the imports behind it apart', () => {
    const [section] = read("/* # A */\nimport { a } from 'a';\nimport 'b';\n\n// c\nexport const c = a;\n");
    expect(section!.map(({ text }) => text)).toEqual([
      '/* # A */\n',
      "import { a } from 'a';\nimport 'b';\n\n",
      '// c\nexport const c = a;\n',
    ]);
  });
});

describe('sections', () => {
  const line = fc.constantFrom(
    '/* text */',
    '/* # T',
    ' */',
    '/** c */',
    'let a = `',
    '`;',
    '// x',
    '',
    '  b();',
    "import 'c';",
    '/x/*2;',
    '}{',
    "'/*'",
  );

  test('cover every character of whatever text, once and in order', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
        const text = lines.join('\n');
        const joined = read(text)
          .flat()
          .map((piece) => piece.text)
          .join('');
        expect(joined).toBe(read(text).length === 0 ? '' : text);
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  test('come out of the typesetter as they went in', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
        const text = lines.join('\n');
        const html = typeset(
          text,
          tokensOf(ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2022, true)),
          0,
          text.length,
        );
        const plain = html
          .replace(/<[^>]*>/g, '')
          .replaceAll('&lt;', '<')
          .replaceAll('&gt;', '>')
          .replaceAll('&quot;', '"')
          .replaceAll('&amp;', '&');
        expect(plain).toBe(text);
      }),
      { seed: 8, numRuns: 500 },
    );
  });
});

describe('the Markdown of a comment', () => {
  test.each([
    ['with stars', '/*\n * # A\n *\n *     indented\n * - item\n */', '\n# A\n\n    indented\n- item\n'],
    ['without stars', '/* # A\n\n   text\n     * item\n */', '# A\n\ntext\n  * item\n'],
    ['in one line', '/* # A */', '# A'],
  ])('%s keeps its lines and its indentation', (_, comment, markdown) => {
    expect(markdownIn(comment, 1, () => undefined)).toBe(markdown);
  });
});

describe('a contract', () => {
  const words = (comment: string) => {
    const { description, clauses } = readContract(comment, 10, () => undefined);
    return [
      promisedBy(description).words.join(' '),
      ...clauses.map(({ tag, name, text }) => [tag, name, promisedBy(text).words.join(' ')]),
    ];
  };

  test('has a description, and clauses that go on over lines', () => {
    expect(
      words('/**\n * Adds.\n *\n * @param a first\n *   of two\n * @throws RangeError if late\n */'),
    ).toEqual(['Adds', ['param', 'a', 'first of two'], ['throws', 'RangeError', 'if late']]);
  });

  test('may have its clause behind the sentence, in one line', () => {
    expect(words('/** Adds `@x`, to a@b. @returns the sum */')).toEqual([
      'Adds x to a b',
      ['returns', '', 'the sum'],
    ]);
  });

  test('leaves the tags in its examples alone', () => {
    expect(
      words('/**\n * Adds.\n *\n * @example\n * ```ts\n * @late add()\n * ```\n * @see Nothing\n */'),
    ).toEqual(['Adds', ['example', '', ''], ['see', '', 'Nothing']]);
  });

  test('says which line is wrong', () => {
    const troubles: number[] = [];
    readContract('/**\n * Adds.\n *\n * @param a\n * @retuns b\n */', 10, (line) => troubles.push(line));
    expect(troubles).toEqual([14]);
  });
});
