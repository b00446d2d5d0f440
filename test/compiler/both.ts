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

/** The first byte of memory in which two machines differ, or -1. */
export function firstDifference(one: Machine, other: Machine): number {
  const a = Buffer.from(one.ram.view(0, one.ram.size));
  const b = Buffer.from(other.ram.view(0, other.ram.size));
  return a.equals(b) ? -1 : a.findIndex((byte, at) => byte !== b[at]);
}
