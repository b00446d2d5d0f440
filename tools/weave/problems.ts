/*
 * # Complaints
 *
 * All complaints are collected before any is made. Nobody likes a tool that reports one error, waits for you to
 * mend it, and then finds the next one, which was there all along.
 */

/** Something wrong with the book: where (file relative to the root, line from 1), and one clear sentence. */
export interface Problem {
  file: string;
  line: number;
  message: string;
}

/** Problems as they are found. `fatal` ones stop the build even in a draft. */
export interface Complaints {
  readonly found: (Problem & { fatal: boolean })[];
  add(file: string, line: number, message: string): void;
  addFatal(file: string, line: number, message: string): void;
}

/*
 * ## Two weights
 *
 * Most complaints are about the sources, and a draft lets them pass as warnings. The fatal ones are about the
 * weaver.
 */
export function createComplaints(): Complaints {
  const found: (Problem & { fatal: boolean })[] = [];
  return {
    found,
    add: (file, line, message) => void found.push({ file, line, message, fatal: false }),
    addFatal: (file, line, message) => void found.push({ file, line, message, fatal: true }),
  };
}

/*
 * ## In one line each
 *
 * `file:line: message`. The oldest format there is; every editor can jump to it, and so can you.
 */
/** Thrown when the book is not fit to be printed. The message has one line a problem. */
export class WeaveError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(inOneLine).join('\n'));
    this.name = 'WeaveError';
    this.problems = problems;
  }
}

/** `file:line: message`, the form every editor can jump to. */
export function inOneLine(problem: Problem): string {
  return `${problem.file}:${problem.line}: ${problem.message}`;
}

/** The line, counted from 1, that holds the character at `offset`. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
