import type { Form } from '../../src/assembler/form.ts';
import {
  DATA,
  type Outcome,
  REGISTER_NAMES,
  SEGMENT_NAMES,
  segmentOf,
  type Trial,
  type Vendor,
} from './stage.ts';
import { type LeftOpen, undefinedAfter } from './undefined.ts';
import { isOpenAfterFxsave, sameX87, showX87 } from './x87.ts';

const PAGE_FAULT = 14;
/** Bit 4 of a page fault's error code: a fetch, where the processor knows pages that may not be executed. */
const FETCH = 0x10;
const ALIGNMENT_CHECK = 17;
/** #SS, #GP, #PF and #AC: what a memory access may end in. */
const FAULTS = [12, 13, PAGE_FAULT, ALIGNMENT_CHECK];
/** Those of an instruction's accesses to memory, among which the order is open if there are several. */
const OF_ACCESSES = [PAGE_FAULT, ALIGNMENT_CHECK];
const STACK_FAULT = 12;
const CS = 1;
const ESP = 4;
const SS = 2;

/** One difference: what, on the real processor, on the other. */
export interface Difference {
  what: string;
  expected: string;
  found: string;
}

const hex = (value: number) => (value >>> 0).toString(16);

/** How an outcome differs from that of a real processor of `vendor`, in what the manual defines. */
export function differences(
  vendor: Vendor,
  trial: Trial,
  form: Form | undefined,
  real: Outcome,
  other: Outcome,
): Difference[] {
  const found: Difference[] = [];
  const note = (what: string, a: number, b: number) => {
    if (a !== b) found.push({ what, expected: hex(a), found: hex(b) });
  };
  const start = trial.at - (segmentOf(trial.selectors[CS]!)?.base ?? 0);
  const leftOpen = undefinedAfter(form, trial, real.eip - start, vendor);
  const faulted = (outcome: Outcome) => outcome.eip === start && FAULTS.includes(outcome.vector);
  if (leftOpen.afterFault === 'nothing' && (faulted(real) || faulted(other))) return found;
  // Of a selector on the stack the upper half need not be there, whatever the manual says of four bytes.
  if (leftOpen.anyOrder && faulted(other) && isOfStack(other, real)) return found;
  // And AMD wants all of what is popped to be there, before it looks at any of it.
  if (vendor === 'AMD' && leftOpen.anyOrder && faulted(real) && isOfStack(real, other)) return found;
  if (!leftOpen.place) note('eip', real.eip, other.eip);
  const faults = faulted(real) && faulted(other);
  const isOfAccess = ({ vector }: Outcome) => OF_ACCESSES.includes(vector);
  const anyFault = faults && leftOpen.anyOrder && (isOfAccess(real) || isOfAccess(other));
  if (!anyFault) {
    note('vector', real.vector, other.vector);
    note('error', errorOf(real), errorOf(other));
    note('cr2', real.cr2, other.cr2);
  }
  for (const [n, name] of SEGMENT_NAMES.entries())
    note(name, withoutNull(real.selectors[n]!), withoutNull(other.selectors[n]!));
  if (leftOpen.result || (faults && leftOpen.afterFault)) return found;
  note('eflags', real.eflags & ~leftOpen.flags, other.eflags & ~leftOpen.flags);
  for (const [n, name] of REGISTER_NAMES.entries()) note(name, real.registers[n]!, other.registers[n]!);
  if (!(faults && leftOpen.anyOrder) && Buffer.compare(real.memory, other.memory) !== 0)
    noteMemory(real, other, leftOpen, trial.area, note);
  if (other.x87 && real.x87 && !sameX87(real.x87, other.x87, leftOpen.approximate))
    found.push({ what: 'x87', expected: showX87(real.x87), found: showX87(other.x87) });
  return found;
}

/** Whether one is a fault of the stack segment, and the other something else. */
function isOfStack(one: Outcome, other: Outcome): boolean {
  return one.vector === STACK_FAULT && other.vector !== STACK_FAULT;
}

/** The null selector may be 0 to 3, but when the kernel returns to its program, IRET makes all of them 0. */
function withoutNull(selector: number): number {
  return selector < 4 ? 0 : selector;
}

function errorOf(outcome: Outcome): number {
  return outcome.vector === PAGE_FAULT ? outcome.error & ~FETCH : outcome.error;
}

function noteMemory(
  { memory, registers, selectors }: Outcome,
  other: Outcome,
  leftOpen: LeftOpen,
  area: number | undefined,
  note: (what: string, a: number, b: number) => void,
): void {
  const stack = segmentOf(selectors[SS]!);
  const top = (stack?.big ?? true) ? registers[ESP]! : registers[ESP]! & 0xffff;
  const isOpen = (at: number) =>
    leftOpen.aboveTop.includes(at + DATA - top - (stack?.base ?? 0)) ||
    (area !== undefined && isOpenAfterFxsave(at + DATA - area));
  const differs = (at: number) => memory[at] !== other.memory[at] && !isOpen(at);
  let noted = 0;
  for (let at = 0; at < memory.length && noted < 8; at++) {
    if (!differs(at)) continue;
    noted++;
    note(`[${hex(DATA + at)}]`, memory[at]!, other.memory[at]!);
  }
}

/** What a trial is and finds, in one line from which it can be had again. */
export function describe(trial: Trial): string {
  const bytes = Buffer.from(trial.code).toString('hex');
  const registers = REGISTER_NAMES.map((name, n) => `${name}=${hex(trial.registers[n]!)}`).join(' ');
  const segments = SEGMENT_NAMES.map((name, n) => `${name}=${hex(trial.selectors[n]!)}`).join(' ');
  const pokes = trial.pokes
    .map(({ address, bytes }) => `[${hex(address)}]=${Buffer.from(bytes).toString('hex')}`)
    .join(' ');
  const x87 = trial.x87 ? ` x87=${Buffer.from(trial.x87).toString('hex')}` : '';
  return `${trial.text} (${bytes}) at ${hex(trial.at)} with ${registers} eflags=${hex(trial.eflags)} ${segments} ${pokes}${x87}`;
}
