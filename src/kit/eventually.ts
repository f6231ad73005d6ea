import { setTimeout as sleep } from 'node:timers/promises';
import { ExitCode, OperatorError } from './errors.ts';

/** What any attempt may take, however short the wait. */
const answerMs = 5_000;

/** What is waited for is not so yet, for this reason: "k6 has not begun". */
export class NotYet {
  readonly why: string;

  constructor(why: string) {
    this.why = why;
  }
}

export const notYet = (why: string) => new NotYet(why);

/** The same of an attempt that threw: what it says is why. */
export const notYetSince = (error: unknown) => notYet(error instanceof Error ? error.message : String(error));

/** The answer to whether something is so, and to nothing else: undefined when it is. */
export type Ready = NotYet | undefined;

export interface EventuallyOptions {
  /** "edge-app-east-1 to accept its configuration"; completes "gave up waiting for …". */
  readonly waitingFor: string;
  readonly timeoutMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal;
  /** While it says yes, what is waited for cannot come, and no time counts. */
  readonly paused?: () => boolean;
  /** What to say beside the last problem when time is up. */
  readonly hint?: () => string | undefined;
}

/** Time was up before something was so: exit code 4. */
export class GaveUp extends OperatorError {
  readonly waitingFor: string;
  /** Why it was not so in the end. */
  readonly why: string;

  constructor({ waitingFor, timeoutMs, hint }: EventuallyOptions, { why }: NotYet) {
    super(`gave up waiting for ${waitingFor} after ${Math.round(timeoutMs / 1000)} s: ${why}`, {
      hint: hint?.(),
      exitCode: ExitCode.environment,
    });
    this.waitingFor = waitingFor;
    this.why = why;
  }
}

/**
 * Tries until `attempt` answers something else than `NotYet`, and resolves with that; rejects with `GaveUp`, which
 * has the last reason, when time is up. An attempt that throws ends the wait with that error. One that is under way
 * when time is up may take as long again and is left alone then: whatever hangs ends no wait.
 */
export async function eventually<T>(
  attempt: () => Promise<T | NotYet>,
  options: EventuallyOptions,
): Promise<T> {
  let leftMs = options.timeoutMs;
  let lookedAt = performance.now();
  for (;;) {
    options.signal?.throwIfAborted();
    const result = await within(attempt(), leftMs + options.timeoutMs + answerMs);
    if (!(result instanceof NotYet)) return result;
    const now = performance.now();
    if (!options.paused?.()) leftMs -= now - lookedAt;
    lookedAt = now;
    if (leftMs <= 0) throw new GaveUp(options, result);
    await sleep(options.everyMs ?? 25, undefined, options.signal ? { signal: options.signal } : {});
  }
}

/** What a promise settles with, or `NotYet` when it has not by then; it is left alone then. */
async function within<T>(work: Promise<T | NotYet>, timeoutMs: number): Promise<T | NotYet> {
  const over = new AbortController();
  const late = sleep(timeoutMs, notYet('what was asked last has not answered'), { signal: over.signal });
  late.catch(() => {});
  work.catch(() => {});
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** Whether something ends in so many milliseconds. */
export const endsWithin = async (end: Promise<unknown>, timeoutMs: number): Promise<boolean> =>
  !((await within(end, timeoutMs)) instanceof NotYet);

/** What a promise settles with, or the reason of the signal when that aborts before; the promise is then left alone. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  work.catch(() => {});
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
