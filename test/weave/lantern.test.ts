import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import remarkDirective from 'remark-directive';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import type { Root } from 'mdast';
import { unified } from 'unified';
import { SKIP, visit } from 'unist-util-visit';
import { describe, expect, test } from 'vitest';

import { type AdvanceCopy, createWeaver, markdownIn, readPlainly } from '../../tools/weave/index.ts';
import { borrowFixture, nestingFaults, pagesIn, repository } from './bench.ts';

describe('the book of this repository', () => {
  test('is whole: every byte of every file, every link, every exercise; its pages are HTML that nests, and its front page is the one that was shown early', async () => {
    const { out } = borrowFixture();
    let early: AdvanceCopy = new Map();
    const onFront = (copy: AdvanceCopy) => {
      early = copy;
    };
    const report = await createWeaver({ root: repository, out, onFront }).weave();
    const sources = ['chapters', 'src', 'tools'].flatMap((folder) =>
      readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' }).filter((name) =>
        name.endsWith('.ts'),
      ),
    );
    expect(report.files).toBe(sources.length + 1);
    expect([...early.keys()]).toContain('index.html');
    for (const [name, bytes] of early) expect(Buffer.from(bytes)).toEqual(readFileSync(join(out, name)));
    for (const [output, html] of pagesIn(out)) {
      expect({ output, faults: nestingFaults(html) }).toEqual({ output, faults: [] });
      expect({ output, loads: /<(?:script|link|img)[^>]*(?:src|href)="(?:https?:)?\/\//.test(html) }).toEqual(
        { output, loads: false },
      );
    }
  });

  test('has its plain prose read plainly as the full grammar would read it', () => {
    const grammar = unified().use(remarkParse).use(remarkGfm).use(remarkDirective).freeze();
    let plain = 0;
    for (const text of proseOf(repository)) {
      let asked = 0;
      const read = readPlainly(text, 1, (part, line) => {
        asked += part.length;
        return restored(grammar.parse(part), part, line - 1);
      });
      if (asked === 0) plain++;
      if (asked < text.length) expect(shapeOf(read)).toEqual(shapeOf(restored(grammar.parse(text), text, 0)));
    }
    expect(plain).toBeGreaterThan(500);
  });
});

function proseOf(root: string): string[] {
  return ['chapters', 'src', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => readFileSync(join(root, folder, name), 'utf8').match(/^\/\*[\s\S]*?\*\/$/gm) ?? [])
      .flatMap((comment) => markdownIn(comment, 1, () => expect.fail(comment)).split(/^@\w+/m)),
  );
}

interface Shape {
  type: string;
  value?: string;
  depth?: number;
  lines?: [number, number];
  children?: Shape[];
}

/** Text directives, of which prose has none, become again the text that they were written as; and lines move down. */
function restored(tree: Root, source: string, lines: number): Root {
  visit(tree, 'textDirective', (node, index, parent) => {
    const { start, end } = node.position!;
    parent!.children[index!] = { type: 'text', value: source.slice(start.offset, end.offset) };
    return SKIP;
  });
  visit(tree, ({ position }) => {
    if (!position) return;
    position.start.line += lines;
    position.end.line += lines;
  });
  return tree;
}

/** What a tree says, and on which lines. */
function shapeOf(node: unknown): Shape {
  const { type, value, depth, children, position } = node as Shape & { position?: Root['position'] };
  const block = type === 'paragraph' || type === 'heading';
  return {
    type,
    ...(value === undefined ? {} : { value }),
    ...(depth === undefined ? {} : { depth }),
    ...(block ? { lines: [position!.start.line, position!.end.line] } : {}),
    ...(children ? { children: joined(children.map(shapeOf)) } : {}),
  };
}

function joined(nodes: Shape[]): Shape[] {
  const all: Shape[] = [];
  for (const node of nodes) {
    const last = all.at(-1);
    if (last?.type === 'text' && node.type === 'text')
      all[all.length - 1] = { type: 'text', value: last.value! + node.value! };
    else all.push(node);
  }
  return all;
}
