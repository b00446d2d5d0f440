/*
 * # The grid
 *
 * The arithmetic of the i386 is laid out as a grid, and it is the most beautiful spot of the whole map. Eight
 * operations, ADD to CMP, in the upper bits; in the lower bits the form: byte or word, to memory or from it, or
 * with an immediate. Sixty-four opcodes, of which forty-eight are used. The other sixteen have been filled with
 * whatever needed a home, which is how `27` came to be DAA and `26` a prefix.
 *
 * For the 32-bit forms each cell of the grid has a function of its own.
 */
import * as arithmetic from './arithmetic.ts';
import { fetchImmediate, fetchSigned8, modrm, type Decode, type Decoder } from './decoder.ts';
import { CMP } from './flags.ts';
import type { Execute } from './instruction.ts';
import { EAX } from './layout.ts';
import * as logic from './logic.ts';
import * as narrow from './narrow.ts';

/** The five forms of an operation on 32-bit operands. */
interface Forms {
  registerToRegister: Execute;
  registerToMemory: Execute;
  memoryToRegister: Execute;
  immediateToRegister: Execute;
  immediateToMemory: Execute;
}

const addForms: Forms = {
  registerToRegister: arithmetic.addRegisterToRegister,
  registerToMemory: arithmetic.addRegisterToMemory,
  memoryToRegister: arithmetic.addMemoryToRegister,
  immediateToRegister: arithmetic.addImmediateToRegister,
  immediateToMemory: arithmetic.addImmediateToMemory,
};
const addWithCarryForms: Forms = {
  registerToRegister: arithmetic.addWithCarryRegisterToRegister,
  registerToMemory: arithmetic.addWithCarryRegisterToMemory,
  memoryToRegister: arithmetic.addWithCarryMemoryToRegister,
  immediateToRegister: arithmetic.addWithCarryImmediateToRegister,
  immediateToMemory: arithmetic.addWithCarryImmediateToMemory,
};
const subtractForms: Forms = {
  registerToRegister: arithmetic.subtractRegisterToRegister,
  registerToMemory: arithmetic.subtractRegisterToMemory,
  memoryToRegister: arithmetic.subtractMemoryToRegister,
  immediateToRegister: arithmetic.subtractImmediateToRegister,
  immediateToMemory: arithmetic.subtractImmediateToMemory,
};
const subtractWithBorrowForms: Forms = {
  registerToRegister: arithmetic.subtractWithBorrowRegisterToRegister,
  registerToMemory: arithmetic.subtractWithBorrowRegisterToMemory,
  memoryToRegister: arithmetic.subtractWithBorrowMemoryToRegister,
  immediateToRegister: arithmetic.subtractWithBorrowImmediateToRegister,
  immediateToMemory: arithmetic.subtractWithBorrowImmediateToMemory,
};
const compareForms: Forms = {
  registerToRegister: arithmetic.compareRegisters,
  registerToMemory: arithmetic.compareMemoryWithRegister,
  memoryToRegister: arithmetic.compareRegisterWithMemory,
  immediateToRegister: arithmetic.compareRegisterWithImmediate,
  immediateToMemory: arithmetic.compareMemoryWithImmediate,
};

/*
 * The three that know no carry are in another file, and in another mood: a carry ties each bit to its neighbours, and
 * without one there are 32 small questions that have nothing to do with each other.
 */
const orForms: Forms = {
  registerToRegister: logic.orRegisterToRegister,
  registerToMemory: logic.orRegisterToMemory,
  memoryToRegister: logic.orMemoryToRegister,
  immediateToRegister: logic.orImmediateToRegister,
  immediateToMemory: logic.orImmediateToMemory,
};
const andForms: Forms = {
  registerToRegister: logic.andRegisterToRegister,
  registerToMemory: logic.andRegisterToMemory,
  memoryToRegister: logic.andMemoryToRegister,
  immediateToRegister: logic.andImmediateToRegister,
  immediateToMemory: logic.andImmediateToMemory,
};
const exclusiveOrForms: Forms = {
  registerToRegister: logic.exclusiveOrRegisterToRegister,
  registerToMemory: logic.exclusiveOrRegisterToMemory,
  memoryToRegister: logic.exclusiveOrMemoryToRegister,
  immediateToRegister: logic.exclusiveOrImmediateToRegister,
  immediateToMemory: logic.exclusiveOrImmediateToMemory,
};

/*
 * And here they stand in the order in which the machine code counts them. On the 8008 of 1972 ADD was 0 and CMP was 7
 * as well, but of the six between them four have changed places since.
 */
/** The eight, by the number in the opcode. */
const rows: Forms[] = [
  addForms,
  orForms,
  addWithCarryForms,
  subtractWithBorrowForms,
  andForms,
  subtractForms,
  exclusiveOrForms,
  compareForms,
];

/*
 * On bytes and 16-bit words the first seven share their code. CMP goes its own way in every size: it writes
 * nothing, and asks no permission to.
 */
/** On bytes the first seven share their code; CMP writes nothing and goes its own way. */
const byteForms: Forms = {
  registerToRegister: narrow.arithmeticRegisterToRegister8,
  registerToMemory: narrow.arithmeticRegisterToMemory8,
  memoryToRegister: narrow.arithmeticMemoryToRegister8,
  immediateToRegister: narrow.arithmeticImmediateToRegister8,
  immediateToMemory: narrow.arithmeticImmediateToMemory8,
};
const byteCompare: Forms = {
  registerToRegister: narrow.compareRegisters8,
  registerToMemory: narrow.compareMemoryWithRegister8,
  memoryToRegister: narrow.compareRegisterWithMemory8,
  immediateToRegister: narrow.compareRegisterWithImmediate8,
  immediateToMemory: narrow.compareMemoryWithImmediate8,
};
const halfForms: Forms = {
  registerToRegister: narrow.arithmeticFromRegister16,
  registerToMemory: narrow.arithmeticFromRegister16,
  memoryToRegister: narrow.arithmeticToRegister16,
  immediateToRegister: narrow.arithmeticImmediate16,
  immediateToMemory: narrow.arithmeticImmediate16,
};
const halfCompare: Forms = {
  registerToRegister: narrow.compareFromRegister16,
  registerToMemory: narrow.compareFromRegister16,
  memoryToRegister: narrow.compareToRegister16,
  immediateToRegister: narrow.compareImmediate16,
  immediateToMemory: narrow.compareImmediate16,
};

function formsOf(d: Decoder, operation: number, size: number): Forms {
  if (size === 4) return rows[operation]!;
  d.i.operation = operation;
  if (size === 2) return operation === CMP ? halfCompare : halfForms;
  return operation === CMP ? byteCompare : byteForms;
}

/*
 * ## Row by row
 *
 * In hexadecimal the grid is hard to see. In octal it leaps to the eye: `3b` is 073, and that is operation 7, CMP, in
 * form 3. Forms 0 and 1 have memory for a destination and a register for a source, 2 and 3 the other way round, 4 and 5
 * an immediate for the accumulator; the even ones do it with bytes. 6 and 7 are not on the grid.
 */
export function gridOpcodes(table: Decode[]): void {
  for (let operation = 0; operation < 8; operation++) arithmeticRow(table, operation);
  immediateGroups(table);
}

/** Six opcodes an operation: both directions on bytes and on words, and the accumulator with an immediate. */
function arithmeticRow(table: Decode[], operation: number): void {
  const first = operation * 8;
  for (const bytes of [true, false]) {
    const opcode = first + (bytes ? 0 : 1);
    table[opcode] = (d) => {
      const size = bytes ? 1 : d.size;
      modrm(d, size);
      d.lockable = operation !== CMP;
      const forms = formsOf(d, operation, size);
      return d.i.isMemory ? forms.registerToMemory : forms.registerToRegister;
    };
    table[opcode + 2] = (d) => {
      const size = bytes ? 1 : d.size;
      modrm(d, size);
      const forms = formsOf(d, operation, size);
      if (d.i.isMemory) return forms.memoryToRegister;
      swapRegisters(d);
      return forms.registerToRegister;
    };
    table[opcode + 4] = (d) => {
      const size = bytes ? 1 : d.size;
      d.i.size = size;
      d.i.rm = EAX;
      d.i.immediate = fetchImmediate(d, size);
      return formsOf(d, operation, size).immediateToRegister;
    };
  }
}

/*
 * There are two encodings for `add eax, ebx`, depending on which of the two one thinks of as the place that
 * might have been memory. Most assemblers always pick the same one. A86, in the eighties, mixed the two in a way only
 * its author knew, and could tell its work when it saw it.
 */
/** With two registers the directions differ only in who is who. */
export function swapRegisters(d: Decoder): void {
  const i = d.i;
  const rm = i.rm;
  i.rm = i.reg;
  i.reg = rm;
}

/** 80 to 83: the operation is in the ModRM byte. */
function immediateGroups(table: Decode[]): void {
  for (const opcode of [0x80, 0x81, 0x82, 0x83]) {
    table[opcode] = (d) => {
      const size = opcode === 0x81 || opcode === 0x83 ? d.size : 1;
      modrm(d, size);
      d.i.immediate = opcode === 0x81 ? fetchImmediate(d, size) : fetchSigned8(d);
      d.lockable = d.reg !== CMP;
      const forms = formsOf(d, d.reg, size);
      return d.i.isMemory ? forms.immediateToMemory : forms.immediateToRegister;
    };
  }
}
