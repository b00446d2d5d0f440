/*
 * # Printers' marks
 *
 * Typewriters had one quotation mark, because a second would have cost a lever. The saving is still with us. A
 * printer has six, and tells by the company it keeps which of them is meant: a mark with a blank before it opens,
 * any other closes, and the one in *don't* is no quotation mark at all.
 *
 * There is a plugin for this. It parses the prose as English, sentence by sentence and word by word, in order to
 * look at the characters on both sides of an apostrophe, and it took as long as everything else in the row
 * together.
 */

import type { Parent, PhrasingContent, Root, RootContent } from 'mdast';

/**
 * Turns straight quotes, `--` and `...` of running text into the characters a printer would set. Code is left alone.
 */
export function curl(tree: Root | RootContent): void {
  if (tree.type === 'paragraph' || tree.type === 'heading' || tree.type === 'tableCell') curlRun(tree, '');
  else if ('children' in tree) for (const child of tree.children) curl(child);
}

/*
 * ## Across the borders
 *
 * A quotation may begin outside of an emphasis and end inside. So the last character is handed on from node to
 * node, and code in between counts as a letter: in "`run` returns" the mark opens because of what is before it, and
 * in "it calls `run`" it closes because of what is.
 *
 * For a browser, a hyphen is a place to break a line at. In code it is not: an option with its hyphens on one line and
 * its name on the next is no option that anybody would recognise. So short pieces of code are kept together.
 */
/** Characters of code that fit into a line of any telephone. */
const SHORT = 28;

/** Curls one run of text, which may pass through emphasis and links. Returns its last character. */
function curlRun(parent: Parent, before: string): string {
  let last = before;
  for (const node of parent.children as PhrasingContent[]) {
    if (node.type === 'text') {
      node.value = set(node.value, last);
      last = node.value.at(-1) ?? last;
    } else if ('children' in node) last = curlRun(node, last);
    else {
      if (node.type === 'inlineCode' && node.value.length <= SHORT && node.value.includes('-'))
        node.data = { ...node.data, hProperties: { className: ['whole'] } };
      last = node.type === 'break' ? ' ' : 'x';
    }
  }
  return last;
}

function set(text: string, before: string): string {
  return text
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.\.\./g, '…')
    .replace(/(?<=\d)--(?=\d)/g, '–')
    .replace(/(?<=\p{L})---?(?=\p{L})|(?<=\s)---?(?=\s)/gu, '—')
    .replace(/["']/g, (mark, at: number, whole: string) => {
      const opens =
        /^$|[\s([{—–-]/.test(at === 0 ? before : whole[at - 1]!) && /\S/.test(whole[at + 1] ?? 'x');
      if (mark === '"') return opens ? '“' : '”';
      return opens && !/^'\d\ds?\b/.test(whole.slice(at)) ? '‘' : '’';
    });
}
