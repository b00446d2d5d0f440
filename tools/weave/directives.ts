/*
 * # Four directives
 *
 * Markdown has no margin, no captions, no homework and no signposts. The directive plugin gives it a syntax for things
 * it does not have, and here are the four that this book adds. Four is a number you can remember without a manual.
 *
 * :::aside
 * This is one of them.
 * :::
 */

import type { Paragraph, Parent, PhrasingContent, RootContent } from 'mdast';
import type {} from 'remark-directive';

import type { Trouble } from './narration.ts';

type Directive = Extract<RootContent, { type: 'containerDirective' | 'leafDirective' }>;

/** The directives a narrator may use, each with the way to write it. */
export const DIRECTIVES: Record<string, string> = {
  aside: ':::aside … :::',
  exercise: ':::exercise{#id points=15 minutes=30} … :::',
  figure: ':::figure{#id caption="…"} … ::: or ::figure[caption]{#id}',
  trail: ':::trail{#id name="a page fault"} 1. [first step](file.ts#name) … :::',
};

/*
 * ## Shapes
 *
 * A directive is a node without a meaning. To give it one, we tell remark-rehype what element to make of it, under
 * the key `data.hName`; the plugin obliges without further questions. What is checked here is what an author can
 * get wrong, and every complaint ends with the line that would have been right.
 */
/** Tells remark-rehype what element a directive becomes, and complains of one that is not well made. */
export function shapeDirective(node: Directive, trouble: Trouble): void {
  const line = node.position?.start.line ?? 1;
  const shape = { aside: shapeAside, exercise: shapeExercise, figure: shapeFigure, trail: shapeTrail }[
    node.name
  ];
  if (!shape) {
    const known = Object.values(DIRECTIVES).join(', ');
    trouble(
      line,
      `uses ${':'.repeat(colons(node))}${node.name}, a directive the weaver does not know: it knows ${known}`,
    );
    return;
  }
  shape(node, (message) => trouble(line, `${message}: write ${DIRECTIVES[node.name]}`));
}

function colons(node: Directive): number {
  return node.type === 'leafDirective' ? 2 : 3;
}

/*
 * ## In the margin
 *
 * An aside is nothing but its children, floated to the right.
 */
function shapeAside(node: Directive, complain: (message: string) => void): void {
  if (node.children.length === 0) complain('has an aside that says nothing');
  node.data = { hName: 'aside' };
}

/*
 * ## Homework
 *
 * An exercise says what it is worth and how long it will take, so that nobody starts one at bedtime by mistake. Its
 * name is the key to everything else: to its folder, with test, hints and solution, and to the command that checks
 * yours, which is printed underneath.
 */
function shapeExercise(node: Directive, complain: (message: string) => void): void {
  const { id, points, minutes } = node.attributes ?? {};
  if (!id) complain('has an exercise without a name');
  if (!(Number(points) > 0) || !(Number(minutes) > 0)) complain('has an exercise without points or minutes');
  const children = node.children as Parent['children'];
  children.unshift(exerciseHead(id ?? '', points ?? '', minutes ?? ''));
  children.push(exerciseFoot(id ?? ''));
  node.data = {
    hName: 'div',
    hProperties: { className: ['exercise'], id: id ?? '', dataExercise: id ?? '' },
  };
}

function exerciseHead(id: string, points: string, minutes: string): Paragraph {
  return {
    type: 'paragraph',
    data: { hProperties: { className: ['exercise-head'] } },
    children: [
      marked('exercise-word', 'Exercise'),
      { type: 'text', value: ' ' },
      marked('exercise-name', id.replaceAll('-', ' ')),
      { type: 'text', value: ' ' },
      marked('exercise-worth', `${points} points · ${minutes} minutes`),
    ],
  };
}

function exerciseFoot(id: string): Paragraph {
  const command: PhrasingContent = { type: 'inlineCode', value: `npm run exercise -- check ${id}` };
  return { type: 'paragraph', data: { hProperties: { className: ['exercise-foot'] } }, children: [command] };
}

function marked(className: string, value: string): PhrasingContent {
  return {
    type: 'emphasis',
    data: { hName: 'span', hProperties: { className: [className] } },
    children: [{ type: 'text', value }],
  };
}

/*
 * ## Drawings
 *
 * Most figures of this book are drawn with the keys of a typewriter and stand in the source, where the next author
 * can mend them. The other kind has only a name here, and its drawing lies in `book/figures`.
 */
/** A figure carries its drawing in itself, or names one that lies in `book/figures`. */
function shapeFigure(node: Directive, complain: (message: string) => void): void {
  const { id, caption } = node.attributes ?? {};
  const children = node.children as Parent['children'];
  const label = takeLabel(node);
  if (!id) complain('has a figure without a name');
  if (!label && !caption) complain('has a figure without a caption');
  if (node.type === 'containerDirective' && children.length === 0)
    complain('has a figure with nothing in it');
  const words: PhrasingContent[] = label ?? [{ type: 'text', value: caption ?? '' }];
  const number = marked('figure-number', '');
  const text: Paragraph = { type: 'paragraph', data: { hName: 'figcaption' }, children: [number, ...words] };
  children.push(text);
  node.data = {
    hName: 'figure',
    hProperties: {
      id: id ?? '',
      className: ['figure'],
      ...(node.type === 'leafDirective' ? { dataDrawing: id ?? '' } : {}),
    },
  };
}

/**
 * The words in `[...]` behind a directive's name: of a leaf its children, of a container its marked first paragraph.
 */
function takeLabel(node: Directive): PhrasingContent[] | undefined {
  if (node.type === 'leafDirective') return node.children.length > 0 ? node.children.splice(0) : undefined;
  const first = node.children[0];
  if (first?.type !== 'paragraph' || !first.data?.directiveLabel) return undefined;
  node.children.shift();
  return first.children;
}

/*
 * ## Trails
 *
 * The book is read room by room. A page fault does not happen room by room: it begins in the Guest, is in the Host
 * before you can say so, and comes back. A trail is a numbered list of the places where something passes by, in the
 * order in which it does. Each item begins with a link, and at the place it leads to there will be a
 * [waymark](trails.ts) in the margin.
 */
function shapeTrail(node: Directive, complain: (message: string) => void): void {
  const { id, name } = node.attributes ?? {};
  if (!id || !name) complain('has a trail without a name');
  const steps = node.children.find((child) => child.type === 'list');
  if (!steps?.ordered || steps.children.length < 2) complain('has a trail that leads nowhere');
  node.data = { hName: 'div', hProperties: { className: ['trail'], id: id ?? '', dataTrail: name ?? '' } };
}
