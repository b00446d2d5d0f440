/*
 * # Printing a tree
 *
 * rehype-stringify knows all of HTML: which end tags may be left out, which attributes are numbers, what a browser of
 * 2004 makes of a null character. It looks every name up to find out, and took half a second for a book that uses four
 * dozen kinds of element and spells all of them out. What is left, if you spell everything out, is one page.
 */

import type { Element, ElementContent, Properties, Root, RootContent } from 'hast';

const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'wbr',
]);

/** A hast tree as HTML. Every end tag is there, every attribute is quoted. */
export function printHtml(node: Root | RootContent | ElementContent): string {
  if (node.type === 'text') return node.value.replace(/[<&]/g, reference);
  if (node.type === 'element') return printElement(node);
  if (node.type === 'root') return printAll(node.children);
  if ((node.type as string) === 'raw') return (node as unknown as { value: string }).value;
  return '';
}

function printElement({ tagName, properties, children }: Element): string {
  const start = `<${tagName}${printAttributes(properties)}>`;
  return VOID.has(tagName) ? start : `${start}${printAll(children)}</${tagName}>`;
}

function printAll(children: readonly (RootContent | ElementContent)[]): string {
  let html = '';
  for (const child of children) html += printHtml(child);
  return html;
}

/*
 * ## Attributes
 *
 * In a tree they have the names they have in JavaScript: `className`, `tabIndex`, `dataSpan`.
 */
function printAttributes(properties: Properties): string {
  let html = '';
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    const text = Array.isArray(value) ? value.join(' ') : `${value}`;
    html +=
      value === true ? ` ${attribute(name)}` : ` ${attribute(name)}="${text.replace(/["&'`]/g, reference)}"`;
  }
  return html;
}

function attribute(name: string): string {
  if (name === 'className') return 'class';
  return name.replace(/^(data|aria)(?=[A-Z])/, '$1-').toLowerCase();
}

function reference(character: string): string {
  return `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`;
}
