import { z } from 'zod';
import { formatPercent, plural } from '../kit/format.ts';
import { percent } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, NEEDED_REQUESTS } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('complete-traces'),
  ...checkFields,
  of: z
    .enum(['all', 'retried'])
    .default('all')
    .describe(
      'Which traces: all, or those alone of requests that some sidecar sent to more than one host, each attempt of which has to be in it.',
    ),
  atLeast: percent()
    .prefault('100%')
    .describe(
      'Share of the traced requests that are one trace each, in which every sidecar on the way has its span.',
    ),
});

/** Whether each request that is traced is one whole trace, across every app and with its retries. */
export const completeTraces: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: ({ of, atLeast }) =>
    `${of === 'retried' ? 'traces of retried requests' : 'traces'} whole${atLeast === 1 ? '' : ` ${formatLimits({ atLeast }, formatPercent)}`}`,
  observe({ of, atLeast }, facts, window) {
    const { sampled, whole, flaw } = facts.traces(window, of);
    const value = sampled === 0 ? undefined : whole / sampled;
    return {
      value,
      samples: sampled,
      // One that is broken is, however few there are.
      neededSamples: whole < sampled ? 1 : NEEDED_REQUESTS,
      holds: value !== undefined && value >= atLeast,
      observed: value === undefined ? 'no traces' : `${formatPercent(value)} of ${plural(sampled, 'trace')}`,
      limit: formatLimits({ atLeast }, formatPercent),
      ...(flaw === undefined ? {} : { detail: `in ${plural(flaw.count, 'trace')} ${flaw.text}` }),
      lacking: { what: 'whole traces' },
    };
  },
};
