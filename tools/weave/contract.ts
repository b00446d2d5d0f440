/*
 * # Contracts
 *
 * A comment with two stars is a promise about the code behind it: what goes in and in which units, what comes out,
 * what is thrown at you and when. Every language has grown tools to harvest these, and all of them put the harvest
 * in a place where nobody who reads the code will ever see it. Here a contract stands in front of its code, set in
 * type. The reference at the end of the book has a copy.
 */

import type { BlockContent, DefinitionContent, Paragraph, PhrasingContent, Root } from 'mdast';

import { markdownIn, readNarration, type Trouble } from './narration.ts';

/** A `/** ... *\/` comment, taken apart. Every text in it is Markdown. */
export interface Contract {
  description: Root;
  clauses: Clause[];
}

/** One `@tag`: `@param address linear address` has the name `address`. */
export interface Clause {
  tag: string;
  name: string;
  text: Root;
}

const TAGS = ['param', 'returns', 'throws', 'see', 'example', 'default', 'deprecated', 'typeParam'];
const NAMED = ['param', 'throws', 'typeParam'];

/*
 * ## Taking one apart
 *
 * A tag starts a line; its text goes on to the next tag. TypeScript's compiler could parse this for us, but it is
 * an understanding reader, and reads over tags it has never heard of. We would like to be told about `@retuns`.
 */
/**
 * Reads a contract.
 *
 * @param comment the comment, with its slashes and stars
 * @param firstLine the line of the source at which it starts
 */
export function readContract(comment: string, firstLine: number, trouble: Trouble): Contract {
  const lines = markdownIn(comment)
    .replace(/\{@link\s+([^\s}|]+)[^}]*\}/g, '`$1`')
    .split('\n');
  const starts = tagLines(lines);
  const description = readNarration(lines.slice(0, starts[0] ?? lines.length).join('\n'), firstLine, trouble);
  const clauses = starts.map((start, index) => {
    const [first, ...more] = lines.slice(start, starts[index + 1] ?? lines.length);
    const [, tag = '', rest = ''] = /^@(\w+)\s*(.*)$/.exec(first!)!;
    if (!TAGS.includes(tag))
      trouble(
        firstLine + start,
        `uses @${tag}, a tag the weaver does not know: it knows @${TAGS.join(', @')}`,
      );
    const name = NAMED.includes(tag) ? (/^[\w.$]+/.exec(rest)?.[0] ?? '') : '';
    const said = rest.slice(name.length).replace(/^\s*(?:-\s+)?/, '');
    const text = [said, ...more.map((line) => line.trimStart())].join('\n');
    return { tag, name, text: readNarration(text, firstLine + start, trouble) };
  });
  return { description, clauses };
}

/*
 * An `@` inside a fence is part of an example, and examples may have decorators.
 */
function tagLines(lines: readonly string[]): number[] {
  let fenced = false;
  return lines.flatMap((line, index) => {
    if (/^\s*(```|~~~)/.test(line)) fenced = !fenced;
    return !fenced && /^@\w/.test(line) ? [index] : [];
  });
}

/*
 * ## Setting one
 *
 * First the sentence, then a list in which everything has its place. The lists are not Markdown's; they are made by
 * hand out of mdast nodes that say by themselves which element they want to be.
 */
/** A contract as Markdown nodes: the description, then a list of what comes in, what goes out, and what is thrown. */
export function setContract(contract: Contract): BlockContent[] {
  const description = contract.description.children as BlockContent[];
  if (contract.clauses.length === 0) return description;
  const list = contract.clauses.flatMap((clause) => [term(clause), explanation(clause)]);
  return [...description, element('dl', list, 'clauses')];
}

function term({ tag, name }: Clause): BlockContent {
  const word: PhrasingContent = { type: 'text', value: tag === 'typeParam' ? 'type' : tag };
  const label: PhrasingContent = {
    type: 'emphasis',
    data: { hName: 'span', hProperties: { className: ['tag'] } },
    children: [word],
  };
  const named: PhrasingContent[] = name === '' ? [] : [{ type: 'inlineCode', value: name }];
  return element('dt', tag === 'param' ? named : [label, ...named]);
}

function explanation({ text }: Clause): BlockContent {
  const [first, ...more] = text.children;
  const inline =
    first?.type === 'paragraph' && more.length === 0 ? first.children : (text.children as PhrasingContent[]);
  return element('dd', inline);
}

/** A Markdown node that remark-rehype turns into the element `name`. */
export function element(
  name: string,
  children: readonly (BlockContent | PhrasingContent | DefinitionContent)[],
  className?: string,
): Paragraph {
  const hProperties = className ? { className: [className] } : {};
  return { type: 'paragraph', data: { hName: name, hProperties }, children: children as PhrasingContent[] };
}
