import { z } from 'zod';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits, isWithin } from './limits.ts';
import { perRequest } from './per-request.ts';

const schema = z
  .strictObject({
    kind: z.literal('attempts'),
    ...checkFields,
    service: z
      .string()
      .optional()
      .describe(
        'Attempts at this service for each request of the load, by whoever calls it: what retries of several apps after each other come to. Those of the client unless given.',
      ),
    ...bounds(() =>
      z
        .number()
        .min(0)
        .describe(
          'Attempts per request on average, the first included: 1 without a retry, 0 where nothing was sent on.',
        ),
    ),
  })
  .refine(hasBound, noBound);

const text = (value: number) => value.toFixed(2);

/** How often a request was sent to a host on average: what retries make of an outage. */
export const attempts: CheckKind<typeof schema> = {
  schema,
  unit: 'ratio',
  restsOn: 'requests',
  describe: (check) =>
    `attempts${check.service === undefined ? '' : ` at ${check.service}`} per request ${formatLimits(check, text)}`,
  observe(check, facts, window) {
    const requests = facts.count(window);
    const made = facts.attempts(window, check.service);
    const observed = perRequest(check, { made, requests, noun: 'attempt' }, text);
    const atMost = requests === 0 ? 0 : facts.attempts(window, check.service, 'at-most') / requests;
    return {
      ...observed,
      doubt: observed.holds === isWithin(atMost, check) ? undefined : doubtOf(atMost),
      lacking: { what: 'route', setting: 'retries' },
    };
  },
};

/** A limit that holds, or does not, only since requests ran out of time on a machine that had none to spare. */
const doubtOf = (atMost: number) =>
  `proves nothing: requests ran out of time while this machine had no CPU to spare, and without that it might be ${text(atMost)}; lower the rate, or run where there are more or quieter CPUs`;
