import { expect, test } from 'vitest';
import type { BuiltRequest } from '../../evidence/testing/build-evidence.ts';
import { analysed } from '../testing/analysed.ts';
import { busyMachine } from '../testing/busy-machine.ts';
import { outage, planned } from '../testing/outage.ts';

/** Of requests that find both hosts failing: each is tried again until its time is over, or for as often as may be. */
const failing =
  (ms: number, tries: number, told: Pick<BuiltRequest, 'flags' | 'details'>) =>
  (request: BuiltRequest, index: number): BuiltRequest => {
    if (request.status === 200) return request;
    const one = { host: `edge-app-east-${1 + (index % 2)}`, status: 503, ms: 1 };
    return { ...request, ...told, status: 504, ms, attempts: Array.from({ length: tries }, () => one) };
  };
const cutOff = { flags: 'UT', details: 'response_timeout' };

async function attempts(change: ReturnType<typeof failing>, limits: object, idleShare = 0) {
  const check = planned({ kind: 'attempts', during: 'fault', ...limits }, 'outage');
  const run = { ...outage({ change }), machine: busyMachine(idleShare) };
  return (await analysed(run, [check])).checks[0];
}

test('attempts that came to few since a busy machine used up the time for them prove nothing', async () => {
  // One in ten got through all that its route allows.
  const slow = (request: BuiltRequest, index: number) =>
    index % 10 === 0
      ? failing(300, 11, { flags: 'URX' })(request, index)
      : failing(900, 2, cutOff)(request, index);
  const check = await attempts(slow, { atMost: 3 });
  expect(check).toMatchObject({ status: 'invalid', observed: '2.90' });
  expect(check?.detail).toMatch(/no CPU to spare, and without that it might be (9|1\d)\.\d\d;/);
  expect(await attempts(slow, { atMost: 3 }, 0.5)).toMatchObject({ status: 'pass', observed: '2.90' });
  expect(await attempts(slow, { atLeast: 5 })).toMatchObject({ status: 'invalid' });
  expect(await attempts(slow, { atLeast: 5 }, 0.5)).toMatchObject({ status: 'fail' });
});

test('a busy machine takes nothing from attempts that are too many, nor from a mesh that tries nothing again', async () => {
  expect(await attempts(failing(900, 4, cutOff), { atMost: 3 })).toMatchObject({ status: 'fail' });
  expect(await attempts(failing(900, 1, cutOff), { atMost: 1 })).toMatchObject({ status: 'pass' });
  const answered = await attempts(failing(900, 2, { flags: 'URX' }), { atMost: 2 });
  expect(answered).toMatchObject({ status: 'pass' });
});
