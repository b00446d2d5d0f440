/* # Machine code with holes */

import ts from 'typescript';
import { fail } from './errors.ts';
import { immediate, newTarget, type Frame } from './frame.ts';
import { constantOf, intrinsicOf } from './constants.ts';
import { bracket, directPlace } from './places.ts';
import { isInPlace } from './types.ts';

/** Writes the instructions of `asm`...`` where it stands. */
export function inline(frame: Frame, node: ts.TaggedTemplateExpression): void {
  const name = ts.isIdentifier(node.tag) ? intrinsicOf(frame, node.tag) : undefined;
  if (name !== 'asm') {
    const hint = name === 'naked' ? 'naked code lives at module level: here write asm' : 'only asm is a tag';
    fail(node, `the tag \`${node.tag.getText()}\``, hint);
  }
  template(frame, node);
}

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

/* ## What a hole may hold */

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

/* ## Labels of its own */

/** Renames the labels that `text` defines, so that the same code may stand in two places. */
function ownLabels(frame: Frame, text: string): string {
  const labels = [...text.matchAll(/^[ \t]*([A-Za-z_.$][\w.$]*):/gm)].map(([, label]) => label!);
  if (labels.length === 0) return text;
  const unique = newTarget(frame);
  const names = new Set(labels);
  return text
    .split('\n')
    .map((line) => {
      const [code] = line.split(';', 1);
      return code!.replace(/'[^']*'|"[^"]*"|[A-Za-z_.$][\w.$]*/g, (word) =>
        names.has(word) ? `${unique}.${word}` : word,
      );
    })
    .join('\n');
}
