import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawTrails } from './excerpt.ts';
import { traceLinux } from './linux-run.ts';

const folder = process.env.LANTERN_LINUX_DIR;
const why = folder === undefined ? 'skipped, as LANTERN_LINUX_DIR is not set' : `from ${folder}`;

/** What happens, in which order, and to whom, without the numbers, which are other ones in every kernel that is built. */
function shapeOf(drawing: string): string[] {
  const lines = drawing.trimEnd().split('\n').slice(1);
  return lines.map((line) => line.replace(/0x[0-9a-f]+|\b[0-9a-f]{2}\b|[\d,]+/g, '#').replace(/ +/g, ' '));
}

function printedOf(name: string): string {
  return readFileSync(new URL(`../../book/figures/${name}.txt`, import.meta.url), 'utf8');
}

/** What a kernel built without a tick says each time before it has nothing to do. */
const TICKLESS = 'LHCALL_SET_CLOCKEVENT';

describe.skipIf(folder === undefined)(`The traces beside the trails, ${why}`, () => {
  it('are what a Linux of that version does today', async (test) => {
    const { events, kernel } = await traceLinux(folder!);
    const [shown] = printedOf('trail-packet').split(',');
    if (shown !== kernel) test.skip(`the book shows ${shown}, this is ${kernel}`);
    for (const [name, drawing] of Object.entries(drawTrails(events, kernel))) {
      const printed = printedOf(name);
      if (drawing.includes(TICKLESS) && !printed.includes(TICKLESS))
        test.skip(
          `this ${kernel} sets its clock before it sleeps (NO_HZ), the one that the book shows does not`,
        );
      expect(shapeOf(drawing), name).toEqual(shapeOf(printed));
    }
  }, 600_000);
});
