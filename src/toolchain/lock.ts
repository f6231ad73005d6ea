import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { makeFolder } from '../kit/folder.ts';
import { type ToolContext, toolsDirectory } from './context.ts';
import type { Tool } from './tools.ts';

/** A holder that was killed frees its lock after this long. */
const STALE_MS = 5_000;
const RETRY_MS = 500;
const LOCK = { realpath: false, stale: STALE_MS, update: 1_000 } as const;

/** Whoever has it builds: one at a time on a machine. */
export const BUILD_LOCK = 'build';

/** Runs `work` while no other Breakwater process works on the tool, as {@link withLock} does. */
export function withToolLock<T>(
  tool: Tool,
  context: ToolContext,
  work: (context: ToolContext) => Promise<T>,
): Promise<T> {
  return withLock(tool.name, tool, context, work);
}

/**
 * Runs `work`, which is for a tool, while no other one holds the lock of this name. The signal that `work` gets also
 * fires when the lock is lost (a machine that slept); then it starts over.
 */
export async function withLock<T>(
  name: string,
  tool: Tool,
  context: ToolContext,
  work: (context: ToolContext) => Promise<T>,
): Promise<T> {
  for (;;) {
    const lost = new AbortController();
    const lock = await acquire(name, tool, context, () => lost.abort());
    try {
      return await work({ ...context, signal: AbortSignal.any([context.signal, lost.signal]) });
    } catch (error) {
      // What another process has taken away fails before this one hears of it.
      const isLost = lost.signal.aborted || !(await lock.isOurs());
      if (!isLost || context.signal.aborted) throw error;
    } finally {
      if (await lock.isOurs()) await lock.release();
    }
  }
}

/** Takes the lock of this name where nobody has it; answers with what gives it back. */
export async function tryLock(
  name: string,
  context: Pick<ToolContext, 'cacheDir'>,
): Promise<(() => Promise<void>) | undefined> {
  const directory = toolsDirectory(context);
  await makeFolder(directory);
  try {
    return await lockfile.lock(join(directory, name), { ...LOCK, onCompromised: () => {} });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    return undefined;
  }
}

interface Lock {
  readonly release: () => Promise<void>;
  /** Whether the folder that is the lock is still the one that was made for us. */
  readonly isOurs: () => Promise<boolean>;
}

async function acquire(
  name: string,
  tool: Tool,
  context: ToolContext,
  onCompromised: () => void,
): Promise<Lock> {
  const directory = toolsDirectory(context);
  await makeFolder(directory);
  const path = join(directory, name);
  const startedAt = performance.now();
  for (;;) {
    context.signal.throwIfAborted();
    try {
      const release = await lockfile.lock(path, { ...LOCK, onCompromised });
      const own = await identityOf(path);
      return {
        // Fails only for a lock that is somebody else's by now.
        release: () => release().catch(() => {}),
        isOurs: async () => own !== undefined && own === (await identityOf(path)),
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    context.onProgress({ tool: tool.name, phase: 'waiting', elapsedMs: performance.now() - startedAt });
    await sleep(RETRY_MS, undefined, { signal: context.signal }).catch(() => {});
  }
}

async function identityOf(path: string): Promise<string | undefined> {
  const found = await stat(`${path}.lock`).catch(() => undefined);
  return found && `${found.ino} ${found.birthtimeMs}`;
}
