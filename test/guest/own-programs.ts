import { readFileSync } from 'node:fs';
import { packCpio } from '../../tools/tangle/cpio.ts';
import { openLibrary } from '../../tools/tangle/modules.ts';
import { programsOf, tangleProgram } from '../../tools/tangle/pup.ts';

const FOLDER = 'chapters/2-guest/programs';

/**
 * An initial file system with some of pup's programs, and some that only a test would write.
 *
 * @param own sources by name; they lie, as far as their imports are concerned, beside pup's own
 */
export function initrdWith(names: readonly string[], own: Readonly<Record<string, string>>): Uint8Array {
  const pathOf = (name: string) => `${FOLDER}/${name}.ts`;
  const sources = new Map(Object.entries(own).map(([name, source]) => [pathOf(name), source]));
  const library = openLibrary(
    (path) => sources.get(path) ?? readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'),
  );
  const paths = [
    ...programsOf(library).filter((path) => names.map(pathOf).includes(path)),
    ...sources.keys(),
  ];
  return packCpio(
    paths.map((path) => ({
      path: `bin/${path.slice(FOLDER.length + 1, -'.ts'.length)}`,
      bytes: tangleProgram(library, path).elf,
      executable: true,
    })),
  );
}
