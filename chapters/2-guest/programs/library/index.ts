/* # The library */

export {} from './calls.ts';
export {} from './output.ts';
export {} from './input.ts';
export {} from './strings.ts';
export {} from './run.ts';
