import { z } from 'zod';
import type { CheckKind } from './contract.ts';
import { bounds, checkFields, hasBound, noBound } from './fields.ts';
import { formatLimits } from './limits.ts';
import { perRequest } from './per-request.ts';

const schema = z
  .strictObject({
    kind: z.literal('connections'),
    ...checkFields,
    ...bounds(() =>
      z
        .number()
        .min(0)
        .describe(
          'Connections that the client sidecars opened per request on average: 1 where each request has a new one, 0.1 where each connection carries ten.',
        ),
    ),
  })
  .refine(hasBound, noBound);

const text = (value: number) => String(Number(value.toFixed(3)));

/** How many connections to the hosts were opened per request, by the sidecars' own count: what limits and idle timeouts cost. */
export const connections: CheckKind<typeof schema> = {
  schema,
  unit: 'ratio',
  restsOn: 'statistics',
  describe: (check) => `connections opened per request ${formatLimits(check, text)}`,
  observe(check, facts, window) {
    const { opened: made, requests } = facts.connections(window);
    const observed = perRequest(check, { made, requests, noun: 'connection' }, text);
    const isTooLittle = (observed.value ?? 0) < (check.atLeast ?? 0);
    return { ...observed, lacking: { what: isTooLittle ? 'renewal' : 'reuse' } };
  },
};
