import { expect, test } from 'vitest';
import { analysed } from '../testing/analysed.ts';
import { outage } from '../testing/outage.ts';

test('a fault that hits half of what it should is not proven', async () => {
  const half = await analysed(
    outage({
      change: (request, index) =>
        request.status === 503 && index % 2 === 0
          ? { ...request, status: 200, attempts: request.attempts.map((each) => ({ ...each, status: 200 })) }
          : request,
    }),
  );
  expect(half.faults[0]?.efficacy).toMatchObject({ status: 'unproven' });
});
