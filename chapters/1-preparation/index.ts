export * from './rings.ts';
export * from './paging.ts';
export * from './traps.ts';
export * from './abi.ts';
export * from './errno.ts';
export * from './world.ts';
