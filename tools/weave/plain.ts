/*
 * # Plain prose
 *
 * Most of the prose in this repository uses nothing of Markdown but paragraphs, a heading and `code`. The full grammar
 * reads it all the same as if there might be a table behind the next bush, at three milliseconds a kilobyte, and a book
 * has hundreds of kilobytes to read while you wait for a prompt.
 *
 * So here is a reader for exactly that. It is quick for one reason: it gives up at once. Anything that *could* mean
 * something (a star, a bracket, a line that starts with a dash) is left to the grammar. A shortcut that guesses is a
 * bug; this one only ever says what it is sure of. A test reads every comment of the repository both ways and compares
 * the trees.
 */

import type { Heading, Paragraph, PhrasingContent, Root } from 'mdast';

/** Reads a stretch of Markdown with the full grammar; its lines are counted from 1. */
export type Grammar = (text: string) => Root;

/**
 * Reads Markdown whose blocks are all paragraphs and headings. Blocks of plain words and `code` cost next to nothing;
 * what has other marks in it goes to the grammar, one block at a time.
 *
 * @returns undefined where there could be other blocks, and the grammar has to see the whole
 */
export function readPlainly(text: string, grammar: Grammar): Root | undefined {
  const lines = text.split('\n');
  if (!lines.every((line) => line === '' || line.trim() === '' || PLAIN_START.test(line))) return undefined;
  const children: Root['children'] = [];
  for (const block of blocksOf(lines)) {
    const plain = readWords(block.text);
    if (plain) children.push(blockOf(block, plain));
    else children.push(...grammar(`${'\n'.repeat(block.line - 1)}${block.source}`).children);
  }
  return { type: 'root', children };
}

/*
 * ## What is surely a paragraph
 *
 * Whatever opens a block in Markdown does it at the start of a line, and never with a letter, a quotation mark, a round
 * bracket or a backtick (of which three would be a fence). A star that touches a word is emphasis and no list. Four
 * blanks would be code. Two blanks at the end of a line are a line break: the only invisible character with a meaning,
 * and a sentence about it takes longer to write than the test.
 */
const PLAIN_START = /^(?:#{1,3} +)?(?:[\p{L}"'(“‘$/§]|`(?!``)|\*(?=\p{L})|\d+(?![\d.)]))(?!.* {2}$)/u;

interface Block {
  /** 0 for a paragraph. */
  depth: number;
  text: string;
  source: string;
  line: number;
  lines: number;
}

/** Cuts at empty lines, and behind headings. */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open = false;
  for (const [index, line] of lines.entries()) {
    const [, marks, rest] = /^(#{1,3}) +(.*?)(?: +#+)? *$/.exec(line) ?? [];
    const paragraph = line.trim() !== '' && marks === undefined;
    if (marks !== undefined) {
      blocks.push({ depth: marks.length, text: rest!, source: line, line: index + 1, lines: 1 });
    } else if (paragraph && open) {
      const block = blocks.at(-1)!;
      block.text += `\n${line.trim()}`;
      block.source += `\n${line}`;
      block.lines++;
    } else if (paragraph) {
      blocks.push({ depth: 0, text: line.trim(), source: line, line: index + 1, lines: 1 });
    }
    open = paragraph;
  }
  return blocks;
}

function blockOf({ depth, line, lines }: Block, children: PhrasingContent[]): Paragraph | Heading {
  const position = { start: { line, column: 1 }, end: { line: line + lines - 1, column: 1 } };
  if (depth === 0) return { type: 'paragraph', children, position };
  return { type: 'heading', depth: depth as 1 | 2 | 3, children, position };
}

/*
 * ## Words, and code among them
 *
 * Inside a block no character that marks anything may occur, except the underscore *within* a word, which is where
 * kernel constants keep it. Backticks come in pairs. An odd one is somebody else's problem.
 */
function readWords(text: string): PhrasingContent[] | undefined {
  const parts = text.split('`');
  if (parts.length % 2 === 0 || text.includes('``') || /https?:|www\./i.test(text)) return undefined;
  const words: PhrasingContent[] = [];
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 1) words.push(codeOf(part));
    else if (PLAIN_WORDS.test(part)) words.push(...emphasized(part));
    else return undefined;
  }
  return words;
}

function codeOf(part: string): PhrasingContent {
  const padded = /^[ \n][\s\S]*\S[\s\S]*[ \n]$/.test(part);
  return { type: 'inlineCode', value: padded ? part.slice(1, -1) : part };
}

/*
 * The one mark that stylists cannot do without is the star. Two of them, hugging words that begin and end with a letter,
 * with a blank or a bracket before and none of a word behind, are emphasis under every rule that CommonMark has, and it
 * has seventeen.
 */
const EMPHASIS = /(?<=^|[\s("])\*([\p{L}\d](?:[^*]*[\p{L}\d])?)\*(?=$|[\s.,;:!?)"])/gu;
const PLAIN = String.raw`(?:[^*_[\]<>&\\~@\x60]|(?<=\w)_(?=\w))*`;
const PLAIN_WORDS = new RegExp(`^${PLAIN}(?:${EMPHASIS.source}${PLAIN})*$`, 'u');

function emphasized(part: string): PhrasingContent[] {
  const words = part.split(EMPHASIS).map((value, index): PhrasingContent => {
    return index % 2 === 0
      ? { type: 'text', value }
      : { type: 'emphasis', children: [{ type: 'text', value }] };
  });
  return words.filter((word) => word.type !== 'text' || word.value !== '');
}
