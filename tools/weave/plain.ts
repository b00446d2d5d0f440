/*
 * # Plain prose
 *
 * Most of the prose in this repository uses nothing of Markdown but paragraphs, a heading and `code`. The full grammar
 * reads it all the same as if there might be a table behind the next bush, at three milliseconds a kilobyte, and a book
 * has hundreds of kilobytes to read while you wait for a prompt.
 *
 * So here is a reader for exactly that. It is quick for one reason: it gives up at once. Anything that *could* mean
 * something (a star, a bracket, a line that starts with a dash) is left to the grammar, together with whatever belongs
 * to it. A shortcut that guesses is a bug; this one only ever says what it is sure of. A test reads every comment of
 * the repository both ways and compares the trees.
 */

import type { Heading, Paragraph, PhrasingContent, Root } from 'mdast';

/** Reads a stretch of Markdown with the full grammar. Positions in its tree are counted from `line`. */
export type Grammar = (text: string, line: number) => Root;

/**
 * Reads Markdown. Blocks of plain words and `code` cost next to nothing; what could be anything else goes to the
 * grammar, a stretch at a time.
 *
 * @param line the line that the text starts on; every position in the tree is counted from it
 */
export function readPlainly(text: string, line: number, grammar: Grammar): Root {
  if (FAR_REACHING.test(text)) return grammar(text, line);
  const children: Root['children'] = [];
  for (const block of blocksOf(text.split(/\r?\n/))) {
    const plain = block.depth === ODD ? undefined : readWords(block.text);
    if (plain) children.push(blockOf(block, line, plain));
    else children.push(...grammar(block.source, line + block.line).children);
  }
  return { type: 'root', children };
}

/** The one thing in Markdown that means something far from where it stands: `[name]: address`. */
const FAR_REACHING = /^ {0,3}\[[^\]]+\]:/m;

/*
 * ## What is surely a paragraph
 *
 * Whatever opens a block in Markdown does it at the start of a line, and never with a letter, a quotation mark, a round
 * bracket or a backtick (of which three would be a fence). A star that touches a word is emphasis and no list. Four
 * blanks would be code. Two blanks at the end of a line are a line break: the only invisible character with a meaning,
 * and a sentence about it takes longer to write than the test.
 */
const PLAIN_START = /^(?:#{1,3} +)?(?:[\p{L}"'(“‘$/§]|`(?!``)|\*(?=\p{L})|\d+(?![\d.)]))(?!.* {2}$)/u;

const ODD = -1;

interface Block {
  /** 1 to 3 for a heading, 0 for a paragraph, `ODD` for anything else. */
  depth: number;
  text: string;
  source: string;
  /** Counted from 0. */
  line: number;
  lines: number;
}

/*
 * ## Cutting
 *
 * At empty lines, and behind headings. What is odd ends where it says so, as a fence does; or else in front of the
 * first plain line after an empty one, because a list may have gaps in it.
 */
function blocksOf(lines: readonly string[]): Block[] {
  const blocks: Block[] = [];
  let open = false;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    const [, marks, rest] = /^(#{1,3}) +(.*?)(?: +#+)? *$/.exec(line) ?? [];
    if (line.trim() === '') open = false;
    else if (!PLAIN_START.test(line)) {
      const start = open ? blocks.pop()!.line : at;
      const end = endOfOdd(lines, at);
      const source = lines.slice(start, end).join('\n');
      blocks.push({ depth: ODD, text: '', source, line: start, lines: end - start });
      at = end - 1;
      open = false;
    } else if (marks !== undefined) {
      blocks.push({ depth: marks.length, text: rest!, source: line, line: at, lines: 1 });
      open = false;
    } else if (open) {
      const block = blocks.at(-1)!;
      block.text += `\n${line.trim()}`;
      block.source += `\n${line}`;
      block.lines++;
    } else {
      blocks.push({ depth: 0, text: line.trim(), source: line, line: at, lines: 1 });
      open = true;
    }
  }
  return blocks;
}

/** The line behind something odd that starts at `from`. */
function endOfOdd(lines: readonly string[], from: number): number {
  const closing = /^(:{3,}(?=\w)|`{3,}|~{3,})/.exec(lines[from]!)?.[1];
  if (closing) {
    const end = lines.findIndex((line, at) => at > from && line.trimEnd() === closing);
    return end < 0 ? lines.length : end + 1;
  }
  const end = lines.findIndex(
    (line, at) => at > from && lines[at - 1]!.trim() === '' && PLAIN_START.test(line),
  );
  return end < 0 ? lines.length : end;
}

function blockOf(
  { depth, line, lines }: Block,
  first: number,
  children: PhrasingContent[],
): Paragraph | Heading {
  const start = { line: first + line, column: 1 };
  const position = { start, end: { line: start.line + lines - 1, column: 1 } };
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
 * The one mark that stylists cannot do without is the star. Two of them, hugging words that begin and end with a
 * letter, with a blank or a bracket before and none of a word behind, are emphasis under every rule that CommonMark
 * has, and it has seventeen.
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
