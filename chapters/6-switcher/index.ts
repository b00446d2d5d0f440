export * from './pages.ts';
export * from './text.ts';
export * from './state.ts';
export * from './switcher.ts';
