import { it } from 'vitest';
import { LHCALL_NEW_PGTABLE, LHREQ_SETREG } from '../../chapters/1-preparation/abi.ts';
import { call, identityMap, INIT, STACK, TABLE, TestGuest } from '../../test/host/harness.ts';

const SHADOWS = 4;
const EIP = 48;
/** `in al, 0x80`: the Guest stops here and the Launcher, which is this test, gets to look. */
const STOP = '  in al, 0x80\n';
const STOP_LENGTH = 2;

const directoryOf = (name: string) => 0x30000 + (name.charCodeAt(0) - 65) * 0x1000;

/** Runs a Guest that goes through address spaces in this order, and says before which visits one had lost its shadow. */
function visit(names: string): boolean[] {
  const steps = [...names].map((name) => call(LHCALL_NEW_PGTABLE, directoryOf(name)) + STOP);
  const guest = new TestGuest(`start:\n  mov esp, ${STACK}\n${INIT}${STOP}${steps.join('')}`);
  for (const name of new Set(names)) identityMap(guest.window, directoryOf(name), TABLE);

  const { statistics } = guest.stage.host;
  let pages = proceed();
  return [...names].map(() => {
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

/** The same, as it should be: four are remembered, and the one that was left alone for longest is given up. */
function leastRecentlyUsed(names: string): boolean[] {
  let remembered = '';
  return [...names].map((name) => {
    const known = remembered.includes(name);
    remembered = (remembered.replace(name, '') + name).slice(-SHADOWS);
    return !known;
  });
}

/** Fails with the first visit that went differently. */
function compare(names: string): void {
  const [found, expected] = [visit(names), leastRecentlyUsed(names)];
  const wrong = found.findIndex((filled, index) => filled !== expected[index]);
  if (wrong < 0) return;
  const step = `back in ${names[wrong]} after ${names.slice(0, wrong)}`;
  throw new Error(
    found[wrong]
      ? `${step}: its shadow was given up, although another had been left alone for longer`
      : `${step}: its shadow is still there, although it had been left alone for longest`,
  );
}

it('the address space that everybody comes back to keeps its shadow', () => {
  compare('ABACADAEAFA');
});

it('a fifth address space takes the shadow that was left alone for longest', () => {
  compare('ABCDACEB');
});

it('and so it goes on', () => {
  compare('ABCDEFABACDBEAFFCABDAECBADFEACBDAABECFDABA');
});
