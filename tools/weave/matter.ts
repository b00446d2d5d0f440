/*
 * # Back matter
 *
 * A novel can do without. A book that is used for looking things up is judged by its last pages: the contents,
 * which belong to the back in everything but position, an index of all definitions, and a reference with every
 * contract, for those who know what they want and have no time for a cave.
 */

import type { Element, ElementContent } from 'hast';
import { h } from 'hastscript';

import { bindPointers, type Binding } from './bind.ts';
import { everyElement } from './compose.ts';
import { anchorOf, type Directory, href, type Page, sectionAt } from './directory.ts';
import type { Definition, Facts } from './facts.ts';
import { kindOf, openingOf, type Sheet } from './layout.ts';
import type { Room } from './rooms.ts';
import { pointersIn } from './survey.ts';

/**
 * The pages that no source stands for: the contents, the index of definitions, and the reference.
 *
 * @param keys for each page by its file, a text that differs when the page does
 */
export function backMatter(binding: Binding, keys: ReadonlyMap<string, string>): Sheet[] {
  const { directory } = binding;
  const rooms = [...new Set(directory.pages.map(({ room }) => room))].filter((room) => room !== undefined);
  const told = rooms.filter((room) => pagesOf(room, directory).some((page) => contractsOf(page).length > 0));
  const all = [...keys.values()].join(' ');
  return [
    { output: 'contents.html', title: 'Contents', key: all, content: () => contents(rooms, directory) },
    { output: 'definitions.html', title: 'Definitions', key: all, content: () => definitions(directory) },
    {
      output: 'reference.html',
      title: 'Reference',
      key: all,
      content: () => referenceIndex(told, directory),
    },
    ...told.map((room) => {
      const title = `Reference: ${openingOf(directory, room).survey.title}`;
      const key = room.files.map((file) => keys.get(file)).join(' ');
      return { output: outputOf(room), title, key, content: () => reference(room, title, binding) };
    }),
  ];
}

function pagesOf(room: Room, directory: Directory): Page[] {
  return room.files.map((file) => directory.page(file)!);
}

/*
 * ## Contents
 */
function contents(rooms: Room[], directory: Directory): ElementContent[] {
  const out = (page: Page, anchor?: string) =>
    href('contents.html', anchor ? { output: page.output, anchor } : page);
  const section = (page: Page) => {
    const items = page.survey.headings.map(({ id, title, section }) =>
      h('li', [h('a', { href: out(page, id) }, [h('b', section.number), ' ', title])]),
    );
    return items.length > 0 ? [h('ol', { className: ['sections'] }, items)] : [];
  };
  const entry = (page: Page) =>
    h('li', [h('a', { href: out(page) }, [h('b', page.number), ' ', page.survey.title]), ...section(page)]);
  const room = (chosen: Room) => {
    const opening = openingOf(directory, chosen);
    const pages = chosen.files.slice(1).map((file) => entry(directory.page(file)!));
    return h('section', { className: ['room'] }, [
      h('h2', { id: `room-${chosen.slug}` }, [
        h('a', { href: out(opening) }, [h('b', chosen.number), ' ', opening.survey.title]),
      ]),
      ...section(opening),
      h('ol', { className: ['pages'] }, pages),
    ]);
  };
  return [
    h('h1', 'Contents'),
    ...rooms.filter(({ appendix }) => !appendix).map(room),
    ...(rooms.some(({ appendix }) => appendix) ? [h('p', { className: ['divide'] }, 'Appendices')] : []),
    ...rooms.filter(({ appendix }) => appendix).map(room),
    ...exercises(directory),
  ];
}

/*
 * The exercises of all chapters, together, for those who only came for the points.
 */
function exercises(directory: Directory): ElementContent[] {
  const rows = directory.pages.flatMap((page) =>
    page.survey.exercises.map(({ id, element }) => {
      let worth = '';
      everyElement(element, (node) => {
        const [text] = node.children;
        if (
          (node.properties.className as string[] | undefined)?.[0] === 'exercise-worth' &&
          text?.type === 'text'
        )
          worth = text.value;
      });
      const link = h(
        'a',
        { href: href('contents.html', { output: page.output, anchor: id }) },
        id.replaceAll('-', ' '),
      );
      return h('li', [link, ` ${worth}, ${page.survey.title}`]);
    }),
  );
  return rows.length === 0
    ? []
    : [h('section', { className: ['room'] }, [h('h2', { id: 'exercises' }, 'Exercises'), h('ul', rows)])];
}

/*
 * ## Definitions
 *
 * An index of names, by their first letter. Members of interfaces are not in it; they would treble it, and nobody
 * looks for `size` under S. Nor for what has one letter.
 */
function definitions(directory: Directory): ElementContent[] {
  const all = directory.pages.flatMap((page) =>
    [...page.facts.definitions.values()]
      .filter(({ name }) => name.length > 1 && !name.includes('.'))
      .map((definition) => ({ page, definition })),
  );
  const order = new Intl.Collator('en', { sensitivity: 'base' });
  all.sort(
    (a, b) => order.compare(a.definition.name, b.definition.name) || (a.page.number < b.page.number ? -1 : 1),
  );
  const letters = new Map<string, typeof all>();
  for (const one of all) {
    const letter = /[a-z]/i.exec(one.definition.name)?.[0]?.toUpperCase() ?? '_';
    letters.set(letter, [...(letters.get(letter) ?? []), one]);
  }
  const jumps = [...letters.keys()].map((letter) => h('a', { href: `#letter-${letter}` }, letter));
  return [
    h('h1', 'Definitions'),
    h(
      'p',
      { className: ['letters'] },
      jumps.flatMap((jump) => [jump, ' ']),
    ),
    ...[...letters].flatMap(([letter, entries]) => [
      h('h2', { id: `letter-${letter}` }, letter),
      h(
        'ul',
        { className: ['definitions'] },
        entries.map(({ page, definition }) => definitionEntry(page, definition)),
      ),
    ]),
  ];
}

/*
 * Each entry says what it is and in which section.
 */
function definitionEntry(page: Page, { name, kind, at }: Definition): Element {
  const to = href('definitions.html', { output: page.output, anchor: anchorOf(name) });
  return h('li', [
    h('a', { href: to }, [h('code', name)]),
    h('small', `${kind}, § ${sectionAt(page, at).number}`),
  ]);
}

/*
 * ## The reference
 *
 * A contract belongs to the definition behind it, if that is exported. We take it from the page where it stands,
 * with all its links, and turn those around for their new place. It is the same contract. There is one text, and it
 * stands before the code.
 */
interface Entry {
  definition: Definition;
  contract: Element;
}

const contracts = new WeakMap<Facts, Entry[]>();

/** The contracts of a page's exported definitions. */
function contractsOf(page: Page): Entry[] {
  const known = contracts.get(page.facts);
  if (known) return known;
  const spans = new Map<string, Element>();
  everyElement(page.composition.tree, (node) => {
    if (node.properties.dataSpan) spans.set(String(node.properties.dataSpan), node);
  });
  const definitions = [...page.facts.definitions.values()].filter((one) => !one.name.includes('.'));
  const entries = page.composition.sections.flatMap(({ pieces }) =>
    pieces.flatMap((piece, index) => {
      const code = pieces[index + 1];
      if (piece.kind !== 'contract' || code?.kind !== 'code') return [];
      const [definition] = definitions
        .filter(({ at }) => at >= code.start && at < code.end)
        .sort((one, other) => one.at - other.at);
      const contract = spans.get(`${piece.start}-${piece.end}`);
      return definition?.exported && contract ? [{ definition, contract }] : [];
    }),
  );
  contracts.set(page.facts, entries);
  return entries;
}

/*
 * One page for each room. Who is looking for a function of the assembler should not have to load the silicon.
 */
const outputOf = (room: Room) => `reference/${room.slug}.html`;

function reference(room: Room, title: string, binding: Binding): ElementContent[] {
  const output = outputOf(room);
  const pages = pagesOf(room, binding.directory).filter((page) => contractsOf(page).length > 0);
  const content = pages.flatMap((page) => [
    h('h2', { id: `file-${page.number}` }, [h('a', { href: href(output, page) }, page.survey.title)]),
    ...contractsOf(page).map((entry) => referenceEntry(page, entry, output, binding)),
  ]);
  return [h('h1', title), ...content];
}

/*
 * The copy of a contract stands for no bytes of the source, so it loses its `data-span`. Complaints about its links
 * have been made already, where it stands.
 */
function referenceEntry(
  page: Page,
  { definition, contract }: Entry,
  output: string,
  binding: Binding,
): Element {
  const copy = structuredClone(contract);
  delete copy.properties.dataSpan;
  bindPointers(pointersIn(copy), page, output, { ...binding, complain: () => undefined });
  const place = { output: page.output, anchor: anchorOf(definition.name) };
  const open = definition.kind === 'interface' || definition.kind === 'class';
  const members = [...page.facts.definitions.values()].filter(
    ({ name, exported, summary }) =>
      exported && name.startsWith(`${definition.name}.`) && (open || summary !== ''),
  );
  return h('section', { className: ['entry'], id: `${page.number}-${definition.name}` }, [
    h('h3', [
      h('a', { href: href(output, place) }, [h('code', definition.name)]),
      h('small', `${definition.kind}, § ${sectionAt(page, definition.at).number}`),
    ]),
    h('pre', { className: ['signature'], tabIndex: 0 }, definition.signature),
    copy,
    ...(members.length > 0
      ? [
          h(
            'dl',
            { className: ['clauses'] },
            members.flatMap((member) => memberEntry(page, member, output)),
          ),
        ]
      : []),
  ]);
}

/*
 * Interfaces and classes bring their members along, and tables of functions those members that say something about
 * themselves.
 */
function memberEntry(page: Page, { name, signature, summary }: Definition, output: string): Element[] {
  const to = href(output, { output: page.output, anchor: anchorOf(name) });
  const term = h('dt', [h('a', { href: to }, [h('code', signature.replace(/^\w+\./, ''))])]);
  const said = summary.split('`').map((words, index) => (index % 2 === 1 ? h('code', words) : words));
  return [term, h('dd', said)];
}

/*
 * And a page of names alone, to see what there is.
 */
function referenceIndex(told: readonly Room[], directory: Directory): ElementContent[] {
  const lists = told.map((room) => {
    const to = (anchor?: string) =>
      href('reference.html', { output: outputOf(room), ...(anchor ? { anchor } : {}) });
    const names = pagesOf(room, directory).flatMap((page) =>
      contractsOf(page).flatMap(({ definition: { name } }) => [
        h('a', { href: to(`${page.number}-${name}`) }, [h('code', name)]),
        ' ',
      ]),
    );
    const title = `${kindOf(room)} ${room.number} · ${openingOf(directory, room).survey.title}`;
    const heading = h('h2', { id: room.slug }, [h('a', { href: to() }, title)]);
    return h('section', { className: ['room'] }, [heading, h('p', { className: ['names'] }, names)]);
  });
  const what =
    'What has a contract: what it takes and gives, in which units and ranges, how it can fail, and where that is written. The words are those of the book, without the story.';
  return [h('h1', 'Reference'), h('p', what), ...lists];
}
