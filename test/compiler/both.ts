import { expect } from 'vitest';
import type { Engine, Machine } from '../../src/processor/index.ts';
import { prepare, type Scene } from '../processor/stage.ts';

/** The same scene on both engines. */
export function prepareBoth(scene: Scene): [Machine, Machine] {
  return [one(scene, 'interpreter'), one(scene, 'compiler')];
}

function one(scene: Scene, engine: Engine): Machine {
  return prepare({ ...scene, engine }).machine;
}

/** Everything that can be seen of a machine. */
export function stateOf(machine: Machine): string {
  return `${machine.retired} ${JSON.stringify(machine.registers)}`;
}

/** Runs two machines in slices until they end, or for so many turns: they stop alike, and are alike whenever a slice ends. */
export function runAlike(
  [one, other]: readonly [Machine, Machine],
  slices: readonly number[],
  turns: number,
): void {
  for (let turn = 0; turn < turns; turn++) {
    const slice = slices[turn % slices.length]!;
    const stops = [one.run(slice), other.run(slice)];
    expect(stops[1]).toBe(stops[0]);
    expect(stateOf(other)).toBe(stateOf(one));
    if (stops[0] !== 'limit') break;
  }
  expect(firstDifference(one, other)).toBe(-1);
}

/** The first byte of memory in which two machines differ, or -1. */
export function firstDifference(one: Machine, other: Machine): number {
  const a = Buffer.from(one.ram.view(0, one.ram.size));
  const b = Buffer.from(other.ram.view(0, other.ram.size));
  return a.equals(b) ? -1 : a.findIndex((byte, at) => byte !== b[at]);
}
