import { z } from 'zod';
import { formatMs, formatPercent } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, neededForPercentile } from './limits.ts';

/** Of a load's time: on a machine of one's own it is hardly ever that much. */
const MUCH = 0.2;
/** What programs that wait for a processor never added, with twenty of them waiting for each. */
const FAR = 20;

const schema = z.strictObject({
  kind: z.literal('added-latency'),
  name: checkFields.name,
  load: checkFields.load,
  percentile: z
    .union([z.literal(50), z.literal(95)])
    .default(50)
    .describe('Of which percentile; those are the two that k6 tells of its whole load.'),
  atMost: duration().describe(
    'What sidecars may add to it: the percentile of the load less that of the same requests without a mesh, sent meanwhile (`direct: true` of the load).',
  ),
});

/** What the mesh adds to the latency of the very same requests without it, both by the clock of k6. */
export const addedLatency: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'requests',
  describe: ({ percentile, atMost }) =>
    `latency added by the mesh (p${percentile}) at most ${formatMs(atMost)}`,
  observe({ percentile, atMost, load }, facts) {
    const limit = formatLimits({ atMost }, formatMs);
    const found = facts.addedLatency(load, percentile);
    const neededSamples = neededForPercentile(percentile);
    if (found === undefined)
      return {
        value: undefined,
        samples: 0,
        neededSamples,
        holds: false,
        observed: 'nothing to compare',
        limit,
      };
    const { withMs, withoutMs, spreadMs, starved, samples } = found;
    const value = withMs - withoutMs;
    const holds = value <= atMost;
    // Where requests without a mesh differ as much from each other, the mesh is not what made the difference; and where
    // processors are wanting, each program on the way waits for one, which two more of them do more often.
    const isNoise = !holds && (value < 5 * spreadMs || (starved > MUCH && value < FAR * atMost));
    return {
      value,
      samples,
      neededSamples,
      holds,
      observed: formatMs(value),
      limit,
      detail: `${formatMs(withMs)} with the mesh, ${formatMs(withoutMs)} without`,
      ...(isNoise
        ? {
            doubt: `proves nothing: without a mesh requests differ by ${formatMs(spreadMs)} from each other, and ${formatPercent(starved)} of the time this machine had no CPU to spare; run where there are more or quieter CPUs`,
          }
        : {}),
      lacking: { what: 'spare sidecars', of: 'time' },
    };
  },
};
