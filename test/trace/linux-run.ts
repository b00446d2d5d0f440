import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gateway } from '../../src/network/gateway.ts';
import { bootToPrompt } from '../guest/session.ts';
import { nearNetwork } from '../network/near.ts';
import { createTracedComputer, type Event } from './traced.ts';

/**
 * What the trails in the book are excerpts of: a Linux from `folder`, in a deterministic World, that starts a program and sends one ping.
 * Returns the events of that, without those of the boot; and the kernel's name.
 */
export async function traceLinux(folder: string): Promise<{ events: Event[]; kernel: string }> {
  const computer = createTracedComputer(64);
  const session = await bootToPrompt({
    computer,
    megabytes: 64,
    kernel: new Uint8Array(readFileSync(join(folder, 'vmlinux'))),
    initrd: new Uint8Array(readFileSync(join(folder, 'initrd.gz'))),
    kernelArguments: 'console=hvc0 loglevel=1',
    options: ['--net'],
    prompt: '# ',
    openLink: async (_, address) => new Gateway(nearNetwork().sockets, computer.world, address),
  });
  const run = async (line: string) => {
    session.type(`${line}\n`);
    await session.until(`${line}\r\n`);
    return session.until('# ');
  };
  const kernel = (await run('uname -sr')).split('\r', 1)[0]!;
  await run('ifconfig eth0 10.0.2.15 up');
  await run('ping -c 1 10.0.2.2'); // to have asked for its address once
  const began = computer.machine.retired;
  await run('ping -c 1 10.0.2.2');
  computer.trace.finish();
  const events = computer.events();
  return { events: events.filter(({ ph, args }) => ph === 'M' || (args.retired as number) >= began), kernel };
}
