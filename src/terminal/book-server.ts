/*
 * # A very small library
 *
 * You can read the woven book straight from the disk. But it comes out of the loom page by page, and a page that is not
 * there yet is worth a moment of waiting, so there is a server. It knows two verbs, GET and HEAD, and listens on
 * 127.0.0.1, which no other computer can reach.
 */

import { createReadStream, realpathSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { LauncherError } from '../../chapters/4-launcher/outside.ts';

const LOOPBACK = '127.0.0.1';
export const FIRST_PORT = 7411;
const LAST_PORT = FIRST_PORT + 99;

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.gif': 'image/gif',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/*
 * ## A door that is free
 *
 * If somebody has 7411 already, most likely another Lantern of yours, the next one will do.
 */

/** A book that can be read at an address. */
export interface BookServer {
  address: string;
  close(): void;
}

/**
 * Serves the files under `folder` to this computer only. Who asks before `woven` is settled is answered then, and not
 * told to come again.
 *
 * @param front files that are at hand before the folder is, by their paths in it: they are served from there until
 *   it is
 */
export async function serveBook(
  folder: string,
  woven: Promise<unknown> = Promise.resolve(),
  front: Promise<ReadonlyMap<string, Uint8Array>> = new Promise(() => {}),
): Promise<BookServer> {
  let missing = 'no such page';
  const settled = woven.then(
    () => undefined,
    (error: Error) => {
      missing = `the book could not be woven: ${error.message}`;
      return undefined;
    },
  );
  const server = createServer(async (request, response) => {
    const url = request.url ?? '/';
    const early = findEarly(await Promise.race([settled, front]), url);
    if (!early) await settled;
    const page = early ?? findPage(folder, url);
    if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'a book is for reading');
    else if (page === undefined) refuse(response, 404, missing);
    else answer(page, request, response);
  });
  for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
    if (await listen(server, port)) {
      return { address: `http://${LOOPBACK}:${port}/`, close: () => server.close() };
    }
  }
  throw new LauncherError(`no port from ${FIRST_PORT} to ${LAST_PORT} is free for the book`);
}

/** @returns false if somebody else has the port */
function listen(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const listening = () => {
      server.off('error', taken);
      resolve(true);
    };
    const taken = (error: NodeJS.ErrnoException) => {
      server.off('listening', listening);
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    };
    server.once('error', taken);
    server.once('listening', listening);
    server.listen(port, LOOPBACK);
  });
}

/*
 * ## Answering
 *
 * Two things have to be right about an answer. The type, or the browser shows a style sheet instead of using it.
 * And the slash: a folder must be asked for with one at the end, since every relative link on its page counts from
 * the last slash in the address.
 */

function answer(found: Page, request: IncomingMessage, response: ServerResponse): void {
  if ('elsewhere' in found) {
    response.writeHead(301, { Location: found.elsewhere }).end();
    return;
  }
  const type = TYPES[extname(found.file).toLowerCase()] ?? 'application/octet-stream';
  response.writeHead(200, {
    'Content-Type': type,
    'Content-Length': found.size,
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  });
  if (request.method === 'HEAD') response.end();
  else if (found.bytes) response.end(found.bytes);
  else pipeline(createReadStream(found.file), response, () => {}); // whoever turns the page early closes the file, too
}

function refuse(response: ServerResponse, status: number, why: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${why}\n`);
}

/*
 * ## What is in the book, and what is not
 *
 * `GET /../../../etc/passwd` is the oldest trick on the web, and there is always a new way to spell it: `%2e%2e`,
 * `..%2f`, a link that somebody left in the folder. There is no end to filtering those. So nothing is filtered. The
 * path is followed to wherever it really leads, links and all, and then the only question is whether that is
 * inside.
 */

type Page = { file: string; size: number; bytes?: Uint8Array } | { elsewhere: string };

/** The file behind a URL, if it is one of the book's; a folder stands for its `index.html`. */
export function findPage(folder: string, url: string): Page | undefined {
  const [path] = url.split(/[?#]/, 1);
  try {
    const decoded = decodeURIComponent(path!);
    const root = realpathSync(folder);
    const file = realpathSync(join(root, decoded)); // links and dots resolved, so that what counts is where it is
    if (file !== root && !file.startsWith(root + sep)) return undefined;
    const about = statSync(file);
    if (about.isFile()) return decoded.endsWith('/') ? undefined : { file, size: about.size };
    if (!about.isDirectory()) return undefined;
    return path!.endsWith('/')
      ? findPage(folder, `${path}index.html`)
      : { elsewhere: `/${path!.replace(/^\/+/, '')}/` };
  } catch {
    return undefined; // not there, not readable, not even a path
  }
}

/*
 * The few files that came early are in no folder, and cannot be got out of.
 */
function findEarly(files: ReadonlyMap<string, Uint8Array> | undefined, url: string): Page | undefined {
  const file = url.split(/[?#]/, 1)[0]!.slice(1) || 'index.html';
  const bytes = files?.get(file);
  return bytes && { file, size: bytes.length, bytes };
}
