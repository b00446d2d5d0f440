/*
 * # Machine code with holes
 *
 * TypeScript has no word for `lidt`, and it would be a worse language if it had. What it has is the tagged
 * template: some text, with holes in it, and values in the holes. In JavaScript this is a way to call a function.
 * To us it is instructions, with TypeScript shining through:
 *
 * ```ts
 * asm`
 *   mov eax, ${number}
 *   int 0x80
 * `
 * ```
 *
 * What arrives at the assembler is `mov eax, [ebp+8]`, because that is where the parameter `number` lies.
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import { immediate, newTarget, type Frame } from './frame.ts';
import { constantOf, intrinsicOf } from './constants.ts';
import { bracket, directPlace } from './places.ts';
import { isInPlace } from './types.ts';

/** Writes the instructions that follow `asm`, where they stand. */
export function inline(frame: Frame, node: ts.TaggedTemplateExpression): void {
  const name = ts.isIdentifier(node.tag) ? intrinsicOf(frame, node.tag) : undefined;
  if (name !== 'asm') {
    const hint = name === 'naked' ? 'naked code lives at module level: here write asm' : 'only asm is a tag';
    fail(node, `the tag \`${node.tag.getText()}\``, hint);
  }
  template(frame, node);
}

/*
 * Each line keeps its own line number, so that a fault in the middle of a template is reported there.
 */

/** The lines of a template with its holes filled, each marked with where it stands in the source. */
export function template(frame: Frame, node: ts.TaggedTemplateExpression): void {
  const { source, path } = frame.module;
  const body = ts.isNoSubstitutionTemplateLiteral(node.template)
    ? node.template.text
    : fill(frame, node.template);
  frame.assembly += `${body}\n`;
  const first = source.getLineAndCharacterOfPosition(node.template.getStart(source)).line + 1;
  for (const [index, line] of ownLabels(frame, body).split('\n').entries()) {
    if (/^\s*(;.*)?$/.test(line)) continue;
    frame.lines.push(`%line ${first + index} ${path}`, line);
  }
  frame.line = 0;
}

function fill(frame: Frame, { head, templateSpans }: ts.TemplateExpression): string {
  return head.text + templateSpans.map((span) => hole(frame, span.expression) + span.literal.text).join('');
}

/*
 * ## What a hole may hold
 *
 * A constant is its number. Something that has an address is the address. A variable is the place where it lies,
 * with the brackets, since that is how an operand says it. Everything else would need instructions of its own, and
 * they would need a register, and which one could we take without asking?
 */

function hole(frame: Frame, node: ts.Expression): string {
  const constant = constantOf(frame, node);
  if (constant !== undefined) return immediate(frame.program, constant);
  const place = directPlace(frame, node);
  if (place !== undefined && !isInPlace(place.type)) return bracket(frame, place);
  fail(
    node,
    `\`${node.getText()}\` in a hole`,
    'a hole holds a constant, a variable or a function: store it in a variable first',
  );
}

/*
 * ## Labels of its own
 *
 * The assembler knows one scope: all of it. Two templates that both loop back to `again:` would collide, so the
 * names that a template defines, by a colon or by `equ`, are renamed wherever they stand in it, except in strings and
 * comments. The comments do not arrive at all.
 */

/** Renames the labels that `text` defines, so that the same code may stand in two places. */
function ownLabels(frame: Frame, text: string): string {
  const leading = [...text.matchAll(/^(?:[ \t]*[A-Za-z_.$][\w.$]*:)+/gm)].flatMap(([some]) =>
    some.split(':'),
  );
  const equal = [...text.matchAll(/^[ \t]*([A-Za-z_.$][\w.$]*)[ \t]+equ\b/gim)].map(([, name]) => name!);
  const labels = [...leading, ...equal].map((label) => label.trim()).filter(Boolean);
  if (labels.length === 0) return text;
  const unique = newTarget(frame);
  const names = new Set(labels);
  return text
    .split('\n')
    .map((line) => {
      return line.replace(/'[^']*'|"[^"]*"|;.*|(?<![\w.$])[A-Za-z_.$][\w.$]*/g, (word) => {
        if (word.startsWith(';')) return '';
        return names.has(word) ? `${unique}.${word}` : word;
      });
    })
    .join('\n');
}
