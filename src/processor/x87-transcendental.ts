/*
 * # Sines and logarithms
 */
import { undefinedOpcode } from './faults.ts';

export { undefinedOpcode as powerOfTwoMinusOne };
export const logarithm = undefinedOpcode;
export const tangent = undefinedOpcode;
export const arctangent = undefinedOpcode;
export const logarithmPlusOne = undefinedOpcode;
export const sineAndCosine = undefinedOpcode;
export const sine = undefinedOpcode;
export const cosine = undefinedOpcode;
