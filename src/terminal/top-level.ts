import { LauncherError } from '../../chapters/4-launcher/outside.ts';

/** Runs a program to its exit code. Whatever goes wrong in it is one line on standard error, and code 1. */
export async function atTopLevel(program: () => Promise<number>): Promise<void> {
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  process.on('SIGINT', () => process.exit(128 + 2));
  process.on('SIGHUP', () => process.exit(128 + 1));
  process.on('SIGTERM', () => process.exit(128 + 15));
  process.stdout.on('error', () => process.exit(1)); // whoever was reading has gone home
  try {
    const code = await program();
    process.stdout.write('', () => process.exit(code)); // not before the last word is out
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): never {
  console.error(describeFailure(error, process.env.LANTERN_DEBUG === '1'));
  process.exit(1);
}

/** @param debug with the stack, which is for those who wrote this */
export function describeFailure(error: unknown, debug: boolean): string {
  if (debug && error instanceof Error && error.stack) return error.stack;
  const message = error instanceof Error ? error.message : String(error);
  const line = message.split('\n', 1)[0];
  if (error instanceof LauncherError) return `lantern: ${line}`;
  const name = error instanceof Error ? error.name : 'failed';
  return `lantern: ${name}: ${line} (this should not happen; LANTERN_DEBUG=1 tells where it did)`;
}
