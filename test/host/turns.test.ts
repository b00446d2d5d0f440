import { describe, expect, it } from 'vitest';
import { LHCALL_FLUSH_TLB } from '../../chapters/1-preparation/abi.ts';
import { ERESTARTSYS } from '../../chapters/1-preparation/errno.ts';
import { Frames, Share } from '../../chapters/5-host/frames.ts';
import { run } from '../../chapters/5-host/run.ts';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createGround, createGuest } from './ground.ts';
import { call, CODE, INIT, MIB, STACK } from './harness.ts';

describe('a turn', () => {
  it('ends when its time is over, if what a Guest does is dear', () => {
    const ground = createGround(48);
    let looks = 0;
    const { now } = ground.world;
    // A World in which everything takes long: a millisecond from one look at the clock to the next.
    const slow = { ...ground.world, now: () => now() + looks++ * 1e6 };
    const source = `start: mov esp, ${STACK}\n${INIT}again:\n${call(LHCALL_FLUSH_TLB)}\n jmp again`;
    const { bytes } = assemble(source, { origin: CODE });
    const { guest } = createGuest({ ...ground, world: slow }, 4 * MIB, bytes, CODE);
    for (let turn = 0; turn < 5; turn++) expect(run(guest)).toBe(-ERESTARTSYS);
    expect(ground.statistics.worldSwitches).toBeLessThan(5 * 5 * 16);
  });
});

describe('a turn of a fast Guest', () => {
  it('is four milliseconds, as far as that can be known, and a stretch of it when the Guest turns slow', () => {
    const ground = createGround(48);
    const { machine } = ground;
    let late = 0;
    const world = { ...ground.world, now: () => machine.retired / 3 + late };
    const { bytes } = assemble('again: inc eax\n jmp again', { origin: CODE });
    const { guest } = createGuest({ ...ground, world }, 4 * MIB, bytes, CODE);
    const turn = () => {
      const before = machine.retired;
      expect(run(guest)).toBe(-ERESTARTSYS);
      return machine.retired - before;
    };
    for (let some = 0; some < 40; some++) turn();
    expect(turn()).toBeGreaterThan(11_000_000);
    expect(turn()).toBeLessThan(12_100_000);
    world.now = () => {
      late += 5e6;
      return late + machine.retired / 3;
    };
    expect(turn()).toBeLessThan(4_100_000);
  });
});

describe('a turn of dear instructions', () => {
  it('is looked at long before its instructions are used up', () => {
    const ground = createGround(48);
    let looks = 0;
    const { now } = ground.world;
    const slow = { ...ground.world, now: () => now() + looks++ * 5e6 };
    const { bytes } = assemble('fld1\nagain: fld st0\n fpatan\n fld1\n fxch st1\n fstp st1\n jmp again', {
      origin: CODE,
    });
    const { guest } = createGuest({ ...ground, world: slow }, 4 * MIB, bytes, CODE);
    const before = ground.machine.retired;
    for (let turn = 0; turn < 4; turn++) expect(run(guest)).toBe(-ERESTARTSYS);
    // Five hundred arctangents take a millisecond. As instructions, a turn would have been a hundred thousand.
    expect(ground.machine.retired - before).toBeLessThan(4 * 5_000);
    expect(ground.machine.retired - before).toBeGreaterThan(4 * 1_000);
  });
});

describe("the Host's frames", () => {
  it('are never all taken by those who have many', () => {
    const frames = new Frames(createMachine({ ramBytes: 48 * MIB }).ram);
    const take = (share: Share) => {
      let taken = 0;
      while (share.allocate() !== undefined) taken++;
      return taken;
    };
    const greedy = Array.from({ length: 12 }, () => take(new Share(frames)));
    expect(greedy.slice(0, 2)).toEqual([2048, 2048]);
    expect(greedy.slice(4)).toEqual(new Array(8).fill(128));
    expect(frames.available).toBeGreaterThan(128);
  });
});
