import type Koffi from 'koffi';

/** The C library, as far as the oracle and the bench call it. */
export interface Libc {
  /** Maps memory; an `address` other than 0 is meant, not wished. */
  mmap(
    address: number,
    bytes: number,
    protection: number,
    flags: number,
    file?: number,
    offset?: number,
  ): ArrayBuffer;
  /** A file in memory, for pages that are to be seen at two addresses. */
  memoryFile(name: string, bytes: number): number;
  modifyLdt(description: Uint8Array): void;
  /** A function of one number, made of code at an address. */
  callable(address: bigint): (argument: bigint) => void;
  addressOf(memory: ArrayBuffer): bigint;
}

export const PROTECT_READ = 1;
export const PROTECT_WRITE = 2;
export const PROTECT_EXECUTE = 4;
export const MAP_SHARED = 1;
export const MAP_ANONYMOUS = 0x22; // and private
export const MAP_FIXED_NOREPLACE = 0x10_0000;
const SYS_MODIFY_LDT = 154;

let opened: Promise<Libc | string> | undefined;

/** The C library through koffi, or a sentence that says why not. Once a process: koffi takes no name twice. */
export function openLibc(): Promise<Libc | string> {
  opened ??= open();
  return opened;
}

async function open(): Promise<Libc | string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `this is ${process.platform} on ${process.arch}, not Linux on x86-64`;
  try {
    return libcThrough((await import('koffi')).default);
  } catch (error) {
    return `koffi cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
  }
}

function libcThrough(koffi: typeof Koffi): Libc {
  const library = koffi.load(null);
  const mmap = library.func('void *mmap(uintptr_t, size_t, int, int, int, int64_t)');
  const memfdCreate = library.func('int memfd_create(const char *, unsigned int)');
  const ftruncate = library.func('int ftruncate(int, int64_t)');
  const syscall = library.func('long syscall(long, long, void *, unsigned long)');
  const entrance = koffi.proto('void entrance(uintptr_t)');
  const fail = (what: string): never => {
    throw new Error(`${what} failed with errno ${koffi.errno()}`);
  };
  return {
    mmap(address, bytes, protection, flags, file = -1, offset = 0) {
      const found = mmap(address, bytes, protection, flags, file, offset) as bigint;
      if (BigInt.asIntN(64, found) === -1n) fail(`mmap of ${bytes} bytes at 0x${address.toString(16)}`);
      // Kernels before 4.17 do not know NOREPLACE, and take the address for a wish.
      if (address !== 0 && found !== BigInt(address)) throw new Error(`0x${address.toString(16)} is taken`);
      return koffi.view(found, bytes);
    },
    memoryFile(name, bytes) {
      const file = memfdCreate(name, 0) as number;
      if (file < 0 || ftruncate(file, bytes) !== 0) fail('memfd_create');
      return file;
    },
    modifyLdt(description) {
      // It returns its errors as positive 32-bit numbers, which the C library takes for success.
      const result = syscall(SYS_MODIFY_LDT, 0x11, description, description.length) as number;
      if (result !== 0) throw new Error(`modify_ldt returned ${result | 0}`);
    },
    callable: (address) => koffi.decode(address, entrance) as (argument: bigint) => void,
    addressOf: (memory) => koffi.address(memory),
  };
}
