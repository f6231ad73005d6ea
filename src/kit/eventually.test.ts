import { expect, test } from 'vitest';
import { OperatorError } from './errors.ts';
import { eventually, GaveUp, type NotYet, notYet, type Ready, unlessAborted } from './eventually.ts';

const options = { waitingFor: 'the sky to fall', timeoutMs: 10_000, everyMs: 1 };

/** Answers one after the other, and the last of them for ever. */
function inTurn<T>(...answers: readonly [T, ...T[]]) {
  let asked = 0;
  const attempt = async () => {
    const answer = answers[Math.min(asked, answers.length - 1)] as T;
    asked += 1;
    return answer;
  };
  return { attempt, asked: () => asked };
}

test('an attempt is made again until it answers something', async () => {
  const { attempt, asked } = inTurn<string | NotYet>(notYet('it is up'), notYet('it is still up'), 'it fell');
  expect(await eventually(attempt, options)).toBe('it fell');
  expect(asked()).toBe(3);
});

test.each([undefined, null, '', 0, false])('%j is an answer like any other', async (answer) => {
  expect(await eventually(async () => answer, { ...options, timeoutMs: 0 })).toBe(answer);
});

test('what answers no more than whether it is so is waited for until it is', async () => {
  const { attempt, asked } = inTurn<Ready>(notYet('it is up'), undefined);
  expect(await eventually(attempt, options)).toBeUndefined();
  expect(asked()).toBe(2);
});

test('when time is up the error has the last reason and the hint', async () => {
  const { attempt, asked } = inTurn(notYet('it is up'), notYet('it hangs by a thread'));
  const waiting = eventually(attempt, {
    ...options,
    timeoutMs: 50,
    hint: () => `asked more than once: ${asked() > 1}`,
  });
  const error = await waiting.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(GaveUp);
  expect(error).toBeInstanceOf(OperatorError);
  expect(error).toMatchObject({
    waitingFor: 'the sky to fall',
    why: 'it hangs by a thread',
    message: 'gave up waiting for the sky to fall after 0 s: it hangs by a thread',
    hint: 'asked more than once: true',
    exitCode: 4,
  });
});

test('time does not count while what is waited for cannot come', async () => {
  const begun = performance.now();
  const since = () => performance.now() - begun;
  const waiting = eventually(async () => notYet('it is up'), {
    ...options,
    timeoutMs: 20,
    paused: () => since() < 150,
  });
  await expect(waiting).rejects.toBeInstanceOf(GaveUp);
  expect(since()).toBeGreaterThan(150);
});

test('however short the time, one attempt is made', async () => {
  const { attempt, asked } = inTurn(notYet('it is up'));
  await expect(eventually(attempt, { ...options, timeoutMs: 0 })).rejects.toBeInstanceOf(GaveUp);
  expect(asked()).toBe(1);
});

test('an attempt that throws ends the wait with its error', async () => {
  const broken = new Error('the sky is gone');
  const attempt = async () => {
    throw broken;
  };
  await expect(eventually(attempt, options)).rejects.toBe(broken);
});

test('an abort ends the wait between two attempts, and no attempt is made after one', async () => {
  const during = new AbortController();
  const waiting = eventually(
    async () => {
      setImmediate(() => during.abort());
      return notYet('it is up');
    },
    { ...options, everyMs: 10_000, signal: during.signal },
  );
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });

  const { attempt, asked } = inTurn('it fell');
  const reason = new Error('never mind');
  await expect(eventually(attempt, { ...options, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect(asked()).toBe(0);
});

test('work that never ends is left alone when the signal aborts, before or after it has begun', async () => {
  const never = () => new Promise<void>(() => {});
  const reason = new Error('interrupted');
  await expect(unlessAborted(never(), AbortSignal.abort(reason))).rejects.toBe(reason);
  const controller = new AbortController();
  const waiting = unlessAborted(never(), controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(await unlessAborted(Promise.resolve(3), new AbortController().signal)).toBe(3);
  await expect(unlessAborted(Promise.reject(reason), new AbortController().signal)).rejects.toBe(reason);
});

test('an attempt that hangs does not make the wait endless', { timeout: 20_000 }, async () => {
  const waiting = eventually(() => new Promise<Ready>(() => {}), { ...options, timeoutMs: 1 });
  await expect(waiting).rejects.toThrow('what was asked last has not answered');
});
