import { describe, expect, test } from 'vitest';
import { CODE, CODE_0, DATA, descriptor, FREE, gate, play, prepare } from './stage.ts';
import { type Ring, type Scene, STACK } from './stage.ts';

/** Who asks (CPL), in whose name (the RPL of the selector), and for what (a DPL). */
interface Levels {
  cpl: Ring;
  rpl: Ring;
  dpl: Ring;
}

/** A rule of the manual about levels, and a scene in which it decides. */
interface Rule {
  rule: string;
  scene: (levels: Levels) => Scene;
  allows: (levels: Levels) => boolean;
  /** Combinations that have nothing to do with it are left out. */
  concerns?: (levels: Levels) => boolean;
  /** The ring in which it goes on, in which an INT3 comes next. */
  arrives?: (levels: Levels) => Ring;
  refusal: { vector: number; error?: number };
}

const RINGS: readonly Ring[] = [0, 1, 2, 3];
const ALL: readonly Levels[] = RINGS.flatMap((cpl) =>
  RINGS.flatMap((rpl) => RINGS.map((dpl) => ({ cpl, rpl, dpl }))),
);

const NEXT = FREE + 8;
const DATA_SEGMENT = 0x92;
const CODE_SEGMENT = 0x9a;
const CONFORMING_SEGMENT = 0x9e;
const INTERRUPT_GATE = 0x8e;
const CALL_GATE = 0x8c;

const flat = (type: number, dpl: Ring) => descriptor(0, 0xfffff, type | (dpl << 5));
const same = ({ cpl }: Levels) => cpl;
/** An INT3 where gates lead to. */
const ARRIVAL = 0x9000;
const words = { [ARRIVAL]: 0xcc };
const refused = { vector: 13, error: FREE };

const load = (type: number, register: string) => (levels: Levels) => ({
  ring: levels.cpl,
  descriptors: { [FREE]: flat(type, levels.dpl) },
  code: `mov ax, FREE + ${levels.rpl}\n mov ${register}, ax\n int3`,
});

const goTo = (how: 'jmp' | 'call', type: number) => (levels: Levels) => ({
  ring: levels.cpl,
  descriptors: { [FREE]: flat(type, levels.dpl) },
  code: `${how} FREE + ${levels.rpl}:there\n there: int3`,
});

const handlerIn = (type: number) => (levels: Levels) => ({
  ring: levels.cpl,
  descriptors: { [FREE]: flat(type, levels.dpl) },
  gates: { 119: gate(FREE + levels.rpl, ARRIVAL, INTERRUPT_GATE | 0x60) },
  words,
  code: 'int 0x77',
});

const throughGate = (how: 'jmp' | 'call', type: number) => (levels: Levels) => ({
  ring: levels.cpl,
  descriptors: {
    [FREE]: flat(type, levels.dpl),
    [NEXT]: gate(FREE + levels.rpl, ARRIVAL, CALL_GATE | 0x60),
  },
  words,
  code: `${how} FREE + 8 + 3:0`,
});

const comeBack = (how: 'retf' | 'iretd', type: number) => (levels: Levels) => ({
  ring: levels.cpl,
  descriptors: { [FREE]: flat(type, levels.dpl) },
  code: `push ${DATA[levels.rpl]}
    push STACK
    ${how === 'iretd' ? 'push 2' : ''}
    push FREE + ${levels.rpl}
    push there
    ${how}
    there: int3`,
});

const ask = (question: string, type: number) => (levels: Levels) => ({
  ring: levels.cpl,
  descriptors: { [FREE]: flat(type, levels.dpl) },
  code: `mov ax, FREE + ${levels.rpl}\n ${question}\n jz yes\n ud2\n yes: int3`,
});

const rules: Rule[] = [
  {
    rule: '5.6: data is for rings up to its DPL, and for whom they ask',
    scene: load(DATA_SEGMENT, 'ds'),
    allows: ({ cpl, rpl, dpl }) => Math.max(cpl, rpl) <= dpl,
    refusal: refused,
  },
  {
    rule: '5.6.1: so is code that is read as data',
    scene: load(CODE_SEGMENT, 'gs'),
    allows: ({ cpl, rpl, dpl }) => Math.max(cpl, rpl) <= dpl,
    refusal: refused,
  },
  {
    rule: '5.6.1: conforming code may be read by all',
    scene: load(CONFORMING_SEGMENT, 'fs'),
    allows: () => true,
    refusal: refused,
  },
  {
    rule: '5.7: a stack belongs to one ring',
    scene: load(DATA_SEGMENT, 'ss'),
    allows: ({ cpl, rpl, dpl }) => cpl === rpl && cpl === dpl,
    refusal: refused,
  },
  {
    rule: '5.8.1.1: JMP goes to code of the same level',
    scene: goTo('jmp', CODE_SEGMENT),
    allows: ({ cpl, rpl, dpl }) => rpl <= cpl && cpl === dpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.1.1: and CALL as well',
    scene: goTo('call', CODE_SEGMENT),
    allows: ({ cpl, rpl, dpl }) => rpl <= cpl && cpl === dpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.1.2: JMP to conforming code may come from further out, and stays there',
    scene: goTo('jmp', CONFORMING_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.1.2: and CALL as well',
    scene: goTo('call', CONFORMING_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '6.12.1.1: INT n knocks at gates of its level or further out; the RPL in the gate does not count',
    scene: ({ cpl, rpl, dpl }) => ({
      ring: cpl,
      gates: { 119: gate(CODE_0 + rpl, ARRIVAL, INTERRUPT_GATE | (dpl << 5)) },
      words,
      code: 'int 0x77',
    }),
    allows: ({ cpl, dpl }) => cpl <= dpl,
    arrives: () => 0,
    refusal: { vector: 13, error: 0x77 * 8 + 2 },
  },
  {
    rule: '6.12.1: a handler runs in the ring of its code, which is no further out',
    scene: handlerIn(CODE_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: ({ dpl }) => dpl,
    refusal: refused,
  },
  {
    rule: '6.12.1: a handler in conforming code runs in the ring that was interrupted',
    scene: handlerIn(CONFORMING_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.4: a call gate is for rings up to its DPL, and for whom they ask',
    scene: ({ cpl, rpl, dpl }) => ({
      ring: cpl,
      descriptors: { [FREE]: gate(CODE_0, ARRIVAL, CALL_GATE | (dpl << 5)) },
      words,
      code: `call FREE + ${rpl}:0`,
    }),
    allows: ({ cpl, rpl, dpl }) => Math.max(cpl, rpl) <= dpl,
    arrives: () => 0,
    refusal: refused,
  },
  {
    rule: '5.8.4: CALL through a gate goes inwards, into the ring of the code',
    scene: throughGate('call', CODE_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: ({ dpl }) => dpl,
    refusal: refused,
  },
  {
    rule: '5.8.4: JMP through a gate stays in its ring',
    scene: throughGate('jmp', CODE_SEGMENT),
    allows: ({ cpl, dpl }) => dpl === cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.4: to conforming code CALL stays in its ring',
    scene: throughGate('call', CONFORMING_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.4: and so does JMP',
    scene: throughGate('jmp', CONFORMING_SEGMENT),
    allows: ({ cpl, dpl }) => dpl <= cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '5.8.6: RETF goes outwards, to the ring in its RPL, and the code must be of that',
    scene: comeBack('retf', CODE_SEGMENT),
    allows: ({ cpl, rpl, dpl }) => rpl >= cpl && dpl === rpl,
    arrives: ({ rpl }) => rpl,
    refusal: refused,
  },
  {
    rule: '5.8.6: or conforming, and not further out',
    scene: comeBack('retf', CONFORMING_SEGMENT),
    allows: ({ cpl, rpl, dpl }) => rpl >= cpl && dpl <= rpl,
    arrives: ({ rpl }) => rpl,
    refusal: refused,
  },
  {
    rule: 'vol. 2, IRET: goes outwards, to the ring in its RPL, and the code must be of that',
    scene: comeBack('iretd', CODE_SEGMENT),
    allows: ({ cpl, rpl, dpl }) => rpl >= cpl && dpl === rpl,
    arrives: ({ rpl }) => rpl,
    refusal: refused,
  },
  {
    rule: 'vol. 2, IRET: or conforming, and not further out',
    scene: comeBack('iretd', CONFORMING_SEGMENT),
    allows: ({ cpl, rpl, dpl }) => rpl >= cpl && dpl <= rpl,
    arrives: ({ rpl }) => rpl,
    refusal: refused,
  },
  {
    rule: 'vol. 2, IRET: the stack must be of the ring that it goes to (here from 0 to CPL)',
    concerns: ({ cpl }) => cpl > 0,
    scene: ({ cpl, rpl, dpl }) => ({
      descriptors: { [FREE]: flat(DATA_SEGMENT, dpl) },
      code: `push FREE + ${rpl}\n push STACK\n push 2\n push ${CODE[cpl]}\n push there\n iretd\n there: int3`,
    }),
    allows: ({ cpl, rpl, dpl }) => rpl === cpl && dpl === cpl,
    arrives: same,
    refusal: refused,
  },
  {
    rule: '6.15, 10: the stack in the TSS must be of the ring that it is for (here from 3 to CPL)',
    // In ring 0 the handler of #TS would need that stack as well.
    concerns: ({ cpl }) => cpl === 1 || cpl === 2,
    scene: ({ cpl, rpl, dpl }) => ({
      ring: 3,
      descriptors: { [FREE]: flat(DATA_SEGMENT, dpl) },
      gates: { 119: gate(CODE[cpl], ARRIVAL, INTERRUPT_GATE | 0x60) },
      words: { ...words, [0x3808 + cpl * 8]: FREE + rpl },
      code: 'int 0x77',
    }),
    allows: ({ cpl, rpl, dpl }) => rpl === cpl && dpl === cpl,
    arrives: same,
    refusal: { vector: 10, error: FREE },
  },
  {
    rule: 'vol. 1, 18.5.1: CLI, STI and ports are for rings up to IOPL (here the DPL)',
    scene: ({ cpl, dpl }) => ({ ring: cpl, flags: 2 | (dpl << 12), code: 'cli\n in al, 0x40\n sti\n int3' }),
    allows: ({ cpl, dpl }) => cpl <= dpl,
    refusal: { vector: 13, error: 0 },
  },
  ...['verr ax', 'verw ax', 'lar ecx, ax', 'lsl ecx, ax'].map(
    (question): Rule => ({
      rule: `vol. 2, ${question.slice(0, 4).trim().toUpperCase()}: says yes to what could be loaded`,
      scene: ask(question, DATA_SEGMENT),
      allows: ({ cpl, rpl, dpl }) => Math.max(cpl, rpl) <= dpl,
      refusal: { vector: 6 },
    }),
  ),
  ...['verr ax', 'lar ecx, ax', 'lsl ecx, ax'].map(
    (question): Rule => ({
      rule: `vol. 2, ${question.slice(0, 4).trim().toUpperCase()}: and to conforming code always`,
      scene: ask(question, CONFORMING_SEGMENT),
      allows: () => true,
      refusal: { vector: 6 },
    }),
  ),
];

describe('What the levels decide (vol. 3 unless said otherwise), for all that CPL, RPL and DPL can be', () => {
  test.each(rules)('$rule', ({ scene, allows, concerns, arrives, refusal }) => {
    let { machine } = prepare({ code: 'hlt' });
    for (const levels of ALL.filter(concerns ?? (() => true))) {
      const end = play(scene(levels), machine);
      const ring = arrives ? end.frame.cs & 3 : undefined;
      const expected = allows(levels) ? { vector: 3, error: undefined } : refusal;
      expect({ levels, vector: end.vector, error: end.error }).toEqual({ levels, ...expected });
      if (arrives && allows(levels)) expect({ levels, ring }).toEqual({ levels, ring: arrives(levels) });
      machine = end.machine;
    }
  });
});

const IF = 0x200;
const IOPL = 0x3000;
/** What every ring may change: the arithmetic flags, TF, DF, NT, AC and ID. Here without TF and NT. */
const FOR_ALL = 0x0024_0cd5;

/** The flags a ring has when it has asked for all of `image`. */
function granted({ cpl, dpl: iopl }: Levels, before: number, image: number): number {
  const mine = FOR_ALL | (cpl <= iopl ? IF : 0) | (cpl === 0 ? IOPL : 0);
  return (before & ~mine) | (image & mine);
}

test.each([
  ['POPF', (image: number, _cpl: Ring) => `push ${image}\n popfd`],
  [
    'IRET within a ring',
    (image: number, cpl: Ring) => `push ${image}\n push ${CODE[cpl]}\n push there\n iretd\n there:`,
  ],
])('%s changes IF up to IOPL and IOPL in ring 0, and never says so (vol. 2)', (_name, ask) => {
  const { machine } = prepare({ code: 'hlt' });
  for (const levels of ALL.filter(({ rpl }) => rpl === 0)) {
    for (const before of [0x2, 0x202, 0xad7, 0x8d7]) {
      for (const image of [0x2, 0x202, 0x3202, 0x24_3ed7, 0x24_0cd7]) {
        const flags = before | (levels.dpl << 12);
        const code = `${ask(image, levels.cpl)}\n pushfd\n pop eax\n int3`;
        const { vector } = play({ ring: levels.cpl, flags, code }, machine);
        const { eax } = machine.registers;
        const wanted = granted(levels, flags, image);
        expect({ levels, before, image, vector, eax }).toEqual({
          levels,
          before,
          image,
          vector: 3,
          eax: wanted,
        });
      }
    }
  }
});

test.each([
  ['RETF', ''],
  ['IRETD', 'push 2'],
])('%s takes from the outer ring what it could not have loaded, and leaves it conforming code (vol. 3, 5.8.6)', (how, flags) => {
  const { machine } = prepare({ code: 'hlt' });
  for (const { cpl, rpl: target, dpl } of ALL.filter(({ cpl, rpl, dpl }) => cpl <= dpl && cpl < rpl)) {
    const end = play(
      {
        ring: cpl,
        descriptors: { [FREE]: flat(DATA_SEGMENT, dpl), [NEXT]: flat(CONFORMING_SEGMENT, 0) },
        code: `mov ax, FREE
          mov ds, ax
          mov gs, ax
          mov ax, FREE + 8
          mov fs, ax
          mov ax, 3
          mov es, ax
          push ${DATA[target]}
          push STACK
          ${flags}
          push ${CODE[target]}
          push there
          ${how}
          there: int3`,
      },
      machine,
    );
    const { ds, gs, fs, es } = machine.registers;
    const kept = dpl >= target ? FREE : 0;
    // A null selector says who could not load it: nobody. It becomes plain 0 all the same.
    expect({ cpl, target, dpl, vector: end.vector, ds, gs, fs, es }).toEqual({
      ...{ cpl, target, dpl, vector: 3 },
      ...{ ds: kept, gs: kept, fs: NEXT, es: 0 },
    });
  }
});

test('An interrupt out of each ring lands on the stack of each inner one (vol. 3, 6.12.1, figure 6-4)', () => {
  const tops = [0x7000, 0x6000, 0x6800];
  const { machine } = prepare({ code: 'hlt' });
  for (const { cpl, dpl: inner } of ALL.filter(({ cpl, rpl, dpl }) => rpl === 0 && dpl < cpl)) {
    prepare({ ring: cpl, gates: { 119: gate(CODE[inner], ARRIVAL, 0xee) }, code: 'int 0x77' }, machine);
    machine.run(1);
    const top = tops[inner]!;
    expect(machine.registers).toMatchObject({
      ...{ cpl: inner, eip: ARRIVAL, esp: top - 20 },
      ...{ cs: CODE[inner], ss: DATA[inner] },
    });
    const frame = [20, 16, 12, 8, 4].map((below) => machine.ram.read32(top - below));
    expect(frame).toEqual([0x8002, CODE[cpl], 2, STACK, DATA[cpl]]);
    machine.ram.write8(ARRIVAL, 0xcf);
    machine.run(1);
    expect(machine.registers).toMatchObject({
      ...{ cpl, eip: 0x8002, esp: STACK },
      ...{ cs: CODE[cpl], ss: DATA[cpl] },
    });
    machine.ram.write8(0x8002, 0xcc);
    machine.run(10);
  }
});
