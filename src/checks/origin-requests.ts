import { z } from 'zod';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits } from './limits.ts';
import { perRequest } from './per-request.ts';

const schema = z
  .strictObject({
    kind: z.literal('origin-requests'),
    ...checkFields,
    service: z
      .string()
      .optional()
      .describe(
        'Requests that reach the apps of this service for each request of the load, by whoever calls it; of the service that the load calls unless given.',
      ),
    ...bounds(() =>
      z
        .number()
        .min(0)
        .describe(
          'Requests that reach an app for each request of the load, as servers saw them: 1 without cache and retries, 0.05 where one in twenty has to ask.',
        ),
    ),
  })
  .refine(hasBound, noBound);

const text = (value: number) => value.toFixed(3);

/** How many requests are left for the apps that answer: what a cache saves them, and what alike ones at once come to. */
export const originRequests: CheckKind<typeof schema> = {
  schema,
  unit: 'ratio',
  restsOn: 'requests',
  describe: (check) =>
    `requests that reach ${check.service ?? 'the app'} for each of the load ${formatLimits(check, text)}`,
  observe(check, facts, window) {
    const requests = facts.count(window);
    const made = facts.originRequests(window, check.service);
    const observed = perRequest(check, { made, requests, noun: 'arrival' }, text);
    const tooMany = made / Math.max(1, requests) > (check.atMost ?? Number.POSITIVE_INFINITY);
    return { ...observed, lacking: { what: tooMany ? 'caching' : 'asking' } };
  },
};
