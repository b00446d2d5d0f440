import {
  LGUEST_DATA_HCALL_STATUS,
  LGUEST_DATA_KERNEL_ADDRESS,
  LGUEST_DATA_SYSCALL_VEC,
  LGUEST_TRAP_ENTRY,
  LHCALL_FLUSH_ASYNC,
  LHCALL_LGUEST_INIT,
  LHCALL_RING_SIZE,
  LHCALL_SLOT_FREE,
  LHREQ_INITIALIZE,
  SYSCALL_VECTOR,
} from '../../chapters/1-preparation/abi.ts';
import { createHost } from '../../chapters/5-host/dev-lguest.ts';
import { HOST_BYTES } from '../../chapters/5-host/frames.ts';
import { assemble } from '../../src/assembler/index.ts';
import { createMachine } from '../../src/processor/index.ts';
import { createRealWorld } from '../../src/terminal/real-world.ts';

const GUEST_BYTES = 1 << 20;
const PAGE = 4096;
const CODE = 0x1000;
const DATA = 0x2000;

/** World switches a second: a Guest that does nothing but ask the Host to do nothing. */
export function worldSwitchesPerSecond(seconds: number): number {
  const machine = createMachine({ ramBytes: HOST_BYTES + GUEST_BYTES });
  const host = createHost(machine, createRealWorld());
  const device = host.open();
  const memory = device.mmap(GUEST_BYTES);
  const { bytes } = assemble(
    `
      mov eax, ${LHCALL_LGUEST_INIT}
      mov ebx, ${DATA}
      int ${LGUEST_TRAP_ENTRY}
      mov eax, ${LHCALL_FLUSH_ASYNC}
    again:
      int ${LGUEST_TRAP_ENTRY}
      jmp again`,
    { origin: CODE },
  );
  memory.write(CODE, bytes);
  memory.write(DATA + LGUEST_DATA_HCALL_STATUS, new Uint8Array(LHCALL_RING_SIZE).fill(LHCALL_SLOT_FREE));
  memory.write32(DATA + LGUEST_DATA_KERNEL_ADDRESS, 0xc000_0000);
  memory.write32(DATA + LGUEST_DATA_SYSCALL_VEC, SYSCALL_VECTOR);
  device.write(Uint32Array.of(LHREQ_INITIALIZE, memory.base, GUEST_BYTES / PAGE, CODE, GUEST_BYTES / PAGE));

  const into = new Uint8Array(128);
  const runFor = (some: number): number => {
    const before = host.statistics.worldSwitches;
    const began = performance.now();
    while (performance.now() - began < some * 1000) device.read(into);
    return ((host.statistics.worldSwitches - before) / (performance.now() - began)) * 1000;
  };
  runFor(seconds / 2); // warm
  const figure = runFor(seconds);
  if (host.statistics.hypercalls[LHCALL_FLUSH_ASYNC] === 0)
    throw new Error('the Guest never came back to ask');
  device.close();
  return figure;
}
