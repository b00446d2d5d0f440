import { describe, expect, test } from 'vitest';
import { play, type Scene } from './stage.ts';

/** One rule of the manual, code that comes under it, and what it comes to. */
export interface Row extends Scene {
  rule: string;
  vector: number;
  error?: number;
  /** Offset in the code that the handler is told. */
  eip?: number;
}

/** A test for each row: it ends in the handler of this vector, with this error code or with none. */
export function hold(what: string, rows: readonly Row[]): void {
  describe(what, () => {
    test.each(rows)('$rule', (row) => {
      const end = play(row);
      expect({ vector: end.vector, error: end.error }).toEqual({ vector: row.vector, error: row.error });
      if (row.eip !== undefined) expect(end.eip).toBe(row.eip);
    });
  });
}
