/*
 * # Bringing a Guest to life
 *
 * Here is the whole chapter in forty lines. Open `/dev/lguest`; that is the Guest's birth certificate. Ask it for
 * memory, and get a window full of zeros. Set up the scenery. Put a kernel into the zeros, and a letter for it at
 * address 0. Tell the Host where to begin. Run it until it ends, and say how.
 *
 * You may know `fork` and `exec`. This is the same trick one floor down: instead of a process on a kernel you get a
 * kernel on a processor, and the only system call it has is to get into trouble.
 */

import { LHREQ_INITIALIZE, LHREQ_IRQ } from '../1-preparation/abi.ts';
import { ENOMEM } from '../1-preparation/errno.ts';
import type { World } from '../1-preparation/world.ts';
import type { GuestWindow, Host, LguestDevice } from '../5-host/dev-lguest.ts';
import { createBlock } from './block.ts';
import { type DeviceOption, type LaunchOptions, PUP } from './command-line.ts';
import { createConsole } from './console.ts';
import { createEntropy } from './entropy.ts';
import type { Link } from './link.ts';
import { createNet } from './net.ts';
import { type LoadedKernel, loadKernel } from './kernel.ts';
import { hex32, LauncherError, type NetworkOption, type Outside } from './outside.ts';
import { PciBus } from './pci-bus.ts';
import { type Ending, limited, runGuest } from './run-loop.ts';
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

/*
 * ## Once more, from the start
 *
 * A Guest can end in three ways that matter. It switches itself off, which is the good one. It dies. Or it asks to be
 * started again, and then we owe it *everything* again: fresh memory, devices that remember nothing, the kernel read
 * once more from its file, which may have been rebuilt in the meantime. lguest did it by closing all its files and
 * calling `exec` on itself with its own arguments. We have a loop. (There are kernels that do nothing but restart. The
 * run loop lets go of the thread each time, and it does so before the old life is over, for between that and the next
 * one somebody else could take the memory. And since a gigabyte of memory is not wiped in a moment, whoever is born
 * again first sleeps as long as that took.)
 */

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
  const complain = limited(outside);
  for (let life = 1; ; life++) {
    const ending = await launchOnce(options, host, world, { outside, complain, life, signal });
    if (ending.kind === 'restart') continue;
    for (const line of ending.lines) outside.warn(line);
    return { code: ending.kind === 'power-off' ? 0 : 1, reason: ending.reason };
  }
}

/*
 * ## One life
 *
 * Read it from top to bottom; then read the `catch`. Everything that is not the person's fault flies on, unhandled,
 * because it is *our* fault, and a hypervisor that swallows its own bugs will be blamed for the Guest's.
 *
 * The bus is made before the kernel is loaded and not after. The order is lguest's, and it is the right one: a disk
 * image that cannot be opened should be said before half a second has gone into reading a kernel.
 */

/** One of a Guest's lives, and who looks on. */
interface Life {
  outside: Outside;
  complain: (what: string) => void;
  /** 1 for the first. */
  life: number;
  signal: AbortSignal | undefined;
}

async function launchOnce(
  options: LaunchOptions,
  host: Host,
  world: World,
  { outside, complain, life, signal }: Life,
): Promise<Ending> {
  const began = world.now();
  const device = host.open();
  let bus: PciBus | undefined;
  try {
    const memory = mapMemory(device, options.memory);
    bus = new PciBus(memory, (interrupt) => device.write(Uint32Array.of(LHREQ_IRQ, interrupt)));
    const links = await addDevices(bus, memory, options.devices, world, outside);
    const image = outside.readFile(options.kernel);
    const kernel = loadEverything(memory, options, image, outside);
    initialize(device, memory, kernel, bus);
    if (options.verbose) describe(options, memory, kernel, bus, outside);
    if (life > 1) await world.sleep(world.now() - began);
    return await runGuest({ device, memory, bus, links, image, world, outside, complain, signal });
  } catch (error) {
    if (error instanceof LauncherError)
      return { kind: 'failed', reason: error.message, lines: [`lantern: ${error.message}`] };
    throw error;
  } finally {
    try {
      bus?.close();
    } finally {
      device.close();
    }
  }
}

/*
 * The machine has only so much RAM, and this Guest may not be the only one on it.
 */

function mapMemory(device: LguestDevice, megabytes: number): GuestWindow {
  try {
    return device.mmap(megabytes * (1 << 20));
  } catch (error) {
    throw new LauncherError((error as Error).message);
  }
}

/*
 * Slot 1 is always the console, even before anybody has asked for one. pup's early print and Linux's both look for it
 * there and nowhere else, at a time when they could not do anything about a surprise.
 */

async function addDevices(
  bus: PciBus,
  memory: GuestWindow,
  wanted: readonly DeviceOption[],
  world: World,
  outside: Outside,
): Promise<Link[]> {
  const links: Link[] = [];
  const add = (device: Behaviour) => bus.add(watched(device, memory, outside));
  add(createConsole(outside.input, (bytes) => outside.output(bytes)));
  for (const option of wanted) {
    if (option.kind === 'net') {
      const { link, card } = await createNetwork(option.network, world, outside);
      links.push(link);
      add(card);
    } else add(createDevice(option, world, outside));
  }
  return links;
}

function createDevice(
  option: Exclude<DeviceOption, { kind: 'net' }>,
  world: World,
  outside: Outside,
): Behaviour {
  if (option.kind === 'rng') return createEntropy(world);
  return createBlock(outside.openDisk(option.file), option.file, (what) =>
    outside.warn(`lantern: ${what}; the Guest gets an I/O error`),
  );
}

/*
 * A network card has to be somebody. Its address is drawn from the World, anew for each life of the Guest. In the first
 * byte the lowest bit must be 0, or it would be the address of a crowd, and the next one 1, since nobody has paid for
 * it.
 */

async function createNetwork(
  network: NetworkOption,
  world: World,
  outside: Outside,
): Promise<{ link: Link; card: Behaviour }> {
  if (!outside.openLink)
    throw new LauncherError('there is no network here that a Guest could be connected to');
  const address = new Uint8Array(6);
  world.entropy(address);
  address[0] = (address[0]! & ~1) | 2;
  const link = await outside.openLink(network, address);
  return { link, card: createNet(link, address) };
}

/*
 * If somebody wants to look on, they are put between each device and its requests. The device does not notice, and the
 * Guest even less.
 */

/** The same device; `outside.onlooker`, if there is one, sees every request. */
function watched(device: Behaviour, memory: GuestWindow, { onlooker }: Outside): Behaviour {
  if (onlooker === undefined) return device;
  const { serve } = device;
  const look = onlooker(memory.base, device.name);
  device.serve = (queue, request, ...rest) =>
    look(device.queues[queue]!, request.bytes, () => serve.call(device, queue, request, ...rest));
  return device;
}

/*
 * The kernel goes in before the zero page, the initrd last, since it must know where the kernel ends.
 */

function loadEverything(
  memory: GuestWindow,
  options: LaunchOptions,
  image: Uint8Array,
  outside: Outside,
): LoadedKernel {
  const kernel = loadKernel(memory, options.kernel, image, outside.gunzip);
  writeZeroPage(memory, kernel, commandLine(options));
  if (options.initrd !== undefined)
    loadInitrd(memory, kernel, options.initrd, outside.readFile(options.initrd));
  return kernel;
}

/*
 * A Linux begins its life by counting to nothing. Some chip may one day have to be given a moment, so the kernel finds
 * out how many turns of an empty loop fill the time between two ticks, and to be sure it counts for a third of a
 * second, while everybody waits. No chip of ours ever needs a moment. So we put a number in front of your arguments,
 * which hypervisors do in one way or another: *loops per jiffy*, a million. At a hundred ticks a second the Linux would
 * have found some four times as many, at a thousand less than half. If you know better, say `lpj=` yourself: of two, it
 * takes the last. pup does not count before it has something to count.
 */
const LOOPS_PER_JIFFY = 'lpj=1000000';

/** What the kernel gets to read. */
function commandLine({ kernel, kernelArguments }: LaunchOptions): string {
  return kernel === PUP ? kernelArguments : `${LOOPS_PER_JIFFY} ${kernelArguments}`.trimEnd();
}

/*
 * ## Five words
 *
 * The request that starts a Guest has five words, and you have met most of them from the inside: where its memory
 * lies in the machine's, how many pages of it there are, where to begin, and how far up the devices reach. Below
 * the second number, an address is memory. Between it and the last one it is a device. Above that it is a lie, and
 * the Host kills Guests for those.
 */

function initialize(device: LguestDevice, memory: GuestWindow, kernel: LoadedKernel, bus: PciBus): void {
  const done = device.write(
    Uint32Array.of(LHREQ_INITIALIZE, memory.base, memory.size / PAGE, kernel.entry, bus.limitPage),
  );
  if (done === -ENOMEM) throw new LauncherError('the Host has too many Guests to keep books for another');
  if (done < 0) throw new LauncherError(`the Host refuses this Guest: error ${-done}`);
}

/*
 * With `--verbose` you are told what went where. It is the map to have beside you when a kernel of your own does
 * not boot.
 */

function describe(
  options: LaunchOptions,
  memory: GuestWindow,
  kernel: LoadedKernel,
  bus: PciBus,
  outside: Outside,
): void {
  outside.warn(
    `lantern: memory 0 to ${hex32(memory.size)}, ${options.kernel} up to ${hex32(kernel.end)}, entry ${hex32(kernel.entry)}`,
  );
  outside.warn(`lantern: the kernel is told: ${commandLine(options)}`);
  for (const [index, { base, device }] of bus.devices.entries()) {
    outside.warn(
      `lantern: slot ${index + 1}: ${device.behaviour.name}, registers at ${hex32(base)}, interrupt ${index + 1}`,
    );
  }
}
