/*
 * # Composing a page
 *
 * The unified way of doing things is a row of trees. Markdown is parsed into mdast, mdast is turned into hast, hast
 * is printed. Each plugin in between sees a tree and leaves a tree, and has never heard of the others.
 *
 * Ours is a guest in that row who brings his own chairs. A source file is not Markdown; it is pieces, some of which
 * are. So we build the upper floors of the mdast tree ourselves (sections, and pieces in them), hang the trees of
 * the prose into their places, and send the whole thing down the row as if it had been one document from the start.
 */

import type { Element, Root as Hast } from 'hast';
import type { BlockContent, Root } from 'mdast';
import rehypeSlug from 'rehype-slug';
import remarkRehype from 'remark-rehype';
import type { SourceFile } from 'typescript';
import { unified } from 'unified';

import { element, readContract, setContract } from './contract.ts';
import { markdownIn, readNarration, type Promised, promisedBy, type Trouble } from './narration.ts';
import { lineAt } from './problems.ts';
import { type Piece, type Section, sectionsOf } from './sections.ts';
import { type Token, tokensOf } from './tokens.ts';

/*
 * ## What a composition is
 *
 * With each piece of prose goes a promise: these words, and these drawings, will be on the page. It is made here,
 * from the Markdown, before anything could have been lost. [The proofs](#proofs) will come and collect.
 */
/** A page as far as its own source tells: no number, no link and no colour in it yet. */
export interface Composition {
  text: string;
  tokens: Token[];
  sections: Section[];
  tree: Hast;
  /** For each piece of prose, by where it starts: what must be found on the page. */
  promised: Map<number, Promised>;
}

const toElements = unified().use(remarkRehype).use(rehypeSlug).freeze();

/*
 * ## From source to sections
 *
 * Each section becomes a `<section>` and each piece a box in it that carries, as `data-span`, the stretch of the
 * source that it stands for. These two numbers travel all the way into the printed HTML. They are how the page can
 * be held against the file long after we have let go of it.
 */
/** Sets a source file as a page: its comments as prose, its code as places to be filled. */
export function compose(tree: SourceFile, trouble: Trouble): Composition {
  const { text } = tree;
  const tokens = tokensOf(tree);
  const sections = sectionsOf(tree, tokens);
  const promised = new Map<number, Promised>();
  const children = sections.map((section, index) => {
    const prose = section.pieces.map((piece) => setPiece(text, piece, promised, trouble));
    return element('section', prose, `section${index === 0 ? ' opening' : ''}`);
  });
  return { text, tokens, sections, promised, tree: finish({ type: 'root', children }) };
}

/** Sets a file of Markdown, which is prose from its first byte to its last. */
export function composeMarkdown(text: string, trouble: Trouble): Composition {
  const prose = readNarration(text, 1, trouble);
  const promised = new Map([[0, promisedBy(prose)]]);
  const narration = place(
    'narration',
    { kind: 'narration', start: 0, end: text.length },
    prose.children as BlockContent[],
  );
  const tree = finish({ type: 'root', children: [element('section', [narration], 'section opening')] });
  return { text, tokens: [], sections: [], promised, tree };
}

function finish(tree: Root): Hast {
  return toElements.runSync(tree) as Hast;
}

/*
 * ## Three voices
 *
 * Code leaves an empty box, to be filled when we know what its names mean. A contract is taken apart. The narrator
 * is read as Markdown.
 */
function setPiece(
  text: string,
  piece: Piece,
  promised: Map<number, Promised>,
  trouble: Trouble,
): BlockContent {
  const { kind, start, end } = piece;
  if (kind === 'code' || kind === 'imports') return place(kind, piece, []);

  const comment = text.slice(start, end).trim();
  const line = lineAt(text, start + text.slice(start).search(/\S/));
  if (kind === 'contract') {
    const contract = readContract(comment, line, trouble);
    promised.set(start, promisedBy(contract.description, ...contract.clauses.map(({ text }) => text)));
    return place(kind, piece, setContract(contract));
  }
  const prose = readNarration(markdownIn(comment, line, trouble), line, trouble);
  promised.set(start, promisedBy(prose));
  return place(kind, piece, prose.children as BlockContent[]);
}

function place(kind: string, { start, end }: Piece, children: readonly BlockContent[]): BlockContent {
  const made = element(kind === 'imports' ? 'details' : 'div', children, kind);
  made.data!.hProperties = { ...made.data!.hProperties, dataSpan: `${start}-${end}` };
  return made;
}

/*
 * A walk over a hast tree, used in half of the files to come. It may be told about a node and change that node's
 * children before walking on into them.
 */
/** Calls `meet` for every element of a tree, in the order of the page. */
export function everyElement(
  tree: Hast | Element,
  meet: (node: Element, parent: Hast | Element) => void,
): void {
  for (const child of tree.children) {
    if (child.type !== 'element') continue;
    meet(child, tree);
    everyElement(child, meet);
  }
}
