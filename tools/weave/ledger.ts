/*
 * # The ledger
 *
 * The quickest way to make a book is to have made it. With the pages the press leaves a slip: what the sources were
 * when these were woven and proved, what the pages were, and what the report said. If both are still the same, to the
 * byte, then so is the proof.
 *
 * Anything that could make a difference is among the sources: the prose, the code, the theme, the weaver itself, and
 * the list of packages it runs on.
 */

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import type { Report, WeaveOptions } from './weave.ts';

/*
 * ## Looking first
 *
 * Whoever only wants to read, and has changed nothing, should not have to wait for a compiler to be loaded that will
 * not be asked anything. So the weaver is sent for when it is clear that there is something to weave.
 */
/**
 * Weaves a book once; or not at all, if it is there, and was proved, and nothing has changed since.
 *
 * @throws WeaveError when a proof fails
 */
export async function weave(options: WeaveOptions): Promise<Report> {
  const began = performance.now();
  const ledger = openLedger(resolve(options.root), resolve(options.out));
  const last = options.anew ? undefined : ledger.read();
  if (last && last.warnings.length === 0)
    return { ...last, printed: 0, milliseconds: performance.now() - began };
  const { createWeaver } = await import('./weave.ts');
  const report = await createWeaver(options).weave();
  ledger.write(report);
  return report;
}

/*
 * ## The slip
 *
 * It lies beside the pages, where whoever throws them away throws it away, too.
 */
const SLIP = 'woven.json';

interface Slip {
  sources: string;
  pages: string;
  report: Report;
}

/** Compares a book on the disk with what is written about it. */
export interface Ledger {
  /** The report of the book in `out`, if that was woven from these very sources and nobody has touched it since. */
  read(): Report | undefined;
  write(report: Report): void;
}

/**
 * Opens the ledger of the book in `out`. The sources are looked at now, before they are read: should one change while
 * the book is being woven, the slip will be found wrong, and not the book found right.
 */
export function openLedger(root: string, out: string): Ledger {
  const path = join(out, SLIP);
  const sources = digestOf(root, SOURCES, out);
  return {
    read() {
      if (!existsSync(path)) return undefined;
      const slip = readSlip(path);
      if (!slip) return undefined;
      return slip.sources === sources && slip.pages === digestOf(out, ['.']) ? slip.report : undefined;
    },
    write(report) {
      const slip: Slip = { sources, pages: digestOf(out, ['.']), report };
      writeFileSync(path, JSON.stringify(slip));
    },
  };
}

/** What the slip says, unless somebody was interrupted who wrote it. */
function readSlip(path: string): Slip | null | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Slip | null;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/*
 * ## A digest of everything
 *
 * Names go into it as well as bytes, with their lengths, so that nothing can move from one file into the next.
 */
const SOURCES = [
  'book',
  'chapters',
  'src',
  'tools',
  'exercises',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

function digestOf(folder: string, names: readonly string[], except?: string): string {
  const hash = createHash('sha256');
  for (const name of names.flatMap((name) => filesIn(folder, name, except))) {
    const bytes = readFileSync(join(folder, name));
    hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex');
}

function filesIn(folder: string, name: string, except?: string): string[] {
  const path = join(folder, name);
  if (path === except || !existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return name.endsWith(SLIP) ? [] : [name];
  const inside = readdirSync(path).sort();
  return inside.flatMap((entry) => filesIn(folder, `${name}/${entry}`, except));
}
