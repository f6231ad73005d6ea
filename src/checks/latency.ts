import { z } from 'zod';
import { formatMs, plural } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind, Window } from './contract.ts';
import type { RunFacts } from './facts.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin, neededForPercentile } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('latency'),
  ...checkFields,
  percentile: z
    .number()
    .gt(0)
    .max(100)
    .describe('From above 0 to 100; p99 needs 500 requests in the window, p95 needs 100.'),
  of: z
    .enum(['all', 'successful', 'shed'])
    .default('successful')
    .describe('Which requests: all, those answered below 400, or those the client sidecar shed.'),
  atMost: duration().describe('From the moment a request was due to the last byte of its answer.'),
});

/** A percentile of the latency that callers saw. */
export const latency: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'requests',
  describe: (check) =>
    `p${check.percentile} latency of ${check.of} requests ${formatLimits(check, formatMs)}`,
  observe(check, facts, window) {
    const latencies = facts.latency(window, check.of);
    const value = latencies.percentile(check.percentile);
    const neededSamples = neededForPercentile(check.percentile);
    const limit = formatLimits(check, formatMs);
    const requests = facts.count(window);
    if (check.of === 'successful' && latencies.count < neededSamples && latencies.count < requests / 2) {
      // Too few successes to measure, because the mesh failed: that is a finding, not missing data.
      const observed = `only ${latencies.count} of ${plural(requests, 'request')} succeeded`;
      return {
        value,
        samples: requests,
        neededSamples,
        holds: false,
        observed,
        limit,
        lacking: { what: 'no failures' },
      };
    }
    const holds = value !== undefined && isWithin(value, check);
    return {
      value,
      samples: latencies.count,
      neededSamples,
      holds,
      doubt: holds ? undefined : doubtOf(check, facts, window),
      observed: value === undefined ? `no ${check.of} requests` : formatMs(value),
      limit,
      lacking:
        check.of === 'shed' ? { what: 'quick-refusal' } : { what: 'low-latency', withinMs: check.atMost },
    };
  },
};

/** A limit that would hold without the moments in which the machine had no processor to spare is not the mesh's. */
function doubtOf(check: z.output<typeof schema>, facts: RunFacts, window: Window): string | undefined {
  const atBest = facts.latency(window, check.of, 'at-best').percentile(check.percentile);
  if (atBest === undefined || !isWithin(atBest, check)) return undefined;
  return `proves nothing: without the moments in which this machine had no CPU to spare it would be ${formatMs(atBest)}; lower the rate, or run where there are more or quieter CPUs`;
}
