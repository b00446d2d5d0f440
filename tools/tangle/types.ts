/*
 * # Types and their bytes
 *
 * BCPL, in 1967, had one type, the *word*, and let you do anything to it. Its grandchild C had a few more, mostly
 * so that `p++` could know how far to go. TypeScript's types can play chess, and not one of them survives to the
 * moment when the program runs.
 *
 * We stand nearer to BCPL than it looks. A value is 32 bits in a register, whatever its type. The type decides
 * three things, and when they are decided it is gone: whether a comparison is signed, how many bytes a load moves,
 * and how far a field or an element is away.
 */

import ts from 'typescript';
import { fail } from './errors.ts';
import { find, type Library, type Module } from './modules.ts';

/** A type of the language. A structure as a value is a pointer to it. */
export type Type =
  | { readonly kind: 'i32' | 'u32' | 'u16' | 'u8' | 'boolean' | 'string' | 'void' | 'label' }
  /** A number that has not chosen its sign: it takes that of its company. */
  | { readonly kind: 'literal' }
  | { readonly kind: 'null' }
  | Struct
  /** A field or an element that holds the address of a structure. */
  | { readonly kind: 'pointer'; readonly to: Struct }
  /** A field that holds the structure itself. */
  | { readonly kind: 'embedded'; readonly of: Struct }
  /** A pointer to elements; with a count, the elements themselves. */
  | ArrayType
  | FunctionType;

/*
 * ## Structures and pointers
 *
 * In TypeScript a variable of an interface's type holds a reference, and an assignment copies the reference, never
 * the object. That is precisely a pointer, so a value of type `Process` *is* the address of one. Only where things
 * lie in memory is there a choice to be made, and the language makes it by what one reads most often: in an array
 * the elements lie side by side (`array<Process>(16)` is sixteen processes), and in a field there is a pointer
 * (`next: Process`). `Pointer` and `Embedded` ask for the other.
 */

export interface Struct {
  readonly kind: 'struct';
  readonly name: string;
  readonly module: Module;
  readonly node: ts.InterfaceDeclaration;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly element: Type;
  readonly count?: number;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly parameters: readonly Type[];
  readonly result: Type;
}

/*
 * These are the ones we will need by name.
 */

export const I32: Type = { kind: 'i32' };
export const U32: Type = { kind: 'u32' };
export const BOOLEAN: Type = { kind: 'boolean' };
export const STRING: Type = { kind: 'string' };
export const VOID: Type = { kind: 'void' };
export const LABEL: Type = { kind: 'label' };
export const LITERAL: Type = { kind: 'literal' };
export const NULL: Type = { kind: 'null' };

/*
 * ## From annotation to type
 *
 * Nobody runs a checker here, so every type has to be found from what is written down. That is less than it
 * sounds: parameters and fields are annotated anyway, and the rest follows from the expression (`typeOf`). Whether
 * the program is *right* is the business of `tsc`, which sees the same file.
 *
 * `number` is refused, since it leaves the only question open that matters.
 */

/** What types need to know of the world: names, and numbers that stand in types. */
export interface TypeContext {
  readonly library: Library;
  readonly module: Module;
}

export function typeFrom(context: TypeContext, node: ts.TypeNode): Type {
  switch (node.kind) {
    case ts.SyntaxKind.BooleanKeyword:
      return BOOLEAN;
    case ts.SyntaxKind.StringKeyword:
      return STRING;
    case ts.SyntaxKind.VoidKeyword:
    case ts.SyntaxKind.NeverKeyword:
      return VOID;
    case ts.SyntaxKind.NumberKeyword:
      fail(node, 'number', 'say which: u32 or i32 (in fields and elements also u16 or u8)');
  }
  if (ts.isParenthesizedTypeNode(node)) return typeFrom(context, node.type);
  if (ts.isTypeOperatorNode(node)) return typeFrom(context, node.type); // readonly T[]
  if (ts.isArrayTypeNode(node)) return { kind: 'array', element: typeFrom(context, node.elementType) };
  if (ts.isUnionTypeNode(node)) return unionFrom(context, node);
  if (ts.isLiteralTypeNode(node)) return literalFrom(node);
  if (ts.isFunctionTypeNode(node)) return signatureFrom(context, node);
  if (ts.isTypeReferenceNode(node)) return referenceFrom(context, node);
  fail(
    node,
    `the type \`${node.getText()}\``,
    'write u32, i32, boolean, string, T[], a function type or an interface',
  );
}

/*
 * ## Literals and unions
 *
 * A union is allowed where it costs nothing: a pointer or null, or a choice of numbers. `Process | null` in an
 * array is what one writes for an array of pointers, since structures that lie side by side cannot be null.
 */

function literalFrom(node: ts.LiteralTypeNode): Type {
  if (node.literal.kind === ts.SyntaxKind.NullKeyword) return NULL;
  if (node.literal.kind === ts.SyntaxKind.TrueKeyword || node.literal.kind === ts.SyntaxKind.FalseKeyword) {
    return BOOLEAN;
  }
  if (ts.isNumericLiteral(node.literal) || ts.isPrefixUnaryExpression(node.literal)) return I32;
  fail(node, `the type \`${node.getText()}\``, 'write u32, and a constant for each value');
}

function unionFrom(context: TypeContext, node: ts.UnionTypeNode): Type {
  const members = node.types.map((member) => typeFrom(context, member));
  const types = members.filter((member) => member.kind !== 'null');
  const [first] = types;
  const isNumbers =
    types.length === members.length && types.every(({ kind }) => kind === 'i32' || kind === 'boolean');
  const isPointerOrNull = types.length === 1 && first !== undefined && isPointer(first);
  if (first === undefined || (!isNumbers && !isPointerOrNull)) {
    fail(
      node,
      `the type \`${node.getText()}\``,
      'a union is a pointer or null, or numbers: Process | null, 0 | 1',
    );
  }
  return first.kind === 'struct' ? { kind: 'pointer', to: first } : first;
}

/*
 * ## Signatures
 *
 * A function's type is what a caller has to know: how many words to push. Defaults, rest parameters and optional
 * ones would all need a caller who knows more than that.
 */

/** The type of a function with this signature. */
export function signatureFrom(context: TypeContext, node: ts.SignatureDeclarationBase): FunctionType {
  const parameters = node.parameters.map((parameter) => parameterFrom(context, parameter));
  const result = node.type === undefined ? VOID : typeFrom(context, node.type);
  return { kind: 'function', parameters, result: whole(node.type ?? node, result) };
}

function parameterFrom(context: TypeContext, node: ts.ParameterDeclaration): Type {
  if (node.dotDotDotToken !== undefined) fail(node, 'a rest parameter', 'pass an array and a count');
  if (node.questionToken !== undefined)
    fail(node, 'an optional parameter', 'pass null, or write two functions');
  if (node.initializer !== undefined) fail(node, 'a default value', 'pass it, or write two functions');
  if (node.type === undefined) fail(node, 'a parameter without a type', 'annotate it: (address: u32)');
  return variableType(node, typeFrom(context, node.type));
}

/*
 * Variables have the width of a register. A `u8` that silently had 32 bits would be a lie, and one that had 8 would
 * need a mask behind every addition. So a variable is `u32`, and so is what a function returns or a cast makes, and 8
 * bits are for memory.
 */

/** The type of a variable or parameter declared as `type`. */
export function variableType(node: ts.Node, type: Type): Type {
  if (type.kind === 'void')
    fail(node, 'a variable without a value', 'the function it comes from returns nothing');
  return whole(node, type);
}

/** The type of a value said to be a `type`, by a variable, a result or a cast. */
export function whole(node: ts.Node, type: Type): Type {
  if (type.kind === 'u8' || type.kind === 'u16') refuseNarrow(node, type.kind);
  return valueType(type);
}

export function refuseNarrow(node: ts.Node, name: string): never {
  const hint = 'outside of memory it has 32 bits: write u32, and & 0xff where you mean it';
  fail(node, `a value of type ${name}`, hint);
}

/*
 * ## The names of types
 *
 * A name leads to an alias, an interface, or the language's own. The last are recognised by where they come from:
 * a file called `language.ts`. What that file says about them, `export type u32 = number`, is for `tsc` alone.
 */

function referenceFrom(context: TypeContext, node: ts.TypeReferenceNode): Type {
  if (!ts.isIdentifier(node.typeName))
    fail(node, `the type \`${node.getText()}\``, 'import the type by its name');
  return namedType(context, node, node.typeName.text);
}

/** The type that `name` stands for at `node`. */
export function namedType(context: TypeContext, node: ts.NodeWithTypeArguments, name: string): Type {
  const declaration = find(context.library, context.module, name);
  if (declaration === undefined) {
    fail(node, `the unknown type \`${name}\``, 'declare it as an interface or import it');
  }
  if (isLanguage(declaration.module)) return languageType(context, node, declaration.name);
  const inside = { library: context.library, module: declaration.module };
  if (declaration.kind === 'alias') {
    if (declaration.node.typeParameters) fail(declaration.node, 'a generic type', 'write one for each use');
    return aliasFrom(inside, declaration.node);
  }
  if (declaration.kind === 'interface') return structFrom(inside, declaration.node);
  fail(node, `\`${name}\``, 'it is a value, not a type');
}

/** The aliases that are being looked up. */
const underWay = new Set<ts.Node>();

function aliasFrom(context: TypeContext, node: ts.TypeAliasDeclaration): Type {
  if (underWay.has(node)) fail(node, `\`${node.name.text}\` in its own meaning`, 'break the circle');
  underWay.add(node);
  try {
    return typeFrom(context, node.type);
  } finally {
    underWay.delete(node);
  }
}

/*
 * ## The language's own
 *
 * `Inline<u8, 16>` wants a number inside a type. TypeScript has such a thing: the type `16`, of which 16 is the
 * only member. It also has `typeof SIZE`, for whoever prefers the number to have a name.
 */

/** Whether `module` is the one that declares the language itself. */
export function isLanguage(module: Module): boolean {
  return module.path === 'language.ts' || module.path.endsWith('/language.ts');
}

function languageType(context: TypeContext, node: ts.NodeWithTypeArguments, name: string): Type {
  switch (name) {
    case 'u32':
    case 'i32':
    case 'u16':
    case 'u8':
      return { kind: name };
    case 'Label':
      return LABEL;
  }
  const [argument, count] = node.typeArguments ?? [];
  if (argument === undefined) fail(node, `\`${node.getText()}\``, `write what of: ${name}<T>`);
  const type = typeFrom(context, argument);
  if (name === 'Inline') return { kind: 'array', element: type, count: countFrom(context, count ?? node) };
  if (type.kind === 'pointer') return type;
  if (type.kind !== 'struct') fail(argument, `\`${argument.getText()}\``, `${name} is for an interface`);
  return name === 'Embedded' ? { kind: 'embedded', of: type } : { kind: 'pointer', to: type };
}

function countFrom(context: TypeContext, node: ts.TypeNode): number {
  const countOf = (text: string) =>
    Number.isInteger(Number(text)) ? Number(text) : fail(node, `${text} elements`, 'count whole ones');
  if (ts.isLiteralTypeNode(node) && ts.isNumericLiteral(node.literal)) return countOf(node.literal.text);
  if (ts.isTypeQueryNode(node) && ts.isIdentifier(node.exprName)) {
    const constant = find(context.library, context.module, node.exprName.text);
    const value = constant?.kind === 'variable' && constant.constant ? constant.node.initializer : undefined;
    if (value !== undefined && ts.isNumericLiteral(value)) return countOf(value.text);
  }
  fail(
    node,
    `\`${node.getText()}\``,
    'say how many: Inline<u8, 16>, or Inline<u8, typeof SIZE> with const SIZE = 16',
  );
}

/*
 * A structure is one object from the first time anybody names it, so that a list can point to itself, and so that
 * two types are the same if they are the same object.
 */

const structs = new WeakMap<ts.InterfaceDeclaration, Struct>();

function structFrom(context: TypeContext, node: ts.InterfaceDeclaration): Struct {
  const known = structs.get(node);
  if (known !== undefined) return known;
  if (node.typeParameters) fail(node, 'a generic interface', 'write one for each use');
  const struct: Struct = { kind: 'struct', name: node.name.text, module: context.module, node };
  structs.set(node, struct);
  return struct;
}

/*
 * ## What a load gives
 *
 * In memory there are bytes, words, pointers and whole structures. In a register there is a number or an address.
 * `valueType` is the way from the one to the other.
 */

/** The type that a stored `type` has as a value in a register. */
export function valueType(type: Type): Type {
  if (type.kind === 'pointer') return type.to;
  if (type.kind === 'embedded') return type.of;
  if (type.kind === 'u8' || type.kind === 'u16') return U32;
  if (type.kind === 'array' && type.count !== undefined) return { kind: 'array', element: type.element };
  return type;
}

/*
 * ## Three questions
 *
 * Is it the thing itself? Is it an address? Is it signed? The rest of the tangler asks little else about types.
 */

/** Whether a place of this type is the thing itself, so that its value is its address. */
export function isInPlace(type: Type): boolean {
  return (
    type.kind === 'struct' || type.kind === 'embedded' || (type.kind === 'array' && type.count !== undefined)
  );
}

/** Whether a value of this type is an address or null. */
export function isPointer(type: Type): boolean {
  return ['struct', 'pointer', 'embedded', 'array', 'string', 'function', 'label'].includes(type.kind);
}

/*
 * The rule of company, in two lines. `count - 1` with an unsigned `count` is unsigned, whatever 1 thinks of
 * itself; a signed and an unsigned number together are unsigned, as in C, where it has surprised people since
 * 1978.
 */

/** The type of an operation on both: unsigned if either is. */
export function unify(a: Type, b: Type): Type {
  if (a.kind === 'literal' || a.kind === 'null') return b;
  if (b.kind === 'literal' || b.kind === 'null') return a;
  return a.kind === 'i32' || a.kind === 'boolean' ? b : a;
}

/** Whether operations that know a sign treat this type as signed. */
export function isSigned(type: Type): boolean {
  return type.kind === 'i32' || type.kind === 'literal' || type.kind === 'boolean';
}

/*
 * And for messages, a type as its owner would write it.
 */

/** A type as a reader would write it. */
export function nameOfType(type: Type): string {
  switch (type.kind) {
    case 'struct':
      return type.name;
    case 'pointer':
      return `${type.to.name} | null`;
    case 'embedded':
      return type.of.name;
    case 'array':
      return `${nameOfType(type.element)}[]`;
    case 'function':
      return 'a function';
    case 'literal':
      return 'a number';
    default:
      return type.kind;
  }
}
