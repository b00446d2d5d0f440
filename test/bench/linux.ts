import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { line, spread } from './measure.ts';
import { type Boot, secondsToPrompt } from './prompt.ts';

/** v86 puts the initial file system at 64 MiB, so there must be more than that. */
const MEGABYTES = 128;
const PROMPT = /^\/ # /m;
const ROUNDS = 3;

/** SeaBIOS, which QEMU brings along; v86 cannot boot a kernel without one. */
const BIOS = '/usr/share/seabios/bios.bin';
const V86 = new URL('node_modules/v86/build/', import.meta.url);

/**
 * Linux from the command to its shell, the same kernel everywhere: as a Guest of Lantern, and on the PCs of QEMU (without KVM)
 * and v86, if they are installed. It talks through virtio's console on all three. The Launcher takes it out of its bzImage;
 * on the PCs it unpacks itself.
 */
export async function linux(folder: string | undefined): Promise<void> {
  const name = 'Linux, command to shell';
  if (folder === undefined) {
    line(name, 'not measured', 'set LANTERN_LINUX_DIR to a folder with vmlinux, bzImage and initrd.gz');
    return;
  }
  const boots: [string, () => Promise<number>, string | undefined][] = [
    ['lantern', () => secondsToPrompt(inLantern(folder)), undefined],
    ['lantern, without npm', () => secondsToPrompt(withoutNpm(inLantern(folder))), undefined],
    ['QEMU', () => secondsToPrompt(inQemu(folder)), missingQemu()],
    ['v86', () => inV86(folder), missingV86()],
  ];
  const figures = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [who, boot, missing] of boots) {
      if (missing !== undefined) continue;
      figures.set(who, [...(figures.get(who) ?? []), await boot()]);
    }
  }
  for (const [who, , missing] of boots) {
    const seconds = figures.get(who);
    line(`${name}: ${who}`, seconds ? `${spread(seconds, 2)} s` : 'not measured', missing ?? '');
  }
}

function inLantern(folder: string): Boot {
  const words = ['run', '--silent', 'boot', '--', `--initrd=${folder}/initrd.gz`, String(MEGABYTES)];
  return {
    command: 'npm',
    words: [...words, `${folder}/bzImage`],
    prompt: PROMPT,
    farewell: 'poweroff -f\n',
  };
}

/** The same by the shell: npm, which takes a third of a second to run a script, is neither ours nor anybody else's here. */
function withoutNpm(boot: Boot): Boot {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: { boot: string } };
  const words = boot.words.slice(boot.words.indexOf('--') + 1);
  const script = `PATH=node_modules/.bin:$PATH; ${scripts.boot} "$@"`;
  return { ...boot, command: 'sh', words: ['-c', script, 'boot', ...words] };
}

const QEMU = 'qemu-system-i386';

function missingQemu(): string | undefined {
  return spawnSync(QEMU, ['--version']).error ? `no ${QEMU} on this machine` : undefined;
}

function inQemu(folder: string): Boot {
  const machine = ['-accel', 'tcg', '-m', String(MEGABYTES), '-nodefaults', '-no-reboot', '-display', 'none'];
  const kernel = [
    '-kernel',
    `${folder}/bzImage`,
    '-initrd',
    `${folder}/initrd.gz`,
    '-append',
    'console=hvc0',
  ];
  const port = ['-chardev', 'stdio,id=console', '-device', 'virtio-serial-pci'];
  const words = [...machine, ...kernel, ...port, '-device', 'virtconsole,chardev=console'];
  return { command: QEMU, words, prompt: PROMPT };
}

function missingV86(): string | undefined {
  if (!existsSync(V86)) return 'not installed: npm install --prefix test/bench';
  return existsSync(BIOS) ? undefined : `no BIOS at ${BIOS}; it comes with QEMU`;
}

/** As much of v86 as this needs. */
interface Emulator {
  add_listener(event: string, listener: (bytes: Uint8Array) => void): void;
  destroy(): Promise<void>;
}
type EmulatorClass = new (options: object) => Emulator;

async function inV86(folder: string): Promise<number> {
  const began = performance.now();
  const { V86: Emulator } = (await import(new URL('libv86.mjs', V86).href)) as { V86: EmulatorClass };
  const emulator = new Emulator({
    wasm_path: new URL('v86.wasm', V86).pathname,
    memory_size: MEGABYTES << 20,
    vga_memory_size: 1 << 20,
    bios: file(BIOS),
    bzimage: file(`${folder}/bzImage`),
    initrd: file(`${folder}/initrd.gz`),
    cmdline: 'console=hvc0',
    virtio_console: true,
    autostart: true,
    disable_speaker: true,
  });
  let said = '';
  await new Promise<void>((resolve) => {
    emulator.add_listener('virtio-console0-output-bytes', (bytes) => {
      said += String.fromCharCode(...bytes);
      if (PROMPT.test(said)) resolve();
    });
  });
  const seconds = (performance.now() - began) / 1000;
  await emulator.destroy();
  return seconds;
}

function file(path: string): { buffer: ArrayBuffer } {
  return { buffer: new Uint8Array(readFileSync(path)).buffer };
}
