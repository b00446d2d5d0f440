/*
 * # The short way
 *
 * Nine in ten of the comments in this repository use nothing of Markdown but paragraphs, a heading and `code`. The
 * full grammar reads them all the same as if there might be a table behind the next bush, at four milliseconds a
 * kilobyte, and a book has a thousand of them to read while you wait for a prompt.
 *
 * So here is a reader for exactly those. It is quick for one reason: it gives up at once. Anything that *could*
 * mean something (a star, a bracket, a line that starts with a dash) makes it return nothing, and the grammar
 * decides. A shortcut that guesses is a bug; this one only ever says what it is sure of. A test reads every comment
 * of the repository both ways and compares the trees.
 */

import type { Heading, Paragraph, PhrasingContent, Root } from 'mdast';

/**
 * Reads Markdown that uses next to nothing of Markdown: paragraphs and headings of plain words and `code`. Most prose
 * is like that, and reading it costs a tenth of what the full grammar does.
 *
 * @returns undefined where the text could mean more than it says, and the full grammar has to decide
 */
export function readPlainly(text: string): Root | undefined {
  const children: (Paragraph | Heading)[] = [];
  let block: string[] = [];
  let start = 1;
  for (const [index, line] of [...text.split('\n'), ''].entries()) {
    if (line.trim() !== '') {
      if (!PLAIN_LINE.test(line)) return undefined;
      if (block.length === 0) start = index + 1;
      block.push(line.trim());
      continue;
    }
    const read = block.length > 0 ? readBlock(block, start) : [];
    if (!read) return undefined;
    children.push(...read);
    block = [];
  }
  return { type: 'root', children };
}

/*
 * ## What is surely plain
 *
 * The line has to start with a letter, a quotation mark, a bracket or a backtick, because everything that opens a
 * block in Markdown starts with something else. Four blanks would be code, a digit could be a list. Inside, no
 * character that marks anything may occur, except the underscore *within* a word, which is where kernel constants
 * keep it.
 *
 * Two blanks at the end of a line are a line break in Markdown. It is the only invisible character with a meaning,
 * and a sentence about it takes longer to write than the test.
 */
/** A line that cannot begin, or end, anything but a paragraph or a heading, and has no mark in it but backticks. */
const PLAIN_LINE =
  /^(?:#{1,3} )?[\p{L}`"'(“‘](?:[^*_[\]<>&\\~|@!#]|(?<=\w)_(?=\w)|[!#](?![[\]]))*(?<! {2})$/u;

function readBlock(lines: readonly string[], start: number): (Paragraph | Heading)[] | undefined {
  const [first, ...more] = lines;
  const heading = /^(#{1,3}) (.*)$/.exec(first!);
  if (more.some((line) => line.startsWith('#'))) return undefined;
  const children = readWords(heading ? heading[2]! : lines.join('\n'));
  if (!children) return undefined;
  const position = positionOf(start, heading ? start : start + lines.length - 1);
  if (!heading) return [{ type: 'paragraph', children, position }];
  const rest = more.length > 0 ? readBlock(more, start + 1) : [];
  return rest && [{ type: 'heading', depth: heading[1]!.length as 1 | 2 | 3, children, position }, ...rest];
}

/*
 * ## Words, and code among them
 *
 * Backticks come in pairs. An odd one is somebody else's problem.
 */
function readWords(text: string): PhrasingContent[] | undefined {
  if (text.includes('``') || /https?:|www\./i.test(text)) return undefined;
  const parts = text.split('`');
  if (parts.length % 2 === 0) return undefined;
  return parts.flatMap((part, index): PhrasingContent[] => {
    if (index % 2 === 0) return part === '' ? [] : [{ type: 'text', value: part }];
    const code = part.replaceAll('\n', ' ');
    return [{ type: 'inlineCode', value: /^ .*\S.* $/.test(code) ? code.slice(1, -1) : code }];
  });
}

function positionOf(start: number, end: number): NonNullable<Root['position']> {
  return { start: { line: start, column: 1 }, end: { line: end, column: 1 } };
}
