/*
 * # The dog in the yard
 *
 * No Guest can hold our one thread for long. You can. One day you will write a loop into the page tables that has no
 * end, and from then on nobody reads the keyboard. Not the three keys: they are read by the thread that goes round in
 * your loop. Not a signal, for the same reason. The terminal is raw, so it makes no signals of its own either, and
 * the window is dead. It happens to everybody once in a workshop, mostly on the projector.
 *
 * So there is a second thread, a watchdog, with nothing to do. Twice a second the first thread tells it that it still
 * lives. When it has not for five seconds, the dog gives you a terminal back in which ^C is a signal, and says so. If
 * the first thread was only slow, perhaps on a computer that does five other things, the terminal is taken away
 * again, and no harm done. What you have typed meanwhile is still there.
 *
 * And if the window has been closed, there is nobody to press the key. We are an orphan then, which shows.
 */
import { Worker } from 'node:worker_threads';

/** Milliseconds from one sign of life to the next. */
const PULSE = 500;

/** Seconds of silence before the dog barks. */
const PATIENCE = 5;

/** Sees to it that there is a way out of a terminal in raw mode, even when this thread does not come round any more. */
export function watchTerminal(patience = PATIENCE): void {
  const pulse = new Int32Array(new SharedArrayBuffer(8));
  setInterval(() => Atomics.add(pulse, 0, 1), PULSE).unref();
  const workerData = { pulse, patience };
  new Worker(`(${guard})(require('node:worker_threads').workerData)`, { eval: true, workerData }).unref();
}

/*
 * ## The dog
 *
 * It is sent over there as text, so it may use nothing of this file, and no function inside it, which our tools would
 * like to name. As long as all is quiet it sleeps by waiting for a second for a number that nobody ever changes.
 *
 * Once it has barked it wants to hear your ^C, and there is a difficulty. A signal is for the process, and Node has
 * promised all of ours to the thread that does not come. But ^C goes to everybody in front of the terminal. So the dog
 * keeps a child, a shell, that barks and sleeps in its place, and looks what it has died of.
 */
function guard({ pulse, patience }: { pulse: Int32Array; patience: number }): void {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const told = `lantern: nothing has moved for ${patience} s, so this is no Guest's doing: is there a loop without an end?`;
  const bark = `stty sane; printf '\\n%s ^C gets you out.\\n' "$1" >&2; sleep 1`;
  const parent = process.ppid;
  let last = -1;
  for (let silence = 0; ; silence++) {
    let isCalledOff = process.ppid !== parent;
    if (silence > patience) {
      const words = silence === patience + 1 ? ['-c', bark, 'sh', told] : ['-c', 'sleep 1'];
      const { error, signal, status } = spawnSync('sh', words, { stdio: 'inherit' });
      isCalledOff ||= signal !== null || (status ?? 0) > 128;
      if (error) Atomics.wait(pulse, 1, 0, 1000);
    } else Atomics.wait(pulse, 1, 0, 1000);
    const now = Atomics.load(pulse, 0);
    if (now !== last) {
      if (silence > patience) spawnSync('stty', ['raw', '-echo', 'opost'], { stdio: 'inherit' });
      silence = 0;
      last = now;
    } else if (silence > patience && isCalledOff) process.kill(process.pid, 'SIGKILL');
  }
}
