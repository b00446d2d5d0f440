/*
 * # Saying what is wrong
 *
 * The last room is the smallest. An assembler has one way to fail, and it owes you three facts: where, what stood
 * there, and what might have stood there instead.
 *
 *     switcher.ts:118: found 256 in `mov`, expected -128 to 255 (imm8 of `mov r/m8, imm8`)
 *
 * Whoever looks at a number does not know which line it came from, and need not. `located` fills in the place on
 * the way out, and leaves alone whatever has one already.
 */

/**
 * A mistake in assembly source: what was found, what was expected, and where.
 *
 * `file` is empty and `line` 0 when the mistake was made through `encode`, which knows no source.
 */
export class AssemblyError extends Error {
  readonly found: string;
  readonly expected: string;
  readonly file: string;
  readonly line: number;

  constructor(found: string, expected: string, file = '', line = 0) {
    super(`${file === '' ? '' : `${file}:${line}: `}found ${found}, expected ${expected}`);
    this.name = 'AssemblyError';
    this.found = found;
    this.expected = expected;
    this.file = file;
    this.line = line;
  }
}

/*
 * Who nests ten thousand parentheses has not made a mistake in any of them, and JavaScript only says that its stack has
 * ended.
 */

/**
 * The same mistake with its place filled in. Anything but an `AssemblyError` without a place, or the end of the stack,
 * is passed on untouched.
 */
export function located(error: unknown, file: string, line: number): unknown {
  if (error instanceof RangeError && error.message.includes('call stack'))
    return new AssemblyError('an expression of too many parts', 'a shorter one', file, line);
  const unplaced = error instanceof AssemblyError && error.line === 0;
  return unplaced ? new AssemblyError(error.found, error.expected, file, line) : error;
}
