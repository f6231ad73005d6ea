import { expect, test } from 'vitest';
import { loadJob } from '../k6.ts';
import { generatedScript, mistakesIn, planLoad } from '../testing/plan-load.ts';
import { describeLoad, heightAt, planLines } from './index.ts';

const written = { closed: { users: 7 }, duration: '30s' };

test('a closed loop has the users that it says, and no rate', () => {
  const load = planLoad(written);
  expect(load).toMatchObject({
    shape: { kind: 'closed', users: 7 },
    durationMs: 30_000,
    peakRate: undefined,
    users: 7,
  });
  expect(heightAt(load, 15_000)).toBe(1);
});

test('a closed loop reads as its users', () => {
  const load = planLoad(written);
  expect(describeLoad(load)).toBe('closed loop of 7 users for 30 s, from client to shop');
  expect(planLines(load)).toEqual([
    '7 users in a closed loop from client to shop, 30 s',
    'GET http://shop:8080/cart',
  ]);
});

test('users may ask at the same moments, which k6 waits for at the end of each turn', () => {
  const load = planLoad({ closed: { users: 7, every: '1500ms' }, duration: '30s' });
  expect(describeLoad(load)).toBe(
    'closed loop of 7 users, all at once every 1.5 s, for 30 s, from client to shop',
  );
  expect(planLines(load)[0]).toBe(
    '7 users in a closed loop, all at once every 1.5 s, from client to shop, 30 s',
  );
  const { files, script } = loadJob(load, 'shop.default');
  expect(files[script]).toContain('"everyMs": 1500,');
});

test('k6 keeps the users busy, and no request is ever due', () => {
  expect(generatedScript(written)).toEqual({
    executor: { executor: 'constant-vus', vus: 7, duration: '30000ms', gracefulStop: '2000ms' },
    pieces: [],
  });
});

test.each([
  [{ closed: { users: 3 } }, 'closed: closed needs a duration beside it | such as duration: 30s'],
  [
    { closed: { users: 3, every: '30s' }, duration: '30s' },
    'closed.every: in a load that is no longer nobody asks twice | less than 30 s',
  ],
  [
    { closed: { users: 3, every: '0s' }, duration: '30s' },
    'closed.every: expected a duration above 0 | leave it out for users that ask at once after an answer',
  ],
  [{ ...written, users: 3 }, 'users: users does nothing with closed | give closed.users'],
])('%j is a mistake', (load, words) => {
  expect(mistakesIn(load)).toEqual([words]);
});
