import { afterEach, describe, expect, test } from 'vitest';
import { stateOf } from './both.ts';
import { prepare } from '../processor/stage.ts';

const Module = WebAssembly.Module;

/** Has modules refused from now on, as browsers do: if they are too large, or when there are too many. */
function refuse(when: (bytes: Uint8Array, number: number) => boolean): { refused: number; accepted: number } {
  const count = { refused: 0, accepted: 0 };
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      if (when(bytes, count.accepted)) {
        count.refused++;
        throw new RangeError('WebAssembly.Module(): not on this thread');
      }
      super(bytes);
      count.accepted++;
    }
  };
  return count;
}

afterEach(() => {
  WebAssembly.Module = Module;
});

/** Functions that get hot together, and so come in one module. */
const NAMES = ['f', 'g', 'h', 'i', 'j', 'k'];
const code = `
  mov ecx, 5000
  l: ${NAMES.map((name) => `call ${name}`).join('\n')}
  dec ecx
  jnz l
  hlt
  ${NAMES.map((name, number) => `${name}: add eax, ecx\n xor ebx, eax\n add eax, ${number}\n ret`).join('\n')}`;

function run(engine: 'interpreter' | 'compiler'): string {
  const { machine } = prepare({ code, engine, hot: 20 });
  expect(machine.run(1_000_000)).toBe('halted');
  return stateOf(machine);
}

describe('An engine below that refuses', () => {
  const expected = run('interpreter');

  test('every module leaves everything to the interpreter', () => {
    const count = refuse(() => true);
    expect(run('compiler')).toBe(expected);
    expect(count).toEqual({ refused: 1, accepted: 0 });
  });

  test('modules that are too large gets smaller ones', () => {
    const count = refuse((bytes) => bytes.length > 500);
    expect(run('compiler')).toBe(expected);
    expect(count.refused).toBeGreaterThan(0);
    expect(count.accepted).toBeGreaterThan(2);
  });

  test('more modules than two gets no more, and the program goes on', () => {
    const count = refuse((_bytes, number) => number >= 2);
    expect(run('compiler')).toBe(expected);
    expect(count.refused).toBeGreaterThan(0);
  });

  test('for another reason is not believed', () => {
    const count = refuse(() => false);
    const { machine } = prepare({ code, engine: 'compiler', hot: 20 });
    WebAssembly.Module = class extends Module {
      constructor(bytes: Uint8Array<ArrayBuffer>) {
        super(bytes.subarray(0, 20));
      }
    };
    expect(() => machine.run(1_000_000)).toThrow(/WebAssembly.Module/);
    expect(count).toEqual({ refused: 0, accepted: 2 });
  });
});
