import { readFileSync } from 'node:fs';
import {
  assembleGlue,
  CONTEXT,
  CONTROL,
  CONTROL_AT,
  CONTROL_BYTES,
  SIGALRM,
  SIGNAL_BYTES,
  SIGNALS,
} from './glue.ts';
import {
  type Libc,
  MAP_ANONYMOUS,
  MAP_FIXED_NOREPLACE,
  MAP_SHARED,
  openLibc,
  PROTECT_EXECUTE,
  PROTECT_READ,
  PROTECT_WRITE,
} from './libc.ts';
import {
  CODE,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  LDT,
  type Outcome,
  PRISTINE,
  type Segment,
  type Stage,
  SYSTEM,
  type Trial,
  type Vendor,
  WRITABLE_BYTES,
} from './stage.ts';
import { fromFxsave, INITIAL_FNSAVE, toFxsave } from './x87.ts';

const READ_WRITE = PROTECT_READ | PROTECT_WRITE;
/** The frame of a signal holds all that XSAVE saves, which may one day be more than 8 KiB. */
const STACK_BYTES = 0x1_0000;
/** SIGINFO, RESTORER, ONSTACK and NODEFER. */
const ACTION_FLAGS = 0x4 | 0x0400_0000 | 0x0800_0000 | 0x4000_0000;
const HLT = 0xf4;
/** A trial that takes so long is ended by SIGALRM. */
const SECONDS = 5;

/** The real processor, as far as Linux lets a program at it. */
export interface NativeStage extends Stage {
  readonly vendor: Vendor;
  /** Whether somebody else lives at a linear address below 4 GiB, or so near that a trial might disturb them. */
  isTaken(address: number): boolean;
}

/** Opens the way to the real processor, or says in a sentence why there is none. */
export async function openNativeStage(): Promise<NativeStage | string> {
  const libc = await openLibc();
  if (typeof libc === 'string') return libc;
  const who = readFileSync('/proc/cpuinfo', 'latin1');
  if (!/^flags.*\bxsave\b/m.test(who)) return 'the processor has no XSAVE';
  try {
    return createNativeStage(libc, /^vendor_id.*\bGenuineIntel\b/m.test(who) ? 'Intel' : 'AMD');
  } catch (error) {
    return `Linux does not let us: ${(error as Error).message}`;
  }
}

function createNativeStage(libc: Libc, vendor: Vendor): NativeStage {
  const taken = takenRanges();
  const { code, data } = mapStage(libc);
  for (const segment of LDT) libc.modifyLdt(userDescription(segment));
  const door = openDoor(libc);
  const memory = data.subarray(0, WRITABLE_BYTES);
  return {
    name: 'the real processor',
    vendor,
    isTaken: (address) => taken.some(([from, to]) => address >= from && address < to),
    play(trial) {
      const offset = trial.at - CODE;
      if (Buffer.compare(data, PRISTINE) !== 0) data.set(PRISTINE);
      for (const { address, bytes } of trial.pokes) data.set(bytes, address - DATA);
      code.set(trial.code, offset);
      door.enter(trial, SECONDS);
      code.fill(HLT, offset, offset + trial.code.length);
      return door.outcome(memory);
    },
  };
}

/** Ranges below 4 GiB that belong to the program around us; its heap, which comes last, may still grow. */
function takenRanges(): [number, number][] {
  const ranges: [number, number][] = [];
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const [from, to] = line
      .split(' ', 1)[0]!
      .split('-')
      .map((address) => Number.parseInt(address, 16));
    if (to === undefined || from! >= 2 ** 32) continue;
    const margin = line.endsWith('[heap]') ? 0x1000_0000 : 0x1_0000;
    ranges.push([from! - 0x1_0000, to + margin]);
  }
  return ranges;
}

/** Maps the stage where trials see it, and once more where we can write all of it. */
function mapStage(libc: Libc): { code: Uint8Array; data: Uint8Array } {
  const bytes = CODE_BYTES + DATA_BYTES;
  const file = libc.memoryFile('lantern-stage', bytes);
  const flags = MAP_SHARED | MAP_FIXED_NOREPLACE;
  const rest = DATA_BYTES - WRITABLE_BYTES;
  const seen = [
    libc.mmap(CODE, CODE_BYTES, PROTECT_READ | PROTECT_EXECUTE, flags, file, 0),
    libc.mmap(DATA, WRITABLE_BYTES, READ_WRITE, flags, file, CODE_BYTES),
    libc.mmap(DATA + WRITABLE_BYTES, rest, PROTECT_READ, flags, file, CODE_BYTES + WRITABLE_BYTES),
  ];
  const all = new Uint8Array(libc.mmap(0, bytes, READ_WRITE, MAP_SHARED, file, 0));
  const code = all.subarray(0, CODE_BYTES).fill(HLT);
  // Linux maps a page when it is first used, and until then a trial would find that it is not there.
  for (const part of seen) Buffer.from(new Uint8Array(part));
  return { code, data: all.subarray(CODE_BYTES) };
}

/** A segment as modify_ldt(2) wants it: number, base, limit, flags. */
function userDescription(segment: Segment): Uint8Array {
  const { base, limit, big, contents, open, pages, present } = segment;
  const flags = (big ? 1 : 0) | (contents << 1) | (open ? 0 : 8) | (pages ? 16 : 0) | (present ? 0 : 32);
  return new Uint8Array(Uint32Array.of(segment.selector >>> 3, base, limit, flags).buffer);
}

/** The door to 32-bit mode. */
export interface Door {
  /** Goes through with a trial's registers, and comes back when there is a fault, or after `seconds`. */
  enter(trial: Trial, seconds: number): void;
  /** How it ended; undefined if it was SIGALRM that ended it. */
  outcome(memory: Uint8Array): Outcome | undefined;
}

/**
 * Where the door is. An IRET to a 16-bit stack loads SP and leaves the upper half of ESP as it was, in the kernel: for
 * years a small leak in every kernel there was. So the stacks of both inner worlds have the same upper half.
 *
 * AMD's processors leave the upper 32 bits of RSP as well, and then Linux sees a program whose stack is in here. So the
 * stack for signals lies elsewhere: of a program that seems to be on it already, Linux says that it has overflowed.
 */
const DOOR = 2 ** 36 + SYSTEM;

let opened: Door | undefined;

/** The door and its control block, one for each process, since there is one place for it. */
export function openDoor(libc: Libc): Door {
  opened ??= buildDoor(libc);
  return opened;
}

function buildDoor(libc: Libc): Door {
  const glue = assembleGlue();
  const bytes = CONTROL_AT + CONTROL_BYTES;
  const area = libc.mmap(DOOR, bytes, READ_WRITE | PROTECT_EXECUTE, MAP_ANONYMOUS | MAP_FIXED_NOREPLACE);
  const base = libc.addressOf(area);
  const stack = libc.mmap(0, STACK_BYTES, READ_WRITE, MAP_ANONYMOUS);
  new Uint8Array(area).set(glue.bytes);
  const control = new DataView(area, CONTROL_AT, CONTROL_BYTES);
  const entrance = libc.callable(base + BigInt(glue.enter));
  const address = base + BigInt(CONTROL_AT);
  const wide = (at: number, value: bigint) => control.setBigUint64(at, value, true);

  wide(CONTROL.action, base + BigInt(glue.handler));
  wide(CONTROL.action + 8, BigInt(ACTION_FLAGS));
  wide(CONTROL.action + 16, base + BigInt(glue.handler)); // nobody returns to the restorer
  wide(CONTROL.stack, libc.addressOf(stack));
  wide(CONTROL.stack + 16, BigInt(STACK_BYTES));
  wide(CONTROL.mask, ~SIGNALS.reduce((mask, signal) => mask | (1n << BigInt(signal - 1)), 0n));
  for (const [n, signal] of SIGNALS.entries()) wide(CONTROL.signals + n * SIGNAL_BYTES, BigInt(signal));

  return {
    enter(trial, seconds) {
      writeTrial(control, trial);
      control.setUint32(CONTROL.seconds, seconds, true);
      entrance(address);
    },
    outcome: (memory) =>
      control.getUint32(CONTROL.signal, true) === SIGALRM ? undefined : readOutcome(control, memory),
  };
}

function writeTrial(control: DataView, trial: Trial): void {
  const [es, cs, ss, ds, fs, gs] = trial.selectors as [number, number, number, number, number, number];
  for (let n = 0; n < 8; n++) control.setUint32(CONTROL.registers + 4 * n, trial.registers[n]!, true);
  for (const [n, selector] of [ds, es, fs, gs].entries())
    control.setUint16(CONTROL.selectors + 2 * n, selector, true);
  const codeBase = (cs & 4) !== 0 ? LDT[cs >>> 3]!.base : 0;
  const frame = [trial.at - codeBase, cs, trial.eflags, trial.registers[4]!, ss];
  for (const [n, value] of frame.entries()) control.setUint32(CONTROL.frame + 8 * n, value, true);
  const image = new Uint8Array(control.buffer, control.byteOffset + CONTROL.x87, 512);
  toFxsave(trial.x87 ?? INITIAL_FNSAVE, image);
}

function readOutcome(control: DataView, memory: Uint8Array): Outcome {
  const word = (at: number) => control.getUint32(CONTROL.context + at, true);
  const half = (at: number) => control.getUint16(CONTROL.context + at, true);
  const after = (n: number) => control.getUint16(CONTROL.selectorsAfter + 2 * n, true);
  const { eax, ecx, edx, ebx, esp, ebp, esi, edi } = CONTEXT;
  const vector = word(CONTEXT.vector);
  return {
    vector,
    error: word(CONTEXT.error),
    cr2: vector === 14 ? word(CONTEXT.cr2) : 0,
    eip: word(CONTEXT.eip),
    eflags: word(CONTEXT.eflags),
    registers: Uint32Array.from([eax, ecx, edx, ebx, esp, ebp, esi, edi], word),
    selectors: [after(1), half(CONTEXT.cs), half(CONTEXT.ss), after(0), after(2), after(3)],
    memory,
    x87: fromFxsave(new Uint8Array(control.buffer, control.byteOffset + CONTROL.x87After, 512)),
  };
}
