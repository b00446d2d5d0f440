/*
 * # Fences
 *
 * Not everything in a narrator's comment is talk. There are drawings, which want to be left alone. There are TypeScript
 * and assembly, which we know how to set. And there are other people's languages, for which there is shiki, a
 * highlighter with the grammars of a well-known editor. It is loaded when the first of them turns up, and in most books
 * of ours none does.
 */

import type { Element, ElementContent, Root } from 'hast';
import type { HighlighterCore } from 'shiki/core';

import { setAssembly } from './assembly.ts';
import ts from './compiler.ts';
import { type Survey, textOf } from './survey.ts';
import { tokensOf } from './tokens.ts';
import { typeset } from './typeset.ts';

/** Languages that shiki sets for us, by the words that authors write behind the three backticks. */
const GRAMMARS: Record<string, () => Promise<unknown>> = {
  c: () => import('shiki/langs/c.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  sh: () => import('shiki/langs/shellscript.mjs'),
};
const ALIASES: Record<string, string> = { nasm: 'asm', bash: 'sh', shell: 'sh', patch: 'diff' };
const PLAIN = ['text', 'txt', 'console', ''];

/*
 * ## To each its own
 *
 * A language nobody here can read is a complaint. Grey text in the middle of a coloured book looks like an
 * oversight, and usually is one: most often the word behind the backticks has a typing error in it.
 */
/**
 * Sets fenced and indented blocks of the narration: drawings in peace, TypeScript and assembly by our own
 * hand, the rest by shiki.
 */
export async function setFences(
  page: Survey,
  complain: (line: number, message: string) => void,
): Promise<void> {
  for (const { element, parent, line } of page.fences) {
    const code = element.children[0] as Element;
    const text = textOf(code).replace(/\n$/, '');
    const written = languageOf(code);
    const language = ALIASES[written] ?? written;
    if (PLAIN.includes(language)) drawing(element, parent, text);
    else if (language === 'ts' || language === 'typescript') element.children = [raw(setSnippet(text))];
    else if (language === 'asm') element.children = [raw(setAssembly(text))];
    else if (GRAMMARS[language]) element.children = [await setForeign(text, language)];
    else
      complain(
        line,
        `sets a fence in ${written}, which is none of text, ts, asm, ${Object.keys(GRAMMARS).join(', ')}`,
      );
    if (!PLAIN.includes(language)) element.properties.className = ['fence'];
  }
}

function languageOf(code: Element): string {
  const names = (code.properties.className ?? []) as string[];
  return names.find((name) => name.startsWith('language-'))?.slice('language-'.length) ?? '';
}

/*
 * Drawings get a figure around them, as all drawings, and a place in the order of the tab key: on a telephone a
 * drawing scrolls in its frame, and somebody without a finger has to get in there, too.
 */
function drawing(element: Element, parent: Element | Root, text: string): void {
  element.properties.className = ['drawing'];
  element.properties.tabIndex = 0;
  element.children = [{ type: 'text', value: text }];
  if (parent.type === 'element' && parent.tagName === 'figure') return;
  const figure: Element = {
    type: 'element',
    tagName: 'figure',
    properties: { className: ['plain'] },
    children: [element],
  };
  parent.children[parent.children.indexOf(element)] = figure;
}

/*
 * ## By our hand, and by shiki's
 *
 * A piece of TypeScript in a comment has no place in the program, so its names lead nowhere. Colours it gets as all
 * code does.
 *
 * Shiki is given a theme that has no colours of its own, only the names of CSS variables. Night falls on C when it
 * falls on everything else.
 */
function setSnippet(text: string): string {
  const tree = ts.createSourceFile('snippet.ts', text, ts.ScriptTarget.ES2022, true);
  return typeset(text, tokensOf(tree), 0, text.length);
}

let highlighter: Promise<HighlighterCore> | undefined;

async function setForeign(text: string, language: string): Promise<ElementContent> {
  highlighter ??= lightShiki();
  const shiki = await highlighter;
  await shiki.loadLanguage(GRAMMARS[language] as Parameters<HighlighterCore['loadLanguage']>[0]);
  const tree = shiki.codeToHast(text, {
    lang: language === 'sh' ? 'shellscript' : language,
    theme: 'css-variables',
  });
  return (tree.children[0] as Element).children[0] as ElementContent;
}

async function lightShiki(): Promise<HighlighterCore> {
  const { createCssVariablesTheme, createHighlighterCore } = await import('shiki/core');
  const { createJavaScriptRegexEngine } = await import('shiki/engine/javascript');
  const theme = createCssVariablesTheme({ name: 'css-variables', variablePrefix: '--shiki-' });
  return createHighlighterCore({ themes: [theme], langs: [], engine: createJavaScriptRegexEngine() });
}

/** HTML that is right as it stands. */
export function raw(value: string): ElementContent {
  return { type: 'raw', value } as unknown as ElementContent;
}
