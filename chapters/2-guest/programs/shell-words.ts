/*
 * # sh splits a line
 *
 * `echo 'a | b' | wc` contains one pipe, not two. Deciding which is the whole difficulty of a shell's grammar, and
 * it has kept generations in work: who did not know it took `'` for a letter has deleted a file that way.
 *
 * The result is a list of tokens. A word is the address of its text; an operator is its own character. The two
 * cannot be mixed up, for no address of a program is as small as 124, and this is the kind of thing one may do in
 * a language in which both are numbers. Do not do it at home.
 */
import type { i32, u32, u8 } from '../language.ts';
import { addressOf, array, charCode } from '../language.ts';

/**
 * What a line consists of: the address of a word's text, or an operator's character, which no address is as small as.
 */
export const MOST_TOKENS = 64;
export const tokens = array<u32>(64);
let tokenCount: u32 = 0;

/** The words without their quotes, each with a zero behind. A line never gets longer by that. */
const text = array<u8>(1024);
let textEnd: u32 = 0;

/** Whether token `index` is the operator `character`. */
export function isOperator(index: u32, character: u32): boolean {
  return tokens[index] === character;
}

/** Whether token `index` is a word. */
export function isWord(index: u32): boolean {
  return tokens[index] > 255;
}

/** What can be wrong with a line. */
export const OPEN_QUOTE = -1;
export const TOO_MANY = -2;

/** Splits a line into `tokens`; returns how many, or what is wrong with it. */
export function splitLine(line: u8[]): i32 {
  tokenCount = 0;
  textEnd = 0;
  let i: u32 = 0;
  while (line[i] !== 0) {
    const character: u32 = line[i];
    if (isBlank(character)) {
      i++;
    } else if (isSpecial(character)) {
      addToken(character);
      i++;
    } else {
      const end: i32 = splitWord(line, i);
      if (end < 0) return end;
      i = end as u32;
    }
  }
  return tokenCount > MOST_TOKENS ? TOO_MANY : (tokenCount as i32);
}

/*
 * Every table has an end. What lies behind this one is counted and not kept, and then nothing of the line is run: half
 * of a command may be a very different command.
 */

function addToken(token: u32): void {
  if (tokenCount < MOST_TOKENS) tokens[tokenCount] = token;
  tokenCount++;
}

function isBlank(character: u32): boolean {
  return character === charCode(' ') || character === charCode('\t');
}

function isSpecial(character: u32): boolean {
  switch (character) {
    case charCode('|'):
    case charCode('&'):
    case charCode(';'):
    case charCode('<'):
    case charCode('>'):
      return true;
    default:
      return false;
  }
}

/*
 * ## Quotes
 *
 * Inside quotes everything is a letter, the other kind of quote too. The quotes themselves are dropped on the way.
 */

/** Copies the word that begins at `start`, without its quotes; returns where it ends, or OPEN_QUOTE. */
function splitWord(line: u8[], start: u32): i32 {
  let i: u32 = start;
  let quote: u32 = 0;
  addToken(addressOf(text) + textEnd);
  while (line[i] !== 0 && (quote !== 0 || !(isBlank(line[i]) || isSpecial(line[i])))) {
    const character: u32 = line[i];
    i++;
    if (character === quote) quote = 0;
    else if (quote === 0 && (character === charCode('"') || character === charCode("'"))) quote = character;
    else addText(character);
  }
  addText(0);
  return quote === 0 ? (i as i32) : OPEN_QUOTE;
}

function addText(character: u32): void {
  text[textEnd] = character;
  textEnd++;
}
