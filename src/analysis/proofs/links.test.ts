import { expect, test } from 'vitest';
import type { BuiltRequest } from '../../evidence/testing/build-evidence.ts';
import { analysed, outageChecks, violations } from '../testing/analysed.ts';
import { type OutageKind, outage } from '../testing/outage.ts';

/** What the proof of a fault makes of a run in which requests to the east are like this while it is on. */
async function efficacy(kind: OutageKind, change: (request: BuiltRequest, index: number) => BuiltRequest) {
  const run = outage({
    shows: 'nothing',
    change: (request, index) =>
      request.dueMs < 4_000 || request.dueMs >= 8_000 ? request : change(request, index),
  });
  const analysis = await analysed(run, outageChecks, kind);
  return { ...analysis.faults[0]?.efficacy, violations: violations(analysis) };
}

const longer = (atCallerMs: number, atServerMs: number) => (request: BuiltRequest) => ({
  ...request,
  ms: atCallerMs,
  attempts: request.attempts.map((each) => ({ ...each, ms: atServerMs })),
});

test('what takes longer for its caller and not at the target has taken longer on its way', async () => {
  expect(await efficacy('network-latency', longer(905, 1))).toMatchObject({
    status: 'proven',
    violations: [],
  });
});

test('what takes as much longer at the target proves nothing of the way there', async () => {
  expect(await efficacy('network-latency', longer(905, 903))).toMatchObject({ status: 'unproven' });
});

test('half of the delay is not the delay', async () => {
  expect(await efficacy('network-latency', longer(450, 1))).toMatchObject({ status: 'unproven' });
});

const lost = (request: BuiltRequest): BuiltRequest => ({
  ...request,
  status: 504,
  ms: 400,
  flags: 'UT',
  details: 'response_timeout',
  attempts: request.attempts.map((each) => ({ ...each, status: 0, ms: 0, unseen: true })),
});

const elsewhere = (request: BuiltRequest): BuiltRequest => ({
  ...request,
  attempts: [...lost(request).attempts, { host: 'edge-app-west-1', status: 200, ms: 1 }],
});

test('a link over which nothing is answered is cut, whether callers fail or have an answer from elsewhere', async () => {
  expect(await efficacy('network-black-hole', lost)).toMatchObject({
    status: 'proven',
    observed: '799 answers before, none while the links were cut, 800 attempts in vain',
  });
  expect(await efficacy('network-black-hole', elsewhere)).toMatchObject({
    status: 'proven',
    observed: '799 answers before, none while the links were cut, 800 attempts in vain',
  });
});

test('one answer too many, and it is not cut', async () => {
  const leaky = (request: BuiltRequest, index: number) => (index === 1_000 ? request : lost(request));
  expect(await efficacy('network-black-hole', leaky)).toMatchObject({
    status: 'unproven',
    observed: '799 answers before, 1 while the links should be cut',
    violations: ['fault-effect'],
  });
});

test('a link that nobody has used since proves nothing', async () => {
  const gone = (request: BuiltRequest): BuiltRequest => ({
    ...request,
    attempts: [{ host: 'edge-app-west-1', status: 200, ms: 1 }],
  });
  expect(await efficacy('network-black-hole', gone)).toMatchObject({
    status: 'no-traffic',
    observed: 'nobody sent anything over the links while they were cut',
  });
});
