/**
 * Several pieces of work at once. The first that fails ends the others through their signal, and its error is that of
 * all, once none of them is at work any more.
 */
export async function together<T>(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<T>)[],
): Promise<T[]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const running = works.map((work) => work(either));
  for (const one of running) one.catch((error: unknown) => failed.abort(error));
  await Promise.allSettled(running);
  either.throwIfAborted();
  return Promise.all(running);
}
