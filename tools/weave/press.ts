import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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

/** Prints, proves and writes; keeps the last print of every page, so that what is the same is proved and written once. */
export interface Press {
  /** Prints every sheet. Returns how many are not on the disk as they are now. */
  print(sheets: readonly Sheet[], directory: Directory): number;
  /** Proves the print. Returns the number of links that were followed. */
  prove(pages: readonly Page[], assets: ReadonlyMap<string, Uint8Array>, complaints: Complaints): number;
  /** Writes what is new, and removes pages that no longer exist. */
  write(assets: ReadonlyMap<string, Uint8Array>): void;
}

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
      const byOutput = new Map(pages.map((page) => [page.output, page]));
      for (const page of pages) provePage(page, prints.get(page.output)!, complaints);
      const ends = new Map([...prints].map(([output, print]) => [output, print.ends]));
      for (const { output, flaw } of proveLinks(ends, new Set(assets.keys()))) {
        const page = byOutput.get(output);
        const line = page ? lineOfPage(prints.get(output)!.html, flaw.offset, page.composition.text) : 1;
        complaints.add(page?.file ?? output, line, `${flaw.message} (${output})`);
      }
      const html = new Map([...prints].map(([output, print]) => [output, print.html]));
      const files = pages.map(({ file }) => file);
      const astray = proveOrder(html, pages[0]!.output, files);
      if (astray) complaints.addFatal(astray, 1, 'does not come where the reading order has it');
      return [...ends.values()].reduce((sum, { links }) => sum + links.length, 0);
    },

    write(assets) {
      removeStale(out, prints);
      const made = new Set<string>();
      const put = (name: string, content: string | Uint8Array) => {
        const folder = dirname(join(out, name));
        if (!made.has(folder)) mkdirSync(folder, { recursive: true });
        made.add(folder);
        writeFileSync(join(out, name), content);
      };
      for (const [name, bytes] of assets) put(name, bytes);
      for (const [output, print] of prints) {
        if (!print.written) put(output, print.html);
        print.written = true;
      }
    },
  };
}

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

function removeStale(out: string, prints: ReadonlyMap<string, unknown>): void {
  if (!existsSync(out)) return;
  for (const name of readdirSync(out, { recursive: true, encoding: 'utf8' })) {
    const output = name.replaceAll('\\', '/');
    if (output.endsWith('.html') && !prints.has(output)) rmSync(join(out, name));
  }
}
