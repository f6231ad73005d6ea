import { test } from 'vitest';
import { expectViolated } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';
import { steadyState } from './steady-state.ts';

test('nothing worked before the fault', async () => {
  await expectViolated(
    steadyState,
    outage({
      change: (request) =>
        request.dueMs < 4_000
          ? {
              ...request,
              status: 500,
              attempts: request.attempts.map((each) => ({ ...each, status: 500 })),
            }
          : request,
    }),
  );
});
