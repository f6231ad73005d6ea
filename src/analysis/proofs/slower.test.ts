import { expect, test } from 'vitest';
import type { BuiltRequest } from '../../evidence/testing/build-evidence.ts';
import { analysed, outageChecks, violations } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';

/** What reaches the targets while they are slow ends after so long, as a client that gives up sees and leaves it. */
const cutOffAfter = (ms: number) =>
  outage({
    shows: 'nothing',
    change: (request): BuiltRequest =>
      request.dueMs < 4_000 || request.dueMs >= 8_000
        ? request
        : {
            ...request,
            status: 504,
            flags: 'UT',
            details: 'response_timeout',
            ms,
            attempts: request.attempts.map((each) => ({
              ...each,
              status: 0,
              ms,
              flags: 'DC',
              details: 'downstream_remote_disconnect',
            })),
          },
  });

test('who is cut off by a time limit of the mesh has seen the latency, however short the limit', async () => {
  const cut = await analysed(cutOffAfter(500), outageChecks, 'latency');
  expect(violations(cut)).toEqual([]);
  expect(cut.faults[0]?.efficacy.status).toBe('proven');
  expect(cut.verdict).toBe('fail');
});

test('who leaves as soon as he was answered before has seen nothing', async () => {
  const early = await analysed(cutOffAfter(0.5), outageChecks, 'latency');
  expect(early.faults[0]?.efficacy.status).toBe('unproven');
});
