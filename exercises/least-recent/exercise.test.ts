import { afterEach, beforeEach, it, vi } from 'vitest';
import { LHCALL_NEW_PGTABLE, LHREQ_SETREG } from '../../chapters/1-preparation/abi.ts';
import { SHADOWS } from '../../chapters/5-host/shadows.ts';
import { call, identityMap, INIT, STACK, TABLE, TestGuest } from '../../test/host/harness.ts';

/** Visits may follow each other faster than any clock ticks; and time, in here, comes from the World. */
beforeEach(() => {
  vi.spyOn(Date, 'now').mockReturnValue(0);
  vi.spyOn(performance, 'now').mockReturnValue(0);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const EIP = 48;
/** `in al, 0x80`: the Guest stops here and the Launcher, which is this test, gets to look. */
const STOP = '  in al, 0x80\n';
const STOP_LENGTH = 2;

const directoryOf = (space: number) => 0x30000 + space * 0x1000;

/**
 * Runs a Guest that goes through address spaces in this order, and says before which visits one had lost its shadow.
 */
function visit(spaces: readonly number[]): boolean[] {
  const steps = spaces.map((space) => call(LHCALL_NEW_PGTABLE, directoryOf(space)) + STOP);
  const guest = new TestGuest(`start:\n  mov esp, ${STACK}\n${INIT}${STOP}${steps.join('')}`);
  for (const space of new Set(spaces)) identityMap(guest.window, directoryOf(space), TABLE);

  const { statistics } = guest.stage.host;
  let pages = proceed();
  return spaces.map(() => {
    const before = pages;
    pages = proceed();
    return pages > before;
  });

  function proceed(): number {
    const event = guest.run();
    if (event.kind !== 'exit')
      throw new Error(`the Guest did not come to its next stop: ${JSON.stringify(event)}`);
    guest.device.write(Uint32Array.of(LHREQ_SETREG, EIP, guest.register(EIP) + STOP_LENGTH));
    return statistics.pagesFilled;
  }
}

/** The same, as it should be: so many are remembered, and the one that was left alone for longest is given up. */
function leastRecentlyUsed(spaces: readonly number[]): boolean[] {
  let remembered: number[] = [];
  return spaces.map((space) => {
    const known = remembered.includes(space);
    remembered = [...remembered.filter((other) => other !== space), space].slice(-SHADOWS);
    return !known;
  });
}

/** Fails with the first visit that went differently. */
function compare(spaces: readonly number[]): void {
  const [found, expected] = [visit(spaces), leastRecentlyUsed(spaces)];
  const wrong = found.findIndex((filled, index) => filled !== expected[index]);
  if (wrong < 0) return;
  const step = `visit ${wrong}, of address space ${spaces[wrong]}, after ${spaces.slice(0, wrong).slice(-8).join(' ')}`;
  throw new Error(
    found[wrong]
      ? `${step}: its shadow was given up, although another had been left alone for longer`
      : `${step}: its shadow is still there, although it had been left alone for longest`,
  );
}

const FIRST = Array.from({ length: SHADOWS }, (_, space) => space);

it('the address space that everybody comes back to keeps its shadow', () => {
  compare([0, ...FIRST.flatMap((space) => [space + 1, 0]), SHADOWS + 1, 0]);
});

it('one address space too many takes the shadow that was left alone for longest', () => {
  compare([...FIRST, 0, 2, SHADOWS, 1]);
});

/** Not more visits than fit one page of code: the next page would be a fault, whoever was forgotten. */
it('and so it goes on', () => {
  const zigzag = Array.from({ length: 180 }, (_, step) => (step * step * 7 + step * 3) % (SHADOWS + 3));
  compare([...FIRST, ...zigzag]);
});
