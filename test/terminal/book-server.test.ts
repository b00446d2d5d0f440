import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BookServer, serveBook } from '../../src/terminal/book-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'lantern-book-'));
const book = join(folder, 'html');
let server: BookServer;

beforeAll(async () => {
  mkdirSync(join(book, 'chapter'), { recursive: true });
  mkdirSync(join(folder, 'html-not'));
  writeFileSync(join(book, 'index.html'), '<h1>Lantern</h1>');
  writeFileSync(join(book, 'chapter', 'index.html'), '<h1>Chapter</h1>');
  writeFileSync(join(book, 'book.css'), 'body {}');
  writeFileSync(join(book, 'a b.html'), 'spaced');
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'html-not', 'secret.txt'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(book, 'link.txt'));
  server = await serveBook(book);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** What is open as file descriptor `fd` of this process, if it still is. */
function readlink(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

/** Says exactly this, unlike fetch, which tidies a path up first. */
function ask(path: string, method = 'GET'): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(server.address).port), '127.0.0.1');
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
    socket.end(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  });
}

/** Asks on a connection of its own, since a server that is closed at the end of a test takes those of `fetch` with it. */
function askOnce(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, async (response) => {
      const parts = await response.toArray();
      resolve(`${response.headers['content-type']}: ${Buffer.concat(parts).toString()}`);
    }).on('error', reject);
  });
}

describe('The book server', () => {
  it('listens on this computer only, on a port of its own', () => {
    expect(server.address).toMatch(/^http:\/\/127\.0\.0\.1:74\d\d\/$/);
  });

  it('takes the next port if somebody has this one', async () => {
    const second = await serveBook(book);
    expect(second.address).not.toBe(server.address);
    second.close();
  });

  it('makes no fuss about a dozen ports that somebody has', async () => {
    const warnings: string[] = [];
    const note = (warning: Error) => warnings.push(warning.name);
    process.on('warning', note);
    const all: BookServer[] = [];
    for (let i = 0; i < 14; i++) all.push(await serveBook(book));
    await new Promise(setImmediate);
    process.off('warning', note);
    for (const one of all) one.close();
    expect(warnings).toEqual([]);
  });

  it('keeps whoever comes too early waiting until the book is woven', async () => {
    const late = join(book, 'late.html');
    let finish = () => {};
    const woven = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const opening = await serveBook(book, woven);
    const asked = fetch(`${opening.address}late.html`);
    const first = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 100, 'nothing'))]);
    expect(first).toBe('nothing');
    writeFileSync(late, 'here at last');
    finish();
    expect(await (await asked).text()).toBe('here at last');
    opening.close();
  });

  it('serves what came early at once, and from the folder as soon as the book is woven', async () => {
    let finish = () => {};
    const woven = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const front = new Map([['index.html', Buffer.from('<h1>Early</h1>')]]);
    const opening = await serveBook(book, woven, Promise.resolve(front));
    expect(await askOnce(opening.address)).toBe('text/html; charset=utf-8: <h1>Early</h1>');
    const asked = askOnce(`${opening.address}book.css`);
    const first = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 100, 'nothing'))]);
    expect(first).toBe('nothing');
    finish();
    expect(await asked).toBe('text/css; charset=utf-8: body {}');
    expect(await askOnce(opening.address)).toBe('text/html; charset=utf-8: <h1>Lantern</h1>');
    opening.close();
  });

  it('serves what there is if the book could not be woven', async () => {
    const failed = await serveBook(book, Promise.reject(new Error('a comma is lost')));
    expect((await fetch(failed.address)).status).toBe(200);
    const nowhere = await fetch(`${failed.address}nowhere.html`);
    expect(nowhere.status).toBe(404);
    expect(await nowhere.text()).toBe('the book could not be woven: a comma is lost\n');
    failed.close();
  });

  it('serves pages with their types', async () => {
    const page = await fetch(server.address);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff'); // they are right, so let nobody guess
    expect(await page.text()).toBe('<h1>Lantern</h1>');
    const style = await fetch(`${server.address}book.css?v=1`);
    expect(style.headers.get('content-type')).toBe('text/css; charset=utf-8');
    expect(await (await fetch(`${server.address}a%20b.html`)).text()).toBe('spaced');
  });

  it('sends a folder without its slash to the one with it, so that links in it work', async () => {
    expect(await ask('/chapter')).toContain('Location: /chapter/');
    expect(await (await fetch(`${server.address}chapter`)).text()).toBe('<h1>Chapter</h1>');
    expect(await ask('//elsewhere.example/%2e%2e/chapter')).toContain('Location: /elsewhere.example/');
  });

  it.skipIf(!existsSync('/proc/self/fd'))(
    'keeps no file open for whoever goes away early (skipped without /proc)',
    async () => {
      writeFileSync(join(book, 'long.txt'), new Uint8Array(8 << 20));
      const open = () =>
        readdirSync('/proc/self/fd')
          .map((fd) => readlink(fd))
          .filter((file) => file.endsWith('long.txt'));
      for (let visit = 0; visit < 5; visit++)
        await new Promise<void>((resolve) => {
          const request = get(`${server.address}long.txt`, (response) => {
            response.once('data', () => request.destroy());
            response.once('close', resolve);
          });
        });
      await expect.poll(open).toEqual([]);
    },
  );

  it.each([
    '/nothing.html',
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/chapter/../../secret.txt',
    '/../html-not/secret.txt',
    '/link.txt',
    '/%00',
    '/%zz',
    '/index.html/',
    '//etc/passwd',
  ])('has no page at %s', async (path) => {
    const answer = await ask(path);
    expect(answer).toMatch(/^HTTP\/1.1 404 /);
    expect(answer).not.toContain('secret\n');
  });

  it('answers HEAD without a body and POST not at all', async () => {
    const head = await fetch(server.address, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('16');
    expect(await ask('/', 'POST')).toMatch(/^HTTP\/1.1 405 /);
  });
});
