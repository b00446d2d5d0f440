import { LHREQ_INITIALIZE, LHREQ_IRQ } from '../1-preparation/abi.ts';
import type { World } from '../1-preparation/world.ts';
import type { GuestWindow, Host, LguestDevice } from '../5-host/dev-lguest.ts';
import { createBlock } from './block.ts';
import type { DeviceOption, LaunchOptions } from './command-line.ts';
import { createConsole } from './console.ts';
import { createEntropy } from './entropy.ts';
import { type LoadedKernel, loadKernel } from './kernel.ts';
import { hex, LauncherError, type Outside } from './outside.ts';
import { PciBus } from './pci-bus.ts';
import { type Ending, runGuest } from './run-loop.ts';
import type { Behaviour } from './virtio-device.ts';
import { loadInitrd, writeZeroPage } from './zero-page.ts';

/** How it ended. */
export interface ExitStatus {
  /** 0: the Guest switched itself off. 1: anything else. */
  code: 0 | 1;
  /** The Host's last word on the Guest, the driver's sin, or what was wrong with the options. */
  reason: string;
}

const PAGE = 4096;

/**
 * Boots a Guest and keeps it company until it ends. What went wrong is on `outside.warn`, in one line (and a
 * backtrace, where a Guest that ran has died).
 *
 * @param signal aborts it between two slices of the Guest
 */
export async function launch(
  options: LaunchOptions,
  host: Host,
  world: World,
  outside: Outside,
  signal?: AbortSignal,
): Promise<ExitStatus> {
  for (;;) {
    const ending = await launchOnce(options, host, world, outside, signal);
    if (ending.kind === 'restart') continue;
    for (const line of ending.lines) outside.warn(line);
    return { code: ending.kind === 'power-off' ? 0 : 1, reason: ending.reason };
  }
}

async function launchOnce(
  options: LaunchOptions,
  host: Host,
  world: World,
  outside: Outside,
  signal: AbortSignal | undefined,
): Promise<Ending> {
  const device = host.open();
  let bus: PciBus | undefined;
  try {
    const memory = mapMemory(device, options.memory);
    bus = new PciBus(memory, (interrupt) => device.write(Uint32Array.of(LHREQ_IRQ, interrupt)));
    addDevices(bus, options.devices, world, outside);
    const image = outside.readFile(options.kernel);
    const kernel = loadEverything(memory, options, image, outside);
    initialize(device, memory, kernel, bus);
    if (options.verbose) describe(options, memory, kernel, bus, outside);
    return await runGuest({ device, memory, bus, image, world, outside, signal });
  } catch (error) {
    if (error instanceof LauncherError)
      return { kind: 'failed', reason: error.message, lines: [`lantern: ${error.message}`] };
    throw error;
  } finally {
    bus?.close();
    device.close();
  }
}

function mapMemory(device: LguestDevice, megabytes: number): GuestWindow {
  try {
    return device.mmap(megabytes * (1 << 20));
  } catch (error) {
    throw new LauncherError((error as Error).message);
  }
}

function addDevices(bus: PciBus, wanted: readonly DeviceOption[], world: World, outside: Outside): void {
  bus.add(createConsole(outside.input, (bytes) => outside.output(bytes)));
  for (const option of wanted) bus.add(createDevice(option, world, outside));
}

function createDevice(option: DeviceOption, world: World, outside: Outside): Behaviour {
  if (option.kind === 'rng') return createEntropy(world);
  return createBlock(outside.openDisk(option.file), option.file);
}

function loadEverything(
  memory: GuestWindow,
  options: LaunchOptions,
  image: Uint8Array,
  outside: Outside,
): LoadedKernel {
  const kernel = loadKernel(memory, options.kernel, image);
  writeZeroPage(memory, kernel, options.kernelArguments);
  if (options.initrd !== undefined)
    loadInitrd(memory, kernel, options.initrd, outside.readFile(options.initrd));
  return kernel;
}

function initialize(device: LguestDevice, memory: GuestWindow, kernel: LoadedKernel, bus: PciBus): void {
  const done = device.write(
    Uint32Array.of(LHREQ_INITIALIZE, memory.base, memory.size / PAGE, kernel.entry, bus.limitPage),
  );
  if (done < 0) throw new LauncherError(`the Host refuses this Guest: error ${-done}`);
}

function describe(
  options: LaunchOptions,
  memory: GuestWindow,
  kernel: LoadedKernel,
  bus: PciBus,
  outside: Outside,
): void {
  outside.warn(
    `lantern: memory 0 to ${hex(memory.size)}, ${options.kernel} up to ${hex(kernel.end)}, entry ${hex(kernel.entry)}`,
  );
  for (const [index, { base, device }] of bus.devices.entries()) {
    outside.warn(
      `lantern: slot ${index + 1}: ${device.behaviour.name}, registers at ${hex(base)}, interrupt ${index + 1}`,
    );
  }
}
