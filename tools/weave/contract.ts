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
  const [before, ...clauses] = partsOf(
    markdownIn(comment, firstLine, trouble).replace(/\{@link\s+([^\s}|]+)[^}]*\}/g, '`$1`'),
  );
  return {
    description: readNarration(before!.text, firstLine, trouble),
    clauses: clauses.map(({ text, line }) => readClause(text, firstLine + line, trouble)),
  };
}

function readClause(clause: string, line: number, trouble: Trouble): Clause {
  const [, tag = '', rest = ''] = /^@(\w+)\s*([\s\S]*)$/.exec(clause)!;
  if (!TAGS.includes(tag)) {
    trouble(line, `uses @${tag}, a tag the weaver does not know: it knows @${TAGS.join(', @')}`);
  }
  const name = NAMED.includes(tag) ? (/^[\w.$]+/.exec(rest)?.[0] ?? '') : '';
  if (name === '' && (tag === 'param' || tag === 'typeParam'))
    trouble(line, `has a @${tag} without a name: write @${tag} name, and what it is`);
  const said = rest.slice(name.length).replace(/^\s*(?:-\s+)?/, '');
  const text = tag === 'example' ? said : said.replace(/\n[ \t]+/g, '\n');
  return { tag, name, text: readNarration(text, line, trouble) };
}

/*
 * An `@` inside a fence is part of an example, and examples may have decorators. In a contract of one line a tag may
 * follow the sentence; only those that we know do so, since a sentence may contain an address.
 */
const TAG_BEHIND = new RegExp(`(?<=\\S)[ \\t]+(?=@(?:${TAGS.join('|')})\\s)`);

/** What stands before the first tag, and then a part for each tag, with the lines on which they start. */
function partsOf(text: string): { text: string; line: number }[] {
  const parts = [{ text: '', line: 0 }];
  let fenced = false;
  for (const [line, whole] of text.split(/\r?\n/).entries()) {
    if (/^\s*(```|~~~)/.test(whole)) fenced = !fenced;
    for (const [index, said] of (fenced ? [whole] : whole.split(TAG_BEHIND)).entries()) {
      if (!fenced && /^@\w/.test(said)) parts.push({ text: said, line });
      else parts.at(-1)!.text += line === 0 || index > 0 ? said : `\n${said}`;
    }
  }
  return parts;
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
