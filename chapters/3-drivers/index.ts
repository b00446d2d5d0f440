/* # Drivers */

export * from './registers.ts';
export * from './pci.ts';
export * from './early-console.ts';
export * from './devices.ts';
export * from './virtio.ts';
export * from './virtqueue.ts';
export * from './console.ts';
export * from './block.ts';
export * from './entropy.ts';
