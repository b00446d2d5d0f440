/*
 * # Trails
 *
 * Paths in the mountains are marked by people who have walked them: a dab of paint on a rock, one for each path, where
 * you might otherwise wonder. It tells you that this is the way, and how far you are. Ours say a sentence as well, of
 * what the one whose trail it is has come here for.
 *
 * A [trail](directives.ts#trails) is a list of links on one page. What makes it a path is that those links are walked
 * here, at every weave, and a mark is left at each end: what passes here, the how-manieth step it is, where it came
 * from and where it goes. A step that leads to nothing is a link that leads to nothing, and no book comes of that.
 */

import type { Element } from 'hast';

import { everyElement } from './compose.ts';
import { type Directory, href, type Page, type Place, sectionAt } from './directory.ts';
import { made, type SectionEntry, type Trail } from './survey.ts';

/** A mark beside a section: a trail passes here. */
interface Waymark {
  name: string;
  /** Where the trail is told, and what it says of this step. */
  trail: Place;
  says: string;
  /** The how-manieth step this is, from 1, and of how many. */
  step: number;
  steps: number;
  before: Place | undefined;
  after: Place | undefined;
}

/** The marks of all trails, by the sections at which they stand. */
export type Waymarks = Map<SectionEntry, Waymark[]>;

/*
 * ## Walking
 *
 * A trail that passes the same section twice leaves two marks there, as it should: it happens on the way back.
 */
/** Walks every trail of the book, from step to step. */
export function walkTrails(
  pages: readonly Page[],
  directory: Directory,
  complain: (file: string, line: number, message: string) => void,
): Waymarks {
  const marks: Waymarks = new Map();
  for (const page of pages) {
    for (const trail of page.survey.trails) {
      const steps = trail.steps.map(({ target }) => stepOf(page, target, directory));
      const astray = steps.indexOf(undefined);
      if (astray >= 0)
        complain(page.file, trail.line, `has a trail whose step ${astray + 1} leads to no section`);
      else markSteps(page, trail, steps as Step[], marks);
    }
  }
  return marks;
}

interface Step {
  section: SectionEntry;
  place: Place;
}

function markSteps(page: Page, { name, steps: told }: Trail, steps: readonly Step[], marks: Waymarks): void {
  for (const [index, { section }] of steps.entries()) {
    const { id, says } = told[index]!;
    const mark: Waymark = {
      name,
      trail: { output: page.output, anchor: id },
      says,
      step: index + 1,
      steps: steps.length,
      before: steps[index - 1]?.place,
      after: steps[index + 1]?.place,
    };
    marks.set(section, [...(marks.get(section) ?? []), mark]);
  }
}

/*
 * A link may lead to a heading, to a figure, to a definition or to a page. Each of these is in some section.
 */
function stepOf(from: Page, target: string | undefined, directory: Directory): Step | undefined {
  if (target === undefined) return undefined;
  const place = directory.follow(from, target);
  if (!('output' in place)) return undefined;
  const page = directory.pages.find(({ output }) => output === place.output);
  const section = page && sectionOf(page, place.anchor);
  return section && { section, place: { output: place.output, anchor: section.id } };
}

function sectionOf(page: Page, anchor: string | undefined): SectionEntry | undefined {
  const { sections } = page.survey;
  if (anchor === undefined) return sections[0];
  const definition = page.facts.definitions.get(anchor.replace(/^def-/, ''));
  if (definition && anchor.startsWith('def-')) return sectionAt(page, definition.at);
  return sections.find(({ element, id }) => {
    let found = id === anchor;
    everyElement(element, ({ properties }) => {
      if (properties.id === anchor) found = true;
    });
    return found;
  });
}

/*
 * ## Paint
 *
 * Old marks come off first, as everything here must be possible twice. What comes back is for the page's key: a
 * page is printed anew when a trail has moved.
 *
 * A mark is an aside that no author has written, and so it goes where asides go, beside the first words of its section.
 */
/** Puts the marks beside the sections of a page. */
export function markTrails(page: Page, marks: Waymarks): string[] {
  const said: string[] = [];
  for (const section of page.survey.sections) {
    const beside = narrationOf(section.element);
    const old = beside.children.findIndex(
      (child) => child.type === 'element' && child.properties.dataWaymarks,
    );
    if (old >= 0) beside.children.splice(old, 1);
    const here = marks.get(section);
    if (!here) continue;
    const lines = here.map((mark) => lineOf(page, mark));
    const first = beside.children.findIndex(({ type }) => type === 'element') + 1; // the heading, or the number
    beside.children.splice(
      first,
      0,
      made('aside', { className: ['waymarks'], dataWaymarks: here.length }, lines),
    );
    said.push(section.id, JSON.stringify(here));
  }
  return said;
}

function narrationOf(section: Element): Element {
  const [, first] = section.children;
  const spoken = first?.type === 'element' && first.properties.className;
  return Array.isArray(spoken) && spoken.includes('narration') ? (first as Element) : section;
}

function lineOf(page: Page, { name, trail, says, step, steps, before, after }: Waymark): Element {
  const text = (value: string) => ({ type: 'text', value }) as const;
  const link = (place: Place, words: string, rel: string | undefined) =>
    made('a', { href: href(page.output, place), ...(rel ? { title: rel } : {}) }, [text(words)]);
  const way = [
    ...(before ? [link(before, '← back', `step ${step - 1}`)] : []),
    ...(before && after ? [text(' · ')] : []),
    ...(after ? [link(after, 'on →', `step ${step + 1}`)] : []),
  ];
  return made('p', {}, [
    text('On the trail of '),
    link(trail, name, undefined),
    text(`, ${step}\u00a0of\u00a0${steps}: ${says} `),
    made('span', {}, way),
  ]);
}
