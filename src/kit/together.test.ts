import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { together } from './together.ts';

const never = new AbortController().signal;

test('results come in the order of the works', async () => {
  const works = [20, 0].map((ms) => async () => {
    await sleep(ms);
    return ms;
  });
  expect(await together(never, works)).toEqual([20, 0]);
});

test('the first that fails ends the others, and none is at work when that is told', async () => {
  const ended: unknown[] = [];
  const waiting = (signal: AbortSignal) =>
    sleep(60_000, undefined, { signal }).catch(async () => {
      await sleep(20);
      ended.push(signal.reason);
    });
  const failing = async () => {
    throw new Error('the first');
  };
  await expect(together<void>(never, [waiting, failing])).rejects.toThrow('the first');
  expect(ended).toMatchObject([{ message: 'the first' }]);
});

test('an interruption ends all with its reason', async () => {
  const controller = new AbortController();
  const waiting = (signal: AbortSignal) => sleep(60_000, undefined, { signal });
  const ending = together<void>(controller.signal, [waiting, waiting]);
  controller.abort(new Error('interrupted'));
  await expect(ending).rejects.toThrow('interrupted');
});
