/** A program that opens a disk image, says how that went, and then sits there: what `claim.test.ts` runs in other processes. */
import { openDiskImage } from '../../src/terminal/files.ts';

process.on('SIGTERM', () => process.exit(143));
try {
  openDiskImage(process.argv[2]!);
  console.log('open');
} catch (error) {
  console.log((error as Error).message);
}
setInterval(() => {}, 1000);
