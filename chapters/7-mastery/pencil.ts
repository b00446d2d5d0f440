/*
 * # A pencil
 *
 * Our first fair copy was made of template literals, and took three times as long over a line as this one. A traced
 * boot of Linux was two hundred thousand lines then, twenty-eight megabytes. JavaScript makes each line out of a dozen
 * little strings, which are looked at once and thrown away, and turning a fraction into digits is an art on which
 * theses have been written.
 *
 * But there are no fractions here, only nanoseconds with a point put in three digits from the right, and every
 * character is one byte. So we write as one did before there were strings: the next byte goes to the next place, and a
 * number is divided by ten until nothing is left.
 */

/** Writes ASCII into an array of bytes, from the front to the back. */
export interface Pencil {
  /** What is on the page. The page is blank again, and the bytes are good until something is written there. */
  take(): Uint8Array;
  /** How many more bytes fit. */
  left(): number;
  /** Characters beyond ASCII become `\u` and four digits, as JSON has it. */
  text(text: string): void;
  /** A whole number from 0 to 2^53, in digits. */
  decimal(value: number): void;
  /** Nanoseconds, as microseconds with three decimals. */
  microseconds(nanoseconds: number): void;
  /** 32 bits in hexadecimal, in quotes: `"0xc0100000"`. */
  hex(value: number): void;
  /** Eight bits as two hexadecimal digits. */
  byte(value: number): void;
}

const BACKSLASH = 0x5c;
const ZERO = 0x30;
const POINT = 0x2e;
const ASCII = 0x7f;
const DIGITS = new TextEncoder().encode('0123456789abcdef');
/** Up to here `| 0` is the way to drop a remainder. */
const SMALL = 0x7fffffff;

/*
 * ## From right to left
 *
 * A number has its last digit at hand, which is what is left over when you divide by ten, and its first at the very
 * end. So it is looked at twice: once to see how wide it is, and then it is written backwards into the room that was
 * left for it.
 *
 * Division is cheap as long as both sides are 32-bit integers, which is what `| 0` promises. Microseconds outgrow 31
 * bits after thirty-five minutes, and a count of instructions after seconds. Their upper digits are divided the dear
 * way, until what is left is small.
 */
/** @param size bytes of a page; what is written beyond its end is lost, so whoever writes must ask what is left */
export function createPencil(size: number): Pencil {
  const page = new Uint8Array(size);
  let at = 0;

  return {
    take() {
      const bytes = page.subarray(0, at);
      at = 0;
      return bytes;
    },

    left: () => size - at,

    text(text) {
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        if (code < ASCII) page[at++] = code;
        else asCode(code);
      }
    },

    decimal,

    microseconds(nanoseconds) {
      const whole = Math.floor(nanoseconds / 1000);
      const rest = nanoseconds - whole * 1000;
      decimal(whole);
      page[at++] = POINT;
      page[at++] = ZERO + ((rest / 100) | 0);
      page[at++] = ZERO + (((rest / 10) | 0) % 10);
      page[at++] = ZERO + (rest % 10);
    },

    hex(value) {
      this.text('"0x');
      let shift = 28;
      while (shift > 0 && value >>> shift === 0) shift -= 4;
      for (; shift >= 0; shift -= 4) page[at++] = DIGITS[(value >>> shift) & 15]!;
      this.text('"');
    },

    byte(value) {
      page[at++] = DIGITS[(value >>> 4) & 15]!;
      page[at++] = DIGITS[value & 15]!;
    },
  };

  function decimal(value: number): void {
    let width = 1;
    for (let limit = 10; value >= limit; limit *= 10) width++;
    let place = at + width;
    at = place;
    for (; value > SMALL; value = Math.floor(value / 10)) page[--place] = ZERO + (value % 10);
    let small = value | 0;
    do {
      const tenth = (small / 10) | 0;
      page[--place] = ZERO + small - tenth * 10;
      small = tenth;
    } while (small > 0);
  }

  function asCode(code: number): void {
    page[at++] = BACKSLASH;
    page[at++] = 'u'.charCodeAt(0);
    for (let shift = 12; shift >= 0; shift -= 4) page[at++] = DIGITS[(code >> shift) & 15]!;
  }
}
