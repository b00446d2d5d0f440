import { describe, expect, it } from 'vitest';
import { boot, bootToPrompt } from './session.ts';

describe('the terminal', () => {
  it('backspace, ^W and ^U edit the line before the shell sees it', async () => {
    const session = await bootToPrompt();
    session.type('echo hellp\x7fo\n');
    expect(await session.until('$ ')).toMatch(/\nhello\n$/);
    session.type('echo one  two  \x17three\n');
    expect(await session.until('$ ')).toMatch(/\none three\n$/);
    session.type('nonsense\x15echo fine\n');
    expect(await session.until('$ ')).toMatch(/\nfine\n$/);
    session.type('\x7f\x7f\x08\x17\x15echo nothing to erase\r');
    expect(await session.until('$ ')).toMatch(/\nnothing to erase\n$/);
  });

  it('^C at the prompt throws the line away', async () => {
    const session = await bootToPrompt();
    session.type('panic\x03');
    await session.until('^C\n');
    await session.until('$ ');
    expect(await session.run('echo alive')).toBe('alive\n');
  });

  it('a line typed before the prompt is not lost, and neither are a thousand', async () => {
    const session = boot();
    const lines = Array.from({ length: 200 }, (_, i) => `echo line ${i}\n`);
    session.type(`${lines.join('')}poweroff\n`);
    expect(await session.ended).toMatchObject({ code: 0 });
    for (let i = 0; i < 200; i++) expect(session.said).toMatch(new RegExp(`^line ${i}$`, 'm'));
  });

  it('a line that is too long is not run, as half a command is another command', async () => {
    const session = await bootToPrompt();
    for (const line of [`echo ${'x'.repeat(5000)}`, `echo ${'x'.repeat(495)}; echo SECOND`]) {
      session.type(`${line}\n`);
      expect(await session.until('$ ')).toMatch(/\nsh: the line is too long\n$/);
    }
    expect(await session.run(`echo ${'x'.repeat(496)}; echo y`)).toBe(`${'x'.repeat(496)}\ny\n`);
    expect(await session.run('echo next')).toBe('next\n');
  });

  it('is for the job in front: who read there and is not in front any more, has come to the end', async () => {
    const session = await bootToPrompt();
    session.type("echo 'wc /dev/console & sleep 1' | sh\n");
    await session.until('0 0 0\n');
    expect(await session.run('echo kept')).toMatch(/kept\n$/);
  });

  it('has nothing for a program in the background, even if a line is there', async () => {
    const session = await bootToPrompt();
    session.type('cat & sleep 1\necho mine\n');
    await session.until('echo mine\n');
    expect(await session.until('$ ')).toBe('mine\n');
  });

  it('^D at the prompt is good night', async () => {
    const session = await bootToPrompt();
    session.type('\x04');
    expect(await session.ended).toMatchObject({ code: 0, reason: 'CRASH: Power down' });
  });

  it('poweroff is a clean end, with nothing to complain about', async () => {
    const session = await bootToPrompt();
    session.type('poweroff\n');
    expect(await session.ended).toMatchObject({ code: 0 });
    expect(session.warnings).toEqual([]);
  });

  it('panic is not, and says where it happened', async () => {
    const session = await bootToPrompt();
    session.type('panic\n');
    expect(await session.ended).toMatchObject({ code: 1 });
    expect(session.warnings[0]).toBe('lguest: CRASH: panic: on request');
    expect(session.warnings.join('\n')).toContain('callShutdown');
  });
});
