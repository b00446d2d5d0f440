/*
 * # Names inside a function
 *
 * A block opens a scope and closes it again, and inside a name means what the innermost of them says. It is the
 * oldest data structure of all compilers: ALGOL 60 gave us `begin` and `end`, and with them this chain of little
 * maps.
 *
 * What a local name stands for is one of three: a constant, a distance from ebp, or one of three registers that
 * were given away in advance, about which more is said in `functionText`.
 */

import type ts from 'typescript';
import type { Constant } from './folding.ts';
import { fail } from './errors.ts';
import type { Type } from './types.ts';

/** A register that a function keeps for its caller and may give to a variable. */
export type KeptRegister = 'ebx' | 'esi' | 'edi';

/** What a name inside a function stands for. */
export type Binding =
  | {
      readonly kind: 'local';
      readonly name: string;
      readonly type: Type;
      readonly home: number | KeptRegister;
      /** Whether it was declared with `const`, though its value is not known before the program runs. */
      readonly isConstant: boolean;
    }
  | { readonly kind: 'constant'; readonly constant: Constant };

/** The names of one block, and the blocks around it. */
export interface Scope {
  readonly outer: Scope | undefined;
  readonly names: Map<string, Binding>;
}

/*
 * Looking up goes outwards. If the chain ends, the name is the module's, or nobody's.
 */

export function innerScope(outer: Scope | undefined): Scope {
  return { outer, names: new Map() };
}

/** What `name` stands for, or undefined if the function does not declare it. */
export function lookUp(scope: Scope | undefined, name: string): Binding | undefined {
  for (let here = scope; here !== undefined; here = here.outer) {
    const found = here.names.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function bind(scope: Scope, node: ts.Node, name: string, binding: Binding): void {
  if (scope.names.has(name)) fail(node, `a second \`${name}\``, 'rename one of them');
  scope.names.set(name, binding);
}
