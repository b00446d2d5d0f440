/*
 * # The survey
 *
 * The page is composed, and full of gaps. Before anybody fills them in, somebody walks through it once with a
 * notebook and writes down where everything is: which headings there are, what can be linked to, what wants to be a
 * link, where the code goes. From then on nobody has to walk again. After an edit in another file, a page is put
 * right by going through the notebook.
 */

import type { Element, ElementContent, Root, Text } from 'hast';

import { type Composition, everyElement } from './compose.ts';
import type { Piece, Section } from './sections.ts';

/** A section as other pages know it. */
export interface SectionEntry {
  /** `5.3.2`; empty until the page knows its own number. */
  number: string;
  title: string;
  /** What a link to it ends in: the id of its heading or, where it has none, `s2`. */
  id: string;
  start: number;
  end: number;
  element: Element;
}

/** What a table of contents lists: every heading but the title of the page. */
export interface HeadingEntry {
  title: string;
  id: string;
  /** Where it stands; its number is the heading's. */
  section: SectionEntry;
}

/*
 * What points, what can be pointed at, and what leads through it all.
 */
/** A place in the prose that points somewhere: a link as written, or a name in backticks that may be one. */
export interface Pointer {
  kind: 'link' | 'name';
  element: Element;
  target: string;
  line: number;
}

/** A thing on the page with a name of its own: a figure or an exercise. */
export interface Landmark {
  element: Element;
  id: string;
  line: number;
}

/** A walk through the book, as its page tells it. */
export interface Trail {
  id: string;
  /** What one is on the trail of. */
  name: string;
  line: number;
  steps: TrailStep[];
}

/** One step of it. */
interface TrailStep {
  /** The anchor of its item in the list. */
  id: string;
  /** Where it leads, as written; undefined if it has no link. */
  target: string | undefined;
  /** What happens there, in a sentence. */
  says: string;
}

/** Everything on a page that must be filled in, or that another page may ask for. */
export interface Survey {
  title: string;
  sections: SectionEntry[];
  headings: HeadingEntry[];
  pointers: Pointer[];
  figures: Landmark[];
  exercises: Landmark[];
  trails: Trail[];
  fences: { element: Element; parent: Element | Root; line: number }[];
  code: { element: Element; piece: Piece; section: SectionEntry }[];
  anchors: Set<string>;
}

/*
 * ## The walk
 *
 * The title is the first heading. A file that has none, because it is still a draft, goes by its path, which looks
 * as unfinished as it is.
 */
/** Walks a composed page once and notes what is where. Gives every section its id and its place for a number. */
export function survey(page: Composition, fallbackTitle: string): Survey {
  const found: Survey = {
    title: fallbackTitle,
    sections: [],
    headings: [],
    pointers: [],
    figures: [],
    exercises: [],
    trails: [],
    fences: [],
    code: [],
    anchors: new Set(),
  };
  const sections = page.tree.children.filter((node): node is Element => node.type === 'element');
  for (const [index, element] of sections.entries()) {
    surveySection(found, element, page.sections[index], index, page.text.length);
  }
  const title = sections[0] && headingsOf(sections[0])[0];
  if (title?.tagName === 'h1') {
    found.title = textOf(title);
    enlargeInitial(sections[0]!, title);
  } else if (sections[0])
    sections[0].children.splice(1, 0, made('h1', {}, [{ type: 'text', value: fallbackTitle }]));
  everyElement(page.tree, (node) => {
    if (typeof node.properties.id === 'string') found.anchors.add(node.properties.id);
  });
  return found;
}

/*
 * ## One section
 *
 * Each section gets an id by its place (`s3`), and in front of everything else an empty link, in which its number
 * will stand in the margin. If it has a heading, links to it use the heading's id, which survives when a section is
 * put in before it. That is the whole policy on numbers: they are for people, to say aloud. Machines use names.
 */
function surveySection(
  found: Survey,
  element: Element,
  section: Section | undefined,
  index: number,
  length: number,
): void {
  const [heading, ...more] = headingsOf(element);
  const own = `s${index + 1}`;
  const entry: SectionEntry = {
    number: '',
    title: heading ? textOf(heading) : '',
    id: heading ? String(heading.properties.id) : own,
    start: section?.pieces[0]?.start ?? 0,
    end: section?.pieces.at(-1)?.end ?? length,
    element,
  };
  found.sections.push(entry);
  for (const node of heading && index > 0 ? [heading, ...more] : more)
    found.headings.push({ title: textOf(node), id: String(node.properties.id), section: entry });
  let piece = 0;
  everyElement(element, (node, parent) => {
    const { properties, tagName } = node;
    const line = node.position?.start.line ?? 1;
    if (properties.dataSpan && section) {
      const current = section.pieces[piece++]!;
      if (current.kind === 'code' || current.kind === 'imports')
        found.code.push({ element: node, piece: current, section: entry });
    }
    if (properties.dataExercise)
      found.exercises.push({ element: node, id: String(properties.dataExercise), line });
    if (properties.dataTrail) found.trails.push(trailIn(node, line));
    if (tagName === 'figure' && properties.id)
      found.figures.push({ element: node, id: String(properties.id), line });
    if (tagName === 'a' && typeof properties.href === 'string')
      point(found, 'link', node, properties.href, line);
    if (tagName === 'pre') found.fences.push({ element: node, parent, line });
    else if (tagName === 'code' && isRunning(parent))
      point(found, 'name', linked(node, parent), textOf(node), line);
  });
  element.properties.id = own;
  element.children.unshift(made('a', { className: ['number'], href: `#${entry.id}` }, []));
}

/*
 * The steps of a trail are read off before anything has been done about its links. Of what is said of a step, its first
 * sentence will stand beside the place itself.
 */
function trailIn(node: Element, line: number): Trail {
  const trail = String(node.properties.id);
  const steps: TrailStep[] = [];
  const list = node.children.find(
    (child): child is Element => child.type === 'element' && child.tagName === 'ol',
  );
  for (const item of list?.children ?? []) {
    if (item.type !== 'element') continue;
    const id = `${trail}-${steps.length + 1}`;
    let target: string | undefined;
    everyElement(item, ({ tagName, properties }) => {
      if (tagName === 'a') target ??= String(properties.href);
    });
    item.properties.id = id;
    const said = item.children.filter((child) => child.type !== 'element' || !/^[ou]l$/.test(child.tagName));
    steps.push({ target, says: firstSentence(said.map(textOf).join('')), id });
  }
  return { id: trail, name: String(node.properties.dataTrail), line, steps };
}

function firstSentence(text: string): string {
  const words = text.trim().replaceAll(/\s+/g, ' ');
  return /^.*?[.?!](?= |$)/.exec(words)?.[0] ?? words;
}

/*
 * ## Pointers
 *
 * Two things in prose point at something: a link, and a name in backticks. We note them on the element, too, since
 * a contract is going to be copied into the reference, where the same target is another way off.
 */
/** Notes a pointer, also on the element itself, so that a copy of the element can be pointed anew. */
function point(found: Survey, kind: Pointer['kind'], element: Element, target: string, line: number): void {
  element.data = { pointer: { kind, target, line } } as Element['data'];
  found.pointers.push({ kind, element, target, line });
}

/** The pointers in a copy of something that was surveyed before. */
export function pointersIn(tree: Element): Pointer[] {
  const pointers: Pointer[] = [];
  everyElement(tree, (element) => {
    const noted = (element.data as { pointer?: Omit<Pointer, 'element'> } | undefined)?.pointer;
    if (noted) pointers.push({ ...noted, element });
  });
  return pointers;
}

function isRunning(parent: Element | Root): boolean {
  return parent.type === 'element' && parent.tagName !== 'pre' && parent.tagName !== 'a';
}

/** Puts a link, which leads nowhere yet, around a name in backticks. */
function linked(node: Element, parent: Element | Root): Element {
  const link = made('a', { className: ['name'] }, [node]);
  parent.children[parent.children.indexOf(node)] = link;
  return link;
}

/*
 * ## An initial
 *
 * Manuscripts began with a large letter because it told you, across a dark room, where to begin. Beside a paragraph
 * of one line it looks like an accident, so the paragraph has to earn it.
 */
/** A first paragraph that is long enough to stand beside it gets a large initial. */
function enlargeInitial(section: Element, title: Element): void {
  everyElement(section, (node, parent) => {
    if (node !== title) return;
    const next = parent.children
      .slice(parent.children.indexOf(title) + 1)
      .find((child) => child.type === 'element');
    if (next?.tagName === 'p' && textOf(next).length > 170) next.properties.className = ['initial'];
  });
}

function headingsOf(section: Element): Element[] {
  const headings: Element[] = [];
  everyElement(section, (node) => {
    if (/^h[1-6]$/.test(node.tagName)) headings.push(node);
  });
  return headings;
}

/*
 * Two tools that everybody needs who handles hast.
 */
/** An element of the page. */
export function made(
  tagName: string,
  properties: Element['properties'],
  children: ElementContent[],
): Element {
  return { type: 'element', tagName, properties, children };
}

/** All the text beneath a node. */
export function textOf(node: Element | Root | Text | ElementContent): string {
  if (node.type === 'text') return node.value;
  return 'children' in node ? node.children.map((child) => textOf(child as ElementContent)).join('') : '';
}
