export * from './layout.ts';
export * from './bus.ts';
export * from './ram.ts';
export * from './machine.ts';
export * from './run.ts';
