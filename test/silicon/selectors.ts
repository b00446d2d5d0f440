import { LDT, USER_CODE, USER_DATA } from './stage.ts';

const NAMED = LDT.map((segment) => segment.selector);
/** Selectors that DS, ES, FS and GS may hold. */
export const DATA_SELECTORS = LDT.filter(
  ({ contents, open, present }) => present && (contents < 2 || open),
).map((s) => s.selector);
export const STACK_SELECTORS = LDT.filter(
  ({ contents, open, present }) => present && contents < 2 && open,
).map((s) => s.selector);
export const CODE_SELECTORS = LDT.filter(({ contents, present }) => present && contents === 2).map(
  (s) => s.selector,
);
/** Selectors of every kind, good and bad. */
export const SELECTORS = [
  0,
  3,
  USER_CODE,
  USER_DATA,
  0x21,
  0x28,
  0x10,
  0x18,
  LDT.length * 8 + 7,
  0xfff7,
].concat(
  NAMED,
  NAMED.map((selector) => selector & ~3),
);
