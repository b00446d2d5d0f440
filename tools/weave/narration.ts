/*
 * # The narrator
 *
 * Comments look alike and Markdown looks like anything. Between the two there is room for several
 * misunderstandings, and a good part of this page is about refusing to have them. Markdown's great charm is that no
 * text is ever wrong; whatever you type, something comes out. For a book that proves things it is a dangerous
 * charm.
 */

import type { Node, Root, RootContent } from 'mdast';
import remarkDirective from 'remark-directive';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { SKIP, visit } from 'unist-util-visit';

import { DIRECTIVES, shapeDirective } from './directives.ts';
import { readPlainly } from './plain.ts';
import { curl } from './punctuation.ts';

/** Tells of trouble at a line of the Markdown, counted from 1. */
export type Trouble = (line: number, message: string) => void;

const markdown = unified().use(remarkParse).use(remarkGfm).use(remarkDirective).freeze();

/*
 * ## Reading
 *
 * Most prose is plain and goes the [short way](#plain). The rest goes through the full grammar, a stretch at a time.
 * Either way, the positions in the tree are where things are in the source file, so that a complaint about a link on
 * the third line of a comment names the line that your editor will jump to.
 */
/**
 * Reads Markdown, checks its directives and curls its quotes.
 *
 * @param text the Markdown
 * @param firstLine the line of the source file at which it starts; every position in the tree is one in that file
 */
export function readNarration(text: string, firstLine: number, trouble: Trouble): Root {
  const tree = readPlainly(text, firstLine, (part, line) => readFully(part, line, trouble));
  liftAside(tree);
  curl(tree);
  return tree;
}

/*
 * ## What Markdown would let pass
 *
 * Raw HTML, which the converter drops without a word: `<b>` in a sentence would be gone, and with it the proof's good
 * temper. Notes at the foot of a page that has no foot. An address that stands apart from its link, since all comments
 * of a file become one page, and then it is everybody's. And a colon with letters behind it, as in *16:nine*, which the
 * directive plugin takes for a directive of its own, and which we put back as it was.
 */
function readFully(text: string, firstLine: number, trouble: Trouble): Root {
  complainOfUnclosed(text, firstLine, trouble);
  const tree = markdown.parse(text) as Root;
  const written = ({ position }: Node) =>
    position ? text.slice(position.start.offset, position.end.offset) : '';
  visit(tree, (node, index, parent) => {
    if (node.type === 'textDirective') {
      parent!.children[index!] = { type: 'text', value: written(node), position: node.position! };
      return SKIP;
    }
    if (node.position) node.position = moved(node.position, firstLine - 1);
    const line = node.position?.start.line ?? firstLine;
    if (node.type === 'paragraph') complainOfUnread(written(node), line, trouble);
    if (node.type === 'heading' && wordsIn(written(node)).length === 0)
      trouble(line, 'has a heading without a letter or a number, to which no link could lead');
    if (node.type === 'html')
      trouble(line, `would lose ${quoted(node.value)}, which Markdown takes for HTML: set it in backticks`);
    if (node.type === 'footnoteReference') {
      parent!.children[index!] = { type: 'text', value: `[^${node.identifier}]`, position: node.position! };
      return SKIP;
    }
    if (node.type === 'footnoteDefinition') {
      trouble(line, 'has a footnote, which no page has a foot for: write an :::aside');
      parent!.children.splice(index!, 1, ...node.children);
      return index;
    }
    if (node.type === 'definition')
      trouble(
        line,
        `says far from [${node.identifier}] where it leads: write [${node.identifier}](${node.url})`,
      );
    if (node.type === 'containerDirective' || node.type === 'leafDirective') shapeDirective(node, trouble);
    return undefined;
  });
  return tree;
}

/*
 * An aside that comes last has nothing left to stand beside, and would hang in the margin over an empty column. It
 * goes beside the paragraph before it.
 */
function liftAside(tree: Root): void {
  const last = tree.children.at(-1);
  if (last?.type !== 'containerDirective' || last.name !== 'aside') return;
  const beside = tree.children.findLastIndex(({ type }) => type === 'paragraph');
  if (beside >= 0) tree.children.splice(beside, 0, tree.children.pop()!);
}

function moved(position: NonNullable<Root['position']>, lines: number): NonNullable<Root['position']> {
  const { start, end } = position;
  return { start: { ...start, line: start.line + lines }, end: { ...end, line: end.line + lines } };
}

function quoted(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/*
 * ## The missing colons
 *
 * Forget the three colons at the end of an aside, and Markdown will close it for you, at the end of the comment.
 * Half of your page is then in the margin, and everything is perfectly valid. We count them ourselves, and the ends of
 * fences with them. A directive of two colons must be one line, however long; break it, and it is perfectly valid too,
 * as prose with colons in it.
 */
/** Markdown closes what is open at the end of the text by itself, which is never what the author meant. */
function complainOfUnclosed(text: string, firstLine: number, trouble: Trouble): void {
  const open: { name: string; colons: number; line: number }[] = [];
  let fence = { mark: '', line: 0 };
  for (const [index, line] of text.split('\n').entries()) {
    const at = firstLine + index;
    const [, mark = '', language = ''] = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line) ?? [];
    if (fence.mark !== '') {
      if (mark.startsWith(fence.mark) && language.trim() === '') fence = { mark: '', line: 0 };
      continue;
    }
    fence = { mark, line: at };
    const broken = /^ {0,3}::([a-z]+)\[[^\]]*$/.exec(line);
    if (broken) trouble(at, `breaks ::${broken[1]} off: write it on one line`);
    const found = /^ {0,3}(:{3,})\s*([\w-]*)/.exec(line);
    if (!found) continue;
    const colons = found[1]!.length;
    if (found[2]) open.push({ name: found[2], colons, line: at });
    else if (open.length > 0 && colons >= open.at(-1)!.colons) open.pop();
    else trouble(at, 'closes a directive that was never opened');
  }
  for (const { name, line } of open)
    trouble(line, `opens :::${name} and never closes it: end it with a line of :::`);
  if (fence.mark !== '')
    trouble(fence.line, `opens a fence and never closes it: end it with a line of ${fence.mark}`);
}

/*
 * A quotation mark that is missing, or a brace, or a blank behind the colons, and it is not a directive any more but a
 * paragraph about one. No paragraph of ours begins a line with two colons and a word for any other reason.
 */
/** Complains of a line that begins like a directive and has come out as prose. */
function complainOfUnread(paragraph: string, firstLine: number, trouble: Trouble): void {
  for (const [index, line] of paragraph.split('\n').entries()) {
    const name = /^\s*:{2,}\s*([a-z]+)/.exec(line)?.[1];
    if (name === undefined) continue;
    const right = DIRECTIVES[name] ?? Object.values(DIRECTIVES).join(', ');
    trouble(
      firstLine + index,
      `begins like a directive and is none, "${quoted(line.trim())}": write ${right}`,
    );
  }
}

/*
 * ## From comment to Markdown
 *
 * Off with the stars. The one thing to keep is the number of lines, for it is by counting lines that we know where
 * we are. An author may also leave the stars out; then up to three blanks go, which is how far the opening slash,
 * star and blank push the first line in. If most lines have theirs and one has not, it was lost; the others would be
 * read as a list.
 */
/** The Markdown in a comment: one line of it for each line of the source. */
export function markdownIn(comment: string, firstLine: number, trouble: Trouble): string {
  const lines = comment
    .replace(/^\/\*+[ \t]?/, '')
    .replace(/[ \t]*\*+\/$/, '')
    .split(/\r?\n/);
  const rest = lines.slice(1).filter((line) => line.trim() !== '');
  const lost = rest.filter((line) => !/^\s*\*/.test(line));
  if (lost.length * 2 < rest.filter((line) => /^ ?\*/.test(line)).length)
    for (const line of lost)
      trouble(
        firstLine + lines.indexOf(line),
        `has no star before "${quoted(line.trim())}", as the lines around it have`,
      );
  if (rest.length > 0 && lost.length === 0) {
    return lines.map((line, index) => (index === 0 ? line : line.replace(/^\s*\*[ \t]?/, ''))).join('\n');
  }
  const indent = Math.min(3, ...rest.map((line) => /^ */.exec(line)![0].length));
  return lines
    .map((line, index) => (index === 0 ? line : line.slice(Math.min(indent, line.length))))
    .join('\n');
}

/*
 * ## What is promised
 *
 * Words are compared by their letters, in order. Punctuation is not promised: quotes get curled and dashes get
 * longer, and both are improvements. A drawing is promised to the last blank, since in a drawing the blanks are the
 * drawing.
 */
/** What a reader must find again on the page: the words, in order, and every drawing and fence, to the letter. */
export interface Promised {
  words: string[];
  blocks: string[];
}

export function promisedBy(...trees: readonly Root[]): Promised {
  const promised: Promised = { words: [], blocks: [] };
  for (const tree of trees) {
    collect(tree, promised);
  }
  return promised;
}

function collect(node: Root | RootContent, into: Promised): void {
  if (node.type === 'text' || node.type === 'inlineCode') into.words.push(...wordsIn(node.value));
  else if (node.type === 'code') into.blocks.push(node.value);
  else if ('children' in node) for (const child of node.children) collect(child, into);
}

export function wordsIn(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}
