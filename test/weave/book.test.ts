import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { weave } from '../../tools/weave/index.ts';
import { curl } from '../../tools/weave/punctuation.ts';
import { borrowFixture, nestingFaults, pagesIn } from './bench.ts';

let pages: Map<string, string>;
let report: Awaited<ReturnType<typeof weave>>;
let out: string;

beforeAll(async () => {
  const fixture = borrowFixture(afterAll);
  out = fixture.out;
  report = await weave(fixture);
  pages = pagesIn(out);
});

describe('a woven book', () => {
  test('counts what it holds, and has nothing to complain of', () => {
    expect(report).toMatchObject({
      files: 12,
      sections: 18,
      figures: 2,
      exercises: 1,
      pages: 18,
      printed: 18,
      warnings: [],
    });
  });

  test('is read in the order of the indexes: chapters, then appendices, programs at the end of their room', () => {
    const order: string[] = [];
    for (let output: string | undefined = 'index.html'; output; ) {
      const html: string = pages.get(output)!;
      const file = /<main data-file="([^"]*)"/.exec(html)?.[1];
      if (file) order.push(file);
      const next = /<a rel="next" href="([^"]*)"/.exec(html)?.[1];
      output = next && join(output, '..', next);
    }
    expect(order).toEqual([
      'book/front.md',
      'chapters/1-lamp/index.ts',
      'chapters/1-lamp/flame.ts',
      'chapters/1-lamp/oil.ts',
      'chapters/1-lamp/light.ts',
      'chapters/2-cave/index.ts',
      'chapters/2-cave/page-tables.ts',
      'chapters/2-cave/bats/index.ts',
      'chapters/2-cave/bats/hang.ts',
      'src/ladder/index.ts',
      'tools/bell/main.ts',
      'tools/bell/ring.ts',
    ]);
  });

  test('is HTML that nests, loads nothing from outside, and says each id once', () => {
    for (const [output, html] of pages) {
      expect({ output, faults: nestingFaults(html) }).toEqual({ output, faults: [] });
      const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
      expect({ output, ids }).toEqual({ output, ids: [...new Set(ids)] });
      expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    }
    for (const asset of ['lantern.css', 'lantern.js', 'lantern.svg'])
      expect(existsSync(join(out, 'assets', asset))).toBe(true);
  });

  test('lists every heading, also the second of a comment', async () => {
    const fixture = borrowFixture();
    fixture.edit('chapters/1-lamp/oil.ts', (text) =>
      text.replace('/* # Oil */', '/*\n * # Oil\n *\n * ## Where it comes from\n *\n * Olives.\n */'),
    );
    await weave(fixture);
    const woven = pagesIn(fixture.out);
    expect(woven.get('contents.html')).toMatch(
      /oil\.html#where-it-comes-from"><b>1\.\d+\.\d+<\/b> Where it comes from</,
    );
    expect(woven.get('1-lamp/oil.html')).toContain('<a href="#where-it-comes-from">Where it comes from</a>');
  });

  test('numbers its sections, and lists them in the contents', () => {
    expect(pages.get('2-cave/page-tables.html')).toContain(
      '<a class="number" href="#twelve-bits-of-opinion">§ 2.1.3</a>',
    );
    expect(pages.get('contents.html')).toContain(
      '<a href="2-cave/page-tables.html#twelve-bits-of-opinion"><b>2.1.3</b> Twelve bits of opinion</a>',
    );
    expect(pages.get('bell/ring.html')).toContain('§ B.1.1');
  });
});

describe('a name in code', () => {
  test('links to its definition in another chapter, through imports and re-exports', () => {
    const tables = pages.get('2-cave/page-tables.html')!;
    expect(tables).toMatch(
      /= <a href="\.\.\/1-lamp\/flame\.html#def-burn" class="f" data-h="\d+">burn<\/a>\(/,
    );
    expect(tables).toMatch(
      /<a href="\.\.\/ladder\/index\.html#def-climb" class="f" data-h="\d+">climb<\/a>\(/,
    );
    expect(pages.get('1-lamp/flame.html')).toMatch(/<dfn id="def-burn"/);
  });

  test('links to the member of an interface, from an access and from an object literal', () => {
    expect(pages.get('1-lamp/flame.html')).toMatch(/oil<\/span>\.<a href="oil\.html#def-Oil\.left"/);
    expect(pages.get('1-lamp/light.html')).toMatch(
      /\(\{ <a href="oil\.html#def-Oil\.left" data-h="\d+">left<\/a>: /,
    );
    expect(pages.get('1-lamp/oil.html')).toContain('id="def-Oil.left"');
  });

  test('tells its signature and the first sentence of its contract', () => {
    const html = pages.get('2-cave/page-tables.html')!;
    const hovers = JSON.parse(
      /<script type="application\/json" id="hovers">(.*?)<\/script>/s.exec(html)![1]!,
    );
    const number = Number(/data-h="(\d+)">burn</.exec(html)![1]);
    expect(hovers[number]).toEqual([
      'function burn(oil: Oil, seconds: number): number',
      'Burns one measure of oil.',
    ]);
  });

  test('code is told without its remarks, and a contract without links, to the end of its sentence, and of nobody but what comes first behind it', async () => {
    const fixture = borrowFixture();
    const lines = [
      '/** Of the [manual](https://example.org) (vol. 3) the *second* line. Not this one. */',
      'const quiet = 1;',
      "const soft = ['*', // as in /* this",
      "  '//',",
      "  /* and */ 'that', // and no more",
      '];',
      'export const loud = quiet + soft.length;',
    ];
    fixture.edit('chapters/1-lamp/oil.ts', (text) => `${text}\n${lines.join('\n')}\n`);
    await weave(fixture);
    const woven = pagesIn(fixture.out);
    expect(woven.get('1-lamp/oil.html')).toContain(
      '"const quiet = 1","Of the manual (vol. 3) the second line."',
    );
    expect(woven.get('1-lamp/oil.html')).toContain(`"const soft = ['*', '//', 'that', ]"`);
    expect(woven.get('reference/1-lamp.html')).not.toContain('loud');
  });

  test('keeps a private field apart from the getter of the same name, and out of the reference', async () => {
    const fixture = borrowFixture();
    const queue = `
/** Waits. */
export class Queue {
  #length = 0;
  /** How many wait. */
  get length(): number {
    return this.#length;
  }
}
`;
    fixture.edit('chapters/1-lamp/oil.ts', (text) => text + queue);
    await weave(fixture);
    const woven = pagesIn(fixture.out);
    const page = woven.get('1-lamp/oil.html')!;
    expect(page).toMatch(/id="def-Queue\.\$length"[^>]*>#length</);
    expect(page).toMatch(/id="def-Queue\.length"[^>]*>length</);
    expect(page).toMatch(/href="#def-Queue\.\$length"[^>]*>#length</);
    expect(page).toContain('"Queue.#length = 0"');
    const reference = woven.get('reference/1-lamp.html')!;
    expect(reference).toContain('#def-Queue.length');
    expect(reference).not.toContain('#length');
  });

  test('is listed where it is defined with the sections that use it, imports apart', () => {
    expect(pages.get('1-lamp/flame.html')).toContain(
      '<code>burn</code> is used in § <a href="#what-burns" title="What burns">1.1.2</a> ' +
        '<a href="../2-cave/page-tables.html#a-fault-is-a-question" title="A fault is a question">2.1.2</a></p>',
    );
  });
});

describe('the narration', () => {
  test('links names in backticks, files in backticks, and leaves other words alone', () => {
    expect(pages.get('1-lamp/index.html')).toContain(
      '<a class="name" href="flame.html#def-burn"><code>burn</code></a>',
    );
    expect(pages.get('2-cave/index.html')).toContain(
      'href="page-tables.html"><code class="whole">page-tables.ts</code>',
    );
    expect(pages.get('2-cave/page-tables.html')).toContain('<a class="name"><code>0xc0123004</code></a>');
  });

  test('follows links to rooms, to sections, and to sections of files', () => {
    expect(pages.get('index.html')).toContain('<a href="2-cave/index.html">Go down</a>');
    expect(pages.get('index.html')).toContain('<a href="1-lamp/flame.html#what-burns">the flame</a>');
    expect(pages.get('1-lamp/flame.html')).toContain('<a href="#what-burns">what burns</a>');
  });

  test('has curled quotes and dashes, and code as it was', () => {
    expect(pages.get('1-lamp/index.html')).toContain(
      '“You carry a lamp,” says the Master. It’s the only thing you’ll carry —',
    );
    const text = { type: 'text' as const, value: 'so on... and "this" is "that" -- he said' };
    curl({ type: 'paragraph', children: [text] });
    expect(text.value).toBe('so on… and “this” is “that” — he said');
  });

  test('sets figures with captions, from the source and from book/figures', () => {
    const html = pages.get('2-cave/page-tables.html')!;
    expect(html).toContain('cr3 --> shadow &lt;-> shadow --> frame &amp; all');
    expect(html).toContain('<span class="figure-number">Figure 2.1b </span>An entry</figcaption>');
    expect(html).toContain('| G|PS| D| A|CD|WT| U| W| P|');
  });

  test('sets an exercise with what it is worth, and lists it in the contents', () => {
    expect(pages.get('2-cave/page-tables.html')).toContain('15 points · 30 minutes');
    expect(pages.get('contents.html')).toContain(
      'href="2-cave/page-tables.html#write-watch">write watch</a>',
    );
  });

  test('sets a contract: what comes in, what goes out, what is thrown; and again in the reference', () => {
    const clauses = [
      '<dt><a class="name"><code>seconds</code></a></dt><dd>how long, more than 0</dd>',
      '<dt><span class="tag">returns</span></dt><dd>light in <a class="name"><code>candela</code></a></dd>',
      'when there is “no” oil &#x26; no <a class="name"><code>&#x3C;light></code></a></dd>',
    ];
    for (const clause of clauses) {
      expect(pages.get('1-lamp/flame.html')).toContain(clause);
      expect(pages.get('reference/1-lamp.html')).toContain(clause);
    }
    expect(pages.get('reference/1-lamp.html')).toContain(
      '<a href="../1-lamp/flame.html#def-burn"><code>burn</code></a>',
    );
  });
});

describe('code on the page', () => {
  test('is escaped', () => {
    expect(pages.get('1-lamp/flame.html')).toContain(`'no oil &amp; no &lt;light&gt;'`);
    expect(pages.get('2-cave/page-tables.html')).toContain('&lt;b&gt;&amp;amp;&lt;/b&gt;');
  });

  test('has machine code dyed as machine code', () => {
    expect(pages.get('2-cave/page-tables.html')).toContain(
      '<span class="f">enter:</span>  <span class="k">mov</span> <span class="t">eax</span>, [<span class="t">ebp</span>+<span class="n">8</span>]   <span class="c">; the way in</span>',
    );
  });

  test('has its imports folded away, but on the page', () => {
    expect(pages.get('2-cave/page-tables.html')).toMatch(
      /<details class="imports"[^>]*><summary>imports from flame, oil, index</,
    );
  });
});
