/*
 * # What is its number?
 *
 * A Guest asks 10.0.2.3 for the address of a name. There is a name server behind that address as much as there is a
 * gateway behind 10.0.2.2: we read the question, have this computer look it up in its own way (its hosts file
 * first, then whomever it asks), and write the answer.
 *
 * We could have passed the packet on to a name server unread. But then the Guest would get other answers than the
 * browser beside it, on every computer with a hosts file, a VPN or an opinion; and a page of a book cannot send
 * packets at all.
 *
 * :::figure{#dns-query caption="A question, as it is sent: the address (type A) of lguest.org."}
 * ```text
 *   3a 17  01 00   00 01      00 00    00 00      00 00
 *   id     flags   questions  answers  authority  additional
 *
 *   06 l g u e s t  03 o r g  00    00 01   00 01
 *   name, by labels                 A       Internet
 * ```
 * :::
 */

import { viewOf } from './bytes.ts';

export const DNS_PORT = 53;

const HEADER = 12;
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
const TYPE_A = 1;
const TYPE_AAAA = 28;
const CLASS_INTERNET = 1;

const RESPONSE = 0x8000;
const OPCODE = 0x7800;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;

/** How it went (RFC 1035, section 4.1.1). */
const FORMAT_ERROR = 1;
const SERVER_FAILURE = 2;
const NO_SUCH_NAME = 3;
const NOT_IMPLEMENTED = 4;

/*
 * ## The question
 *
 * A name is a chain of labels with their lengths in front. The format also allows a length to be a pointer to
 * somewhere else in the packet, to save bytes, and it has kept writers of endless loops happy since 1983. No question
 * has a reason to contain one, and one that does gets no answer.
 */

interface Question {
  id: number;
  flags: number;
  name: string;
  type: number;
  kind: number;
  /** The bytes of the question itself, to be repeated in the answer. */
  bytes: Uint8Array;
}

/** @returns undefined for what is no question with exactly one name in it */
function parseQuestion(message: Uint8Array): Question | undefined {
  if (message.length < HEADER) return undefined;
  const view = viewOf(message);
  const flags = view.getUint16(2);
  if ((flags & (RESPONSE | OPCODE)) !== 0 || view.getUint16(4) !== 1) return undefined;
  const labels: string[] = [];
  let at = HEADER;
  for (;;) {
    const length = message[at++];
    if (length === undefined || length > LONGEST_LABEL || at + length > message.length) return undefined;
    if (length === 0) break;
    labels.push(String.fromCharCode(...message.subarray(at, at + length)));
    at += length;
  }
  if (at - HEADER > LONGEST_NAME || at + 4 > message.length) return undefined;
  return {
    id: view.getUint16(0),
    flags,
    name: labels.join('.'),
    type: view.getUint16(at),
    kind: view.getUint16(at + 2),
    bytes: message.slice(HEADER, at + 4),
  };
}

/*
 * ## The answer
 *
 * There is no IPv6 behind this wall, so no name has an AAAA record, which is not the same as no such name: a Guest that
 * asks for both, and most do, goes on with the A. (A name that has nothing but an AAAA does not exist for us.) What is
 * neither is *not implemented*. Mail servers and the like have to be looked up somewhere else.
 *
 * How long the answer is good for, nobody has told us. A minute.
 */

const MINUTE = 60;
/** A name of some services has hundreds. */
const MOST_ADDRESSES = 16;

/** Why a question need not be looked up, as it will be told; 0 if it must be. */
function refusalOf({ kind, type, name }: Question): number {
  if (kind !== CLASS_INTERNET || (type !== TYPE_A && type !== TYPE_AAAA)) return NOT_IMPLEMENTED;
  return /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(name) ? 0 : FORMAT_ERROR;
}

/*
 * In the answer we do use a pointer, `c0 0c`: *the name is the one at byte 12*. Writing them was never the problem.
 */

const RECORD = 16;

function answer(question: Question, code: number, found: readonly number[] = []): Uint8Array {
  const addresses = question.type === TYPE_A ? found.slice(0, MOST_ADDRESSES) : [];
  const records = HEADER + question.bytes.length;
  const message = new Uint8Array(records + RECORD * addresses.length);
  const view = viewOf(message);
  view.setUint16(0, question.id);
  view.setUint16(2, RESPONSE | (question.flags & RECURSION_DESIRED) | RECURSION_AVAILABLE | code);
  view.setUint16(4, 1);
  view.setUint16(6, addresses.length);
  message.set(question.bytes, HEADER);
  for (const [index, address] of addresses.entries()) {
    const at = records + RECORD * index;
    view.setUint16(at, 0xc000 | HEADER);
    view.setUint16(at + 2, TYPE_A);
    view.setUint16(at + 4, CLASS_INTERNET);
    view.setUint32(at + 6, MINUTE);
    view.setUint16(at + 10, 4);
    view.setUint32(at + 12, address);
  }
  return message;
}

/*
 * ## One after the other
 *
 * A name can take seconds to be found, and the answer comes when it comes. Nobody waits for it here: the Guest goes on
 * sending, other frames are peeled. But Node has four threads for this, and all Guests of one program share them. One
 * that asked for thirty-two names at once, of a server that never answers, kept its neighbour waiting for nineteen
 * seconds. So each has two names looked up at a time, and the others stand in line. While thirty-two questions are
 * open, no other is heard. The Guest will ask again.
 */
/** Names of one Guest that this computer is asked for at the same time. */
const MOST_ASKED = 2;
/** Questions of one Guest that are open at the same time. */
const MOST_OPEN = 32;

/*
 * Most programs ask for an A and an AAAA in one breath. That is one name to look up, and the answers go out in the
 * order of the questions. It matters to a Guest whose clock [stands still](#hearsay) between the two and who has
 * numbered both by it: whatever comes first, it will take for the answer to the first.
 */
interface Caller {
  question: Question;
  reply(answer: Uint8Array): void;
}

/** The name server of one Guest. */
export class NameServer {
  readonly #lookup: (name: string) => Promise<number[]>;
  /** Who waits for which name, whether it is being looked up or stands in line. */
  readonly #callers = new Map<string, Caller[]>();
  readonly #line: string[] = [];
  #open = 0;
  #asked = 0;

  /** @param lookup finds the addresses of a name: none, if there is no such name; rejects, if nobody could say */
  constructor(lookup: (name: string) => Promise<number[]>) {
    this.#lookup = lookup;
  }

  /** Answers a question some time, by `reply`; never, if it is none. */
  take(message: Uint8Array, reply: (answer: Uint8Array) => void): void {
    const question = parseQuestion(message);
    if (!question) return;
    const refusal = refusalOf(question);
    if (refusal !== 0) return reply(answer(question, refusal));
    if (this.#open === MOST_OPEN) return;
    this.#open++;
    const { name } = question;
    const others = this.#callers.get(name);
    if (others) {
      others.push({ question, reply });
    } else {
      this.#callers.set(name, [{ question, reply }]);
      this.#line.push(name);
      void this.#askNext();
    }
  }

  /** Forgets whoever stands in line. */
  close(): void {
    for (const name of this.#line.splice(0)) this.#leave(name);
  }

  async #askNext(): Promise<void> {
    if (this.#asked === MOST_ASKED) return;
    const name = this.#line.shift();
    if (name === undefined) return;
    this.#asked++;
    const found = await this.#lookup(name).catch(() => undefined);
    this.#asked--;
    const code = found === undefined ? SERVER_FAILURE : found.length === 0 ? NO_SUCH_NAME : 0;
    for (const { question, reply } of this.#leave(name)) reply(answer(question, code, found));
    void this.#askNext();
  }

  /** Takes leave of all who wait for a name. */
  #leave(name: string): Caller[] {
    const callers = this.#callers.get(name) ?? [];
    this.#callers.delete(name);
    this.#open -= callers.length;
    return callers;
  }
}
