import { expect, test } from 'vitest';
import type { BuiltRequest } from '../../evidence/testing/build-evidence.ts';
import { analysed } from '../testing/analysed.ts';
import { busyMachine } from '../testing/busy-machine.ts';
import { outage, planned } from '../testing/outage.ts';

/** Whoever asks after the fault goes after two seconds. */
const givenUp = (request: BuiltRequest): BuiltRequest =>
  request.dueMs >= 8_500
    ? {
        ...request,
        status: 0,
        ms: 2_000,
        flags: 'DC',
        details: 'downstream_remote_disconnect',
        attempts: request.attempts.map((each) => ({ ...each, status: 0, ms: 2_000 })),
      }
    : request;

async function after(check: object, idleShare: number, change = givenUp) {
  const checks = [planned({ during: 'recovery', ...check }, 'outage')];
  const { checks: judged } = await analysed(
    { ...outage({ change }), machine: busyMachine(idleShare) },
    checks,
  );
  return judged[0];
}
const success = { kind: 'success-rate', atLeast: '90%' };

test('callers who gave up waiting on a machine with no time for them are no finding', async () => {
  const check = await after(success, 0);
  expect(check).toMatchObject({ status: 'invalid', observed: expect.stringMatching(/ %$/) });
  expect(check?.detail).toMatch(/while this machine had no CPU to spare/);
  expect(await after({ kind: 'error-count', atMost: 0 }, 0)).toMatchObject({ status: 'invalid' });
});

test('a mesh that lets callers wait on a machine with time for them is one, and so is one that fails anyhow', async () => {
  expect(await after(success, 0.5)).toMatchObject({ status: 'fail' });
  const broken = (request: BuiltRequest) =>
    request.dueMs % 10 === 0 || request.dueMs < 8_500 ? givenUp(request) : { ...request, status: 500 };
  expect(await after(success, 0, broken)).toMatchObject({ status: 'fail' });
});
