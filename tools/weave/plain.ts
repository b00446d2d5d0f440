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
