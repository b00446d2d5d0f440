import { describe, expect, it } from 'vitest';
import {
  LHCALL_HALT,
  LHREQ_GETREG,
  LHREQ_INITIALIZE,
  LHREQ_IRQ,
  LHREQ_SETREG,
  LHREQ_TRAP,
} from '../../chapters/1-preparation/abi.ts';
import {
  EBADF,
  EBUSY,
  EFAULT,
  EINVAL,
  ENOENT,
  ENOMEM,
  ERESTARTSYS,
} from '../../chapters/1-preparation/errno.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createDeterministicWorld } from '../deterministic-world.ts';
import {
  call,
  createStage,
  DONE,
  ENDED,
  INIT,
  MIB,
  PAGE,
  PAGING,
  result,
  TABLE,
  TestGuest,
} from './harness.ts';

const words = (...values: number[]) => Uint32Array.from(values);

describe('/dev/lguest', () => {
  it('refuses everything but INITIALIZE before INITIALIZE', () => {
    const device = createStage().host.open();
    for (const request of [LHREQ_IRQ, LHREQ_GETREG, LHREQ_SETREG, LHREQ_TRAP, 1, 3, 4, 8, 1000]) {
      expect(device.write(words(request, 0, 0))).toBe(-EINVAL);
    }
    expect(device.write(words())).toBe(-EINVAL);
    expect(device.read(new Uint8Array(12))).toBe(-EINVAL);
  });

  it('initialises once, and only in memory that was mapped', () => {
    const device = createStage().host.open();
    const { base } = device.mmap(MIB);
    expect(device.write(words(LHREQ_INITIALIZE, base, 256, 0))).toBe(-EFAULT);
    expect(device.write(words(LHREQ_INITIALIZE, base, 257, 0, 257))).toBe(-EFAULT);
    expect(device.write(words(LHREQ_INITIALIZE, base - 4096, 256, 0, 256))).toBe(-EFAULT);
    expect(device.write(words(LHREQ_INITIALIZE, base + 1, 255, 0, 256))).toBe(-EFAULT);
    expect(device.write(words(LHREQ_INITIALIZE, base, 256, 0, 256))).toBe(16);
    expect(device.write(words(LHREQ_INITIALIZE, base, 256, 0, 256))).toBe(-EBUSY);
  });

  it('refuses requests that 4.1 dropped, unknown registers and unknown lines', () => {
    const { device } = new TestGuest(DONE);
    for (const request of [1, 3, 4, 8, 0xffff_ffff]) expect(device.write(words(request, 0))).toBe(-EINVAL);
    expect(device.write(words(LHREQ_IRQ, 32))).toBe(-EINVAL);
    expect(device.write(words(LHREQ_IRQ))).toBe(-EFAULT);
    expect(device.write(words(LHREQ_GETREG, 44))).toBe(-ENOENT);
    expect(device.write(words(LHREQ_GETREG, 1))).toBe(-ENOENT);
    expect(device.write(words(LHREQ_SETREG, 52, 0))).toBe(-ENOENT);
    expect(device.write(words(LHREQ_TRAP, 13))).toBe(-EINVAL);
    expect(device.write(words(LHREQ_TRAP, 300))).toBe(-EINVAL);
  });

  it('starts a Guest in the state that lguest promises', () => {
    const guest = new TestGuest(DONE);
    expect(guest.register(48)).toBe(0x1000); // eip
    expect(guest.register(52)).toBe(0x61); // cs
    for (const offset of [28, 32, 64]) expect(guest.register(offset)).toBe(0x69); // ds, es, ss
    for (const offset of [36, 40, 0, 4, 8, 12, 16, 20, 24, 60]) expect(guest.register(offset)).toBe(0);
    expect(guest.register(56)).toBe(0x202); // eflags
  });

  it('sets registers that the Guest then has', () => {
    const names = ['ebx', 'ecx', 'edx', 'esi', 'edi', 'ebp', 'eax'];
    const guest = new TestGuest(
      names.map((name, i) => result(i, name)).join('') + result(7, 'esp') + INIT + DONE,
    );
    names.forEach((_, i) => void expect(guest.device.write(words(LHREQ_SETREG, i * 4, 100 + i))).toBe(12));
    expect(guest.device.write(words(LHREQ_SETREG, 60, 0x1234))).toBe(12);
    expect(guest.die()).toBe(ENDED);
    expect(names.map((_, i) => guest.result(i))).toEqual(names.map((_, i) => 100 + i));
    expect(guest.result(7)).toBe(0x1234);
  });

  it('hands an in or out to the Launcher, with seven bytes of it', () => {
    const guest = new TestGuest('  nop\n  in al, 0x64\n  out dx, eax\n  nop\n');
    expect(guest.run()).toEqual({
      kind: 'exit',
      trap: 13,
      instruction: [0xe4, 0x64, 0xef, 0x90, 0, 0, 0],
      address: 0,
    });
    expect(guest.register(48)).toBe(0x1001);
  });

  it('hands an access behind the end of memory to the Launcher, with its address', () => {
    const guest = new TestGuest(`  mov [${4 * MIB + 0x123}], eax\n`, { devices: 1 });
    const event = guest.run();
    expect(event).toMatchObject({ kind: 'exit', trap: 14, address: 4 * MIB + 0x123 });
    expect(event.kind === 'exit' && event.instruction.slice(0, 5)).toEqual([0xa3, 0x23, 0x01, 0x40, 0x00]);
  });

  it('pads with zeros what it cannot see of an instruction at the end of a page', () => {
    const guest = new TestGuest(`${PAGING}  mov eax, ${PAGE + 0xffe}\n  jmp eax`);
    guest.window.write(PAGE + 0xffe, Uint8Array.of(0xe6, 0x80, 0x11, 0x22));
    guest.window.write32(TABLE + (PAGE / 4096 + 1) * 4, 0);
    expect(guest.run()).toMatchObject({ kind: 'exit', trap: 13, instruction: [0xe6, 0x80, 0, 0, 0, 0, 0] });
  });

  it('pads with zeros, too, where the next page is a device', () => {
    const guest = new TestGuest(`${PAGING}  mov eax, ${PAGE + 0xffe}\n  jmp eax`, { devices: 1 });
    guest.window.write(PAGE + 0xffe, Uint8Array.of(0xe6, 0x80));
    guest.window.write32(TABLE + (PAGE / 4096 + 1) * 4, (4 * MIB) | 3);
    expect(guest.run()).toMatchObject({ kind: 'exit', trap: 13, instruction: [0xe6, 0x80, 0, 0, 0, 0, 0] });
  });

  it('follows an instruction over the end of a page', () => {
    const guest = new TestGuest(`${PAGING}  mov eax, ${PAGE + 0xffe}\n  jmp eax`);
    guest.window.write(PAGE + 0xffe, Uint8Array.of(0xe6, 0x80));
    guest.window.write(PAGE + 0x4000, Uint8Array.of(0x11, 0x22));
    guest.window.write32(TABLE + (PAGE / 4096 + 1) * 4, (PAGE + 0x4000) | 3);
    expect(guest.run()).toMatchObject({
      kind: 'exit',
      trap: 13,
      instruction: [0xe6, 0x80, 0x11, 0x22, 0, 0, 0],
    });
  });

  it('lets the rest of the program have a turn every 100,000 instructions', () => {
    const guest = new TestGuest('  jmp $\n');
    const before = guest.stage.machine.retired;
    expect(guest.device.read(new Uint8Array(12))).toBe(-ERESTARTSYS);
    const ran = guest.stage.machine.retired - before;
    expect(ran).toBeGreaterThanOrEqual(100_000);
    expect(ran).toBeLessThan(100_100);
  });

  it('gives no more to a Guest that bothers its devices all the time', () => {
    const guest = new TestGuest('again:\n  mov ecx, 100\n  loop $\n  in al, 0x80\n  jmp again\n');
    const into = new Uint8Array(12);
    const before = guest.device.retired();
    let errands = 0;
    while (guest.device.read(into) !== -ERESTARTSYS) {
      errands++;
      guest.device.write(words(LHREQ_SETREG, 48, guest.register(48) + 2));
    }
    expect(errands).toBeGreaterThan(500);
    expect(guest.device.retired() - before).toBeGreaterThanOrEqual(100_000);
    expect(guest.device.retired() - before).toBeLessThan(100_300);
  });

  it('says that a Guest is dead before it says why, and goes on saying why', () => {
    const guest = new TestGuest(INIT + DONE);
    expect(guest.device.read(new Uint8Array(100))).toBe(-ENOENT);
    const short = new Uint8Array(5);
    expect(guest.device.read(short)).toBe(5);
    expect(String.fromCharCode(...short)).toBe('CRASH');
    expect(guest.reason()).toBe(ENDED);
    expect(guest.device.write(words(LHREQ_IRQ, 1))).toBe(-ENOENT);
    expect(guest.device.write(words(LHREQ_SETREG, 0, 1))).toBe(-ENOENT);
  });

  it('allows an autopsy', () => {
    const guest = new TestGuest(`${INIT}\n mov edi, 0xabcd\n${DONE}`);
    guest.die();
    expect(guest.register(16)).toBe(0xabcd);
    expect(guest.reason()).toBe(ENDED);
  });

  it('is over when it is closed, and its memory is free and clean for the next', () => {
    const stage = createStage(36);
    const first = new TestGuest(INIT + DONE, { stage });
    first.die();
    expect(() => stage.host.open().mmap(4 * MIB)).toThrow(/^cannot map 4194304 bytes for a Guest: /);
    first.device.close();
    first.device.close();
    expect(first.device.read(new Uint8Array(12))).toBe(-EBADF);
    expect(first.device.write(words(LHREQ_IRQ, 1))).toBe(-EBADF);
    expect(() => first.window.read8(0)).toThrow(RangeError);
    const window = stage.host.open().mmap(4 * MIB);
    expect(window.bytes.every((byte) => byte === 0)).toBe(true);
  });

  it('leaves the processor at home, and not on tables that the next may be given', () => {
    const stage = createStage();
    const home = stage.machine.registers.cr3;
    const guest = new TestGuest(INIT + DONE, { stage });
    expect(guest.die()).toBe(ENDED);
    expect(stage.machine.registers.cr3).not.toBe(home);
    guest.device.close();
    expect(stage.machine.registers.cr3).toBe(home);
  });

  it('wakes whoever waits for a Guest that is closed', async () => {
    const guest = new TestGuest(INIT + call(LHCALL_HALT) + DONE);
    expect(guest.run().kind).toBe('sleeps');
    const woken = guest.device.poll();
    guest.device.close();
    await woken;
    expect(guest.device.read(new Uint8Array(12))).toBe(-EBADF);
  });

  it('lets memory again that just fits between two others', () => {
    const { host } = createStage();
    const devices = [host.open(), host.open(), host.open()];
    const [first, second] = devices.map((device) => device.mmap(4 * MIB));
    devices[1]!.close();
    expect(host.open().mmap(4 * MIB).base).toBe(second!.base);
    devices[0]!.close();
    expect(host.open().mmap(3 * MIB).base).toBe(first!.base);
  });

  it('gives nothing of its neighbours’ memory away', () => {
    const { window } = new TestGuest(INIT + DONE);
    const { size } = window;
    window.write8(size - 1, 7);
    expect(window.read(size - 4, 4)[3]).toBe(7);
    expect(() => window.read8(size)).toThrow(RangeError);
    expect(() => window.read16(size - 1)).toThrow(RangeError);
    expect(() => window.write32(size - 3, 0)).toThrow(RangeError);
    expect(() => window.write(size - 1, new Uint8Array(2))).toThrow(RangeError);
    expect(() => window.read(-1, 1)).toThrow(RangeError);
  });

  it('has no more Guests than it can keep books about', () => {
    const { host } = createStage();
    const born = () => {
      const device = host.open();
      const { base } = device.mmap(0x1000);
      return device.write(words(LHREQ_INITIALIZE, base, 1, 0, 1));
    };
    let guests = 0;
    while (born() === 16) guests++;
    expect(guests).toBeGreaterThan(500);
    expect(born()).toBe(-ENOMEM);
  });

  it('needs a machine with room for the Host', () => {
    const machine = createMachine({ ramBytes: 32 * MIB });
    expect(() => createHost(machine, createDeterministicWorld(machine))).toThrow(
      /the Host alone needs 33554432/,
    );
  });

  it('can open and close a thousand Guests without running dry', () => {
    const stage = createStage(34);
    for (let i = 0; i < 1000; i++) {
      const guest = new TestGuest(INIT + DONE, { stage, bytes: 0x20000 });
      expect(guest.die()).toBe(ENDED);
      guest.device.close();
    }
  });
});
