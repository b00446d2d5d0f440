import { type Facts, factsOf } from './facts.ts';
import type { Reading } from './program.ts';
import type { Token } from './tokens.ts';

/** Facts about no code at all, for a page of Markdown. */
export const NO_FACTS: Facts = { definitions: new Map(), mentions: new Map(), hovers: [], shape: '' };

/**
 * Brings the facts about every file up to date. Asks about the files that changed; and where the shape of one has
 * changed too, about all that import it, however many files lie between.
 */
export function learn(
  root: string,
  { program, trees, changed }: Reading,
  tokens: (file: string) => readonly Token[],
  known: ReadonlyMap<string, Facts>,
  onProgress: (done: number) => void,
): Map<string, Facts> {
  const facts = new Map<string, Facts>();
  const sameFiles = known.size === trees.size && [...trees.keys()].every((file) => known.has(file));
  const ask = (file: string) => {
    facts.set(file, factsOf(root, program, trees.get(file)!, tokens(file)));
    onProgress(facts.size);
  };

  if (!sameFiles) {
    for (const file of trees.keys()) ask(file);
    return facts;
  }
  for (const file of changed) ask(file);
  const reshaped = [...changed].filter((file) => facts.get(file)!.shape !== known.get(file)!.shape);
  for (const file of importersOf(reshaped, known)) if (!facts.has(file)) ask(file);
  return new Map([...trees.keys()].map((file) => [file, facts.get(file) ?? known.get(file)!]));
}

function importersOf(files: readonly string[], facts: ReadonlyMap<string, Facts>): Set<string> {
  const importers = new Map<string, string[]>();
  for (const [file, { mentions }] of facts) {
    for (const { file: module, name } of mentions.values()) {
      if (module !== undefined && name === undefined)
        importers.set(module, [...(importers.get(module) ?? []), file]);
    }
  }
  const reached = new Set<string>();
  const open = [...files];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const importer of importers.get(file) ?? []) {
      if (!reached.has(importer)) open.push(importer);
      reached.add(importer);
    }
  }
  return reached;
}
