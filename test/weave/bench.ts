import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A copy of the fixture that a test may spoil, and a place for its book. Both are gone when the test is over. */
export function borrowFixture(whenDone: (clean: () => void) => void = onTestFinished): {
  root: string;
  out: string;
  edit: (file: string, change: (text: string) => string) => void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'weave-'));
  whenDone(() => rmSync(folder, { recursive: true, force: true }));
  const root = join(folder, 'root');
  cpSync(fileURLToPath(new URL('fixture', import.meta.url)), root, { recursive: true });
  cpSync(join(repository, 'book/theme'), join(root, 'book/theme'), { recursive: true });
  const edit = (file: string, change: (text: string) => string): void => {
    const path = join(root, file);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  };
  return { root, out: join(folder, 'html'), edit };
}

/** Every page of a woven book, by its path. */
export function pagesIn(out: string): Map<string, string> {
  const names = readdirSync(out, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.replaceAll('\\', '/'),
  );
  return new Map(
    names
      .filter((name) => name.endsWith('.html'))
      .map((name) => [name, readFileSync(join(out, name), 'utf8')]),
  );
}

const VOID = new Set(['meta', 'link', 'br', 'hr', 'img', 'input', 'path', 'rect']);
const BLOCK = new Set([
  'div',
  'ul',
  'ol',
  'pre',
  'table',
  'figure',
  'aside',
  'p',
  'h1',
  'h2',
  'h3',
  'section',
  'dl',
]);

/** What is wrong with the nesting of a page's tags, or an empty list. */
export function nestingFaults(html: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  for (const [tag, slash, name] of html
    .replace(/<script[\s\S]*?<\/script>/g, '')
    .matchAll(/<(\/?)([a-z]\w*)[^>]*>/g)) {
    if (VOID.has(name!) || tag.endsWith('/>')) continue;
    if (!slash && BLOCK.has(name!) && open.includes('p')) faults.push(`<${name}> in a paragraph`);
    if (!slash) open.push(name!);
    else if (open.pop() !== name) faults.push(`</${name}> closes something else`);
  }
  return [...faults, ...open.map((name) => `<${name}> is never closed`)];
}
