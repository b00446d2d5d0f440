import {
  MAP_ANONYMOUS,
  MAP_FIXED_NOREPLACE,
  openLibc,
  PROTECT_EXECUTE,
  PROTECT_READ,
  PROTECT_WRITE,
} from '../../silicon/libc.ts';
import { openDoor } from '../../silicon/native.ts';
import { type Trial, USER_CODE, USER_DATA } from '../../silicon/stage.ts';
import type { Stopwatch } from './image.ts';
import { kernelCode } from './image.ts';
import { CODE_AT, DATA_AT, DATA_BYTES, type Kernel } from './programs.ts';

const CODE_BYTES = 0x1_0000;
const STACK_BYTES = 0x1_0000;
/** The way in: CALL, and the HLT that ring 3 may not. */
const ENTRANCE = CODE_AT + CODE_BYTES - 16;
const STACK_AT = DATA_AT - STACK_BYTES;
const GENERAL_PROTECTION = 13;
const SECONDS = 60;

/** Runs a kernel once on the real processor. */
export type RunNative = (kernel: Kernel) => Stopwatch['rounds'][number];

/** The real processor, or a sentence that says why not. */
export async function openNative(): Promise<RunNative | string> {
  const libc = await openLibc();
  if (typeof libc === 'string') return libc;
  const flags = MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  const readWrite = PROTECT_READ | PROTECT_WRITE;
  let code: Uint8Array;
  try {
    code = new Uint8Array(libc.mmap(CODE_AT, CODE_BYTES, readWrite | PROTECT_EXECUTE, flags));
    const data = new Uint8Array(libc.mmap(STACK_AT, STACK_BYTES + DATA_BYTES, readWrite, flags));
    data.fill(0); // so that Linux maps all of it now
  } catch (error) {
    return (error as Error).message;
  }
  const door = openDoor(libc);
  const trial: Trial = {
    text: 'bench',
    at: ENTRANCE,
    code: new Uint8Array(0),
    registers: Uint32Array.of(0, 0, 0, 0, DATA_AT, 0, 0, 0),
    eflags: 0x202,
    selectors: [USER_DATA, USER_CODE, USER_DATA, USER_DATA, 0, 0],
    pokes: [],
  };
  const call = new Uint8Array(6);
  call[0] = 0xe8;
  new DataView(call.buffer).setInt32(1, CODE_AT - (ENTRANCE + 5), true);
  call[5] = 0xf4;
  return (kernel) => {
    code.set(kernelCode(kernel));
    code.set(call, ENTRANCE - CODE_AT);
    const began = performance.now();
    door.enter(trial, SECONDS);
    const milliseconds = performance.now() - began;
    const outcome = door.outcome(code);
    if (outcome?.vector !== GENERAL_PROTECTION || outcome.eip !== ENTRANCE + 5)
      throw new Error(
        `${kernel.name} ended with vector ${outcome?.vector} at 0x${outcome?.eip.toString(16)}`,
      );
    return { milliseconds, checksum: outcome.registers[0]! };
  };
}
