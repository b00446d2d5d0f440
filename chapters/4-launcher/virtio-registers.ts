import { viewOf } from './elf.ts';
import { STATUS_DRIVER, STATUS_DRIVER_OK, STATUS_FEATURES_OK, type VirtioDevice } from './virtio-device.ts';
import { QUEUE_SIZE, type Virtqueue } from './virtqueue.ts';

/** Offsets into BAR0 of the four windows that the PCI capabilities describe, and their lengths. */
export const COMMON_LENGTH = 56;
export const NOTIFY_OFFSET = 0x38;
export const NOTIFY_LENGTH = 2;
export const ISR_OFFSET = 0x3a;
export const ISR_LENGTH = 1;
export const CONFIG_OFFSET = 0x3c;

interface Register {
  name: string;
  /** In bytes; the only width it may be accessed with. */
  width: 1 | 2 | 4;
  read?(device: VirtioDevice): number;
  write?(device: VirtioDevice, value: number): void;
}

const REGISTERS: Readonly<Record<number, Register>> = {
  0: {
    name: 'device_feature_select',
    width: 4,
    read: (device) => device.deviceFeatureSelect,
    write: (device, value) => {
      device.deviceFeatureSelect = value;
    },
  },
  4: {
    name: 'device_feature',
    width: 4,
    read: (device) => {
      device.requireDriver('read device_feature');
      return device.features(device.deviceFeatureSelect);
    },
  },
  8: {
    name: 'guest_feature_select',
    width: 4,
    read: (device) => device.guestFeatureSelect,
    write: (device, value) => {
      if (value > 1) device.bad(`guest_feature_select is ${value}; there are only 64 features`);
      device.guestFeatureSelect = value;
    },
  },
  12: {
    name: 'guest_feature',
    width: 4,
    read: (device) => device.guestFeatures[device.guestFeatureSelect]!,
    write: writeGuestFeature,
  },
  16: { name: 'msix_config', width: 2 },
  18: { name: 'num_queues', width: 2, read: (device) => device.queues.length },
  20: {
    name: 'device_status',
    width: 1,
    read: (device) => device.readStatus(),
    write: (device, value) => device.writeStatus(value),
  },
  21: { name: 'config_generation', width: 1, read: () => 0 },
  22: {
    name: 'queue_select',
    width: 2,
    read: (device) => device.queueSelect,
    write: (device, value) => {
      device.queueSelect = value;
    },
  },
  24: { name: 'queue_size', width: 2, read: (device) => selected(device)?.size ?? 0, write: writeQueueSize },
  26: { name: 'queue_msix_vector', width: 2, read: () => 0xffff },
  28: {
    name: 'queue_enable',
    width: 2,
    read: (device) => (selected(device)?.enabled ? 1 : 0),
    write: writeQueueEnable,
  },
  30: { name: 'queue_notify_off', width: 2, read: () => 0 },
  32: queueAddress('queue_desc_lo', 0),
  36: queueAddress('queue_desc_hi', 1),
  40: queueAddress('queue_avail_lo', 2),
  44: queueAddress('queue_avail_hi', 3),
  48: queueAddress('queue_used_lo', 4),
  52: queueAddress('queue_used_hi', 5),
  [NOTIFY_OFFSET]: {
    name: 'notify',
    width: 2,
    read: () => 0,
    write: (device, value) => device.notify(value),
  },
  [ISR_OFFSET]: { name: 'isr', width: 1, read: (device) => device.takeInterruptStatus() },
};

function selected(device: VirtioDevice): Virtqueue | undefined {
  return device.queues[device.queueSelect];
}

/** The queue that a write is about, at a time when it may still be changed. */
function unfinished(device: VirtioDevice, register: string): Virtqueue {
  const queue = selected(device);
  if (!queue) device.bad(`wrote ${register} of queue ${device.queueSelect} of ${device.queues.length}`);
  if (queue.enabled) device.bad(`wrote ${register} of queue ${device.queueSelect}, which is enabled already`);
  return queue;
}

function writeGuestFeature(device: VirtioDevice, value: number): void {
  device.requireDriver('wrote guest_feature');
  if (device.status & STATUS_FEATURES_OK) device.bad('wrote guest_feature after setting FEATURES_OK');
  const surplus = value & ~device.features(device.guestFeatureSelect);
  if (surplus !== 0) {
    const bits = `0x${(surplus >>> 0).toString(16)} of word ${device.guestFeatureSelect}`;
    device.bad(`accepted features that were not offered: ${bits}`);
  }
  device.guestFeatures[device.guestFeatureSelect] = value;
}

function writeQueueSize(device: VirtioDevice, value: number): void {
  const queue = unfinished(device, 'queue_size');
  const powerOfTwo = value > 0 && (value & (value - 1)) === 0;
  if (!powerOfTwo || value > QUEUE_SIZE) {
    device.bad(`queue_size is ${value}, not a power of two up to ${QUEUE_SIZE}`);
  }
  queue.size = value;
}

function writeQueueEnable(device: VirtioDevice, value: number): void {
  if (value !== 1) device.bad(`queue_enable is ${value}; only 1 can be written`);
  if (device.status & STATUS_DRIVER_OK) device.bad('enabled a queue after setting DRIVER_OK');
  device.requireFeaturesConfirmed('enabled a queue');
  unfinished(device, 'queue_enable').enable();
}

function queueAddress(name: string, index: number): Register {
  return {
    name,
    width: 4,
    read: (device) => selected(device)?.addresses[index] ?? 0,
    write: (device, value) => {
      device.requireFeaturesConfirmed(`wrote ${name}`);
      unfinished(device, name).addresses[index] = value;
    },
  };
}

/** Bytes of BAR0 that mean something. */
export function barSize(device: VirtioDevice): number {
  return CONFIG_OFFSET + device.behaviour.config.length;
}

/** A load of `width` bytes from BAR0 + `offset`. @throws BadDriver if a driver has no business there */
export function readRegister(device: VirtioDevice, offset: number, width: number): number {
  if (offset >= CONFIG_OFFSET) return readConfig(device, offset - CONFIG_OFFSET, width);
  const register = find(device, offset, width, 'read');
  if (!register.read) device.bad(`read ${register.name}`);
  return register.read(device) >>> 0;
}

/** A store of `width` bytes to BAR0 + `offset`. @throws BadDriver if a driver has no business there */
export function writeRegister(device: VirtioDevice, offset: number, width: number, value: number): void {
  if (offset >= CONFIG_OFFSET) {
    writeConfig(device, offset - CONFIG_OFFSET, width, value);
    return;
  }
  const register = find(device, offset, width, 'wrote');
  if (!register.write) device.bad(`wrote ${value} to ${register.name}, which is not for writing`);
  register.write(device, value >>> 0);
}

function find(device: VirtioDevice, offset: number, width: number, verb: string): Register {
  const register = REGISTERS[offset];
  if (!register) device.bad(`${verb} ${width} bytes at 0x${offset.toString(16)}, where no register begins`);
  if (register.width !== width)
    device.bad(`${verb} ${width} bytes of ${register.name}, which has ${register.width}`);
  return register;
}

function readConfig(device: VirtioDevice, offset: number, width: number): number {
  if ((device.status & STATUS_DRIVER) === 0) device.bad('read its configuration before setting DRIVER');
  const { config } = device.behaviour;
  if (offset + width > config.length) {
    device.bad(`read ${width} bytes at ${offset} of its configuration, which has ${config.length}`);
  }
  const view = viewOf(config);
  if (width === 1) return view.getUint8(offset);
  return width === 2 ? view.getUint16(offset, true) : view.getUint32(offset, true);
}

function writeConfig(device: VirtioDevice, offset: number, width: number, value: number): void {
  const taken = device.behaviour.writeConfig?.(offset, width, value) ?? false;
  if (!taken) device.bad(`wrote ${width} bytes at ${offset} of its configuration`);
}
