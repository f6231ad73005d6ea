import { z } from 'zod';
import { formatMs, formatPercent, plural } from '../kit/format.ts';
import { duration, percent } from '../kit/units.ts';
import { wilson } from '../kit/wilson.ts';
import type { CheckKind } from './contract.ts';
import { checkFields } from './fields.ts';
import { NEEDED_REQUESTS } from './limits.ts';

const of = z
  .strictObject({
    status: z.int().min(100).max(599).optional().describe('Requests that were answered with this status.'),
    slowerThan: duration()
      .optional()
      .describe('Requests that took at least this long, from when they were due.'),
  })
  .refine(({ status, slowerThan }) => (status === undefined) !== (slowerThan === undefined), {
    message: 'give either status or slowerThan',
  });

const schema = z.strictObject({
  kind: z.literal('proportion'),
  ...checkFields,
  of: of.describe('Which requests are counted.'),
  expected: percent().describe(
    'The share that they should have: it must lie inside the 99.99 % interval of what was observed, so that chance makes one run in ten thousand fail.',
  ),
});

type Check = z.output<typeof schema>;

const what = ({ of: { status, slowerThan = 0 } }: Check) =>
  status === undefined ? `slower than ${formatMs(slowerThan)}` : `answered ${status}`;

/** Whether a share that chance decides is what it should be: delays and aborts at a percentage, a split by weight. */
export const proportion: CheckKind<typeof schema> = {
  schema,
  unit: 'share',
  restsOn: 'requests',
  describe: (check) => `${formatPercent(check.expected)} of requests ${what(check)}`,
  observe(check, facts, window) {
    const samples = facts.count(window);
    const { status, slowerThan } = check.of;
    const hits = facts.count(window, {
      ...(status === undefined ? {} : { status }),
      ...(slowerThan === undefined ? {} : { slowerThanMs: slowerThan }),
    });
    const { low, high } = wilson(hits, samples, '99.99 %');
    const limit = `${formatPercent(check.expected)} inside the interval`;
    return {
      value: samples === 0 ? undefined : hits / samples,
      samples,
      neededSamples: NEEDED_REQUESTS,
      holds: samples > 0 && low <= check.expected && check.expected <= high,
      observed:
        samples === 0
          ? 'no requests'
          : `${formatPercent(hits / samples)} (${formatPercent(low)} to ${formatPercent(high)})`,
      limit,
      detail: `${plural(hits, 'request')} of ${plural(samples, 'request')} ${what(check)}`,
      lacking: { what: 'route', setting: 'fault' },
    };
  },
};
