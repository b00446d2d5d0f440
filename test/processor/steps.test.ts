import { expect, test } from 'vitest';
import { CODE_0, CODE_3, FREE, gate, handler, play, prepare, STACK } from './stage.ts';

const TF = 0x100;
const ARRIVAL = 0x9000;

test('TF traps behind the instruction that follows the one that set it (vol. 3, 17.3.1.4)', () => {
  const end = play({ code: 'pushfd\n or dword [esp], 0x100\n popfd\n inc eax\n inc eax\n hlt' });
  expect(end.vector).toBe(1);
  expect(end.machine.registers.eax).toBe(1);
  expect(end.frame.eflags & TF).toBe(TF);
});

test('The POPF that clears TF is itself the last to be stepped (vol. 3, 17.3.1.4)', () => {
  const { machine } = prepare({
    ring: 3,
    flags: TF | 2,
    code: 'popfd\n inc eax\n int3',
    words: { [STACK]: 2 },
  });
  expect(machine.run(10)).toBe('halted');
  expect(machine.registers.eip).toBe(handler(1) + 1);
  expect(machine.ram.read32(machine.registers.esp)).toBe(0x8001);
  expect(machine.ram.read32(machine.registers.esp + 8) & TF).toBe(0);
});

test('An IRET that sets TF goes one instruction further (vol. 3, 17.3.1.4)', () => {
  const end = play({
    code: 'push DATA_3\n push STACK\n push 0x102\n push CODE_3\n push there\n iretd\n there: inc ecx\n inc edx',
  });
  const at = end.labels.get('there')! - 0x8000;
  expect(end).toMatchObject({ vector: 1, eip: at + 1, frame: { cs: CODE_3 } });
});

test('DR6 says that it was a single step, and TF is off in the handler (vol. 3, 17.2.3, 17.3.1.4)', () => {
  const end = play({
    ring: 3,
    flags: TF | 2,
    gates: { 1: gate(CODE_0, ARRIVAL, 0x8e) },
    // mov eax, dr6; pushfd; pop ebx; hlt
    words: { [ARRIVAL]: 0x9cf0_210f, [ARRIVAL + 4]: 0xf45b },
    code: 'nop',
  });
  expect(end.machine.registers.eax).toBe(0xffff_4ff0);
  expect(end.machine.registers.ebx & TF).toBe(0);
});

test('A debugger that returns with TF in the image sees one instruction after the other', () => {
  const { machine } = prepare({
    ring: 3,
    flags: TF | 2,
    gates: { 1: gate(CODE_0, ARRIVAL, 0x8e) },
    words: { [ARRIVAL]: 0xcf },
    code: 'inc eax\n jmp far_on\n nop\n far_on: push eax\n int3',
  });
  const seen: number[] = [];
  for (let steps = 0; steps < 4; steps++) {
    machine.run(1);
    if (machine.registers.eip === ARRIVAL) seen.push(machine.ram.read32(machine.registers.esp) - 0x8000);
    machine.run(1);
  }
  // Behind INC, behind JMP, behind PUSH; and INT3 has a handler of its own, in which TF is off.
  expect(seen).toEqual([1, 4, 5]);
  expect(machine.registers.eip).toBe(handler(3) + 1);
});

test('INT n goes into its handler without a trap (vol. 3, 17.3.1.4)', () => {
  const end = play({ ring: 3, flags: TF | 2, code: 'int 0x80' });
  expect(end.vector).toBe(0x80);
  expect(end.frame.eflags & TF).toBe(TF);
});

test('A call gate does not clear TF: the trap comes in the inner ring (vol. 3, 5.8.4, 17.3.1.4)', () => {
  const end = play({
    ring: 3,
    flags: TF | 2,
    descriptors: { [FREE]: gate(CODE_0, ARRIVAL, 0xec) },
    code: 'call FREE + 3:0',
  });
  expect(end).toMatchObject({ vector: 1, frame: { cs: CODE_0, eip: ARRIVAL } });
  expect(end.frame.eflags & TF).toBe(TF);
});

test('An instruction that faults is not stepped (vol. 3, 6.9)', () => {
  const end = play({ ring: 3, flags: TF | 2, code: 'ud2' });
  expect(end).toMatchObject({ vector: 6, eip: 0 });
  expect(end.frame.eflags & TF).toBe(TF);
});

test('The trap of the instruction before comes before an interrupt (vol. 3, table 6-2)', () => {
  let ring = (): void => undefined;
  const bus = { in: () => 0, out: () => ring() };
  const { machine } = prepare({ flags: TF | 0x202, bus, code: 'out 0x10, al\n nop' });
  ring = () => machine.interrupt.raise(0x40);
  expect(machine.run(10)).toBe('halted');
  expect(machine.registers.eip).toBe(handler(1) + 1);
  expect(machine.interrupt.pending).toBe(true);
  expect(machine.ram.read32(machine.registers.esp)).toBe(0x8002);
});

test('HLT with TF does not sleep (vol. 3, 17.3.1.4)', () => {
  expect(play({ flags: TF | 2, code: 'hlt' })).toMatchObject({ vector: 1, eip: 1 });
});

test('TF traps after each iteration of REP', () => {
  const { machine } = prepare({ ring: 3, flags: TF | 2, code: 'rep stosb' });
  machine.registers.ecx = 5;
  machine.registers.edi = 0xa000;
  machine.run(3);
  expect(machine.registers.ecx).toBe(4);
  expect(machine.ram.read32(machine.registers.esp)).toBe(0x8000);
});

test('A single step of a REP is saved with RF, but for the last (vol. 3, 17.3.1.1)', () => {
  const code =
    'mov esi, DATA\n mov edi, DATA + 64\n mov ecx, COUNT\n pushfd\n or dword [esp], 0x100\n popfd\n rep movsb\n nop';
  const flags = (count: number) =>
    play({ code: code.replace('COUNT', String(count)) }).frame.eflags & 0x1_0000;
  expect(flags(2)).toBe(0x1_0000);
  expect(flags(1)).toBe(0);
});

test.each([
  ['mov ss, bx', 1],
  ['pop ss', 1],
  // It needs no favours: it has loaded ESP already.
  ['lss esp, [DATA]', 0],
])('Behind %s TF waits for %i instruction (vol. 3, 6.8.3)', (load, later) => {
  const { machine } = prepare({
    flags: TF | 2,
    words: { [STACK]: 0x10, '0xa000': STACK, '0xa004': 0x10 },
    code: `${load}\n inc eax\n hlt`,
  });
  machine.registers.ebx = 0x10;
  machine.registers.eax = 0;
  machine.run(10);
  expect(machine.registers.eip).toBe(handler(1) + 1);
  expect(machine.registers.eax).toBe(later);
});
