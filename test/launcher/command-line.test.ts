import { describe, expect, it } from 'vitest';
import { type LaunchOptions, parseCommandLine, parseGuests } from '../../chapters/4-launcher/command-line.ts';

function parse(line: string): LaunchOptions {
  const options = parseCommandLine(line.split(' ').filter(Boolean));
  if (options === 'help') throw new Error('asked for help');
  return options;
}

describe('The command line', () => {
  it('takes the memory, the kernel, and leaves the rest to the kernel', () => {
    expect(parse('64 vmlinux console=hvc0 quiet')).toEqual({
      memory: 64,
      kernel: 'vmlinux',
      kernelArguments: 'console=hvc0 quiet',
      devices: [],
      verbose: false,
    });
  });

  it('is one for each --guest, or one for all when there is none', () => {
    const guests = (line: string) => parseGuests(line.split(' ').filter(Boolean));
    expect(guests('--guest --rng 64 vmlinux quiet --guest --guest 16 pup run=primes')).toMatchObject([
      { memory: 64, kernel: 'vmlinux', kernelArguments: 'quiet', devices: [{ kind: 'rng' }] },
      { memory: 32, kernel: 'pup', kernelArguments: '', devices: [] },
      { memory: 16, kernel: 'pup', kernelArguments: 'run=primes' },
    ]);
    expect(guests('64 vmlinux quiet')).toEqual([parse('64 vmlinux quiet')]);
    expect(guests('--guest 16 --guest -h')).toBe('help');
    expect(() => guests('--rng --guest 16')).toThrow("'--rng' stands before the first --guest: whose is it?");
    expect(guests('--guest --guest --trace=t')).toMatchObject([{}, { trace: 't' }]);
    expect(() => guests('--guest --trace=ta --guest --trace=tb')).toThrow(
      '--trace=ta and --trace=tb: there is one trace, of all Guests',
    );
  });

  it('boots pup in 32 MB when told nothing', () => {
    expect(parse('')).toMatchObject({ memory: 32, kernel: 'pup', kernelArguments: '' });
  });

  it('boots pup when told no kernel, with the memory and the devices asked for', () => {
    expect(parse('--rng 48')).toMatchObject({ memory: 48, kernel: 'pup', devices: [{ kind: 'rng' }] });
  });

  it('plugs network cards into one of three networks', () => {
    expect(parse('--net --switch=office --tunnet=tap0').devices).toEqual([
      { kind: 'net', network: { kind: 'user', forwards: [], asked: true } },
      { kind: 'net', network: { kind: 'switch', name: 'office' } },
      { kind: 'net', network: { kind: 'tunnet', tap: 'tap0' } },
    ]);
  });

  it('opens doors into --net, before it or behind it, on this computer unless told otherwise', () => {
    expect(parse('--forward=8080:80 --rng --net --forward=0.0.0.0:2222:22').devices).toEqual([
      {
        kind: 'net',
        network: {
          kind: 'user',
          asked: true,
          forwards: [
            { address: '127.0.0.1', port: 8080, guestPort: 80 },
            { address: '0.0.0.0', port: 2222, guestPort: 22 },
          ],
        },
      },
      { kind: 'rng' },
    ]);
  });

  it('keeps devices in the order in which they were asked for', () => {
    expect(parse('--block=a --rng --block=b 32 k').devices).toEqual([
      { kind: 'block', file: 'a' },
      { kind: 'rng' },
      { kind: 'block', file: 'b' },
    ]);
  });

  it('finds options behind the kernel too, as getopt_long does', () => {
    expect(parse('32 vmlinux --rng quiet')).toMatchObject({
      kernelArguments: 'quiet',
      devices: [{ kind: 'rng' }],
    });
  });

  it('leaves everything behind -- to the kernel', () => {
    expect(parse('32 vmlinux -- --rng -v')).toMatchObject({
      kernelArguments: '--rng -v',
      devices: [],
      verbose: false,
    });
  });

  it('lets a file name hold an equals sign', () => {
    expect(parse('--initrd=a=b 32 k').initrd).toBe('a=b');
  });

  it('understands --help before anything can be wrong', () => {
    expect(parseCommandLine(['--help', 'nonsense'])).toBe('help');
    expect(parseCommandLine(['-h'])).toBe('help');
  });

  it.each([
    ['0 vmlinux', 'a Guest takes 1 to 2016 MB of memory, not 0'],
    ['2017 vmlinux', 'a Guest takes 1 to 2016 MB of memory, not 2017'],
    ['vmlinux', "expected the memory in MB, a number from 1 to 2016, but found 'vmlinux'"],
    ['1e3 vmlinux', "expected the memory in MB, a number from 1 to 2016, but found '1e3'"],
    [
      '99999999999999999999 vmlinux',
      "expected the memory in MB, a number from 1 to 2016, but found '99999999999999999999'",
    ],
    [
      '--frobnicate 32 vmlinux',
      "unknown option '--frobnicate' (--help lists them; kernel arguments go behind --)",
    ],
    ['--block 32 vmlinux', '--block needs a file: --block=FILE'],
    ['--trace=ta --trace=tb', '--trace=ta and --trace=tb: there is one trace, of all Guests'],
    ['--initrd= 32 vmlinux', '--initrd needs a file: --initrd=FILE'],
    ['--net=yes', "--net takes no value, but got 'yes'"],
    ['--forward=80:80', '--forward leads into a network of --net, which was not asked for'],
    ['--net --forward=80', "--forward=[ADDRESS:]PORT:GUESTPORT takes ports from 1 to 65535, but got '80'"],
    [
      '--net --forward=0:80',
      "--forward=[ADDRESS:]PORT:GUESTPORT takes ports from 1 to 65535, but got '0:80'",
    ],
    [
      '--net --forward=80:65536',
      "--forward=[ADDRESS:]PORT:GUESTPORT takes ports from 1 to 65535, but got '80:65536'",
    ],
    ['--switch', "--switch=NAME takes up to 32 letters, digits, - and _, but got ''"],
    ['--switch=../x', "--switch=NAME takes up to 32 letters, digits, - and _, but got '../x'"],
    ['--tunnet', '--tunnet needs a tap device: --tunnet=TAP, =ADDRESS or =bridge:NAME'],
    ['--rng=yes 32 vmlinux', "--rng takes no value, but got 'yes'"],
  ])('refuses `%s` in one line', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });
});
