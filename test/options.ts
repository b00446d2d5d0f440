import { parseArgs } from 'node:util';

/**
 * The options of a command that runs for long, `--minutes 5` or `--minutes=5`. Anything else ends it with a line that says what
 * it knows: whoever has mistyped a minute does not want half an hour.
 */
export function optionsOf(
  command: string,
  known: Record<string, RegExp>,
): Record<string, string | undefined> {
  const names = Object.keys(known);
  const usage = names.map((name) => `--${name}`).join(' or ');
  const refuse = (found: string) => {
    console.error(`${command}: ${found} is not an option; expected ${usage}`);
    process.exit(1);
  };
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { tokens, values } = parseArgs({ options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') refuse(token.value);
    else if (!known[token.name]?.test(token.value ?? ''))
      refuse(`${token.rawName} ${token.value ?? ''}`.trim());
  }
  return values as Record<string, string | undefined>;
}

/** Whole minutes or parts of them. */
export const MINUTES = /^(?=.*[1-9])\d+(\.\d+)?$/;
