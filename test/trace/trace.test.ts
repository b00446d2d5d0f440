import { describe, expect, it } from 'vitest';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';
import { hypercallName, trapName } from '../../chapters/7-mastery/trace-names.ts';
import { LGUEST_TRAP_ENTRY } from '../../chapters/1-preparation/abi.ts';
import { boot, bootToPrompt } from '../guest/session.ts';
import { createTracedComputer, type Event, tally, type TracedComputer, tracksOf } from './traced.ts';

const LINES = ['echo hello | cat', 'cat dev/vda | wc', 'random', 'fault 3', 'sleep 1'];

/** Boots pup with a disk and dice under a witness, has it do a few things, and switches it off. */
async function tracedBoot(computer: TracedComputer = createTracedComputer(32)) {
  const session = await bootToPrompt({
    computer,
    options: ['--block=disk', '--rng'],
    disks: { disk: new Uint8Array(1 << 16) },
  });
  for (const line of LINES) await session.run(line);
  session.type('poweroff\n');
  await session.ended;
  computer.trace.finish();
  return { computer, session };
}

/** Bars of a track in the order in which they begin. */
function barsOn(events: readonly Event[], track: number | undefined): Event[] {
  return events.filter(({ ph, tid }) => ph === 'X' && tid === track).sort((a, b) => a.ts - b.ts);
}

describe('a trace of a boot', async () => {
  const { computer } = await tracedBoot();
  const events = computer.events();
  const { statistics } = computer.host;
  const tracks = tracksOf(events, 1);
  const on = (track: string) => events.filter(({ ph, tid }) => ph !== 'M' && tid === tracks.get(track));

  it('is what a timeline viewer reads: bars, moments and names, each with its time and the instructions retired', () => {
    expect(events.length).toBeGreaterThan(2000);
    for (const event of events) {
      expect(event).toMatchObject({ name: expect.any(String), pid: 1, tid: expect.any(Number) });
      if (event.ph === 'M') continue;
      expect(['X', 'i']).toContain(event.ph);
      expect(event.ts).toBeGreaterThanOrEqual(0);
      expect(event.args.retired).toEqual(expect.any(Number));
      if (event.ph === 'X') expect(event.dur).toBeGreaterThanOrEqual(0);
    }
  });

  it('has a track for the Guest, the Host and the Launcher, and for each device', () => {
    expect([...tracks.keys()]).toEqual(['Guest', 'Host', 'Launcher', 'console', 'block', 'rng']);
  });

  it('has a bar for each trip, and names it for what ended the trip, as often as the Host has counted it', () => {
    expect(tally(on('Guest')).running).toBe(statistics.worldSwitches);
    const trips = on('Host').filter(({ ph }) => ph === 'X');
    expect(trips).toHaveLength(statistics.worldSwitches);
    const names = tally(trips);
    for (const [trap, count] of statistics.traps.entries()) {
      if (trap !== LGUEST_TRAP_ENTRY) expect(names[trapName(trap)] ?? 0, trapName(trap)).toBe(count);
    }
  });

  it('has every hypercall, in person or in passing, as often as the Host has counted it', () => {
    const names = tally(on('Host'));
    for (const [number, count] of statistics.hypercalls.entries()) {
      expect(names[hypercallName(number)] ?? 0, hypercallName(number)).toBe(count);
    }
    const waited = on('Host').filter(({ args }) => args.ring === true);
    expect(waited.length).toBeGreaterThan(0);
    expect(waited.every(({ ph }) => ph === 'i')).toBe(true);
  });

  it('has every interrupt by its line, and every trap that was sent to the Guest', () => {
    const names = Object.entries(tally(on('Host')));
    const sum = (pattern: RegExp) =>
      names.filter(([name]) => pattern.test(name)).reduce((total, [, count]) => total + count, 0);
    expect(sum(/^IRQ \d+$/)).toBe(statistics.interrupts);
    expect(sum(/ to the Guest$/)).toBe(statistics.reflected);
    expect(names.map(([name]) => name)).toEqual(expect.arrayContaining(['IRQ 0', 'IRQ 1', 'IRQ 2', 'IRQ 3']));
  });

  it('says of a page fault where it was, what the processor thought of it, and how it ended', () => {
    const faults = on('Host').filter(({ name, ph }) => name === '#PF' && ph === 'X');
    for (const { args } of faults) {
      expect(args).toMatchObject({
        address: expect.stringMatching(/^0x[0-9a-f]+$/),
        error: expect.stringMatching(/^0x[0-7]$/),
        eip: expect.stringMatching(/^0x[0-9a-f]+$/),
      });
    }
    const endings = faults.map(({ args }) => args.ended);
    const ended = (how: string) => endings.filter((ending) => ending === how).length;
    expect(ended("the Guest's own handler")).toBe(tally(on('Host'))['#PF to the Guest']);
    expect(ended('settled')).toBeGreaterThan(100);
    expect(ended('settled')).toBeLessThanOrEqual(statistics.pagesFilled); // stacks are filled before they are missed
    expect(new Set(endings)).toEqual(new Set(['settled', "the Guest's own handler", 'the Launcher']));
  });

  it('has the errands of the Launcher: one for each trap that ended there', () => {
    const sent = on('Host').filter(({ args }) => args.ended === 'the Launcher');
    expect(sent.length).toBeGreaterThan(100);
    expect(on('Launcher')).toHaveLength(sent.length);
    const port = on('Launcher').find(({ name }) => name === 'instruction');
    expect(port?.args.code).toMatch(/^([0-9a-f]{2} ){6}[0-9a-f]{2}$/);
  });

  it('has what each device was asked for: its queue, and how many bytes', () => {
    expect(tally(on('block'))).toEqual({ 'block request': expect.any(Number) });
    const read = on('block').reduce((sum, { args }) => sum + (args.written as number), 0);
    expect(read).toBeGreaterThanOrEqual(1 << 16);
    expect(tally(on('rng'))['rng input']).toBeGreaterThan(0);
    const output = on('console').filter(({ name }) => name === 'console output');
    expect(output.reduce((sum, { args }) => sum + (args.bytes as number), 0)).toBeGreaterThan(100);
  });

  it('says when the Guest slept, for how long, and how it ended', () => {
    const halted = on('Guest').filter(({ name }) => name === 'halted');
    const slept = halted.reduce((sum, { dur }) => sum + dur, 0);
    expect(slept).toBeGreaterThan(900_000); // most of the second that it was asked to, in microseconds
    const died = events.filter(({ name }) => name === 'died');
    expect(died.map(({ args }) => args.reason)).toEqual(['CRASH: Power down']);
  });

  it('lets no bar of a track begin before the last has ended, and no two have their turn at once', () => {
    for (const track of tracks.values()) {
      let end = 0;
      for (const { ts, dur } of barsOn(events, track)) {
        expect(ts).toBeGreaterThanOrEqual(end - 0.0005); // times have three decimals
        end = ts + dur;
      }
    }
    const turns = ['Guest', 'Host', 'Launcher'].flatMap((track) => barsOn(events, tracks.get(track)));
    let end = 0;
    for (const { ts, dur } of turns.sort((a, b) => a.ts - b.ts || a.dur - b.dur)) {
      expect(ts).toBeGreaterThanOrEqual(end - 0.0005);
      end = ts + dur;
    }
  });

  it('counts every instruction that was retired since the Host came up, once', () => {
    const ran = barsOn(events, tracks.get('Guest')).filter(({ name }) => name === 'running');
    for (const [index, { args }] of ran.entries()) {
      const before = ran[index - 1]?.args;
      if (before === undefined) continue;
      expect(args.retired).toBe((before.retired as number) + (before.instructions as number));
    }
  });
});

describe('a trace', () => {
  it('is the same when the boot is the same, to the byte', async () => {
    const first = await tracedBoot();
    const second = await tracedBoot();
    expect(second.computer.written()).toBe(first.computer.written());
  });

  it('changes nothing: the boot is the one that nobody watched, to the instruction', async () => {
    const watched = await tracedBoot();
    const alone = await bootToPrompt({
      options: ['--block=disk', '--rng'],
      disks: { disk: new Uint8Array(1 << 16) },
    });
    for (const line of LINES) await alone.run(line);
    alone.type('poweroff\n');
    await alone.ended;
    expect({ said: alone.said, retired: alone.retired() }).toEqual({
      said: watched.session.said,
      retired: watched.session.retired(),
    });
  });

  it('has a process for each Guest', async () => {
    const computer = createTracedComputer(64);
    const sessions = await Promise.all([bootToPrompt({ computer }), bootToPrompt({ computer })]);
    for (const session of sessions) session.type('poweroff\n');
    for (const { ended } of sessions) await ended;
    computer.trace.finish();
    const events = computer.events();
    const processes = events.filter(({ name }) => name === 'process_name');
    expect(processes.map(({ pid, args }) => [pid, args.name])).toEqual([
      [1, 'Guest 1'],
      [2, 'Guest 2'],
    ]);
    const ran = (pid: number) =>
      events.filter((event) => event.pid === pid && event.name === 'running').length;
    expect(ran(1)).toBeGreaterThan(100);
    expect(ran(1) + ran(2)).toBe(computer.host.statistics.worldSwitches);
  });

  it('gives each track a place, so that no viewer has to sort them by name', async () => {
    const computer = createTracedComputer(32);
    await boot({ computer, kernelArguments: 'run=echo' }).ended;
    computer.trace.finish();
    const of = (what: string) => computer.events().filter(({ name }) => name === what);
    const places = of('thread_sort_index').map(({ pid, tid, args }) => [pid, tid, args.sort_index]);
    expect(places).toEqual(of('thread_name').map(({ pid, tid }) => [pid, tid, tid]));
    expect(tracksOf(computer.events(), 1).get('console')).toBeGreaterThan(3);
  });

  it('gives a Guest that comes after another in the same place a process of its own', async () => {
    const computer = createTracedComputer(32);
    for (let life = 0; life < 2; life++) {
      const session = boot({ computer, kernelArguments: 'run=echo' });
      await session.ended;
    }
    computer.trace.finish();
    const names = computer.events().filter(({ ph }) => ph === 'M');
    expect(names.filter(({ name }) => name === 'process_name')).toHaveLength(2);
    expect(names.filter(({ args }) => args.name === 'console').map(({ pid }) => pid)).toEqual([1, 2]);
  });

  it('is whole whenever it is finished, however early, and more than once', async () => {
    const computer = createTracedComputer(32);
    computer.trace.finish();
    computer.trace.finish();
    expect(computer.events()).toEqual([]);

    const later = createTracedComputer(32);
    const session = await bootToPrompt({ computer: later });
    later.trace.finish();
    const events = later.events();
    expect(tally(events).running).toBe(later.host.statistics.worldSwitches);
    session.type('poweroff\n');
    await session.ended;
    expect(later.events()).toEqual(events);
  });

  it('has been handed over to the last event when the Guest sleeps, but for the bracket', async () => {
    const computer = createTracedComputer(32);
    await bootToPrompt({ computer });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const events = JSON.parse(`${computer.written()}]`) as Event[];
    expect(tally(events).running).toBe(computer.host.statistics.worldSwitches);
  });

  it('ends, with a word, when it cannot be written, and the Guest does not', async () => {
    let left = 3;
    const computer = createTracedComputer(32, {
      write() {
        if (--left < 0) throw new LauncherError('trace FILE: no space left on device');
      },
      close: () => {},
    });
    const { session } = await tracedBoot(computer);
    expect(await session.ended).toMatchObject({ code: 0 });
    expect(computer.complaints).toHaveLength(1);
    expect(left).toBe(-1);
  });
});
