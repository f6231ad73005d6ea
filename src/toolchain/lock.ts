import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { makeFolder } from '../kit/folder.ts';
import { type ToolContext, toolsDirectory } from './context.ts';
import type { Tool } from './tools.ts';

/** A holder that was killed frees its lock after this long. */
const STALE_MS = 5_000;
const RETRY_MS = 500;

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
    const release = await acquire(name, tool, context, () => lost.abort());
    try {
      return await work({ ...context, signal: AbortSignal.any([context.signal, lost.signal]) });
    } catch (error) {
      if (!lost.signal.aborted || context.signal.aborted) throw error;
    } finally {
      // Fails only for a lock that is somebody else's by now.
      await release().catch(() => {});
    }
  }
}

async function acquire(
  name: string,
  tool: Tool,
  context: ToolContext,
  onCompromised: () => void,
): Promise<() => Promise<void>> {
  const directory = toolsDirectory(context);
  await makeFolder(directory);
  const startedAt = performance.now();
  for (;;) {
    context.signal.throwIfAborted();
    try {
      return await lockfile.lock(join(directory, name), {
        realpath: false,
        stale: STALE_MS,
        update: 1_000,
        onCompromised,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    context.onProgress({ tool: tool.name, phase: 'waiting', elapsedMs: performance.now() - startedAt });
    await sleep(RETRY_MS, undefined, { signal: context.signal }).catch(() => {});
  }
}
