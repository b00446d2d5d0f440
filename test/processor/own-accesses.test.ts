import { hold } from './rows.ts';
import { CODE_1, CODE_3, DATA_3, descriptor, FREE, gate, handler, STACK } from './stage.ts';

/** Page table entries, and bits of the error code of #PF. */
const R = 1;
const W = 3;
const UR = 5;
const FAULT_PRESENT = 1;
const FAULT_WRITE = 2;
const WRITE_PROTECT = { writeProtect: true };

/** Something for ring 0 to do first, and on to ring 3. */
const outward = (first: string, body: string) =>
  `${first}\n push ${DATA_3}\n push ${STACK}\n push 2\n push ${CODE_3}\n push there\n iretd\n there: ${body}`;
/** A local table on the page at 0xe000, and ring 3 loads a segment of it. */
const withLocalTable = outward('mov ax, FREE\n lldt ax', 'mov ax, 0x0f\n mov fs, ax\n int3');
const LOCAL = { [FREE]: descriptor(0xe000, 0xff, 0x82, 0) };
const entry = (access: number) => {
  const [low, high] = descriptor(0, 0xfffff, access);
  return { '0xe008': low, '0xe00c': high };
};
const TO_1 = { 119: gate(CODE_1, handler(0x77), 0xee) };

hold('What the processor reads and writes for itself it does as a supervisor (vol. 3, 4.6.1)', [
  {
    rule: 'a descriptor table of the supervisor’s is read for ring 3',
    descriptors: LOCAL,
    pages: { '0xe000': 0xe000 | W },
    words: entry(0xf2),
    code: withLocalTable,
    vector: 3,
  },
  {
    rule: 'one that is not there is not ring 3’s fault',
    descriptors: LOCAL,
    pages: { '0xe000': 0 },
    code: withLocalTable,
    vector: 14,
    error: 0,
  },
  {
    rule: 'the accessed bit is written to a read-only table while WP is 0',
    descriptors: LOCAL,
    pages: { '0xe000': 0xe000 | R },
    words: entry(0xf2),
    code: withLocalTable,
    vector: 3,
  },
  {
    rule: 'but not with WP',
    ...WRITE_PROTECT,
    descriptors: LOCAL,
    pages: { '0xe000': 0xe000 | UR },
    words: entry(0xf2),
    code: withLocalTable,
    vector: 14,
    error: FAULT_PRESENT | FAULT_WRITE,
  },
  {
    rule: 'nor need it, if it is set',
    ...WRITE_PROTECT,
    descriptors: LOCAL,
    pages: { '0xe000': 0xe000 | UR },
    words: entry(0xf3),
    code: withLocalTable,
    vector: 3,
  },
  {
    rule: 'a gate on a page that is not there',
    pages: { '0xe000': 0 },
    // 0x77 gates, copied to right before the page.
    code: `mov esi, 0x5000
      mov edi, 0xdc48
      mov ecx, 0xee
      rep movsd
      lidt [table]
      int 0x77
      table: dw 0x7ff
      dd 0xdc48`,
    vector: 14,
    error: 0,
  },
  {
    rule: 'a TSS whose upper part is on a page that is not there',
    descriptors: { [FREE]: descriptor(0xe000 - 0xc, 0x67, 0x89, 0) },
    pages: { '0xe000': 0 },
    words: { '0xdff8': 0x7000, '0xdffc': 0x10 },
    gates: TO_1,
    code: outward('mov ax, FREE\n ltr ax', 'int 0x77'),
    vector: 14,
    error: 0,
  },
  {
    rule: 'an inner stack on a page of the supervisor’s',
    ring: 3,
    pages: { '0xe000': 0xe000 | W },
    words: { '0x380c': 0xe800 },
    gates: TO_1,
    // HLT in ring 1: it has arrived.
    code: 'int 0x77',
    vector: 13,
    error: 0,
  },
  {
    rule: 'an inner stack on a page that is read-only, with WP',
    ring: 3,
    ...WRITE_PROTECT,
    pages: { '0xe000': 0xe000 | UR },
    words: { '0x380c': 0xe800 },
    gates: TO_1,
    code: 'int 0x77',
    vector: 14,
    error: FAULT_PRESENT | FAULT_WRITE,
  },
]);
