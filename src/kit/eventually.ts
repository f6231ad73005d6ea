import { setTimeout as sleep } from 'node:timers/promises';
import { environmentError } from './errors.ts';

export interface EventuallyOptions {
  /** "edge-app-east-1 to accept its configuration"; completes "gave up waiting for …". */
  readonly waitingFor: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
  /** What to say beside the last problem when time is up. */
  readonly hint?: () => string | undefined;
}

/**
 * Tries until `attempt` returns something; a string tells why not yet, and the last one is quoted
 * when time is up. An attempt that throws ends the wait with that error.
 */
export async function eventually<T extends object>(
  attempt: () => Promise<T | string>,
  options: EventuallyOptions,
): Promise<T> {
  const deadline = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const result = await attempt();
    if (typeof result !== 'string') return result;
    if (performance.now() >= deadline) {
      throw environmentError(
        `gave up waiting for ${options.waitingFor} after ${Math.round(options.timeoutMs / 1000)} s: ${result}`,
        options.hint?.(),
      );
    }
    await sleep(options.everyMs ?? 25, undefined, options.signal ? { signal: options.signal } : {});
  }
}
