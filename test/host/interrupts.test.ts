import { describe, expect, it } from 'vitest';
import {
  LGUEST_DATA_BLOCKED_INTERRUPTS,
  LGUEST_DATA_IRQ_ENABLED,
  LGUEST_DATA_IRQ_PENDING,
  LGUEST_DATA_TIME_NANOSECONDS,
  LGUEST_DATA_TIME_SECONDS,
  LHCALL_HALT,
  LHCALL_SEND_INTERRUPTS,
  LHCALL_SET_CLOCKEVENT,
} from '../../chapters/1-preparation/abi.ts';
import type { World } from '../../chapters/1-preparation/world.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine } from '../../src/processor/index.ts';
import {
  call,
  DATA,
  DONE,
  ENDED,
  gate,
  MIB,
  PAGING,
  RESULTS,
  result,
  STACK,
  TestGuest,
  USER_SEGMENTS,
  USER_STACK,
} from './harness.ts';

const ENABLED = DATA + LGUEST_DATA_IRQ_ENABLED;
const BLOCKED = DATA + LGUEST_DATA_BLOCKED_INTERRUPTS;
const PENDING = DATA + LGUEST_DATA_IRQ_PENDING;
const START = `start:\n  mov esp, ${STACK}\n${PAGING}`;
const enable = (value = 0x200) => `  mov dword [${ENABLED}], ${value}\n`;
const send = call(LHCALL_SEND_INTERRUPTS);

/** A handler that counts into result `index`. */
const counter = (name: string, index: number, kind = 'iret') =>
  `${name}:\n  inc dword [${RESULTS + index * 4}]\n  ${kind}\n`;

describe('a virtual interrupt', () => {
  it('arrives at vector 32 plus its number, with interrupts off', () => {
    const guest = new TestGuest(`${START}${gate(35, 'handler', 0x8e)}${enable()}${send}there:\n${DONE}
      handler:
        mov eax, [${ENABLED}]
        ${result(0)}
        pop eax
        ${result(1)}
        pop eax
        ${result(2)}
        pop eax
        ${result(3)}
        ${DONE}`);
    guest.interrupt(3);
    expect(guest.die()).toBe(ENDED);
    expect([0, 1, 2].map((i) => guest.result(i))).toEqual([0, guest.labels.get('there'), 0x61]);
    expect(guest.result(3) & 0x200).toBe(0x200);
  });

  it('returns by a plain iret to where it came from', () => {
    const guest = new TestGuest(
      `${START}${gate(33, 'handler', 0x8e)}${enable()}${send}  mov dword [${RESULTS + 4}], 5\n${DONE}${counter('handler', 0)}`,
    );
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect([guest.result(0), guest.result(1)]).toEqual([1, 5]);
  });

  it('waits while interrupts are off, and irq_pending says so', () => {
    const guest = new TestGuest(`${START}${gate(33, 'handler', 0x8e)}${enable(0)}${send}
      mov eax, [${PENDING}]
      ${result(1)}
      ${enable()}${send}
      mov eax, [${PENDING}]
      ${result(2)}
      ${DONE}${counter('handler', 0)}`);
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect([0, 1, 2].map((i) => guest.result(i))).toEqual([1, 0x200, 0]);
  });

  it('waits when irq_enabled holds a whole EFLAGS image without IF', () => {
    const guest = new TestGuest(
      `${START}${gate(33, 'handler', 0x8e)}${enable(0x46)}${send}  mov eax, [${RESULTS}]\n${result(1)}${enable(0x246)}${send}${DONE}${counter('handler', 0)}`,
    );
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect([guest.result(0), guest.result(1)]).toEqual([1, 0]);
  });

  it('waits while it is blocked, without irq_pending', () => {
    const guest = new TestGuest(`${START}${gate(33, 'handler', 0x8e)}${enable()}${send}
      mov eax, [${RESULTS}]
      ${result(1)}
      mov eax, [${PENDING}]
      ${result(2)}
      mov dword [${BLOCKED}], 0
      ${send}${DONE}${counter('handler', 0)}`);
    guest.window.write32(BLOCKED, 2);
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect([0, 1, 2].map((i) => guest.result(i))).toEqual([1, 0, 0]);
  });

  it('waits for its handler', () => {
    const guest = new TestGuest(
      `${START}${enable()}${send}${gate(33, 'handler', 0x8e)}${send}${DONE}${counter('handler', 0)}`,
    );
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(1);
  });

  it('comes once, however often it was raised; the lowest number first', () => {
    const handlers = [1, 2, 5].map(
      (irq) =>
        `irq${irq}:\n  mov ecx, [${RESULTS}]\n  mov dword [${RESULTS + 4} + ecx*4], ${irq}\n  inc dword [${RESULTS}]\n  mov dword [${ENABLED}], 0x200\n  iret\n`,
    );
    const gates = [1, 2, 5].map((irq) => gate(32 + irq, `irq${irq}`, 0x8e)).join('');
    const guest = new TestGuest(`${START}${gates}${enable()}${send.repeat(6)}${DONE}${handlers.join('')}`);
    for (const irq of [5, 2, 5, 1, 2, 2]) guest.interrupt(irq);
    expect(guest.die()).toBe(ENDED);
    expect([0, 1, 2, 3, 4].map((i) => guest.result(i))).toEqual([3, 1, 2, 5, 0]);
  });

  it('leaves irq_pending set while another one waits', () => {
    const guest =
      new TestGuest(`${START}${gate(33, 'handler', 0x8e)}${gate(34, 'handler', 0x8e)}${enable(0)}${send}${enable()}${send}${DONE}
      handler:
        mov eax, [${PENDING}]
        ${result(1)}
        ${DONE}`);
    guest.interrupt(1);
    guest.interrupt(2);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(1)).toBe(0x200);
  });

  it('sets irq_pending for the second of two that come together, which comes when the first one enables them', () => {
    const guest = new TestGuest(`${START}${gate(33, 'first', 0x8e)}${gate(34, 'second', 0x8e)}${enable()}
      out 0x80, al
      jmp $
    first:
      mov dword [${ENABLED}], 0x200
      cmp dword [${PENDING}], 0
      je again
      ${send}
    again:
      inc dword [${RESULTS}]
      jmp again
    second:
      ${DONE}`);
    expect(guest.run().kind).toBe('exit');
    guest.device.write(Uint32Array.of(6, 48, guest.register(48) + 2));
    guest.interrupt(1);
    guest.interrupt(2);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(0);
  });

  it('reaches a Guest that never calls, at the end of a slice', () => {
    const guest = new TestGuest(`${START}${gate(33, 'handler', 0x8e)}${enable()}  jmp $\nhandler:\n${DONE}`);
    expect(guest.step()).toEqual({ kind: 'slice' });
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
  });

  it('brings the time of day along', () => {
    const guest = new TestGuest(`${START}${gate(33, 'handler', 0x8e)}${enable()}  jmp $\nhandler:\n${DONE}`);
    expect(guest.step().kind).toBe('slice');
    const seconds = DATA + LGUEST_DATA_TIME_SECONDS;
    const nanoseconds = DATA + LGUEST_DATA_TIME_NANOSECONDS;
    const before = guest.window.read32(nanoseconds);
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect(guest.window.read32(seconds)).toBe(Date.UTC(2007, 9, 9) / 1000);
    expect(guest.window.read32(nanoseconds)).toBeGreaterThan(before + 100_000 * 19);
  });
});

describe('at the protected iret', () => {
  /** A Guest stopped at its protected iret, with an interrupt waiting: it traps before, and eip is moved on. */
  function stopped(flags: number): TestGuest {
    const guest = new TestGuest(`${START}${gate(33, 'handler', 0x8e)}
      push ${flags}
      push 0x61
      push back
      mov dword [${ENABLED}], ${flags}
      in al, dx
    protected_iret:
      iret
    back:
      mov dword [${RESULTS + 20}], 1
      ${DONE}
    handler:
      ${result(0, 'esp')}
      mov eax, [esp]
      ${result(1)}
      pushfd
      pop eax
      ${result(2)}
      iret`);
    expect(guest.run().kind).toBe('exit');
    expect(guest.device.write(Uint32Array.of(6, 48, guest.labels.get('protected_iret')!))).toBe(12);
    guest.interrupt(1);
    return guest;
  }

  it('the frame that is there serves for the interrupt', () => {
    const guest = stopped(0x202);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(0)).toBe(STACK - 12);
    expect(guest.result(1)).toBe(guest.labels.get('back'));
    expect(guest.result(5)).toBe(1);
  });

  it('the flags are those that iret would have loaded, without those a Guest may not have', () => {
    const guest = stopped(0x0002_7ed7);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(2) & 0x37f_7fff).toBe(0xed7 & ~0x100);
  });

  it('a process with the same eip is not at the protected iret', () => {
    const guest = new TestGuest(`${START}${USER_SEGMENTS}${gate(33, 'handler', 0x8e)}${enable()}
      mov eax, 0x7b
      mov ds, ax
      push eax
      push ${USER_STACK}
      push 0x202
      push 0x73
      push protected_iret
      iret
    protected_iret:
      jmp protected_iret
    handler:
      ${result(0, 'esp')}
      ${DONE}`);
    expect(guest.step().kind).toBe('slice');
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(0)).toBe(STACK - 20);
  });
});

describe('HALT', () => {
  it('sleeps until an interrupt, which turns interrupts on', async () => {
    const guest = new TestGuest(`${START}${gate(33, 'handler', 0x8e)}${enable(0)}${call(LHCALL_HALT)}${DONE}
      handler:
        mov eax, [esp + 8]
        ${result(0)}
        mov dword [${RESULTS + 4}], 1
        iret`);
    expect(guest.run()).toEqual({ kind: 'sleeps' });
    expect(guest.run()).toEqual({ kind: 'sleeps' });
    const woken = guest.device.poll();
    guest.interrupt(1);
    await woken;
    expect(guest.die()).toBe(ENDED);
    expect(guest.result(0) & 0x200).toBe(0x200);
    expect(guest.result(1)).toBe(1);
  });

  it('is not disturbed by an interrupt that is blocked', () => {
    const guest = new TestGuest(`${START}  mov dword [${BLOCKED}], 2\n${call(LHCALL_HALT)}${DONE}`);
    expect(guest.run().kind).toBe('sleeps');
    guest.interrupt(1);
    expect(guest.run().kind).toBe('sleeps');
    guest.interrupt(2);
    expect(guest.die()).toBe(ENDED);
  });

  it('does not sleep while an interrupt is pending', () => {
    const guest = new TestGuest(
      `${START}${gate(33, 'handler', 0x8e)}${enable(0)}${call(LHCALL_HALT)}${DONE}${counter('handler', 0)}`,
    );
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect(guest.result()).toBe(1);
  });

  it('without a handler wakes and goes on, and a loop of it ends its slices', () => {
    const guest = new TestGuest(`${START}again:\n${call(LHCALL_HALT)}  jmp again`);
    guest.interrupt(1);
    expect(guest.run(3)).toEqual({ kind: 'slice' });
  });

  it('poll comes back at once for a Guest that does not sleep, and for one that is dead', async () => {
    const guest = new TestGuest(START + DONE);
    await guest.device.poll();
    guest.die();
    await guest.device.poll();
  });
});

describe('the clock', () => {
  it('raises IRQ 0 after the time that was asked for', async () => {
    const guest = new TestGuest(
      `${START}${gate(32, 'handler', 0x8e)}${call(LHCALL_SET_CLOCKEVENT, 5_000_000)}${call(LHCALL_HALT)}${DONE}${counter('handler', 0)}`,
    );
    expect(await guest.live()).toBe(ENDED);
    expect(guest.result()).toBe(1);
  });

  it.each([
    ['', ''],
    [', though it had asked for much later before', call(LHCALL_SET_CLOCKEVENT, 1_000_000_000)],
  ])('interrupts a Guest that computes, within a fifth of a slice%s', (_, former) => {
    const guest = new TestGuest(
      `${START}${gate(32, 'handler', 0x8e)}${enable()}${former}${call(LHCALL_SET_CLOCKEVENT, 200_000)}  jmp $\nhandler:\n${DONE}`,
    );
    const before = guest.stage.machine.retired;
    expect(guest.die()).toBe(ENDED);
    const ran = guest.stage.machine.retired - before;
    expect(ran).toBeGreaterThan(10_000);
    expect(ran).toBeLessThan(31_000);
  });

  it('rings once, and not after it was cancelled or put off', async () => {
    const event = (delta: number) => call(LHCALL_SET_CLOCKEVENT, delta);
    const halt = call(LHCALL_HALT);
    const guest = new TestGuest(
      `${START}${gate(32, 'handler', 0x8e)}${gate(33, 'done', 0x8e)}${event(1_000_000)}${event(0)}${event(2_000_000)}${halt}${event(3_000_000)}${event(9_000_000)}${halt}${halt}${DONE}${counter('handler', 0)}done:\n${DONE}`,
    );
    const start = guest.stage.machine.retired;
    for (let i = 0; i < 2; i++) {
      expect(guest.run().kind).toBe('sleeps');
      await guest.device.poll();
    }
    expect(guest.run().kind).toBe('sleeps');
    expect(guest.result()).toBe(2);
    guest.interrupt(1);
    expect(guest.die()).toBe(ENDED);
    expect(guest.stage.machine.retired - start).toBeLessThan(2000);
  });

  it('leaves nobody behind who waits, though a Guest is woken again and again before its clock rings', async () => {
    const machine = createMachine({ ramBytes: 48 * MIB });
    const world = patientWorld();
    const stage = { machine, host: createHost(machine, world) };
    const guest = new TestGuest(
      `${START}${gate(33, 'handler', 0x8e)}${enable(0)}again:
        ${call(LHCALL_SET_CLOCKEVENT, 4_000_000_000)}${call(LHCALL_HALT)}  jmp again\n${counter('handler', 0)}`,
      { stage },
    );
    for (let i = 0; i < 40; i++) {
      expect(guest.run()).toEqual({ kind: 'sleeps' });
      void guest.device.poll();
      await world.pass(500_000_000);
      guest.interrupt(1);
    }
    expect(guest.result()).toBe(39);
    expect(world.sleepers()).toBeLessThan(12);
  });
});

/** A World in which time passes when it is told to. */
function patientWorld(): World & { pass(nanoseconds: number): Promise<unknown>; sleepers(): number } {
  let now = 0;
  let sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => now,
    wallClock: () => ({ seconds: 0, nanoseconds: 0 }),
    entropy() {},
    sleep: (nanoseconds) => new Promise((wake) => sleepers.push({ until: now + nanoseconds, wake })),
    sleepers: () => sleepers.length,
    pass(nanoseconds) {
      now += nanoseconds;
      for (const { until, wake } of sleepers) if (until <= now) wake();
      sleepers = sleepers.filter(({ until }) => until > now);
      return new Promise(setImmediate);
    },
  };
}
