/*
 * # The press
 *
 * Here the sheets become files, in three passes that must not be mixed up. All of it is printed, to memory. Then
 * all of it is proved. And only then is anything written, so that the folder on your disk holds a book that was
 * right, or the one before. (Whoever is interrupted while writing has some of both, until the next weaving.)
 */

import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import type { Directory, Page } from './directory.ts';
import { layOut, type Sheet } from './layout.ts';
import { type Complaints, lineAt } from './problems.ts';
import { type Ends, endsOf, type Flaw, lineOfPage, proveCoverage, proveLinks, proveOrder } from './proofs.ts';

interface Print {
  key: string;
  html: string;
  ends: Ends;
  /** Once its coverage is proved: the flaw that was found, if any. */
  proved?: { flaw: Flaw | undefined };
  written: boolean;
}

/**
 * Prints, proves and writes; keeps the last print of every page, so that what is the same is proved and written once.
 */
export interface Press {
  /** Prints every sheet. Returns how many are not on the disk as they are now. */
  print(sheets: readonly Sheet[], directory: Directory): number;
  /** Proves the print. Returns the number of links that were followed. */
  prove(pages: readonly Page[], assets: ReadonlyMap<string, Uint8Array>, complaints: Complaints): number;
  /** Writes what is new, and removes pages that no longer exist. */
  write(assets: ReadonlyMap<string, Uint8Array>): void;
}

/*
 * ## Three passes
 *
 * A print that is the same as last time keeps its verdict, its list of links, and its place on the disk. One that
 * failed its proof keeps failing it, even if nobody touches the page again; a flaw is not forgiven because it was
 * looked at once before.
 */
export function createPress(out: string): Press {
  let prints = new Map<string, Print>();

  return {
    print(sheets, directory) {
      const next = new Map<string, Print>();
      for (const sheet of sheets) {
        const last = prints.get(sheet.output);
        next.set(sheet.output, last?.key === sheet.key ? last : printOf(sheet, directory, last));
      }
      prints = next;
      return [...prints.values()].filter(({ written }) => !written).length;
    },

    prove(pages, assets, complaints) {
      for (const page of pages) provePage(page, prints.get(page.output)!, complaints);
      proveBook(pages, prints, new Set(assets.keys()), complaints);
      return [...prints.values()].reduce((sum, { ends }) => sum + ends.links.length, 0);
    },

    write(assets) {
      removeStale(out, prints);
      for (const [name, bytes] of assets) put(out, name, bytes);
      for (const [output, print] of prints) {
        if (!print.written) put(out, output, print.html);
        print.written = true;
      }
    },
  };
}

function put(out: string, name: string, content: string | Uint8Array): void {
  const path = join(out, name);
  makeFolder(dirname(path));
  writeFileSync(path, content);
}

/** As `mkdirSync` does it that is told to be recursive; but under `/proc` that one never comes back. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}

/*
 * ## A print, and its trial
 */
function printOf(sheet: Sheet, directory: Directory, last: Print | undefined): Print {
  const html = layOut(sheet, directory);
  if (last?.html === html) return { ...last, key: sheet.key };
  return { key: sheet.key, html, ends: endsOf(html), written: false };
}

function provePage({ file, composition }: Page, print: Print, complaints: Complaints): void {
  print.proved ??= { flaw: proveCoverage(composition.text, print.html, composition.promised) };
  const { flaw } = print.proved;
  if (flaw) complaints.addFatal(file, lineAt(composition.text, flaw.offset), flaw.message);
}

/*
 * Links and order belong to no page alone, and are proved of all of them, every time.
 */
function proveBook(
  pages: readonly Page[],
  prints: ReadonlyMap<string, Print>,
  assets: ReadonlySet<string>,
  complaints: Complaints,
): void {
  const byOutput = new Map(pages.map((page) => [page.output, page]));
  const ends = new Map([...prints].map(([output, print]) => [output, print.ends]));
  for (const { output, flaw } of proveLinks(ends, assets)) {
    const page = byOutput.get(output);
    const line = page ? lineOfPage(prints.get(output)!.html, flaw.offset, page.composition.text) : 1;
    complaints.add(page?.file ?? output, line, `${flaw.message} (${output})`);
  }
  const html = new Map([...prints].map(([output, print]) => [output, print.html]));
  const astray = proveOrder(
    html,
    pages[0]!.output,
    pages.map(({ file }) => file),
  );
  if (astray) complaints.addFatal(astray, 1, 'does not come where the reading order has it');
}

/*
 * A page whose source is gone would lie in the folder for years, and be found by a search engine. But the folder is one
 * that somebody has named, and they may have pages of their own in it, which ours do not look like.
 */
/** Whether a page was printed here: all of ours, and nobody else's, ask for this. */
function isOurs(path: string): boolean {
  return readFileSync(path, 'utf8').includes('assets/lantern.css"');
}

function removeStale(out: string, prints: ReadonlyMap<string, unknown>): void {
  if (!existsSync(out)) return;
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    const name = relative(out, join(entry.parentPath, entry.name));
    const output = name.replaceAll('\\', '/');
    if (entry.isFile() && output.endsWith('.html') && !prints.has(output) && isOurs(join(out, name)))
      rmSync(join(out, name));
  }
}
