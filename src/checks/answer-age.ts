import { z } from 'zod';
import { formatMs } from '../kit/format.ts';
import { duration } from '../kit/units.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { formatLimits, isWithin, NEEDED_REQUESTS } from './limits.ts';

const schema = z.strictObject({
  kind: z.literal('answer-age'),
  ...checkFields,
  atMost: duration().describe(
    'How long ago an app had last answered the load when the oldest answer came from a cache. All requests of the load have to ask for the same, as those of a generated one do.',
  ),
});

/** How old the oldest answer was that came from a cache: by when its app had last been asked, and not by what it says. */
export const answerAge: CheckKind<typeof schema> = {
  schema,
  unit: 'ms',
  restsOn: 'requests',
  describe: (check) => `answers from a cache are ${formatLimits(check, formatMs)} old`,
  observe(check, facts, window) {
    const ages = facts.cacheAges(window);
    const oldest = ages.percentile(100);
    return {
      value: oldest,
      samples: ages.count,
      neededSamples: NEEDED_REQUESTS,
      holds: oldest !== undefined && isWithin(oldest, check),
      observed: oldest === undefined ? 'nothing came from a cache' : formatMs(oldest),
      limit: formatLimits(check, formatMs),
      lacking: { what: oldest === undefined ? 'caching' : 'asking' },
    };
  },
};
