/*
 * # Setting assembly
 *
 * Here and there a chapter goes below TypeScript, and then there is a template with machine code in it. To the
 * compiler it is a string. To you it is the part of the page with the highest density of events, and it deserves
 * better than being green from end to end.
 */

import type { Node } from 'typescript';

import ts from './compiler.ts';
import { dyed, escapeHtml } from './typeset.ts';

const TAGS = ['asm', 'naked'];

/*
 * ## Recognizing it
 *
 * By its tag, if there is one. The Switcher's text has none; it is recognized as you would, by looking at it: most
 * lines begin with a verb from the opcode map.
 */
/** Whether a piece of a template literal is machine code: by its tag, or because most of its lines read like it. */
export function speaksAssembly(node: Node): boolean {
  const template = ts.isNoSubstitutionTemplateLiteral(node) ? node : templateAround(node);
  if (!template) return false;
  const { parent } = template;
  if (ts.isTaggedTemplateExpression(parent))
    return ts.isIdentifier(parent.tag) && TAGS.includes(parent.tag.text);
  const lines = template
    .getText()
    .slice(1, -1)
    .split('\n')
    .filter((line) => line.trim() !== '');
  return lines.length > 1 && lines.filter((line) => INSTRUCTION.test(line)).length > lines.length / 2;
}

const INSTRUCTION =
  /^\s*(?:[\w.$]+:|;|(?:mov|push|pop|add|sub|xor|and|or|cmp|test|j\w{1,3}|call|ret|iret|lea|int|lgdt|lidt|ltr|hlt|dd|db|dw|out|in|rep|lock|inc|dec|sh[lr]|cld|cli|sti|nop|align|%line)\w*\b)/;

function templateAround(node: Node): Node | undefined {
  const { parent } = node;
  if (ts.isTemplateExpression(parent)) return parent;
  return ts.isTemplateSpan(parent) ? parent.parent : undefined;
}

/*
 * ## Setting it
 *
 * Assembly, unlike TypeScript, can be read by a regular expression without regret. A language without nesting is a
 * great comfort.
 */
const WORDS =
  /(?<comment>;[^\n]*)|(?<label>^[ \t]*[\w.$]+:)|(?<register>\b(?:e?[abcd]x|[abcd][lh]|e?[sd]i|e?[sb]p|[c-g]s|ss|cr[0-4]|dr[0-7]|st[0-7]|eip|eflags)\b)|(?<number>\b(?:0x[\da-f]+|\d+)\b)|(?<mnemonic>(?<=^[ \t]*(?:[\w.$]+:[ \t]*)?(?:(?:rep\w*|lock)[ \t]+)?)%?[a-z]\w*)/gim;

const COLORS = { comment: 'c', label: 'f', register: 't', number: 'n', mnemonic: 'k' } as const;

/** Dyes assembly lightly: mnemonics, registers, numbers, labels and comments. */
export function setAssembly(text: string): string {
  let html = '';
  let at = 0;
  for (const match of text.matchAll(WORDS)) {
    const kind = (Object.keys(COLORS) as (keyof typeof COLORS)[]).find(
      (name) => match.groups![name] !== undefined,
    )!;
    html += escapeHtml(text.slice(at, match.index)) + dyed(COLORS[kind], escapeHtml(match[0]));
    at = match.index + match[0].length;
  }
  return html + escapeHtml(text.slice(at));
}
