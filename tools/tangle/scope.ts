/* # Names inside a function */

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
    }
  | { readonly kind: 'constant'; readonly constant: Constant };

/** The names of one block, and the blocks around it. */
export interface Scope {
  readonly outer: Scope | undefined;
  readonly names: Map<string, Binding>;
}

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
