import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { environmentError } from '../kit/errors.ts';

/** Hands a file or an address to the desktop; resolves once its opener has started. */
export async function openFile(target: string): Promise<void> {
  const opener = { darwin: 'open', win32: 'explorer.exe' }[process.platform as string] ?? 'xdg-open';
  const child = spawn(opener, [target], { detached: true, stdio: 'ignore' });
  try {
    await once(child, 'spawn');
  } catch (cause) {
    throw environmentError(`cannot start ${opener}`, `Open ${target} in a browser yourself.`, cause);
  }
  child.unref();
}
