import fc from 'fast-check';

/** Random programs: a loop around random instructions, with pointers that wander over pages of all kinds. */

const WIDE = ['eax', 'ecx', 'edx', 'ebx', 'esi', 'edi', 'ebp'];
const HALF = ['ax', 'cx', 'dx', 'bx', 'si', 'di', 'bp'];
const BYTE = ['al', 'ah', 'cl', 'ch', 'dl', 'dh', 'bl', 'bh'];
const CONDITIONS = 'o no b nb z nz be a s ns p np l nl le g'.split(' ');

const wide = fc.constantFrom(...WIDE);
const half = fc.constantFrom(...HALF);
const byte = fc.constantFrom(...BYTE);
const condition = fc.constantFrom(...CONDITIONS);
const small = fc.integer({ min: -130, max: 130 });
const anything = fc.oneof(fc.integer(), small, fc.constantFrom(0, 1, -1, -0x8000_0000, 0x7fff_ffff));

/** An address near one of the wandering pointers. */
const address = fc
  .tuple(fc.constantFrom('esi', 'edi', 'ebx', 'esp'), fc.integer({ min: -20, max: 40 }), fc.boolean())
  .map(([base, offset, indexed]) =>
    indexed && base !== 'esp'
      ? `[${base}+edx*4${signed(offset & ~3)}]`
      : `[${base}${signed(base === 'esp' ? Math.abs(offset) : offset & ~3)}]`,
  );

/** The word behind the one at an address. */
function beyond(address: string): string {
  return address.replace(']', '+4]');
}

function signed(offset: number): string {
  return offset < 0 ? `${offset}` : `+${offset}`;
}

const row = fc.constantFrom('add', 'or', 'adc', 'sbb', 'and', 'sub', 'xor', 'cmp');
const shift = fc.constantFrom('rol', 'ror', 'rcl', 'rcr', 'shl', 'shr', 'sar');
const sized = fc.constantFrom(['dword', wide], ['word', half], ['byte', byte] as const);

const arithmetic = fc.oneof(
  fc.tuple(row, wide, wide).map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc.tuple(row, wide, anything).map(([o, a, n]) => `${o} ${a}, ${n}`),
  fc.tuple(row, byte, byte).map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc.tuple(row, half, half).map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc.tuple(row, byte, fc.nat(127)).map(([o, a, n]) => `${o} ${a}, ${n}`),
  fc.tuple(row, address, wide).map(([o, m, a]) => `${o} ${m}, ${a}`),
  fc.tuple(row, wide, address).map(([o, a, m]) => `${o} ${a}, ${m}`),
  fc.tuple(row, byte, address).map(([o, a, m]) => `${o} ${a}, ${m}`),
  fc.tuple(row, address, half).map(([o, m, a]) => `${o} ${m}, ${a}`),
  fc.tuple(row, address, fc.nat(127)).map(([o, m, n]) => `${o} dword ${m}, ${n}`),
  fc
    .tuple(fc.constantFrom('inc', 'dec', 'neg', 'not'), fc.oneof(wide, byte, half))
    .map(([o, a]) => `${o} ${a}`),
  fc
    .tuple(fc.constantFrom('inc', 'dec', 'neg', 'not'), fc.constantFrom('dword', 'word', 'byte'), address)
    .map(([o, s, m]) => `${o} ${s} ${m}`),
  fc.tuple(fc.oneof(wide, byte), fc.nat(127)).map(([a, n]) => `test ${a}, ${n}`),
  fc.tuple(wide, wide).map(([a, b]) => `test ${a}, ${b}`),
);

const shifts = fc.oneof(
  fc.tuple(shift, fc.oneof(wide, byte, half), fc.nat(33)).map(([o, a, n]) => `${o} ${a}, ${n}`),
  fc.tuple(shift, fc.oneof(wide, byte, half)).map(([o, a]) => `${o} ${a}, cl`),
  fc.tuple(shift, address, fc.nat(31)).map(([o, m, n]) => `${o} dword ${m}, ${n}`),
  fc
    .tuple(fc.constantFrom('shld', 'shrd'), wide, wide, fc.nat(31))
    .map(([o, a, b, n]) => `${o} ${a}, ${b}, ${n}`),
  fc.tuple(fc.constantFrom('shld', 'shrd'), wide, wide).map(([o, a, b]) => `${o} ${a}, ${b}, cl`),
  fc
    .tuple(fc.constantFrom('bt', 'bts', 'btr', 'btc'), wide, fc.nat(31))
    .map(([o, a, n]) => `${o} ${a}, ${n}`),
  fc
    .tuple(fc.constantFrom('bt', 'bts', 'btr', 'btc', 'bsf', 'bsr'), wide, wide)
    .map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc
    .tuple(fc.constantFrom('bt', 'bts', 'btr', 'btc'), address, fc.nat(40))
    .map(([o, m, n]) => `${o} dword ${m}, ${n}`),
  fc
    .tuple(fc.constantFrom('bt', 'bts', 'btr', 'btc'), address, wide, fc.constantFrom(31, 127, -1))
    .map(([o, m, a, mask]) => `and ${a}, ${mask}\n ${o} ${m}, ${a}`),
);

const moves = fc.oneof(
  fc.tuple(wide, wide).map(([a, b]) => `mov ${a}, ${b}`),
  fc.tuple(wide, anything).map(([a, n]) => `mov ${a}, ${n}`),
  fc.tuple(byte, byte).map(([a, b]) => `mov ${a}, ${b}`),
  fc.tuple(address, fc.oneof(wide, byte, half)).map(([m, a]) => `mov ${m}, ${a}`),
  fc.tuple(fc.oneof(wide, byte, half), address).map(([a, m]) => `mov ${a}, ${m}`),
  fc.tuple(address, anything).map(([m, n]) => `mov dword ${m}, ${n}`),
  fc
    .tuple(fc.constantFrom('movzx', 'movsx'), wide, fc.oneof(byte, half))
    .map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc
    .tuple(fc.constantFrom('movzx', 'movsx'), wide, fc.constantFrom('byte', 'word'), address)
    .map(([o, a, s, m]) => `${o} ${a}, ${s} ${m}`),
  fc.tuple(wide, address).map(([a, m]) => `lea ${a}, ${m}`),
  fc.tuple(wide, wide).map(([a, b]) => `xchg ${a}, ${b}`),
  fc.tuple(address, byte).map(([m, a]) => `xchg ${m}, ${a}`),
  fc.tuple(condition, wide, wide).map(([c, a, b]) => `cmov${c} ${a}, ${b}`),
  fc.tuple(condition, byte).map(([c, a]) => `set${c} ${a}`),
  fc.tuple(condition, address).map(([c, m]) => `set${c} byte ${m}`),
  wide.map((a) => `bswap ${a}`),
  fc.tuple(fc.constantFrom('cmpxchg', 'xadd'), wide, wide).map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc.tuple(fc.constantFrom('cmpxchg', 'xadd'), byte, byte).map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc.tuple(fc.constantFrom('cmpxchg', 'xadd'), half, half).map(([o, a, b]) => `${o} ${a}, ${b}`),
  fc
    .tuple(fc.constantFrom('cmpxchg', 'xadd'), address, fc.oneof(wide, byte, half))
    .map(([o, m, a]) => `${o} ${m}, ${a}`),
  fc.tuple(address, wide).map(([m, a]) => `mov eax, ${m}\n cmpxchg ${m}, ${a}`),
  fc.constantFrom(
    'cdq',
    'cwde',
    'cbw',
    'cwd',
    'clc',
    'stc',
    'cmc',
    'cld',
    'nop',
    'lahf',
    'sahf',
    'pushfd\n popfd',
    'pushfd\n xor byte [esp], 0xd5\n popfd',
    'pushfd\n xor dword [esp], 0x404\n popfd',
    'push ds\n pop es',
    'mov ax, ds\n mov es, ax\n mov fs, ax',
    'pushfd\n and dword [esp], 0xfffffbff\n popfd',
  ),
  address.map((m) => `cmpxchg8b ${m}`),
  address.map((m) => `mov eax, ${m}\n mov edx, ${beyond(m)}\n cmpxchg8b ${m}`),
);

const stack = fc.oneof(
  fc.tuple(wide, wide).map(([a, b]) => `push ${a}\n pop ${b}`),
  fc.tuple(address, wide).map(([m, b]) => `push dword ${m}\n pop ${b}`),
  fc.tuple(anything, wide).map(([n, b]) => `push ${n}\n pop ${b}`),
  fc.tuple(wide, address).map(([a, m]) => `push ${a}\n pop dword ${m}`),
  fc.constant('call sub_one'),
  fc.constant('push ebp\n mov ebp, esp\n push esi\n mov eax, [ebp-4]\n leave'),
);

const products = fc.oneof(
  fc.tuple(fc.constantFrom('mul', 'imul', 'div', 'idiv'), wide).map(([o, a]) => `${o} ${a}`),
  fc.tuple(fc.constantFrom('mul', 'imul'), fc.oneof(byte, half)).map(([o, a]) => `${o} ${a}`),
  fc.tuple(wide, wide).map(([a, b]) => `imul ${a}, ${b}`),
  fc.tuple(wide, address, anything).map(([a, m, n]) => `imul ${a}, ${m}, ${n}`),
  wide.map((a) => `xor edx, edx\n or ${a}, 1\n div ${a}`),
  fc.tuple(half, half).map(([a, b]) => `imul ${a}, ${b}`),
  fc.tuple(half, half, small).map(([a, b, n]) => `imul ${a}, ${b}, ${n}`),
  fc.constantFrom(
    'movzx eax, al\n mov cl, 10\n div cl',
    'mov bx, 10\n xor edx, edx\n div bx',
    'div bh',
    'div si',
  ),
);

const strings = fc.constantFrom(
  'lodsd',
  'stosb',
  'movsd',
  'scasb',
  'cmpsd',
  'lodsb',
  'lodsw',
  'stosd',
  'stosw',
  'movsb',
  'std\n movsw\n lodsb\n stosd\n cld',
  'push ecx\n mov ecx, 5\n rep movsd\n pop ecx',
  'push ecx\n mov ecx, 7\n rep stosb\n pop ecx',
  'push ecx\n mov ecx, 9\n repne scasb\n pop ecx',
);

/** Up to seventy elements, from ESI to where EDI is or to a few bytes behind ESI, which makes a pattern. */
const repeats = fc
  .tuple(
    fc.constantFrom('movsb', 'movsw', 'movsd', 'stosb', 'stosw', 'stosd'),
    fc.nat(70),
    fc.nat(9),
    fc.nat(3),
  )
  .map(([o, count, behind, kind]) => {
    const where = kind === 0 ? `lea edi, [esi + ${behind}]\n` : '';
    const rep = kind === 1 ? `std\n rep ${o}\n cld` : `rep ${o}`;
    return `push ecx\n push esi\n push edi\n ${where} mov ecx, ${count}\n ${rep}\n pop edi\n pop esi\n pop ecx`;
  });

const plain = fc.oneof(
  { weight: 6, arbitrary: arithmetic },
  { weight: 6, arbitrary: moves },
  { weight: 3, arbitrary: shifts },
  { weight: 2, arbitrary: stack },
  { weight: 1, arbitrary: products },
  { weight: 1, arbitrary: strings },
  { weight: 1, arbitrary: repeats },
);

/** Jumps stay within the body, mostly forwards; a short inner loop now and then. */
const piece = fc.oneof(
  { weight: 8, arbitrary: plain },
  {
    weight: 3,
    arbitrary: fc.tuple(condition, fc.nat(3)).map(([c, far]) => ({ jump: `j${c}`, far: far + 1 })),
  },
  { weight: 1, arbitrary: plain.map((inner) => ({ inner })) },
);

type Piece = string | { jump: string; far: number } | { inner: string };

function assembleBody(pieces: readonly Piece[]): string {
  const lines: string[] = [];
  for (const [index, one] of pieces.entries()) {
    lines.push(`place_${index}:`);
    if (typeof one === 'string') lines.push(one);
    else if ('jump' in one) lines.push(`${one.jump} place_${Math.min(pieces.length, index + one.far)}`);
    else {
      lines.push(
        `mov dword [esp+56], 3\n again_${index}:\n ${one.inner}\n dec dword [esp+56]\n jnz again_${index}`,
      );
    }
  }
  lines.push(`place_${pieces.length}:`);
  return lines.join('\n');
}

/**
 * A program in ring 3 that goes around up to 1,500 times. Its pointers are set anew now and then, and wander; the
 * counter is on the stack, where only wild stores reach it.
 */
export const program: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(piece, { minLength: 3, maxLength: 24 }),
    fc.integer({ min: -9, max: 9 }),
    fc.array(anything, { minLength: 7, maxLength: 7 }),
  )
  .map(
    ([pieces, drift, values]) => `
      sub esp, 64
      mov dword [esp+60], 1500
      ${WIDE.map((register, index) => `mov ${register}, ${values[index]}`).join('\n')}
      again:
      mov eax, [esp+60]
      lea esi, [eax+eax*2+DATA]
      lea edi, [eax*4+DATA+${0x800 + drift}]
      mov ebx, DATA+0x1ff0
      and edx, 15
      ${assembleBody(pieces as Piece[])}
      dec dword [esp+60]
      jnz again
      int3
      sub_one:
      add eax, [esp+4]
      adc ecx, 7
      cmp eax, ecx
      jl sub_two
      ret
      sub_two:
      inc edx
      ret 0`,
  );

void sized;
