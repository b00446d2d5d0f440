/*
 * # What to ask again
 *
 * A hundred thousand names are asked about to make a book. After an edit we would like to ask about a hundred.
 */

import { type Facts, factsOf } from './facts.ts';
import { outlineOf } from './outline.ts';
import type { Reading } from './program.ts';
import type { Token } from './tokens.ts';

/** Facts about no code at all, for a page of Markdown. */
export const NO_FACTS: Facts = { definitions: new Map(), mentions: new Map(), hovers: [] };

/*
 * ## Who is concerned
 *
 * If you change the inside of a function that says what it returns, nobody else can tell. The facts about that one file
 * are asked for again, and that is all.
 *
 * If you change what others see (a signature, a contract, a name that is gone), the news travels along the imports,
 * and it travels far: a file may depend on a type it has never named, through three others. All importers are
 * asked. That takes some of the patience that a first book takes, and is right, which the clever ways of asking
 * fewer were not.
 *
 * In between lies the commonest case, a new name. Nobody can have depended on it, except a file that was already
 * waiting for it, and in that file it stands to be read.
 */
/**
 * Brings the facts about every file up to date. Asks about the files that changed; and where what others see of one
 * has changed too, about all that import it, however many files lie between.
 */
export function learn(
  { reasoner, trees, changed }: Reading,
  tokens: (file: string) => readonly Token[],
  known: ReadonlyMap<string, Facts>,
  onProgress: (done: number) => void,
): Map<string, Facts> {
  const facts = new Map<string, Facts>();
  const sameFiles = known.size === trees.size && [...trees.keys()].every((file) => known.has(file));
  const ask = (file: string) => {
    facts.set(file, factsOf(reasoner, trees.get(file)!, tokens(file)));
    onProgress(facts.size);
  };

  for (const file of sameFiles ? changed : trees.keys()) ask(file);
  if (!sameFiles) return facts;

  for (const file of changed) {
    const news = newsOf(known.get(file)!, facts.get(file)!);
    if (!news.changed && news.added.length === 0) continue;
    for (const importer of importersOf(file, known)) {
      const { text } = trees.get(importer)!;
      const concerned = news.changed || news.added.some((name) => text.includes(name));
      if (concerned && !facts.has(importer)) ask(importer);
    }
  }
  return new Map([...trees.keys()].map((file) => [file, facts.get(file) ?? known.get(file)!]));
}

/*
 * What counts as news:
 */
/** What others would notice: whether anything is gone or different, and the names of definitions that are new. */
function newsOf(known: Facts, learned: Facts): { changed: boolean; added: string[] } {
  const { definitions: before } = known;
  const { definitions: after } = learned;
  const added = [...after.keys()]
    .filter((name) => !before.has(name))
    .map((name) => name.replace(/^.*\./, ''));
  const changed = [...before.values()].some((old) => {
    const now = after.get(old.name);
    return (
      !now || now.signature !== old.signature || now.summary !== old.summary || now.exported !== old.exported
    );
  });
  return { changed: changed || isMissed(known, learned), added };
}

/** Whether there was something to be seen that is not there any more. */
function isMissed({ tree: before }: Facts, { tree: after }: Facts): boolean {
  if (before === undefined || after === undefined) return before !== after;
  const now = outlineOf(after);
  return [...outlineOf(before)].some((piece) => !now.has(piece));
}

/*
 * And whom it reaches.
 */
function importersOf(changed: string, facts: ReadonlyMap<string, Facts>): Set<string> {
  const importers = new Map<string, string[]>();
  for (const [file, { mentions }] of facts) {
    for (const { file: module, name } of mentions.values()) {
      if (module !== undefined && name === undefined)
        importers.set(module, [...(importers.get(module) ?? []), file]);
    }
  }
  const reached = new Set<string>();
  const open = [changed];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const importer of importers.get(file) ?? []) {
      if (!reached.has(importer)) open.push(importer);
      reached.add(importer);
    }
  }
  return reached;
}
