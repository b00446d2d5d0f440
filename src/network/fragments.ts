/*
 * # Puzzles
 *
 * A packet that is too long for a cable may be cut into pieces, and whoever it is for puts them together. TCP has not
 * let that happen in thirty years. But a program that sends a datagram of 4,000 bytes gets it cut by its own kernel,
 * and out of our socket it has to come as one: `dd bs=4000` into `nc -u`, a `ping -s 4000`, a large answer of
 * somebody's name server.
 *
 * Pieces tell where they belong. The one that is the last says so; the others say that there is more.
 *
 * :::figure{#fragments caption="4,008 bytes of UDP on a cable that takes 1,480. Offsets are written in units of eight bytes."}
 * ```text
 *   number 5a17   offset 0             more    |########|
 *   number 5a17   offset 185 (1480)    more             |########|
 *   number 5a17   offset 370 (2960)    last                      |#####|
 * ```
 * :::
 */

import { dotted } from './bytes.ts';
import type { Ipv4 } from './ipv4.ts';

/*
 * ## What is kept
 *
 * A receiver that keeps pieces until the rest comes is a receiver that can be made to keep pieces. In 1997 two of them
 * that overlapped were enough to stop a Windows or a Linux; it was called *teardrop*, and every few years somebody
 * finds another. So there are eight puzzles on this table and no more, each of at most 64 pieces, which together have
 * no more bytes than a packet. (If they have, two of them overlap.) The ninth takes the place of the oldest, and one
 * that has lain there for half a minute is swept off when somebody next looks: by then its number may belong to
 * another.
 *
 * Pieces are copied. A Guest could send its eight bytes in a frame of 64 kilobytes, and we would keep the frame.
 */

const MOST_PUZZLES = 8;
const MOST_PIECES = 64;
const STALE = 30e9; // nanoseconds
/** Of all pieces together: an IP packet has 65,535 bytes, and at least 20 are its header. */
const LONGEST_PAYLOAD = 65515;

interface Puzzle {
  pieces: Ipv4[];
  bytes: number;
  began: number;
}

/** Puts packets together again. */
export class Fragments {
  readonly puzzles = new Map<string, Puzzle>();

  /** @returns the packet, if it is whole, or if it is with this piece */
  join(piece: Ipv4, now: number): Ipv4 | undefined {
    if (piece.offset === 0 && !piece.more) return piece;
    return fits(piece) ? addPiece(this.puzzles, piece, now) : undefined;
  }
}

/** What is behind a piece begins at a multiple of eight, so all but the last end at one. */
function fits({ payload, offset, more }: Ipv4): boolean {
  if (payload.length === 0 || offset + payload.length > LONGEST_PAYLOAD) return false;
  return !more || payload.length % 8 === 0;
}

/*
 * ## Putting it together
 *
 * Packets of the same number, from the same to the same, are the same packet. Its pieces may come in any order. Put in
 * order, each must begin where the one before it ends, and if the last of them is the last, that is a packet. Two that
 * overlap never get that far. Nobody honest sends such things, and everybody who ever tried to make sense of them was
 * sorry.
 */

function addPiece(puzzles: Map<string, Puzzle>, piece: Ipv4, now: number): Ipv4 | undefined {
  for (const [key, { began }] of puzzles) if (now - began > STALE) puzzles.delete(key);
  const { source, destination, protocol, number } = piece;
  const key = `${dotted(source)} ${dotted(destination)} ${protocol} ${number}`;
  const puzzle = puzzles.get(key) ?? { pieces: [], bytes: 0, began: now };
  puzzles.set(key, puzzle);
  puzzle.pieces.push({ ...piece, payload: piece.payload.slice() });
  puzzle.bytes += piece.payload.length;
  const whole = solve(puzzle.pieces);
  const isFull = puzzle.pieces.length === MOST_PIECES || puzzle.bytes > LONGEST_PAYLOAD;
  if (whole || isFull) puzzles.delete(key);
  if (puzzles.size > MOST_PUZZLES) puzzles.delete(puzzles.keys().next().value!);
  return whole;
}

function solve(pieces: readonly Ipv4[]): Ipv4 | undefined {
  const ordered = [...pieces].sort((a, b) => a.offset - b.offset);
  let length = 0;
  for (const piece of ordered) {
    if (piece.offset !== length) return undefined;
    length += piece.payload.length;
  }
  if (ordered.at(-1)!.more) return undefined;
  const payload = new Uint8Array(length);
  for (const piece of ordered) payload.set(piece.payload, piece.offset);
  return { ...ordered[0]!, payload, more: false };
}
