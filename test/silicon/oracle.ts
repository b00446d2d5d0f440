import type { Form } from '../../src/assembler/form.ts';
import { differences, describe, type Difference } from './compare.ts';
import { createTrial } from './generator.ts';
import { isOffStage } from './lantern.ts';
import type { NativeStage } from './native.ts';
import { formOf, type Opcode, opcodeOf } from './opcode.ts';
import { callsLinux, cameLater, meansNothing } from './skips.ts';
import {
  CODE,
  CODE_BYTES,
  DATA,
  DATA_BYTES,
  LONG_CODE,
  type Outcome,
  segmentOf,
  type Stage,
  type Trial,
} from './stage.ts';

const UNDEFINED_OPCODE = 6;
const GENERAL_PROTECTION = 13;
const PAGE_FAULT = 14;
/** Of a page fault's error code: it was a fetch. */
const FETCH = 0x10;
/** In the limit of this segment Linux keeps the number of the CPU. */
const NUMBER_SEGMENT = 0x78;
const ALIGNMENT_CHECK = 17;
const ALIGNMENT_FLAG = 0x4_0000;
const TRAP = 0x100;
/** FXSAVE and FXRSTOR; and where in their area SSE has its control word. */
const GROUP_15 = 0x1ae;
const MXCSR = 24;
/** Bytes of an instruction, at most. */
const LONGEST = 15;

/** A trial on which an engine and the real processor disagreed. */
export interface Failure {
  seed: number;
  number: number;
  engine: string;
  trial: Trial;
  differences: Difference[];
}

/** What came of many trials. */
export interface Report {
  tried: number;
  /** How many were left out, by reason. */
  skipped: Map<string, number>;
  failures: Failure[];
}

/**
 * Runs trials `from` to below `to` of a seed on the real processor and on all others.
 *
 * The first of the others goes first: what it says would reach beyond the stage does not go to the real one, where
 * somebody lives there.
 */
export function runTrials(
  native: NativeStage,
  stages: Stage[],
  series: { seed: number; from: number; to: number; most?: number },
): Report {
  const report: Report = { tried: 0, skipped: new Map(), failures: [] };
  const { seed } = series;
  for (let number = series.from; number < series.to; number++) {
    const trial = createTrial(seed, number);
    const first = stages[0]!.play(trial);
    const reason =
      reasonToSkip(native, trial, first) ??
      compareAll(native, stages, trial, first!, (engine, found) => {
        report.failures.push({ seed, number, engine, trial, differences: found });
      });
    if (reason === undefined) report.tried++;
    else report.skipped.set(reason, (report.skipped.get(reason) ?? 0) + 1);
    if (report.failures.length >= (series.most ?? 10)) break;
  }
  return report;
}

function reasonToSkip(native: NativeStage, trial: Trial, first: Outcome | undefined): string | undefined {
  if (callsLinux(trial.code)) return 'calls Linux';
  if (first === undefined) return 'does not end soon';
  if (first.vector === PAGE_FAULT && isOffStage(first.cr2)) return "in the emulated ring 0's pages";
  if (first.vector === PAGE_FAULT && native.isTaken(first.cr2)) return 'where Node lives';
  const opcode = opcodeOf(trial.code);
  return (
    cameLater(opcode) ??
    meansNothing(opcode) ??
    (opcode.opcode === GROUP_15 ? unprepared(opcode, trial) : undefined)
  );
}

/** FXSAVE stores what is there for SSE, and FXRSTOR asks whether the MXCSR that it brings is one. */
function unprepared({ next }: Opcode, { area, pokes }: Trial): string | undefined {
  if (area === undefined) return 'FXSAVE where no area was prepared';
  if ((next & 0x38) === 0) return undefined;
  const at = area + MXCSR;
  const isRead = (at < DATA + DATA_BYTES && at + 4 > DATA) || (at < CODE + CODE_BYTES && at + 4 > CODE);
  return isRead && !pokes.some(({ address }) => address === at) ? 'FXRSTOR of no MXCSR' : undefined;
}

/**
 * Once, on a busy machine, RF was missing in the flags that a fault had saved, in a trial in which it has been there
 * every other time. We take it that a virtual machine was stopped in the midst of delivering the fault. So whoever
 * disagrees with us is asked again: what is our mistake, a processor says twice.
 */
const TAKEN_BACK = 'the real processor says something else when it is asked again';

function takesItBack(native: NativeStage, trial: Trial, form: Form | undefined, outcome: Outcome): boolean {
  const again = native.play(trial);
  return again !== undefined && differences(native.vendor, trial, form, again, outcome).length === 0;
}

/** What lies across the end of a segment that has no end may be a fault of the segment, or not (SDM vol. 3, 5.3). */
const WRAPPED = 'wraps around behind four gigabytes: a processor may call that #GP or #SS';
/** Bytes at the end of the four gigabytes in which an operand may begin that ends elsewhere. */
const END = 16;

function wrapsAround(stage: Stage, trial: Trial, first: Outcome): boolean {
  const isAtEnd = (outcome?: Outcome) => outcome?.vector === PAGE_FAULT && outcome.cr2 >= 2 ** 32 - END;
  if (first.vector !== ALIGNMENT_CHECK) return isAtEnd(first);
  return isAtEnd(stage.play({ ...trial, eflags: trial.eflags & ~ALIGNMENT_FLAG }));
}

/** Plays a trial on all; tells of differences, or answers with a reason why there is nothing to compare. */
function compareAll(
  native: NativeStage,
  stages: Stage[],
  trial: Trial,
  first: Outcome,
  differs: (engine: string, found: Difference[]) => void,
): string | undefined {
  // On a machine that was busy with five things, three trials in 100,000 once did not end in five seconds. They do otherwise.
  const real = native.play(trial) ?? native.play(trial);
  if (real === undefined) {
    differs('the real processor', [{ what: 'end', expected: 'one', found: 'none within seconds' }]);
    return undefined;
  }
  if (real.selectors[1] === LONG_CODE) return 'went on in 64-bit mode';
  if (real.vector === ALIGNMENT_CHECK && (real.eflags & ALIGNMENT_FLAG) === 0) return 'split lock';
  if (wentIntoItself(trial, real)) return 'jumped into its own middle, which is another instruction';
  const form = formOf(trial.code);
  if (form?.mnemonic === 'lsl' && trial.registers.some((value) => (value & 0xfff8) === NUMBER_SEGMENT))
    return 'asks which CPU this is';
  if (first.vector === UNDEFINED_OPCODE && fetchesBeyond(trial, real))
    return 'an undefined opcode at the end of the code: how far it is read differs';
  for (const [n, stage] of stages.entries()) {
    const outcome = n === 0 ? first : stage.play(trial);
    if (outcome === undefined) differs(stage.name, [{ what: 'end', expected: 'one', found: 'none' }]);
    else {
      const found = differences(native.vendor, trial, form, real, outcome);
      if (found.length > 0 && wrapsAround(stages[0]!, trial, first)) return WRAPPED;
      if (found.length > 0 && takesItBack(native, trial, form, outcome)) return TAKEN_BACK;
      if (found.length > 0) differs(stage.name, found);
    }
  }
  return undefined;
}

/** Whether it was for bytes behind the end of the page, or of the segment, that the real processor faulted. */
function fetchesBeyond(trial: Trial, real: Outcome): boolean {
  if (real.vector === PAGE_FAULT) return (real.error & FETCH) !== 0;
  const segment = segmentOf(trial.selectors[1]!);
  const left = segment ? segment.limit + 1 - (trial.at - segment.base) : LONGEST;
  return real.vector === GENERAL_PROTECTION && left < LONGEST;
}

/** Whether a jump has ended in or just behind its own bytes, so that more than one instruction may have run. */
function wentIntoItself(trial: Trial, real: Outcome): boolean {
  if (trial.openFlags !== undefined || (trial.eflags & TRAP) !== 0) return false;
  const length = real.eip - (trial.at - (segmentOf(trial.selectors[1]!)?.base ?? 0));
  return length > 0 && length < trial.code.length + LONGEST && length !== trial.code.length;
}

/** A failure in one line. */
export function showFailure({ seed, number, engine, trial, differences }: Failure): string {
  const found = differences.map(
    ({ what, expected, found }) => `${what} ${expected} expected, ${found} found`,
  );
  return `${seed}:${number} ${engine}: ${describe(trial)}: ${found.join('; ')}`;
}
