import type { Parent, PhrasingContent, Root } from 'mdast';
import { SKIP, visit } from 'unist-util-visit';

/** Turns straight quotes, `--` and `...` of running text into the characters a printer would set. Code is left alone. */
export function curl(tree: Root): void {
  visit(tree, (node) => {
    if (node.type !== 'paragraph' && node.type !== 'heading' && node.type !== 'tableCell') return undefined;
    curlRun(node, '');
    return SKIP;
  });
}

/** Curls one run of text, which may pass through emphasis and links. Returns its last character. */
function curlRun(parent: Parent, before: string): string {
  let last = before;
  for (const node of parent.children as PhrasingContent[]) {
    if (node.type === 'text') {
      node.value = set(node.value, last);
      last = node.value.at(-1) ?? last;
    } else if ('children' in node) last = curlRun(node, last);
    else last = node.type === 'break' ? ' ' : 'x';
  }
  return last;
}

function set(text: string, before: string): string {
  return text
    .replace(/\.\.\./g, '…')
    .replace(/(?<=\d)--(?=\d)/g, '–')
    .replace(/(?<=\p{L})---?(?=\p{L})|(?<=\s)---?(?=\s)/gu, '—')
    .replace(/["']/g, (mark, at: number) => {
      const opens = /^$|[\s([{—–-]/.test(at === 0 ? before : text[at - 1]!) && /\S/.test(text[at + 1] ?? 'x');
      if (mark === '"') return opens ? '“' : '”';
      return opens && !/^'\d\ds?\b/.test(text.slice(at)) ? '‘' : '’';
    });
}
